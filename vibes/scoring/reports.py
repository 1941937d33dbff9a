"""What a scorer on another machine tells of one picture: a line of JSON, believed in nothing.

The node pack writes it on the machine with the graphics card, the studio reads it.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vibes.errors import InvalidInput
from vibes.prompts.encoders import Vectors

from .adherence import MAX_MARGIN, Adherence
from .adherence_json import from_json as adherence_from_json
from .adherence_json import to_json as adherence_to_json
from .asked import plain_prompt
from .judge import prompt_hash
from .pictures import Picture
from .requirements import requirements

VERSION = 1
LONGEST = 256 * 1024
"""Characters of one report; a usual one has 10,000."""

_HALF = np.dtype("<f2")
_MOST_DIMENSIONS = 8192
_OFF_UNIT = 0.01  # of a vector's length: 16-bit numbers are not exact
_LONGEST_NAME = 200
_LONGEST_METHOD = 1000
_LONGEST_SIDE = 1 << 17  # pixels

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Key = Annotated[str, Field(pattern=r"^[0-9a-f]{12}:[0-9]{1,5}[a-z]{1,20}$")]
Name = Annotated[str, Field(min_length=1, max_length=_LONGEST_NAME)]
Side = Annotated[int, Field(ge=1, le=_LONGEST_SIDE)]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Report:
    """How well a picture shows its prompt, and what the model saw in it.

    ``model`` is the model's key, ``name`` what people call it, ``prompt_hash`` that of the texts
    the picture was compared with. ``vector`` (d,) has unit length; the rest is as in Picture.
    """

    model: str
    name: str
    pixel_hash: str
    phash: int
    width: int
    height: int
    prompt_hash: str
    vector: Vectors
    adherence: Adherence


def report_of(
    picture: Picture, vector: Vectors, adherence: Adherence, *, name: str, prompt_hash: str
) -> Report:
    """The report on a picture that was looked at."""
    return Report(
        model=adherence.model,
        name=name,
        pixel_hash=picture.pixel_hash,
        phash=picture.phash,
        width=picture.width,
        height=picture.height,
        prompt_hash=prompt_hash,
        vector=vector,
        adherence=adherence,
    )


def to_json(report: Report) -> str:
    """One line of JSON; the vector as 16-bit numbers, all else exact."""
    return json.dumps(
        {
            "version": VERSION,
            "model": report.model,
            "name": report.name,
            "pixel_hash": report.pixel_hash,
            "phash": f"{report.phash:016x}",  # 64 bits are more than a number of JavaScript holds
            "width": report.width,
            "height": report.height,
            "prompt_hash": report.prompt_hash,
            "adherence": json.loads(adherence_to_json(report.adherence)),
            "embedding": base64.b64encode(report.vector.astype(_HALF).tobytes()).decode(),
        },
        separators=(",", ":"),
    )


def from_json(text: str) -> Report:
    """Inverse of ``to_json``; raises InvalidInput for anything it cannot have written."""
    if len(text) > LONGEST:
        raise InvalidInput(f"This report on a picture has {len(text)} characters; {LONGEST} go.")
    try:
        told = _Told.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(map(str, fault["loc"])) or "its beginning"
        raise InvalidInput(f"This report is damaged at {place}: {fault['msg']}.") from None
    adherence = adherence_from_json(json.dumps(told.adherence))
    if fault_ := _fault(adherence, told.model):
        raise InvalidInput(f"This report is damaged: {fault_}.")
    return Report(
        model=told.model,
        name=told.name,
        pixel_hash=told.pixel_hash,
        phash=int(told.phash, 16),
        width=told.width,
        height=told.height,
        prompt_hash=told.prompt_hash,
        vector=_vector(told.embedding),
        adherence=adherence,
    )


def answers(report: Report, prompt: str, *, folder: Path | None = None) -> bool:
    """Whether a report is about what this prompt asks for, in the words this machine has.

    ``folder`` holds word lists of the user's own.
    """
    wanted = requirements(prompt, folder=folder)
    same = tuple(item.requirement for item in report.adherence.items) == wanted
    return same and report.prompt_hash == prompt_hash(plain_prompt(prompt), wanted)


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    version: Annotated[int, Field(ge=VERSION, le=VERSION)]
    model: Key
    name: Name
    pixel_hash: Sha256
    phash: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    width: Side
    height: Side
    prompt_hash: Sha256
    adherence: dict[str, Any]
    embedding: str


def _vector(text: str) -> Vectors:
    try:
        found = np.frombuffer(base64.b64decode(text, validate=True), _HALF).astype(np.float32)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(f"This report's embedding is damaged: {error}.") from error
    length = float(np.linalg.norm(found))
    if not 1 < len(found) <= _MOST_DIMENSIONS or not abs(length - 1) < _OFF_UNIT:
        raise InvalidInput("This report's embedding is none: it does not have unit length.")
    return found


def _fault(adherence: Adherence, model: str) -> str | None:
    """What no model can have found; nothing is NaN, as a comparison with it fails."""
    items = adherence.items
    if {adherence.model, *(item.model for item in items)} != {model}:
        return "two models are named"
    methods = [adherence.method, *(item.method for item in items)]
    if not all(len(method) <= _LONGEST_METHOD and method.isprintable() for method in methods):
        return "a method is no name"
    shares = [adherence.overall, *(item.p for item in items)]
    cosines = [adherence.raw, *(item.raw for item in items)]
    if not all(0 <= share <= 1 for share in shares):
        return "a share is not between 0 and 1"
    if not all(abs(cosine) <= 1 + _OFF_UNIT for cosine in cosines):
        return "a cosine is not between -1 and 1"
    if not all(abs(item.margin) <= MAX_MARGIN for item in items):
        return "a margin is too large"
    if any(one is not None for one in (adherence.calibration, *_percents(adherence))):
        return "percentages are for the studio to tell"
    return None


def _percents(adherence: Adherence) -> list[float | None]:
    return [adherence.percent, *(item.percent for item in adherence.items)]
