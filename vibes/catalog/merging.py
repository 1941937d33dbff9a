"""One record of all the copies of a model, which may not agree about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple, TypeVar

from .records import Facts, FamilySource, FileEntry, ModelKind, ModelRecord

_T = TypeVar("_T")
_SOURCES: tuple[FamilySource, ...] = ("weights", "metadata", "sidecar", "name", "size", "unknown")
"""The most trusted first."""
_TRUST = {source: place for place, source in enumerate(_SOURCES)}


class Copy(NamedTuple):
    """A file on one server, by its name in the catalog; ``told`` has what is known of it."""

    server: str
    name: str
    entry: FileEntry
    told: FileEntry


def record_of(kind: ModelKind, copies: Sequence[Copy]) -> ModelRecord:
    """The record of a model that has at least one copy; its shortest name is the one it goes by."""
    names = {copy.name for copy in copies}
    if len(names) > 1:
        copies = sorted(copies, key=lambda copy: (len(copy.name), copy.name))
    facts = _distinct(copy.told.facts for copy in copies)
    best = facts[0]
    family, source = _agreed_family(facts)
    return ModelRecord(
        kind=kind,
        name=copies[0].name,
        family=family,
        family_source=source,
        branch=_first(each.branch for each in facts) if family else None,
        triggers=best.triggers if len(facts) == 1 else _union(each.triggers for each in facts),
        tags=best.tags,
        tag_counts=best.tag_counts,
        title=_first(each.title for each in facts),
        rank=_first(each.rank for each in facts),
        modules=_first(each.modules for each in facts),
        sha256=_first(each.sha256 for each in facts),
        popularity=_first(each.popularity for each in facts),
        strength=_first(each.strength for each in facts),
        fault=_first(each.fault for each in facts),
        size=_first(copy.told.size for copy in copies),
        spellings=_spellings(copies),
        previews=tuple(dict.fromkeys(c.server for c in copies if c.entry.facts.has_preview)),
        aliases=tuple(sorted(names - {copies[0].name})) if len(names) > 1 else (),
        conflict=_conflict(copies) if len(copies) > 1 else None,
    )


def _distinct(told: Iterable[Facts]) -> list[Facts]:
    """What is told, each once, the most trusted and then the most telling first."""
    found: list[Facts] = []
    for facts in told:
        if not any(facts is other or facts == other for other in found):
            found.append(facts)
    if len(found) > 1:
        found.sort(key=lambda facts: (_TRUST[facts.family_source], -len(facts.tags)))
    return found


def _agreed_family(told: Sequence[Facts]) -> tuple[str | None, FamilySource]:
    """The family by the most trusted source; unknown when copies differ in it."""
    source = told[0].family_source
    families = {facts.family for facts in told if facts.family_source == source}
    family = families.pop() if len(families) == 1 else None
    return (family, source) if family else (None, "unknown")


def _spellings(copies: Sequence[Copy]) -> dict[str, str]:
    """How each server spells it; the name it goes by, where a server has it under several."""
    spellings: dict[str, str] = {}
    for copy in copies:
        spellings.setdefault(copy.server, copy.entry.name)
    return spellings


def _conflict(copies: Sequence[Copy]) -> str | None:
    """What is wrong where two copies are not the same file; None where nothing says so."""
    first = copies[0]
    for other in copies[1:]:
        if _differ(first.told, other.told):
            return (
                f"{first.name} is not the same file on {first.server} ({_bytes(first)}) and on "
                f"{other.server} ({_bytes(other)}): rename one of them."
            )
    return None


def _differ(one: FileEntry, other: FileEntry) -> bool:
    if one.facts.sha256 and other.facts.sha256:
        return one.facts.sha256 != other.facts.sha256
    return None not in (one.size, other.size) and one.size != other.size


def _bytes(copy: Copy) -> str:
    size = copy.told.size
    return "of unknown size" if size is None else f"{size:,} bytes"


def _first(values: Iterable[_T | None]) -> _T | None:
    return next((value for value in values if value is not None), None)


def _union(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(groups)))
