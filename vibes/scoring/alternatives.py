"""Alternatives: what a picture could show instead of what was asked for."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from typing import NamedTuple

from vibes.prompts.concepts import Section

SLOTS = (
    "subject",
    "place",
    "colour",
    "look",
    "expression",
    "clothing",
    "action",
    "time",
    "weather",
    "light",
    "medium",
    "style",
    "camera",
    "mood",
)
DESCRIBING = frozenset({"colour", "look", "expression", "weather", "mood"})
"""Slots whose bare words describe a thing: they are asked for together with it."""
FEWEST, ENOUGH, MOST = 3, 5, 8  # alternatives of a requirement
USUAL = 6  # of the own group: more would make every text dearer and hardly any verdict surer
STRANGERS = 2  # subjects of other groups: a picture of no animal at all shows no cat either

_VOWEL_ONSET = re.compile(r"[aeiou](?!ne\b|uro|ni[cfqtv])")


class Entry(NamedTuple):
    """One way to fill a slot: the ``phrase`` a model reads, and the ``key`` in it that counts.

    ``base`` is the key in base form, which words are compared by.
    """

    phrase: str
    key: str
    base: str

    @property
    def describes(self) -> bool:
        """Whether it is a bare word such as "red", which a thing's name can follow."""
        return self.phrase == self.key


class Home(NamedTuple):
    """Where a word belongs; ``model`` is the entry whose phrase it borrows, if there is one."""

    slot: str
    group: str
    model: Entry | None = None


@dataclass(frozen=True)
class Alternatives:
    """The lexicon; ``words`` finds in a text what has a home, and what is not to be checked."""

    groups: Mapping[str, Mapping[str, Sequence[Entry]]]  # slot, group, entries
    homes: Mapping[str, Home]  # by key; of slot "" where no picture can be checked for it
    words: Section
    general: Mapping[str, Collection[str]]  # word to the groups it may mean
    alike: Mapping[str, Collection[str]]  # key to others that are no alternatives to it
    synonyms: Mapping[str, Collection[str]]
    other: Sequence[Entry]
    mass: Collection[str]

    def of(self, home: Home, key: str, said: Collection[str], *, describing: bool) -> list[Entry]:
        """What ``key`` is contrasted with: its group, then others; never what is ``said`` too."""
        own = self._own(home, key, describing)
        chosen = list(islice((e for e in own if self._differs(e, key, said)), USUAL))
        wanted = STRANGERS if home.slot == "subject" else 0
        if len(chosen) < FEWEST:
            wanted = max(wanted, ENOUGH - len(chosen))
        strangers = self._strangers(home, key, describing) if wanted else []
        chosen += islice((e for e in strangers if self._differs(e, key, said)), wanted)
        if len(chosen) < FEWEST:  # a prompt that says it all: better a weak contrast than none
            spare = chain(strangers, own, () if describing else self.other)
            left = (e for e in spare if e not in chosen and self._differs(e, key, ()))
            chosen += islice(left, FEWEST - len(chosen))
        return chosen

    def differ(self, one: str, other: str) -> bool:
        """Whether a picture of the one need not show the other."""
        words, others = one.split(), other.split()
        one_of_a_kind = set(words) <= set(others) or set(others) <= set(words)
        return not one_of_a_kind and other not in self.alike.get(one, ())

    def same(self, one: str, other: str) -> bool:
        """Whether the two say one thing."""
        return set(one.split()) == set(other.split()) or other in self.synonyms.get(one, ())

    def with_article(self, words: str) -> str:
        """``words`` after "a" or "an"; as they are where they are plural or name a substance."""
        last = words.rsplit(" ", 1)[-1]
        is_plural = last.endswith("s") and not last.endswith(("ss", "us", "is", "lens"))
        if is_plural or last in self.mass or words in self.mass:
            return words
        return f"{article(words)} {words}"

    def _differs(self, entry: Entry, key: str, said: Collection[str]) -> bool:
        return all(self.differ(word, entry.base) for word in (key, *said))

    def _own(self, home: Home, key: str, describing: bool) -> Sequence[Entry]:
        """The entries of the word's group; none where it may mean any of them."""
        if home.slot not in self.groups:
            return self.other
        is_general = home.group in self.general.get(key, ())
        group = () if is_general else self.groups[home.slot].get(home.group, ())
        return _alternating(home.slot, group, describing)

    def _strangers(self, home: Home, key: str, describing: bool) -> list[Entry]:
        """The entries of the slot's other groups, a group at a turn."""
        groups = [
            _alternating(home.slot, group, describing)
            for name, group in self.groups.get(home.slot, {}).items()
            if name != home.group and name not in self.general.get(key, ())
        ]
        turns = chain.from_iterable(zip_longest(*groups))
        return [entry for entry in turns if entry is not None]


def _alternating(slot: str, group: Sequence[Entry], describing: bool) -> Sequence[Entry]:
    """In "a red boat" only a bare word can take the place of "red"."""
    if slot not in DESCRIBING:
        return group
    return [entry for entry in group if entry.describes == describing]


def article(words: str) -> str:
    """The indefinite article the words ask for, by their first letters."""
    return "an" if _VOWEL_ONSET.match(words) else "a"
