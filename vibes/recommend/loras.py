"""LoRAs for a prompt: only of the right family, at most ``MAX_TOTAL`` strong, with a reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from vibes.catalog import Catalog, ModelRecord
from vibes.catalog.names import stem
from vibes.preferences import Proposal
from vibes.recipes import Candidate, LoraUse

from .relevance import match, relevance

MAX_TOTAL = 3.0  # sum of all strengths, the typed ones included; more breaks pictures
WEAKEST, STRONGEST = 0.5, 0.8  # strengths for LoRAs nobody has evidence about


@dataclass(frozen=True, slots=True)
class LoraAdvice:
    """One recommended LoRA; ``score`` and ``confidence`` 0..1, ``reason`` a whole sentence."""

    lora: str
    score: float
    strength: float
    confidence: float
    reason: str


def lora_relevance(
    keywords: Sequence[str], records: Mapping[str, ModelRecord], family: str
) -> dict[str, float]:
    """LoRA name to 0..1 for those of this family that fit the prompt by name, trigger or tag.

    A LoRA of another family or of none known is absent: it would change nothing, silently.
    """
    among = [name for name, record in records.items() if record.family == family]
    return relevance(keywords, records, among)


def strength_for(fit: float) -> float:
    """Between ``WEAKEST`` and ``STRONGEST`` by relevance, in steps of 0.1."""
    return round(WEAKEST + (STRONGEST - WEAKEST) * fit, 1)


def recommend_loras(
    keywords: Sequence[str],
    records: Mapping[str, ModelRecord],
    family: str,
    *,
    count: int = 3,
    evidence: Mapping[str, tuple[float, float]] | None = None,
) -> list[LoraAdvice]:
    """The best LoRAs for a prompt, best first.

    ``evidence`` maps LoRA names to (selection rate, confidence) for these keywords; as confidence
    grows, the rate takes the place of the metadata's relevance, and proven LoRAs join.
    """
    known = evidence or {}
    fits = lora_relevance(keywords, records, family)
    proven = [name for name in known if name in records and records[name].family == family]
    scores = {}
    for name in dict.fromkeys((*fits, *proven)):
        rate, confidence = known.get(name, (0.0, 0.0))
        scores[name] = (1 - confidence) * fits.get(name, 0.0) + confidence * rate
    best = sorted(filter(scores.__getitem__, scores), key=lambda name: (-scores[name], name))
    return [
        _advice(keywords, records[name], scores[name], known.get(name, (0.0, 0.0))[1])
        for name in best[:count]
    ]


def _advice(
    keywords: Sequence[str], record: ModelRecord, score: float, confidence: float
) -> LoraAdvice:
    strength = strength_for(score)
    reason = lora_clause(keywords, record, strength)
    return LoraAdvice(record.name, score, strength, confidence, reason)


def lora_clause(keywords: Sequence[str], record: ModelRecord, strength: float) -> str:
    """Why a LoRA fits: "beach_sunset at 0.7: its name says 'beach', 'sunset'."."""
    found = match(keywords, record)
    use = f"{stem(record.name)} at {strength:g}"
    if found.name:
        return f"{use}: its name says {_quoted(found.name)}."
    if found.triggers:
        return f"{use}: it answers to {_quoted(found.triggers)}."
    if found.tags:
        return f"{use}: it was trained on {_quoted(found.tags)}."
    return f"{use}: it did well for prompts like this."


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words[:3])


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
) -> list[Proposal]:
    """The proposals with the user's own LoRAs first and only such others as go with them.

    Typed LoRAs are never altered. A proposed one is left out, and the reason says so, when it is
    typed already, when no server has it together with the rest, or beyond ``MAX_TOTAL``.
    """
    return [_fitted(proposal, tuple(typed), catalog, servers) for proposal in proposals]


def _fitted(
    proposal: Proposal, typed: tuple[LoraUse, ...], catalog: Catalog, servers: Collection[str]
) -> Proposal:
    own = {use.name for use in typed}
    added = tuple(use for use in proposal.candidate.loras if use.name not in own)
    wanted = replace(proposal.candidate, loras=typed + added)
    together = drop_unrenderable(wanted, catalog, servers)
    present = set(together.loras)
    kept = _within_total(typed, [use for use in added if use in present])
    reason = proposal.reason
    for use in added:
        if use not in present:
            reason += f" {stem(use.name)} is left out: no server has it together with the rest."
        elif use not in kept:
            reason += f" {stem(use.name)} is left out: all strengths together stay within 3."
    return replace(proposal, candidate=replace(wanted, loras=typed + kept), reason=reason)


def _within_total(typed: Iterable[LoraUse], added: Iterable[LoraUse]) -> tuple[LoraUse, ...]:
    """Those of ``added``, in order, that keep the sum of all strengths within ``MAX_TOTAL``."""
    total = sum(abs(use.strength) for use in typed)
    kept = []
    for use in added:
        if total + abs(use.strength) <= MAX_TOTAL + 1e-9:  # 0.7 + 2.3 must pass
            total += abs(use.strength)
            kept.append(use)
    return tuple(kept)


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
