"""Proposals made fit for rendering: with the typed LoRAs, and only such others as go with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from vibes.catalog import Catalog
from vibes.catalog.names import stem
from vibes.preferences import Proposal
from vibes.recipes import Candidate, LoraUse

from .exclusions import style_rules
from .gates import rivalry
from .phrases import Phrase
from .strengths import rebalanced


def typed_loras(uses: Iterable[LoraUse], catalog: Catalog) -> tuple[LoraUse, ...]:
    """The LoRAs a prompt names, under their catalog names; one named twice adds up.

    Raises NotFound or AmbiguousName like ``Catalog.resolve``.
    """
    strengths: dict[str, float] = {}
    for use in uses:
        name = catalog.resolve("lora", use.name).name
        strengths[name] = strengths.get(name, 0.0) + use.strength
    return tuple(LoraUse(name, strength) for name, strength in strengths.items())


def fit_loras(
    proposals: Iterable[Proposal],
    typed: Sequence[LoraUse],
    *,
    catalog: Catalog,
    servers: Collection[str],
    inert: Mapping[str, Collection[str]] | None = None,
    shared: Collection[Phrase] = (),
) -> list[Proposal]:
    """The proposals with the user's own LoRAs first and only such others as go with them.

    Typed LoRAs are never altered. A proposed one is left out, and the reason says so, when it is
    typed already, excludes one before it, changed nothing beside this checkpoint (``inert``), or
    no server has it together with the rest. All strengths together stay within the total.
    ``shared`` trigger phrases call no LoRA in particular.
    """
    fitting = _Fitting(catalog, servers, inert or {}, shared)
    return [fitting.fitted(proposal, tuple(typed)) for proposal in proposals]


def drop_unrenderable(
    candidate: Candidate, catalog: Catalog, servers: Collection[str]
) -> Candidate:
    """The candidate with only such LoRAs as one server has together with its checkpoint.

    Earlier LoRAs take precedence. Where no server has the checkpoint, nothing is dropped: the
    refusal then names what is missing.
    """

    def held(server: str) -> list[bool]:
        return [catalog.spelling(server, "lora", use.name) is not None for use in candidate.loras]

    able = [s for s in servers if catalog.spelling(s, "checkpoint", candidate.checkpoint)]
    best = max(map(held, able), default=[True] * len(candidate.loras))
    kept = tuple(use for use, present in zip(candidate.loras, best, strict=True) if present)
    return replace(candidate, loras=kept)


class _Fitting:
    def __init__(
        self,
        catalog: Catalog,
        servers: Collection[str],
        inert: Mapping[str, Collection[str]],
        shared: Collection[Phrase],
    ):
        self._catalog = catalog
        self._servers = servers
        self._inert = inert
        self._shared = shared

    def fitted(self, proposal: Proposal, typed: tuple[LoraUse, ...]) -> Proposal:
        candidate, reasons = proposal.candidate, [proposal.reason]
        own = {use.name for use in typed}
        added: list[LoraUse] = []
        for use in candidate.loras:
            if use.name in own:
                continue
            if sentence := self._against(use, candidate.checkpoint, (*typed, *added)):
                reasons.append(sentence)
            else:
                added.append(use)
        wanted = replace(candidate, loras=(*typed, *added))
        present = set(drop_unrenderable(wanted, self._catalog, self._servers).loras)
        reasons += [
            f"{stem(use.name)} is left out: no server has it together with the rest."
            for use in added
            if use not in present
        ]
        kept, lowered = rebalanced(typed, [use for use in added if use in present])
        reasons += [lowered] if lowered else []
        return replace(
            proposal, candidate=replace(wanted, loras=typed + kept), reason=" ".join(reasons)
        )

    def _against(self, use: LoraUse, checkpoint: str, before: Iterable[LoraUse]) -> str | None:
        if use.name in self._inert.get(checkpoint, ()):
            return f"{stem(use.name)} is left out: it changed nothing beside {stem(checkpoint)}."
        records, rules = self._catalog.loras, style_rules()
        for other in before:
            if use.name not in records or other.name not in records:
                continue
            record, rival = records[use.name], records[other.name]
            sentence = rivalry(
                record, rival, rules.styles_of(record), rules.styles_of(rival), self._shared
            )
            if sentence:
                return sentence
        return None
