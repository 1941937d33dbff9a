"""The lexicon of alternatives, read from ``config/lexicons/alternatives.yaml``.

A word is looked up there, then by its synonyms, then among the concepts of ``concepts.yaml``: each
gives it a slot and a group, whose entries are its alternatives.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from itertools import chain
from pathlib import Path

from vibes.errors import ConfigError
from vibes.prompts.concepts import ConceptLexicon, Section, concept_lexicon
from vibes.prompts.lexicon import english
from vibes.prompts.lists import entries
from vibes.prompts.synonyms import Synonyms, with_own_synonyms
from vibes.settings import data_root
from vibes.settings.lines import Document, read_document

from .alternatives import SLOTS, Alternatives, Entry, Home

FILE = "alternatives.yaml"
_LISTS = ("other", "general", "alike", "unseen", "mass")
_DEFAULT_GROUPS: Mapping[str, tuple[str, str]] = {
    # Where a word of concepts.yaml belongs that has no group of its own here.
    "portrait": ("subject", "role"),
    "animal": ("subject", "animal"),
    "object": ("subject", "thing"),
    "scenery": ("place", "nature"),
    "architecture": ("place", "building"),
    "character": ("subject", "role"),
    "scene": ("place", "nature"),
    "lighting": ("light", "source"),
    "camera": ("camera", "distance"),
    "medium": ("medium", "made"),
    "style": ("style", "manner"),
    "mood": ("mood", "feeling"),
    "colour": ("colour", "hue"),
    "clothing": ("clothing", "worn"),
    "action": ("action", "doing"),
}
# What may stand before the words that count in a phrase, and after them.
_LEADING = frozenset(
    ["a", "an", "the", "in", "on", "at", "by", "under", "wearing", "with", "seen", "of", "style"]
)
_TRAILING = frozenset(["picture", "style"])


@lru_cache(maxsize=8)
def alternatives(folder: Path | None = None) -> Alternatives:
    """The shipped lexicon, extended by ``alternatives.yaml`` of the folder where there is one.

    Own concepts and synonyms of the folder count as well. Raises ConfigError, with file and line,
    for a file that is not of this form.
    """
    own = folder / FILE if folder else None
    extension = own if own and own.exists() else None
    path = data_root() / "config" / "lexicons" / FILE
    return load_alternatives(
        path, extension, concepts=concept_lexicon(folder), synonyms=with_own_synonyms(folder)
    )


def load_alternatives(
    path: Path,
    extension: Path | None = None,
    *,
    concepts: ConceptLexicon,
    synonyms: Synonyms,
) -> Alternatives:
    """Read a file, and one that adds to it; raises ConfigError as ``alternatives`` does."""
    sections = _sections(read_document(path))
    for name in (*SLOTS, *_LISTS):
        if not sections.get(name):
            raise ConfigError(f"The section '{name}' is missing.", path=path)
    if extension is not None:
        _extend(sections, _sections(read_document(extension)))
    groups = {slot: sections[slot] for slot in SLOTS}
    lines = list(sections["alike"].values())
    alike = _alike(lines, synonyms)
    homes = {**_by_concept(concepts), **_praise(), **_by_likeness(groups, lines, synonyms)}
    homes |= {e.key: Home("", "") for e in chain.from_iterable(sections["unseen"].values())}
    homes |= _general(sections["general"], groups)
    homes |= _listed(groups)
    return Alternatives(
        groups=groups,
        homes=homes,
        words=Section.of({key: home.slot for key, home in homes.items()}),
        general={
            entry.key: names.split()
            for names, group in sections["general"].items()
            for entry in group
        },
        alike=alike,
        synonyms=synonyms,
        other=tuple(chain.from_iterable(sections["other"].values())),
        mass=frozenset(e.key for e in chain.from_iterable(sections["mass"].values())),
    )


Groups = dict[str, list[Entry]]


def _sections(document: Document) -> dict[str, Groups]:
    found: dict[str, Groups] = {}
    seen: dict[str, str] = {}
    for section, lists in document.data.items():
        if section not in (*SLOTS, *_LISTS):
            raise _unknown(document, section)
        if not isinstance(lists, Mapping):
            raise _fault(document, (section,), f"'{section}' maps names to words.")
        found[section] = {}
        for name, text in lists.items():
            place = (section, str(name))
            if not isinstance(text, str) or not entries(text):
                sentence = f"The words of '{name}' are one text, with commas between them."
                raise _fault(document, place, sentence)
            group = [entry(phrase) for phrase in entries(text.casefold())]
            if section in SLOTS:
                _once(group, "/".join(place), seen, document, place)
            found[section][str(name)] = group
    return found


def _once(
    group: Iterable[Entry],
    name: str,
    seen: dict[str, str],
    document: Document,
    place: tuple[str, str],
) -> None:
    for entry in group:
        if seen.setdefault(entry.key, name) != name:
            sentence = f"'{entry.key}' stands under '{seen[entry.key]}' and under '{name}'."
            raise _fault(document, place, sentence)


def _extend(sections: dict[str, Groups], more: Mapping[str, Groups]) -> None:
    """Add a user's groups; an entry of his stands only where he put it, before the shipped ones."""
    for section, groups in more.items():
        moved = {entry.key for group in groups.values() for entry in group}
        for slot in SLOTS if section in SLOTS else ():
            for name, group in sections[slot].items():
                sections[slot][name] = [entry for entry in group if entry.key not in moved]
        for name, group in groups.items():
            sections[section][name] = [*group, *sections[section].get(name, [])]


