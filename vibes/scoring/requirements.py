"""Requirements: what a picture must show for its prompt, each with what it could show instead.

A model that compares pictures with texts is hardly better than chance at "no red boat" (NegBench,
arXiv 2501.09425), so a requirement is never weighed against its denial, but against alternatives of
its slot: "a red boat" against "a blue boat", "a green boat", and so on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .alternatives import FEWEST, MOST, Alternatives
from .alternatives_lexicon import alternatives
from .asked import COUNTS, Asked, asked, segments_of
from .asked_variations import Varied, varied

MAX_REQUIREMENTS = 12

_ORDER = (  # of one rank; what is bound to a thing is the most specific
    "colour",
    "subject",
    "look",
    "count",
    "expression",
    "clothing",
    "action",
    "place",
    "other",
    "time",
    "weather",
    "light",
    "medium",
    "style",
    "camera",
    "mood",
)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What must be seen: ``text``, contrasted with 3 to 8 ``alternatives`` of the same slot.

    ``slot`` is one of "subject", "place", "colour", "look", "count", "expression", "clothing",
    "action", "time", "weather", "light", "medium", "style", "camera", "mood" and "other", or the
    placeholder of a template whose value this is.
    """

    text: str
    slot: str
    alternatives: tuple[str, ...]
    origin: Literal["prompt", "variation"] = "prompt"


def requirements(
    prompt: str,
    *,
    variations: Mapping[str, Sequence[str]] | None = None,
    folder: Path | None = None,
) -> tuple[Requirement, ...]:
    """What the prompt asks for: values of variations, then slot after slot, at most 12 in all.

    ``variations`` maps each placeholder of the prompt's template to all of its values; the one
    that stands in the prompt is a requirement, the others are its alternatives. ``folder`` holds
    word lists of one's own. Of each slot the first demand comes before any second one, so that
    a long prompt is not judged by its colours alone. Praise ("masterpiece") demands nothing, nor
    does what follows "no" or "without".

    The same prompt gives the same requirements. Raises ConfigError for faulty word lists.
    """
    lexicon = alternatives(folder)
    segments = segments_of(prompt)
    things = list(asked(segments, lexicon))
    said = frozenset(thing.key for thing in things if thing.key)
    values = [varied(name, all_, segments, things) for name, all_ in (variations or {}).items()]
    chosen = [value for value in values if value]
    taken = {place for value in chosen for place in range(value.start, value.start + value.size)}
    own = [thing for thing in things if not taken.intersection(_places(thing))]
    found = [_variation(value, said, lexicon) for value in chosen]
    found += [_requirement(thing, said, lexicon) for thing in _ordered(own)]
    first = {item.text: item for item in reversed(found)}
    return tuple(item for item in found if first[item.text] is item)[:MAX_REQUIREMENTS]


def _places(thing: Asked) -> range:
    return range(thing.start, thing.start + thing.size)


def _ordered(things: Sequence[Asked]) -> list[Asked]:
    """The first of every slot, then the second of every slot that has one, and so on."""
    seen: Counter[str] = Counter()
    ranks = []
    texts: set[str] = set()
    for place, thing in enumerate(things):
        if thing.text not in texts:
            ranks.append((seen[thing.home.slot], _ORDER.index(thing.home.slot), place))
            seen[thing.home.slot] += 1
            texts.add(thing.text)
    return [things[place] for _, _, place in sorted(ranks)]


def _requirement(thing: Asked, said: frozenset[str], lexicon: Alternatives) -> Requirement:
    return Requirement(thing.text, thing.home.slot, _contrast(thing, said, lexicon))


def _contrast(thing: Asked, said: frozenset[str], lexicon: Alternatives) -> tuple[str, ...]:
    if thing.home.slot == "count":
        numbers = [thing.frame(number) for number in COUNTS]
        return tuple(number for number in numbers if number != thing.text)
    also = thing.rivals if thing.describing else said - {thing.key}
    entries = lexicon.of(thing.home, thing.key, also, describing=thing.describing)
    return tuple(dict.fromkeys(thing.frame(entry.phrase) for entry in entries))


def _variation(value: Varied, said: frozenset[str], lexicon: Alternatives) -> Requirement:
    """The other values as they would stand in this prompt; words of the lexicon where too few."""
    others = [other for other in value.others if not lexicon.same(value.key, other.key)]
    texts = dict.fromkeys(value.frame(other.text) for other in others)
    if len(texts) < FEWEST:
        texts |= dict.fromkeys(_spare(value, {*said, *(o.key for o in others)}, lexicon))
    texts.pop(value.text, None)
    most = max(FEWEST, min(len(others), MOST))
    return Requirement(value.text, value.name, tuple(texts)[:most], "variation")


def _spare(value: Varied, also: Collection[str], lexicon: Alternatives) -> list[str]:
    """What the lexicon sets against the value, in the words around it."""
    thing = value.thing
    if thing is None or thing.home.slot == "count":
        return [entry.phrase for entry in lexicon.other if lexicon.differ(value.key, entry.base)]
    also = {*also, *thing.rivals} - {value.key, thing.key}
    found = lexicon.of(thing.home, thing.key, also, describing=thing.describing)
    return [value.frame(entry.phrase if value.alone else entry.key) for entry in found]
