"""The labelled library as catalog records, and a large one made up around it.

``loras.csv`` holds LoRAs as people keep them: names, trigger words and training tags. What each is
about, and which of these labels suit a prompt, was written down by hand; none of it comes from the
recommender's rules. A name with several families stands for as many files. "-" is nothing: many
files have no sidecar, no trigger words, no tags.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vibes.catalog import ModelRecord
from vibes.prompts import topics

from .prompts import REPORTED, TUNING

FAMILIES = ("sd15", "sdxl", "flux")  # that every prompt is asked for
BRANCHES = {"pony": "sdxl", "illustrious": "sdxl"}
ENDINGS = {"sd15": "", "sdxl": "_XL", "flux": "-flux", "sd3": "", "sd2": ""}

_WORDS = 12_000  # of a large library, beside those of the topics
_TAGS = 30  # training tags of one LoRA
_SYLLABLES = ("ka", "ri", "to", "mo", "shi", "ra", "ne", "lu", "va", "do", "mi", "qu", "zen", "tar")
_TABLE = Path(__file__).with_name("loras.csv")


@dataclass(frozen=True, slots=True)
class Ask:
    """A prompt, how it is written, and the labels a person would accept."""

    manner: str
    accepted: frozenset[str]
    prompt: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """The records by name, and what each is about."""

    records: dict[str, ModelRecord]
    labels: dict[str, frozenset[str]]

    def accepted(self, ask: Ask, family: str) -> frozenset[str]:
        """The LoRAs of a family that a person would accept."""
        return frozenset(
            name
            for name, record in self.records.items()
            if record.family == family and self.labels[name] & ask.accepted
        )


def labelled_library() -> Labelled:
    """The table as records, one for each family a line names."""
    records, labels = {}, {}
    for line in _TABLE.read_text(encoding="utf-8").splitlines()[1:]:
        about, *rest = (part.strip() for part in line.split(";"))
        for record in _records(*rest):
            records[record.name] = record
            labels[record.name] = frozenset(about.split())
    return Labelled(records, labels)


def asks(*, tuning: bool) -> list[Ask]:
    """The prompts with what suits them, those to tune by or those to report."""
    found = []
    for line in (TUNING if tuning else REPORTED).strip().splitlines():
        manner, rest = line.split(":", 1)
        labels, prompt, *more = (part.strip() for part in rest.split(";"))
        accepted = frozenset(" ".join((labels, *more)).split()) - {"none"}
        found.append(Ask(manner, accepted, prompt))
    return found


def large_library(size: int) -> dict[str, ModelRecord]:
    """The labelled library in the midst of made-up LoRAs, ``size`` altogether."""
    rng = random.Random(5)
    records = dict(labelled_library().records)
    things = list(topics())
    words = ["".join(rng.choices(_SYLLABLES, k=rng.randint(2, 4))) for _ in range(_WORDS)]
    tags = things + words[: _WORDS // 3]
    usual = [1 / (rank + 5) for rank in range(len(tags))]
    for number in range(size - len(records)):
        parts = [rng.choice(things if rng.random() < 0.5 else words) for _ in range(2)]
        name = f"{'_'.join(parts)}_{number}.safetensors".replace(" ", "_")
        records[name] = ModelRecord(
            "lora",
            name,
            rng.choice(FAMILIES),
            triggers=tuple(rng.choices(words, k=rng.randint(0, 3))),
            tags=tuple(dict.fromkeys(rng.choices(tags, usual, k=_TAGS))),
            popularity=rng.randint(0, 100_000) if rng.random() < 0.5 else None,
            spellings={"here": name},
        )
    return records


def _records(
    name: str, families: str, triggers: str, tags: str, downloads: str
) -> Iterator[ModelRecord]:
    for kind in families.split():
        family = BRANCHES.get(kind, kind)
        file = f"{name}{ENDINGS[family] if len(families.split()) > 1 else ''}.safetensors"
        yield ModelRecord(
            "lora",
            file,
            family,
            branch=kind if kind in BRANCHES else None,
            triggers=_list(triggers),
            tags=_list(tags),
            popularity=None if downloads == "-" else int(downloads),
            spellings={"here": file},
        )


def _list(text: str) -> tuple[str, ...]:
    return () if text == "-" else tuple(part.strip() for part in text.split(","))
