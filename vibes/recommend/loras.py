"""LoRAs for a prompt, ranked for people: with parts, strength, trigger words and a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vibes.catalog import ModelRecord
from vibes.catalog.names import stem

from .gates import Target
from .library import ModelLibrary
from .phrases import phrase
from .relevance import Match, ModelFit, weighted
from .selection import select_loras
from .strengths import strength_for
from .trigger_words import words_to_add

Evidence = Mapping[str, tuple[float, float]]
"""LoRA names to (selection rate, confidence) for a prompt's keywords; both 0..1."""

CONSIDERED = 12  # LoRAs that fit by what is known of them, before evidence ranks them


@dataclass(frozen=True, slots=True)
class LoraAdvice:
    """One recommended LoRA; ``score`` and ``confidence`` 0..1, ``reason`` a whole sentence.

    ``parts`` are what the score is made of, None where nothing is known; ``triggers`` the words
    the prompt lacks and the LoRA wants to hear.
    """

    lora: str
    score: float
    strength: float
    confidence: float
    reason: str
    parts: Mapping[str, float | None] = field(default_factory=dict)
    triggers: tuple[str, ...] = ()


def recommend_loras(
    keywords: Sequence[str],
    library: ModelLibrary,
    target: Target,
    *,
    count: int = 3,
    evidence: Evidence | None = None,
    complexity: float = 0.0,
    prompt: str | None = None,
) -> list[LoraAdvice]:
    """The best LoRAs for a prompt, best first.

    History counts by its weight, and as its confidence grows it takes the place of everything
    else; LoRAs it speaks for join. ``prompt`` in plain words decides which trigger words are
    missing; left out, the keywords stand for it.
    """
    known = {name: seen for name, seen in (evidence or {}).items() if name in library.records}
    picked = select_loras(library, keywords, target, count=max(count, CONSIDERED), joined=known)
    scored = [(ranked(fit, known, library), fit) for fit in picked.fits.values()]
    best = sorted(filter(lambda one: one[0], scored), key=lambda one: (-one[0], one[1].name))
    said = ", ".join(keywords) if prompt is None else prompt
    return [
        _advice(score, fit, known.get(fit.name), library, complexity, said)
        for score, fit in best[:count]
    ]


def ranked(fit: ModelFit, evidence: Evidence, library: ModelLibrary) -> float:
    """A fit's place in a ranking for people, 0..1, history included."""
    rate, confidence = evidence.get(fit.name, (None, 0.0))
    if rate is None:
        return fit.relevance
    halved = fit.relevance / whole if (whole := weighted(fit.parts, library.weights)) else 1.0
    mean = halved * weighted({**fit.parts, "history": rate}, library.weights)
    return (1 - confidence) * mean + confidence * rate


def lora_clause(keywords: Sequence[str], name: str, strength: float, library: ModelLibrary) -> str:
    """Why a LoRA fits: "beach_sunset at 0.7: its name says 'beach', 'sunset'."."""
    fit = library.fit(name, keywords)
    return clause(fit.match, fit.record, strength, by_meaning=bool(fit.semantic))


def clause(found: Match, record: ModelRecord, strength: float, *, by_meaning: bool = False) -> str:
    """The sentence for words already matched."""
    use = f"{stem(record.name)} at {strength:g}"
    if found.name:
        return f"{use}: its name says {_quoted(found.name)}{_read(found)}."
    if found.triggers:
        return f"{use}: it answers to {_quoted(found.triggers)}{_read(found)}."
    if found.tags:
        return f"{use}: it was trained on {_quoted(found.tags)}{_read(found)}."
    if by_meaning:
        return f"{use}: it means much the same as your prompt."
    return f"{use}: it did well for prompts like this."


def _advice(
    score: float,
    fit: ModelFit,
    seen: tuple[float, float] | None,
    library: ModelLibrary,
    complexity: float,
    prompt: str,
) -> LoraAdvice:
    rate, confidence = seen or (None, 0.0)
    strength = strength_for(score, fit.record, complexity=complexity)
    return LoraAdvice(
        lora=fit.name,
        score=score,
        strength=strength,
        confidence=confidence,
        reason=clause(fit.match, fit.record, strength, by_meaning=bool(fit.semantic)),
        parts={**fit.parts, "history": rate},
        triggers=words_to_add(prompt, fit.record, shared=library.shared_triggers),
    )


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words[:3])


def _read(found: Match) -> str:
    """How the first words quoted came out of the prompt, where it says them otherwise."""
    quoted = frozenset().union(*map(phrase, (found.name or found.triggers or found.tags)[:3]))
    for words, other in (found.stands_for or {}).items():
        if quoted >= words:
            return f" for your '{other}'"
    for word, other in (found.read_as or {}).items():
        if quoted & set(other.split()):
            return f" for your '{word}'"
    return ""
