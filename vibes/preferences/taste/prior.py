"""What is believed of features before this profile's own evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from vibes.errors import InvalidInput

Key = tuple[str, ...]
"""A feature: its kind, then its parts, as in ("keyword_lora", "beach", "sunset")."""


@dataclass(frozen=True, slots=True)
class Prior:
    """Mean and variance of features on the logit scale, learned elsewhere; anonymous.

    Raises InvalidInput where a number is not finite or a variance not above 0.
    """

    features: Mapping[Key, tuple[float, float]] = field(default_factory=dict)
    by_head: Mapping[Key, Mapping[str, tuple[float, float]]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    """The same by all but the last name: whole pools are looked up at once."""

    def __post_init__(self) -> None:
        table: dict[Key, dict[str, tuple[float, float]]] = {}
        for (*head, tail), belief in self.features.items():
            table.setdefault(tuple(head), {})[tail] = belief
        object.__setattr__(self, "by_head", table)
        for key, (mean, variance) in self.features.items():
            if not (math.isfinite(mean) and math.isfinite(variance) and variance > 0):
                raise InvalidInput(
                    f"The prior's {'/'.join(key)} is {mean} with variance {variance}; expected "
                    "finite numbers and a variance above 0."
                )
