"""What the graph editor shows of a choice: a badge, the reason, and why at every depth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

from vibes.preferences import Explanation, LoraUse, Policy, Taste
from vibes.preferences.ratings import Ratings
from vibes.preferences.reasons import spoken
from vibes.preferences.sentences import Level, sentences
from vibes.preferences.tally import Count

from .choices import Decision

LEVELS: tuple[Level, ...] = get_args(Level)
_ALTERNATIVES = 3

Kind = Literal["checkpoint", "loras"]
Report = dict[str, Any]


def plain_report(kind: Kind, names: Iterable[str], reason: str) -> Report:
    """Of what the user chose himself."""
    badge = ", ".join(names) or "no LoRA"
    return _report(kind, badge, reason, {level: [reason] for level in LEVELS})


def checkpoint_report(decision: Decision, policy: Policy, ratings: Ratings) -> Report:
    """Of a checkpoint the policy chose; ratings speak where no grid of it was submitted."""
    name, words = decision.candidate.checkpoint, decision.keywords
    believed = policy.explain(words, decision.candidate, decision.pool)
    keyword, count = ratings.strongest("checkpoint", words, name)
    reason = decision.reason
    if believed.evidence:
        badge = _badge(name, _keyword(believed), believed.selection_rate, _picks(believed), "pick")
    elif count.total:
        badge = _badge(name, keyword, count.rate, count.selected, "like")
        if not decision.probe:
            reason = _liked(count, keyword)
    else:
        badge = f"{spoken(name)} · exploring"
    return _report("checkpoint", badge, reason, _why(decision, believed, policy, reason))


def lora_report(decision: Decision, policy: Policy, reason: str) -> Report:
    """Of LoRAs the policy chose."""
    believed = policy.explain(decision.keywords, decision.candidate, decision.pool)
    badge = ", ".join(map(use_text, decision.candidate.loras)) or "no LoRA"
    return _report("loras", badge, reason, _why(decision, believed, policy, reason))


def use_text(use: LoraUse) -> str:
    """A LoRA and its strength, as a badge has them."""
    return f"{spoken(use.name)} {use.strength:g}"


def _report(kind: Kind, badge: str, reason: str, why: dict[Level, list[str]]) -> Report:
    return {"kind": kind, "badge": badge, "reason": reason, "why": why}


def _liked(count: Count, keyword: str) -> str:
    about = f" for '{keyword}'" if keyword else ""
    if count.total == 1:
        return (
            f"You {'liked' if count.selected else 'did not like'} the one picture you rated{about}."
        )
    return f"You liked {count.selected} of the {count.total} pictures you rated{about}."


def _badge(name: str, keyword: str, rate: float, count: int, what: str) -> str:
    about = f" on '{keyword}'" if keyword else ""
    plural = "" if count == 1 else "s"
    return f"{spoken(name)} · {round(100 * rate)} %{about} · {count} {what}{plural}"


def _keyword(believed: Explanation) -> str:
    """The keyword the counts of an explanation are about."""
    about = [term for term in believed.terms if term.kind == "keyword_checkpoint" and term.grids]
    return max(about, key=lambda term: term.grids).parts[0] if about else ""


def _picks(believed: Explanation) -> int:
    return round(believed.selection_rate * believed.evidence)


def _why(
    decision: Decision, believed: Explanation, policy: Policy, reason: str
) -> dict[Level, list[str]]:
    others = _others(decision, policy)
    return {
        level: sentences(
            believed, level, candidate=decision.candidate, reason=reason, alternatives=others
        )
        for level in LEVELS
    }


def _others(decision: Decision, policy: Policy) -> Sequence[tuple[str, float | None]]:
    """The best of the other checkpoints, with their chances to be the best of all."""
    if not isinstance(policy, Taste) or len(decision.pool.checkpoints) == 1:
        return ()
    ranking = policy.ranking(decision.keywords, decision.pool)
    others = [one for one in ranking if one.checkpoint != decision.candidate.checkpoint]
    return [(one.checkpoint, one.chance_best) for one in others[:_ALTERNATIVES]]
