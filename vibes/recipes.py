"""The values everything shares: which models make an image, and everything that determines it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LoraUse:
    """One LoRA (catalog name) at a strength; 1.0 is the strength it was trained for."""

    name: str
    strength: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to make an image: a checkpoint and LoRAs, both by catalog name."""

    checkpoint: str
    loras: tuple[LoraUse, ...] = ()


@dataclass(frozen=True, slots=True)
class RanModel:
    """A model as a server loaded it: by catalog name where the catalog holds it.

    ``sha256`` (hex) is its file's; of a LoRA ``keys`` is how many weights it changed. None: not
    told.
    """

    name: str
    sha256: str | None = None
    strength: float | None = None
    keys: int | None = None


@dataclass(frozen=True, slots=True)
class Ran:
    """The models that really made an image, as the server tells; None for what it does not."""

    checkpoint: RanModel | None = None
    loras: tuple[RanModel, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form; ``from_dict`` inverts it exactly."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Ran:
        """Inverse of ``to_dict``."""
        checkpoint, loras = data["checkpoint"], data["loras"]
        return cls(
            checkpoint and RanModel(**checkpoint),
            None if loras is None else tuple(RanModel(**lora) for lora in loras),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that determines one image; the same recipe on the same server gives it again.

    ``prompt`` is what the graph receives: LoRA tags removed, variants chosen, and ``triggers``, the
    words its LoRAs want to hear and the user did not say, at its end. ``source`` is the id of the
    image this one is rendered from, None for a picture from noise; ``denoise`` is then the share of
    it that is redrawn, 0..1. Sizes in pixels. ``untold`` names the fields that the user's own
    workflow decides without telling: what they hold was only assumed.
    """

    template: str
    tier: str
    prompt: str
    negative_prompt: str = ""
    candidate: Candidate
    seed: int
    width: int
    height: int
    steps: int
    cfg: float
    sampler: str
    scheduler: str
    denoise: float = 1.0
    source: str | None = None
    triggers: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form; ``from_dict`` inverts it exactly."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Recipe:
        """Inverse of ``to_dict``."""
        made_with = data["candidate"]
        loras = tuple(LoraUse(**lora) for lora in made_with["loras"])
        candidate = Candidate(made_with["checkpoint"], loras)
        words = {name: tuple(data.get(name, ())) for name in ("triggers", "untold")}
        return cls(**{**data, "candidate": candidate, **words})
