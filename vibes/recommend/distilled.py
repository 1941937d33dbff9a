"""Distilled models: made to be sampled in a few steps with hardly any CFG, by their names.

More steps or a usual CFG burn their pictures, so what a name says outweighs every other rule. But
"lightning" is also something LoRAs draw: of those, only a name that speaks of steps or of the base
model counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from vibes.catalog import ModelRecord
from vibes.catalog.names import stem

DistilledKind = Literal["turbo", "lightning", "hyper", "lcm", "schnell", "dmd"]


@dataclass(frozen=True, slots=True)
class Distilled:
    """How a distilled model was made, who says so, and the steps its name states, if it does."""

    kind: DistilledKind
    model: str
    steps: int | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """How a kind is sampled: few, usual and many steps, and the rest."""

    steps: tuple[int, int, int]
    cfg: float
    sampler: str
    scheduler: str


MANNERS: Mapping[DistilledKind, Manner] = {
    "turbo": Manner((4, 6, 8), 1.5, "euler_ancestral", "sgm_uniform"),
    "lightning": Manner((4, 6, 8), 1.5, "euler", "sgm_uniform"),
    "hyper": Manner((4, 8, 12), 1.0, "euler", "sgm_uniform"),
    "lcm": Manner((4, 6, 8), 1.5, "lcm", "sgm_uniform"),
    "schnell": Manner((2, 4, 8), 1.0, "euler", "simple"),
    "dmd": Manner((4, 4, 8), 1.0, "lcm", "sgm_uniform"),
}

_WORDS: Mapping[DistilledKind, str] = {
    "schnell": "schnell",
    "dmd": "dmd2?",
    "lcm": "lcm",
    "hyper": r"hyper(?![-_ ]?(?:real|detail|photo|fusion|art))",  # what else is called so
    "lightning": "lightning",
    "turbo": "turbo",
}
_PATTERNS = tuple(
    # As a word of its own in any spelling: "sdxl-lightning", "XLTurbo_v2", "photonLCM".
    (kind, re.compile(rf"(?<![A-Za-z])(?i:{word})(?![a-z])|(?=[A-Z])(?i:{word})(?![a-z])"))
    for kind, word in _WORDS.items()
)
_BASE = r"(?:sd[-_. ]?xl|xl|sd[-_. ]?v?[123](?:[-_. ]?[15])?|flux(?:[-_. ]?1)?)"
_SAYS_BASE = re.compile(
    rf"(?i){_BASE}(?:[-_. ]?dev)?[-_. ]*(?:lightning|turbo|hyper)|hyper[-_. ]*(?:sd|flux)"
)
_STEPS = re.compile(r"(?i)(?<![\d.])(\d{1,2})[-_ ]?steps?(?![a-z\d])")
_UNMISTAKABLE = ("lcm", "schnell", "dmd")
_MOST_STEPS = 20  # more is no distilled model's count


def distilled(record: ModelRecord) -> Distilled | None:
    """How the model was distilled, by its name or title; None where they do not say."""
    for text in (stem(record.name), record.title or ""):
        steps = _stated_steps(text)
        kind = next((kind for kind, pattern in _PATTERNS if pattern.search(text)), None)
        if kind is None:
            continue
        if record.kind == "lora" and not (steps or _is_sure(kind, text)):
            continue
        return Distilled(kind, stem(record.name), steps)
    return None


def distillation(checkpoint: ModelRecord | None, loras: Iterable[ModelRecord]) -> Distilled | None:
    """What is to be heeded of the models of one picture: of several, one that states its steps."""
    models = (*([checkpoint] if checkpoint else []), *loras)
    found = [known for record in models if (known := distilled(record))]
    return next((known for known in found if known.steps), found[0] if found else None)


def _stated_steps(text: str) -> int | None:
    stated = _STEPS.search(text)
    steps = int(stated[1]) if stated else 0
    return steps if 0 < steps <= _MOST_STEPS else None


def _is_sure(kind: DistilledKind, text: str) -> bool:
    return kind in _UNMISTAKABLE or _SAYS_BASE.search(text) is not None
