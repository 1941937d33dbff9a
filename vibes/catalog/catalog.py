"""Which models and node classes exist, on which servers, and how each server spells them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from rapidfuzz import process
from rapidfuzz.fuzz import ratio

from vibes.errors import AmbiguousName, NotFound
from vibes.recipes import Candidate

from .names import canonical, stem, without_extension
from .records import Listing, ModelKind, ModelRecord

Records = Mapping[str, ModelRecord]
_KIND_WORDS: dict[ModelKind, str] = {
    "checkpoint": "checkpoint",
    "lora": "LoRA",
    "embedding": "embedding",
}
_NEAR = 60  # of 100: how alike a name must be to be suggested


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

    def find(self, kind: ModelKind, name: str) -> ModelRecord | None:
        """The model of exactly that name, or that has it as an alias."""
        records = self.records(kind)
        return records.get(name) or records.get(self._indexes[kind].aliases.get(name, ""))

    def spelling(self, server: str, kind: ModelKind, name: str) -> str | None:
        """How the server spells a catalog name; None when the file is not there."""
        record = self.find(kind, name)
        return record.spellings.get(server) if record else None

    def resolve(self, kind: ModelKind, text: str) -> ModelRecord:
        """The model a person means: by full name, without folder or extension, or unique prefix.

        Upper and lower case count only between names that differ in nothing else. Raises NotFound
        with the nearest names, or AmbiguousName with the matches.
        """
        wanted, index = canonical(text.strip()), self._indexes[kind]
        if record := self.find(kind, wanted):
            return record
        for names in index.matches(wanted):
            if len(names) == 1:
                return self.records(kind)[names[0]]
            if names:
                raise AmbiguousName(text, names)
        near = index.nearest(wanted)
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
        missing += self.lacking(server, needs, upscale_models)
        if not missing:
            return None
        return f"{server}: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not there"

    def lacking(
        self, server: str, needs: frozenset[str], upscale_models: Iterable[str] = ()
    ) -> list[str]:
        """What a server does not have of these, each in words; it must be a known one."""
        has = {canonical(name) for name in self.listings[server].upscale_models}
        upscalers = [f"upscaler {stem(n)}" for n in upscale_models if canonical(n) not in has]
        return upscalers + [f"node {name}" for name in sorted(needs - self.node_classes[server])]

    def _missing_models(self, server: str, candidate: Candidate) -> Iterator[str]:
        if self.spelling(server, "checkpoint", candidate.checkpoint) is None:
            yield f"checkpoint {stem(candidate.checkpoint)}"
        for lora in candidate.loras:
            if self.spelling(server, "lora", lora.name) is None:
                yield f"LoRA {stem(lora.name)}"

    def _missing_embeddings(self, server: str, names: Iterable[str]) -> Iterator[str]:
        for name in names:
            if without_extension(canonical(name)).casefold() not in self._embeddings[server]:
                yield f"embedding {stem(name)}"

    @cached_property
    def _embeddings(self) -> Mapping[str, frozenset[str]]:
        """What a prompt may call each server's embeddings, in lower case."""
        found = {}
        for server, listing in self.listings.items():
            names = [without_extension(canonical(entry.name)) for entry in listing.embeddings]
            found[server] = frozenset(n.casefold() for n in (*names, *map(stem, names)))
        return found

    @cached_property
    def _indexes(self) -> Mapping[ModelKind, _Index]:
        return {kind: _Index(self.records(kind)) for kind in _KIND_WORDS}


class _Index:
    """The models of one kind by what a person may write for them, made when first asked."""

    def __init__(self, records: Records):
        self._records = records

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """Other names the models have, to the names they go by."""
        return {alias: record.name for record in self._records.values() for alias in record.aliases}

    def matches(self, wanted: str) -> Iterator[list[str]]:
        """Names of models that match, by ever looser rules."""
        folded = wanted.casefold()
        for names in self._folded:
            yield names.get(folded, [])
        if folded:
            begun = (
                found
                for names in (self._folded[0], self._folded[-1])
                for name, found in names.items()
                if name.startswith(folded)
            )
            yield sorted(set(chain.from_iterable(begun)))

    def nearest(self, wanted: str) -> list[str]:
        """Up to three names that look like it, without folder and extension."""
        found = process.extract(
            stem(wanted).casefold(),
            list(self._folded[-1]),
            scorer=ratio,
            limit=3,
            score_cutoff=_NEAR,
        )
        return [name for name, _, _ in found]

    @cached_property
    def _folded(self) -> tuple[Mapping[str, list[str]], ...]:
        """In lower case: whole names, those without extension, those without folder, too."""
        rules: tuple[Callable[[str], str], ...] = (str, without_extension, stem)
        folded: tuple[dict[str, list[str]], ...] = tuple({} for _ in rules)
        for record in self._records.values():
            for rule, by_name in zip(rules, folded, strict=True):
                spelled = {rule(name).casefold() for name in (record.name, *record.aliases)}
                for name in spelled:
                    by_name.setdefault(name, []).append(record.name)
        return folded