def entry(phrase: str) -> Entry:
    """The entry of a phrase: its key is what remains without articles and the like."""
    phrase = phrase.replace("-", " ")
    words = phrase.split()
    while len(words) > 1 and words[0] in _LEADING:
        words = words[1:]
    while len(words) > 1 and words[-1] in _TRAILING:
        words = words[:-1]
    key = " ".join(words)
    return Entry(phrase, key, base(key))


def _listed(groups: Mapping[str, Groups]) -> dict[str, Home]:
    return {
        form: Home(slot, name, entry)
        for slot, lists in groups.items()
        for name, group in lists.items()
        for entry in group
        for form in (entry.base, entry.key)
    }


def _general(lists: Groups, groups: Mapping[str, Groups]) -> dict[str, Home]:
    """Words that mean a whole group belong to it; their own phrase is made of them."""
    slots = {name: slot for slot, names in groups.items() for name in names}
    return {
        entry.key: Home(slots[names.split()[0]], names.split()[0])
        for names, group in lists.items()
        if names.split()[0] in slots
        for entry in group
    }


def _by_likeness(
    groups: Mapping[str, Groups], lines: Iterable[Sequence[Entry]], synonyms: Synonyms
) -> dict[str, Home]:
    """Words that stand in no group but are like one that does: they belong beside it."""
    listed = _listed(groups)
    homes: dict[str, Home] = {}
    for first, *others in lines:
        home = listed.get(first.phrase)
        if home and home.slot == "place":  # "on a beach", but "a shore"
            home = home._replace(model=None)
        if home:
            homes = {form: home for e in others for form in _forms(e)} | homes
    for word, same in synonyms.items():
        describes = word in english().modifiers
        like = (listed[other] for other in same if other in listed)
        near = [home for home in like if home.model and home.model.describes == describes]
        if near:
            homes[word] = near[0]
    return homes


def _forms(entry: Entry) -> tuple[str, str]:
    return entry.phrase, base(entry.phrase)


def _by_concept(concepts: ConceptLexicon) -> dict[str, Home]:
    """The homes of what concepts.yaml knows; what praises a picture has none."""
    found = {**concepts.categories.groups, **concepts.subjects.groups}
    return {
        entry: Home(*_DEFAULT_GROUPS[group]) if group in _DEFAULT_GROUPS else Home("", "")
        for entry, group in found.items()
        if not entry.endswith((" style", " photo"))  # the words of these say as much
    }


def _praise() -> dict[str, Home]:
    return {phrase: Home("", "") for phrase in (*english().quality, *english().fillers)}


def _alike(lines: Iterable[Iterable[Entry]], synonyms: Synonyms) -> dict[str, Collection[str]]:
    found: dict[str, dict[str, None]] = {
        word: dict.fromkeys(said) for word, said in synonyms.items()
    }
    for line in lines:
        words = dict.fromkeys(form for entry in line for form in _forms(entry))
        for word in words:
            found.setdefault(word, {}).update(words)
    return {word: tuple(others) for word, others in found.items()}


def base(words: str) -> str:
    """The words in their base forms."""
    return " ".join(map(english().lemma, words.split()))


def _unknown(document: Document, section: str) -> ConfigError:
    valid = (*SLOTS, *_LISTS)
    near = get_close_matches(section, valid, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(valid)}."
    return _fault(document, (section,), f"There is no section '{section}'; {hint}")


def _fault(document: Document, place: tuple[str, ...], sentence: str) -> ConfigError:
    return ConfigError(sentence, path=document.path, line=document.line(place))
