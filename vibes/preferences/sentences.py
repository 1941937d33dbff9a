"""What is believed about a candidate, as sentences: from one short one down to every number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from vibes.recipes import Candidate

from .choice import Choice
from .policy import Explanation, Term
from .reasons import spoken
from .terms import Counts, beside, by_model, chance_positive, listed, number, plural, verdict

Level = Literal["minimal", "standard", "detailed", "technical"]

HIGH_CONFIDENCE = 0.8
"""From this probability on a choice is called "High confidence"; below it, "Exploring"."""

_EVIDENCE = frozenset({"lora", "keyword_lora"})
_MANY = 5  # grids, which nobody would call "only"


def sentences(
    explanation: Explanation,
    level: Level,
    *,
    candidate: Candidate | None = None,
    reason: str | None = None,
    choice: Choice | None = None,
    alternatives: Sequence[tuple[str, float | None]] = (),
    counts: Counts = lambda _kind, _parts: (0, 0),
) -> list[str]:
    """Why this candidate, in whole sentences; a deeper level adds to the one above it.

    "minimal" is the first sentence of "standard": the checkpoint, then the LoRAs. "detailed" adds
    what speaks for and against each model, and ``alternatives``: (checkpoint, chance to be the
    best one) of those considered. "technical" adds the numbers: mean ± sd on the logit scale.

    ``candidate`` is the one explained, ``choice`` how it came to be chosen and ``reason`` what was
    said then; without a reason it is the explanation's own, or put together from its terms.
    """
    why = _why(explanation, reason, candidate, choice)
    if level == "minimal":
        return why[:1]
    if level == "standard":
        return why
    names = _names(candidate)
    why += [verdict(name, about, counts) for name, about in _models(explanation, names)]
    why += beside(explanation.terms, counts)
    why += _alternatives(alternatives)
    if level == "technical":
        why += _numbers(explanation)
        why += _provenance(choice)
    return why


def spoken_reason(explanation: Explanation) -> str:
    """Why a checkpoint, by what was picked with it; the policy's own words where nothing was."""
    counted = explanation.evidence and any(term.kind for term in explanation.terms)
    return _checkpoint(explanation) if counted else explanation.reason


def split(text: str) -> list[str]:
    """The sentences of a reason."""
    return [part for part in re.split(r"(?<=[.!?])\s+(?=[A-Z])", text.strip()) if part]


def confident(chance: float | None) -> bool:
    """Whether a probability deserves the words "High confidence"."""
    return chance is not None and chance >= HIGH_CONFIDENCE


def _why(
    explanation: Explanation,
    reason: str | None,
    candidate: Candidate | None,
    choice: Choice | None,
) -> list[str]:
    """The checkpoint's sentence, then the LoRAs' where nobody said theirs before."""
    why = split(reason or explanation.reason) or [_checkpoint(explanation)]
    own = choice is not None and "loras" in choice.decided
    if len(why) > 1 or own or not any(term.kind for term in explanation.terms):
        return why
    return why + _loras(explanation.terms, candidate, choice)


def _checkpoint(explanation: Explanation) -> str:
    keyword = _best_keyword(explanation.terms)
    about = f"'{keyword}' " if keyword else ""
    picks = round(explanation.selection_rate * explanation.evidence)
    if confident(explanation.chance_best):
        if picks:
            return f"Chosen for your {plural(picks, f'{about}pick')}; high confidence."
        return "Chosen over the others, by what is known of them; high confidence."
    if not explanation.evidence:
        return "Exploring: you have not seen this checkpoint for a prompt like this."
    shown = plural(explanation.evidence, f"{about}image")
    return f"Exploring: you picked this checkpoint in {picks} of {shown}."


def _best_keyword(terms: Iterable[Term]) -> str | None:
    """The keyword with most grids behind what is believed of the checkpoint."""
    about = [term for term in terms if term.kind == "keyword_checkpoint" and term.grids]
    return max(about, key=lambda term: term.grids).parts[0] if about else None


def _loras(terms: Sequence[Term], candidate: Candidate | None, choice: Choice | None) -> list[str]:
    about_loras = [term for term in terms if "lora" in term.kind]
    names = [use.name for use in candidate.loras] if candidate else []
    fits = {name for name, fit in (choice.relevance if choice else {}).items() if fit > 0}
    found = [
        f"{spoken(name)} ({_lora(about, fits=name in fits)})"
        for name, about in by_model(about_loras, names).items()
    ]
    return [f"With {listed(found)}."] if found else []


def _lora(terms: Sequence[Term], *, fits: bool) -> str:
    seen = [term for term in terms if term.kind in _EVIDENCE and term.grids]
    if not seen:
        return "fits the prompt" if fits else "exploring: no grid with it yet"
    most = max(seen, key=lambda term: term.grids)
    where = f" for '{most.parts[0]}'" if most.kind == "keyword_lora" else ""
    grids = plural(most.grids, "grid")
    if confident(chance_positive(terms)):
        return f"high confidence after {grids}{where}"
    few = "only " if most.grids < _MANY else ""
    return f"exploring: {few}{grids} with this LoRA{where}"


def _names(candidate: Candidate | None) -> list[str]:
    return [candidate.checkpoint, *(use.name for use in candidate.loras)] if candidate else []


def _models(explanation: Explanation, names: Sequence[str]) -> Iterable[tuple[str, list[Term]]]:
    """The models and their terms; nothing where the terms are about no features."""
    plain = [term for term in explanation.terms if not term.kind]
    return by_model(explanation.terms, () if plain else names).items()


def _alternatives(alternatives: Sequence[tuple[str, float | None]]) -> list[str]:
    if not alternatives:
        return []
    named = [
        spoken(name)
        + (f" ({_percent(chance)} likely to be the best)" if chance is not None else "")
        for name, chance in alternatives
    ]
    return [f"Also considered: {listed(named)}."]


def _numbers(explanation: Explanation) -> list[str]:
    found = [number(term) for term in explanation.terms]
    found.append(f"The policy's value of it: {explanation.value:.3f}.")
    if explanation.chance_best is not None:
        chance = _percent(explanation.chance_best)
        found.append(f"Chance that no other checkpoint suits the prompt better: {chance}.")
    return found


def _provenance(choice: Choice | None) -> list[str]:
    """Who chose, how likely that was, and whether it was a probe."""
    if choice is None:
        return ["It is not known how its models came to be chosen."]
    found = []
    if choice.policy:
        found.append(f"Chosen by policy {choice.policy}, version {choice.version}.")
    if choice.probe:
        found.append("A probe: drawn at random, to measure what learning is worth.")
    if choice.decided:
        parts = {"checkpoint": "the checkpoint", "loras": "the LoRAs"}
        found.append(f"You chose {' and '.join(parts[part] for part in choice.decided)}.")
    return found + _propensities(choice)


def _propensities(choice: Choice) -> list[str]:
    chances = dict(choice.lora_propensities)
    named = [f"{spoken(name)} {_percent(chance)}" for name, chance in chances.items()]
    if choice.checkpoint_propensity is not None:
        named.insert(0, f"its checkpoint {_percent(choice.checkpoint_propensity)}")
    return [f"How likely it was to be chosen: {listed(named)}."] if named else []


def _percent(chance: float) -> str:
    if 0 < chance < 0.01:
        return "under 1 %"
    if 0.99 < chance < 1:
        return "over 99 %"
    return f"{round(100 * chance)} %"
