"""A prior as a JSON document: what many grids taught, without saying whose or when."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from vibes.errors import InvalidInput

from .refusal import refusal
from .taste import Prior
from .taste.model import KINDS, NAMES

MIN_GRIDS = 5
"""A feature seen in fewer grids is not told: it might tell of one evening."""

_Part = Annotated[str, Field(min_length=1)]
_Feature = tuple[str, tuple[_Part, ...], float, Annotated[float, Field(gt=0)]]


@dataclass(frozen=True, kw_only=True)
class _Document:
    """As ``prior_document`` writes it."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(allow_inf_nan=False)

    type: Literal["vibes-prior"]
    version: Literal[1]
    min_grids: Annotated[int, Field(ge=1)]
    features: tuple[_Feature, ...]


_DOCUMENT = TypeAdapter(_Document)


def prior_document(prior: Prior, min_grids: int) -> dict[str, Any]:
    """The prior as a JSON-ready document; ``read_prior`` inverts it exactly."""
    return {
        "type": "vibes-prior",
        "version": 1,
        "min_grids": min_grids,
        "features": [
            [kind, parts, mean, variance]
            for (kind, *parts), (mean, variance) in sorted(prior.features.items())
        ],
    }


def read_prior(body: bytes) -> Prior:
    """The prior a document tells of; InvalidInput says what is wrong with another one."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"The prior is not valid JSON: {error}.") from error
    if not isinstance(data, Mapping) or data.get("type") != "vibes-prior":
        raise InvalidInput("This is no prior: `vibes preferences prior build` makes one.")
    if data.get("version") != 1:
        raise InvalidInput("The prior's version is not 1, the one that can be read.")
    try:
        document = _DOCUMENT.validate_python(data)
    except ValidationError as error:
        raise refusal(error, "prior") from None
    return Prior(_features(document))


def _features(document: _Document) -> dict[tuple[str, ...], tuple[float, float]]:
    features: dict[tuple[str, ...], tuple[float, float]] = {}
    for place, (kind, parts, mean, variance) in enumerate(document.features):
        if kind not in KINDS:
            raise InvalidInput(
                f"prior.features[{place}] is of kind '{kind}'; expected one of {', '.join(KINDS)}."
            )
        if len(parts) != NAMES[kind]:
            raise InvalidInput(
                f"prior.features[{place}] has {len(parts)} names; of kind '{kind}' it has "
                f"{NAMES[kind]}."
            )
        key = (kind, *parts)
        if key in features:
            raise InvalidInput(f"prior.features[{place}] stands in the document more than once.")
        features[key] = mean, variance
    return features
