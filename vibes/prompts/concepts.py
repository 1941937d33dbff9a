"""Concepts: what the words of a prompt are about, read from ``config/lexicons/concepts.yaml``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from vibes.errors import ConfigError
from vibes.settings import data_root
from vibes.settings.lines import Document, read_document

from .lexicon import english
from .lists import entries

FILE = "concepts.yaml"
SECTIONS = ("categories", "styles", "framing", "subjects", "shapes", "qualities")
_LITERAL = "framing"  # its entries are read as written: "women" are a group, a "woman" is none

Groups = Mapping[str, str]
"""Entry, in lower case, to the name it stands under."""


class Hit(NamedTuple):
    """An entry a text says: where it begins, how many of the text's words it takes."""

    entry: str
    group: str
    start: int
    size: int


class Segment(NamedTuple):
    """A stretch of a prompt between two punctuation marks: its words, and their base forms."""

    words: Sequence[str]
    lemmas: Sequence[str]


@dataclass(frozen=True, slots=True)
class Section:
    """Entries that exclude each other where they overlap in a text: the longest one counts."""

    groups: Groups
    longest: Mapping[str, int]  # first word of entries to the words of the longest of them

    @classmethod
    def of(cls, groups: Groups) -> Section:
        """A section of these entries."""
        longest: dict[str, int] = {}
        for entry in groups:
            first, *rest = entry.split()
            longest[first] = max(longest.get(first, 0), 1 + len(rest))
        return cls(groups, longest)

    def hits(self, segment: Segment) -> Iterator[Hit]:
        """What the segment says, in its order; a word is looked for as it stands, then by base."""
        start = 0
        while start < len(segment.words):
            hit = self._hit_at(start, segment)
            if hit:
                yield hit
            start += hit.size if hit else 1

    def _hit_at(self, start: int, segment: Segment) -> Hit | None:
        words, lemmas = segment
        base = lemmas[start].split(" ", 1)[0]
        longest = max(self.longest.get(words[start], 0), self.longest.get(base, 0))
        for size in range(min(longest, len(words) - start), 0, -1):
            for forms in (words, lemmas):
                entry = " ".join(forms[start : start + size])
                if entry in self.groups:
                    return Hit(entry, self.groups[entry], start, size)
        return None


@dataclass(frozen=True, slots=True)
class ConceptLexicon:
    """What words of prompts are about; the file says what each section means."""

    categories: Section
    styles: Section
    framing: Section
    subjects: Section
    shapes: Section
    qualities: Section


@lru_cache(maxsize=8)
def load_concepts(path: Path, extension: Path | None = None) -> ConceptLexicon:
    """Read a file of concepts, and a user's own that adds to it and moves what stands in it.

    Raises ConfigError, with file and line, for what is not such a file.
    """
    sections = _sections(read_document(path))
    names = {name: sorted(set(groups.values())) for name, groups in sections.items()}
    for name in SECTIONS:
        if not sections.get(name):
            raise ConfigError(f"The section '{name}' is missing.", path=path)
    if extension is not None:
        for name, groups in _sections(read_document(extension), names).items():
            sections[name] = {**sections[name], **groups}
    # A style's own words and praise are concepts too, unless a category has them.
    styles, praise = (dict.fromkeys(sections[of]) for of in ("styles", "qualities"))
    sections["categories"] = {
        **dict.fromkeys(praise, "quality"),
        **dict.fromkeys(styles, "style"),
        **sections["categories"],
    }
    return ConceptLexicon(*(Section.of(_with_bases(n, sections[n])) for n in SECTIONS))


@lru_cache(maxsize=8)
def concept_lexicon(folder: Path | None = None) -> ConceptLexicon:
    """The shipped concepts, extended by ``concepts.yaml`` of the folder where there is one."""
    own = folder / FILE if folder else None
    extension = own if own and own.exists() else None
    return load_concepts(data_root() / "config" / "lexicons" / FILE, extension)


def _sections(
    document: Document, names: Mapping[str, Sequence[str]] | None = None
) -> dict[str, dict[str, str]]:
    """Section to its entries; an extension may only use the shipped ``names`` of groups."""
    found: dict[str, dict[str, str]] = {}
    for section, lists in document.data.items():
        if section not in SECTIONS:
            raise _unknown(document, (section,), section, "section", SECTIONS)
        if not isinstance(lists, Mapping):
            raise _fault(document, (section,), f"'{section}' maps names to words.")
        found[section] = {}
        for group, text in lists.items():
            place = (section, str(group))
            if names is not None and str(group) not in names[section]:
                raise _unknown(document, place, str(group), f"name in {section}", names[section])
            _add(found[section], str(group), text, document, place)
    return found


def _add(
    groups: dict[str, str], group: str, text: Any, document: Document, place: tuple[str, str]
) -> None:
    if not isinstance(text, str):
        sentence = f"The words of '{group}' are one text, with commas between them."
        raise _fault(document, place, sentence)
    for entry in entries(text.casefold().replace("-", " ")):
        if groups.setdefault(entry, group) != group:
            sentence = f"'{entry}' stands under '{groups[entry]}' and under '{group}'."
            raise _fault(document, place, sentence)


def _with_bases(section: str, groups: Mapping[str, str]) -> dict[str, str]:
    """The entries, and their base forms where those are no entries of another group."""
    if section == _LITERAL:
        return dict(groups)
    bases = {
        " ".join(map(english().lemma, entry.split())): group
        for entry, group in groups.items()
        if not entry[0].isdigit()  # "1girl" is a tag; its base form would be any girl
    }
    return {**bases, **groups}


def _unknown(
    document: Document, place: tuple[str, ...], name: str, what: str, valid: Sequence[str]
) -> ConfigError:
    near = get_close_matches(name, valid, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(valid)}."
    return _fault(document, place, f"There is no {what} '{name}'; {hint}")


def _fault(document: Document, place: tuple[str, ...], sentence: str) -> ConfigError:
    return ConfigError(sentence, path=document.path, line=document.line(place))
