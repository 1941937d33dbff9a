"""What a model was trained on, from the metadata trainers leave in its header.

Metadata is foreign data: whatever does not have the expected shape counts as absent.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping

MAX_TAGS = 50

_REPEATS = re.compile(r"\d+_(?=\D)")  # a training folder is named "<repeats>_<trigger>"
_PLAIN_FOLDERS = frozenset(("img", "image", "images", "dataset", "data", "train", "training"))


def triggers_of(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Phrases the model answers to: the stated ones, then names of training folders."""
    stated = str(metadata.get("modelspec.trigger_phrase") or "").split(",")
    folders = (
        _REPEATS.sub("", folder) for folder in _tag_frequency(metadata) if _REPEATS.match(folder)
    )
    phrases = filter(None, map(_phrase, (*stated, *folders)))
    return tuple(dict.fromkeys(phrase for phrase in phrases if phrase not in _PLAIN_FOLDERS))


def tags_of(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """What the training pictures showed, most frequent first, at most ``MAX_TAGS``."""
    stated = map(_phrase, str(metadata.get("modelspec.tags") or "").split(","))
    counts: Counter[str] = Counter()
    for tags in _tag_frequency(metadata).values():
        counts.update(dict(_counted(tags)))
    counted = (tag for tag, _ in counts.most_common(MAX_TAGS))
    return tuple(dict.fromkeys(filter(None, (*stated, *counted))))[:MAX_TAGS]


def _tag_frequency(metadata: Mapping[str, str]) -> dict[str, object]:
    """``ss_tag_frequency``: training folder -> tag -> number of pictures."""
    try:
        data = json.loads(metadata.get("ss_tag_frequency") or "{}")
    except (ValueError, TypeError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _counted(tags: object) -> Iterator[tuple[str, int]]:
    if isinstance(tags, dict):
        for tag, count in tags.items():
            if _phrase(tag) and type(count) is int and count > 0:
                yield _phrase(tag), count


def _phrase(text: str) -> str:
    return " ".join(text.replace("_", " ").casefold().split())
