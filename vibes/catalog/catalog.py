"""Which models and node classes exist, on which servers, and how each server spells them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from itertools import chain

from vibes.errors import AmbiguousName, NotFound
from vibes.recipes import Candidate

from .families import family_of
from .names import canonical, stem, without_extension
from .records import FamilySource, FileEntry, Listing, ModelKind, ModelRecord
from .triggers import tags_of, triggers_of

Records = Mapping[str, ModelRecord]
_KIND_WORDS: dict[ModelKind, str] = {
    "checkpoint": "checkpoint",
    "lora": "LoRA",
    "embedding": "embedding",
}
_SOURCES: tuple[FamilySource, ...] = ("metadata", "name", "size")  # the most trusted first


@dataclass(frozen=True)
class Catalog:
    """All models by kind and name (forward slashes), and the listings they come from."""

    checkpoints: Records = field(default_factory=dict)
    loras: Records = field(default_factory=dict)
    embeddings: Records = field(default_factory=dict)
    listings: Mapping[str, Listing] = field(default_factory=dict)

    @cached_property
    def node_classes(self) -> Mapping[str, frozenset[str]]:
        """Server name to the node classes it has."""
        return {server: listing.node_classes for server, listing in self.listings.items()}

    def records(self, kind: ModelKind) -> Records:
        """All models of a kind by name."""
        return {
            "checkpoint": self.checkpoints,
            "lora": self.loras,
            "embedding": self.embeddings,
        }[kind]

    def spelling(self, server: str, kind: ModelKind, name: str) -> str | None:
        """How the server spells a catalog name; None when the file is not there."""
        record = self.records(kind).get(name)
        return record.spellings.get(server) if record else None

    def resolve(self, kind: ModelKind, text: str) -> ModelRecord:
        """The model a person means: by full name, without folder or extension, or unique prefix.

        Upper and lower case count only between names that differ in nothing else. Raises NotFound
        with the nearest names, or AmbiguousName with the matches.
        """
        records = self.records(kind)
        wanted = canonical(text.strip())
        for names in _matches(records, wanted):
            if len(names) == 1:
                return records[names[0]]
            if names:
                raise AmbiguousName(text, names)
        near = get_close_matches(stem(wanted).casefold(), {stem(n).casefold() for n in records}, 3)
        hint = f" Did you mean {' or '.join(sorted(near))}?" if near else ""
        raise NotFound(f"No server has a {_KIND_WORDS[kind]} '{text}'.{hint}")

    def servers_for(self, candidate: Candidate) -> tuple[str, ...]:
        """Servers that have the checkpoint and every LoRA."""
        return tuple(server for server in self.listings if not self.refusal(server, candidate))

    def refusal(
        self,
        server: str,
        candidate: Candidate,
        needs: frozenset[str] = frozenset(),
        *,
        embeddings: Iterable[str] = (),
        upscale_models: Iterable[str] = (),
    ) -> str | None:
        """Why a server cannot make this candidate with these node classes; None when it can.

        ``embeddings`` are named as prompts do: with or without folder and extension.
        """
        if server not in self.listings:
            return f"{server}: what it has is not known yet"
        missing = [*self._missing_models(server, candidate)]
        missing += self._missing_embeddings(server, embeddings)
        has = {canonical(name) for name in self.listings[server].upscale_models}
        missing += [f"upscaler {stem(n)}" for n in upscale_models if canonical(n) not in has]
        missing += [f"node {name}" for name in sorted(needs - self.node_classes[server])]
        if not missing:
            return None
        return f"{server}: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not there"

    def _missing_models(self, server: str, candidate: Candidate) -> Iterator[str]:
        if self.spelling(server, "checkpoint", candidate.checkpoint) is None:
            yield f"checkpoint {stem(candidate.checkpoint)}"
        for lora in candidate.loras:
            if self.spelling(server, "lora", lora.name) is None:
                yield f"LoRA {stem(lora.name)}"

    def _missing_embeddings(self, server: str, names: Iterable[str]) -> Iterator[str]:
        files = self.listings[server].embeddings
        has = {stem(name).casefold() for name in files}
        has |= {without_extension(canonical(name)).casefold() for name in files}
        for name in names:
            if without_extension(canonical(name)).casefold() not in has:
                yield f"embedding {stem(name)}"


def build_catalog(listings: Mapping[str, Listing]) -> Catalog:
    """One catalog of what all servers have; a file of one name is one model on all of them."""
    return Catalog(
        _records("checkpoint", {s: listing.checkpoints for s, listing in listings.items()}),
        _records("lora", {s: listing.loras for s, listing in listings.items()}),
        _records(
            "embedding",
            {s: map(FileEntry, listing.embeddings) for s, listing in listings.items()},
        ),
        dict(listings),
    )


def _records(kind: ModelKind, entries: Mapping[str, Iterable[FileEntry]]) -> Records:
    grouped: dict[str, dict[str, FileEntry]] = {}
    for server, files in entries.items():
        for entry in files:
            grouped.setdefault(canonical(entry.name), {})[server] = entry
    return {name: _record(kind, name, grouped[name]) for name in sorted(grouped)}


def _record(kind: ModelKind, name: str, by_server: Mapping[str, FileEntry]) -> ModelRecord:
    entries = by_server.values()
    family, source = _agreed_family(kind, entries)
    return ModelRecord(
        kind=kind,
        name=name,
        family=family,
        family_source=source,
        triggers=_union(triggers_of(entry.metadata) for entry in entries),
        tags=_union(tags_of(entry.metadata) for entry in entries),
        size=next((entry.size for entry in entries if entry.size is not None), None),
        spellings={server: entry.name for server, entry in by_server.items()},
    )


def _agreed_family(
    kind: ModelKind, entries: Iterable[FileEntry]
) -> tuple[str | None, FamilySource]:
    """The family by the most trusted source; unknown when files of one name differ in it."""
    speaking = [entry for entry in entries if entry.metadata] or entries
    found = {family_of(kind, entry.name, entry.metadata, entry.size) for entry in speaking}
    for source in _SOURCES:
        families = {family for family, said_by in found if said_by == source}
        if families:
            return (families.pop(), source) if len(families) == 1 else (None, "unknown")
    return None, "unknown"


def _union(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(groups)))


def _matches(records: Records, wanted: str) -> Iterator[list[str]]:
    """Names that match, by ever looser rules."""
    folded = wanted.casefold()
    yield [name for name in records if name == wanted]
    yield [name for name in records if name.casefold() == folded]
    yield [name for name in records if without_extension(name).casefold() == folded]
    yield [name for name in records if stem(name).casefold() == folded]
    if folded:
        yield [
            name
            for name in records
            if name.casefold().startswith(folded) or stem(name).casefold().startswith(folded)
        ]
