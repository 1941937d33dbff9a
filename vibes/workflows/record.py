"""How a picture was made, as one flat JSON object that lies in its file.

The studio writes what it planned, the node that saves writes what its graph tells; both in this one
form. A field that is not there is not known.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from vibes.catalog.names import canonical
from vibes.errors import InvalidInput
from vibes.recipes import LoraUse, Recipe

from .making import Making

VERSION = 1
"""Raised when a field changes its meaning or goes away; fields are added without."""


class RecordedLora(BaseModel):
    """One LoRA by catalog name; ``sha256`` is its file's, in hex."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    name: str
    strength: float
    sha256: str | None = None


class Record(BaseModel):
    """What a picture tells of itself; models by catalog name, sizes in pixels.

    ``explanation`` holds sentences by how deep they go. What a later version adds is left aside.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    version: int = VERSION
    prompt: str | None = None
    negative_prompt: str | None = None
    checkpoint: str | None = None
    checkpoint_sha256: str | None = None
    loras: tuple[RecordedLora, ...] | None = None
    triggers: tuple[str, ...] | None = None
    seed: int | None = None
    steps: int | None = None
    cfg: float | None = None
    sampler: str | None = None
    scheduler: str | None = None
    denoise: float | None = None
    width: int | None = None
    height: int | None = None
    tier: str | None = None
    reason: str | None = None
    explanation: dict[str, tuple[str, ...]] | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, without what is not known; ``read_record`` inverts it."""
        return self.model_dump(mode="json", exclude_none=True)

    def under(self, other: Record) -> Record:
        """What the other tells, and where it does not, this; hashes stay with their LoRAs."""
        told = {name: value for name, value in other if value is not None}
        if other.loras is not None:
            told["loras"] = _with_hashes(other.loras, self.loras or ())
        return self.model_copy(update=told)


def record_of_recipe(recipe: Recipe) -> Record:
    """What the recipe of a picture says of it, without what it only assumes."""
    told = Record(
        prompt=recipe.prompt,
        negative_prompt=recipe.negative_prompt,
        checkpoint=recipe.candidate.checkpoint,
        loras=_recorded(recipe.candidate.loras),
        triggers=recipe.triggers,
        seed=recipe.seed,
        steps=recipe.steps,
        cfg=recipe.cfg,
        sampler=recipe.sampler,
        scheduler=recipe.scheduler,
        denoise=recipe.denoise,
        width=recipe.width,
        height=recipe.height,
        tier=recipe.tier,
    )
    return told.model_copy(update=dict.fromkeys(recipe.untold))


def record_of_making(making: Making, size: tuple[int, int]) -> Record:
    """What a graph tells of a picture; ``size`` is its own, told where the graph tells none."""
    width, height = making.width or size[0], making.height or size[1]
    return Record(
        prompt=making.prompt,
        negative_prompt=making.negative_prompt,
        checkpoint=making.checkpoint and canonical(making.checkpoint),
        loras=None if making.loras is None else _recorded(making.loras),
        seed=making.seed,
        steps=making.steps,
        cfg=making.cfg,
        sampler=making.sampler,
        scheduler=making.scheduler,
        denoise=making.denoise,
        width=width,
        height=height,
    )


def read_record(text: str) -> Record:
    """Raise InvalidInput, with what is wrong, where the text is no record this version can read."""
    try:
        found = Record.model_validate(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"This is no record of a picture: {_fault(error)}.") from error
    if found.version > VERSION:
        raise InvalidInput(
            f"This record is of version {found.version}, and version {VERSION} is the last one"
            " known here: update Vibes to read it."
        )
    return found


def _fault(error: ValueError | RecursionError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]


def _recorded(uses: tuple[LoraUse, ...]) -> tuple[RecordedLora, ...]:
    return tuple(RecordedLora(name=canonical(use.name), strength=use.strength) for use in uses)


def _with_hashes(
    loras: tuple[RecordedLora, ...], known: tuple[RecordedLora, ...]
) -> tuple[RecordedLora, ...]:
    """The LoRAs with the hashes of the same ones, which another calls otherwise, in its order."""
    if len(loras) != len(known):
        return loras
    return tuple(
        one if one.sha256 else one.model_copy(update={"sha256": other.sha256})
        for one, other in zip(loras, known, strict=True)
    )
