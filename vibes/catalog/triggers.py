"""What a model was trained on, from the metadata trainers leave in its header.

Metadata is foreign data: whatever does not have the expected shape counts as absent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from .foreign import LARGEST, json_object

MAX_TAGS = 50
"""Tags kept of one model, and trigger phrases."""

MAX_PHRASE = 200
"""Characters of a phrase; longer ones are descriptions, not words to answer to."""

_REPEATS = re.compile(r"\d+_(?=\D)")  # a training folder is named "<repeats>_<trigger>"
_PLAIN_FOLDERS = frozenset(("img", "image", "images", "dataset", "data", "train", "training"))


class Training(NamedTuple):
    """Phrases a model answers to, and what else its training pictures showed.

    ``counts`` has the pictures of each tag, most frequent first; those a maker states without a
    count stand before them with 0.
    """

    triggers: tuple[str, ...] = ()
    counts: Mapping[str, int] = {}


def training_of(metadata: Mapping[str, str]) -> Training:
    """What the metadata of a header says of the training."""
    frequency = _tag_frequency(metadata)
    folders = (_REPEATS.sub("", folder) for folder in frequency if _REPEATS.match(folder))
    stated = str(metadata.get("modelspec.trigger_phrase") or "").split(",")
    triggers = phrases((*stated, *folders))
    counts: Counter[str] = Counter()
    for tags in frequency.values():
        counts.update(dict(_counted(tags)))
    tags = phrases(str(metadata.get("modelspec.tags") or "").split(","))
    kept = dict.fromkeys((*tags, *(tag for tag, _ in counts.most_common(MAX_TAGS))))
    return Training(
        tuple(phrase for phrase in triggers if phrase not in _PLAIN_FOLDERS),
        {tag: counts[tag] for tag in islice(kept, MAX_TAGS)},
    )


def phrases(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts as phrases: lower case, single spaces, each once, at most ``MAX_TAGS``."""
    return tuple(islice(dict.fromkeys(filter(None, map(_phrase, texts))), MAX_TAGS))


def _tag_frequency(metadata: Mapping[str, str]) -> dict[str, object]:
    """``ss_tag_frequency``: training folder -> tag -> number of pictures."""
    return json_object(str(metadata.get("ss_tag_frequency") or ""))


def _counted(tags: object) -> Iterator[tuple[str, int]]:
    if isinstance(tags, dict):
        for tag, count in tags.items():
            if type(count) is int and 0 < count < LARGEST and (phrase := _phrase(tag)):
                yield phrase, count


def _phrase(text: str) -> str:
    """Empty for what is none."""
    if len(text) > MAX_PHRASE:
        return ""
    phrase = " ".join(text.replace("_", " ").casefold().split())
    return phrase if phrase.isprintable() and len(phrase) <= MAX_PHRASE else ""
