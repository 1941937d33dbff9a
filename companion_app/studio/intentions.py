"""What the studio would choose for a prompt, without making anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from vibes.preferences import Candidate, Policy, Pool, Proposal
from vibes.preferences.rates import Z95
from vibes.preferences.reasons import spoken
from vibes.preferences.sentences import confident
from vibes.preferences.tally import Count
from vibes.preferences.taste import LoraVerdict, Verdict
from vibes.preferences.taste import Taste as TastePolicy
from vibes.preferences.terms import listed

from .phrases import confidence, percent, picks
from .readings import DOUBT, sigmoid
from .views import View

Mode = Literal["explore", "quick"]
GRID = 20  # pictures a grid is thought to have
LORAS = 6
_HARDLY = 0.025  # share of a grid: less is half a picture


def intention(policy: Policy, words: Sequence[str], pool: Pool, mode: Mode) -> View:
    """Checkpoints with the pictures each would get and the chance to be the best one, then LoRAs.

    Best first. Only policy "taste" knows chances and judges LoRAs beforehand.
    """
    if mode == "quick":
        pool = replace(pool, max_checkpoints=1)
    shares = _shares(policy, words, pool)
    if isinstance(policy, TastePolicy):
        usual = policy.usual
        verdicts = policy.ranking(words, pool)
        checkpoints = [_ranked(verdict, usual, shares) for verdict in verdicts]
        found = policy.lora_ranking(words, pool, verdicts[0].checkpoint)
        loras = [_lora(one, usual) for one in found if one.mean > 0][:LORAS]
    else:
        checkpoints, loras = _explained(policy, words, pool, shares), []
    return {
        "keywords": list(words),
        "checkpoints": checkpoints,
        "loras": loras,
        "sentences": [
            _plan(checkpoints, pool.max_checkpoints or len(pool.checkpoints)),
            *_lora_sentence(loras, isinstance(policy, TastePolicy)),
        ],
    }


def _shares(policy: Policy, words: Sequence[str], pool: Pool) -> Mapping[str, float]:
    """The part of a grid each checkpoint would get."""
    names = pool.checkpoints
    asked = [Proposal(Candidate(names[i % len(names)]), "") for i in range(max(GRID, len(names)))]
    # LoRAs are drawn after the checkpoints, and by the thousand that takes its time.
    found = policy.propensities(words, replace(pool, loras=()), asked)
    return {name: found[i].checkpoint for i, name in enumerate(names)}


def _ranked(verdict: Verdict, usual: float, shares: Mapping[str, float]) -> View:
    rate, interval = _chance(verdict, usual)
    count = Count(verdict.selected, verdict.total, verdict.grids)
    sure = confident(verdict.chance_best)
    sentence = f"{spoken(verdict.checkpoint)}: best with {percent(verdict.chance_best)} chance"
    return _checkpoint(
        verdict.checkpoint,
        shares,
        chance_best=verdict.chance_best,
        rate=rate,
        interval=interval,
        count=count,
        sure=sure,
        sentence=f"{sentence}, {_seen(count)}. {confidence(sure)}.",
    )


def _explained(
    policy: Policy, words: Sequence[str], pool: Pool, shares: Mapping[str, float]
) -> list[View]:
    known = [(policy.explain(words, Candidate(name), pool), name) for name in pool.checkpoints]
    known.sort(key=lambda item: (-shares[item[1]], -item[0].value, item[1]))
    return [
        _checkpoint(
            name,
            shares,
            chance_best=one.chance_best,
            rate=one.selection_rate,
            interval=one.interval,
            count=Count(round(one.selection_rate * one.evidence), one.evidence),
            sure=confident(one.chance_best),
            sentence=one.reason,
        )
        for one, name in known
    ]


def _checkpoint(
    name: str,
    shares: Mapping[str, float],
    *,
    chance_best: float | None,
    rate: float,
    interval: tuple[float, float],
    count: Count,
    sure: bool,
    sentence: str,
) -> View:
    return {
        "checkpoint": name,
        "label": spoken(name),
        "share": shares[name],
        "chance_best": chance_best,
        "rate": rate,
        "interval": list(interval),
        "selected": count.selected,
        "total": count.total,
        "grids": count.grids,
        "confidence": confidence(sure),
        "sentence": sentence,
    }


def _lora(verdict: LoraVerdict, usual: float) -> View:
    rate, interval = _chance(verdict, usual)
    count = Count(verdict.selected, verdict.total, verdict.grids)
    sure = confident(verdict.chance_helps)
    return {
        "lora": verdict.lora,
        "label": spoken(verdict.lora),
        "strength": verdict.strength,
        "chance_helps": verdict.chance_helps,
        "rate": rate,
        "interval": list(interval),
        "selected": count.selected,
        "total": count.total,
        "grids": count.grids,
        "confidence": confidence(sure),
        "sentence": (
            f"{spoken(verdict.lora)} at {verdict.strength:g}: helps with "
            f"{percent(verdict.chance_helps)} chance, {_seen(count)}. {confidence(sure)}."
        ),
    }


def _chance(verdict: Verdict | LoraVerdict, usual: float) -> tuple[float, tuple[float, float]]:
    """The chance of being picked and its 95 % interval."""
    middle, spread = usual + verdict.mean, Z95 * DOUBT * verdict.sd
    return sigmoid(middle), (sigmoid(middle - spread), sigmoid(middle + spread))


def _seen(count: Count) -> str:
    return f"{picks(count)} picked so far" if count.total else "not shown for this yet"


def _plan(checkpoints: Sequence[View], most: int) -> str:
    """In words; a grid holds at most ``most`` of the checkpoints."""
    most_first = sorted(checkpoints, key=_by_share)
    taken = most_first[:1] + [one for one in most_first[1:most] if one["share"] > _HARDLY]
    if len(taken) == 1:
        return f"All pictures with {taken[0]['label']}, {_how_sure(taken[0])}."
    first, *rest = taken
    others = [f"{one['label']} ({_pictures(one)})" for one in rest]
    return (
        f"About {_pictures(first)} of {GRID} pictures with {first['label']}, "
        f"{_how_sure(first)}; the others with {listed(others)}."
    )


def _by_share(one: View) -> tuple[float, str]:
    return -one["share"], one["checkpoint"]


def _pictures(one: View) -> int:
    return max(1, round(float(one["share"]) * GRID))


def _how_sure(one: View) -> str:
    word = str(one["confidence"]).lower()
    return word if one["total"] else f"{word}: it was not shown for these words yet"


def _lora_sentence(loras: Sequence[View], judged: bool) -> list[str]:
    if not judged:
        return []
    if not loras:
        return ["No LoRA is expected to help."]
    named = [f"{one['label']} at {one['strength']:g}" for one in loras[:3]]
    return [f"Most likely LoRAs: {listed(named)}."]
