"""LoRAs by strength, and two LoRAs alone and together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from vibes.preferences import Statistics
from vibes.preferences.chronicle import Chronicle
from vibes.preferences.reasons import spoken
from vibes.preferences.tally import Count
from vibes.preferences.taste import Taste as TastePolicy
from vibes.preferences.terms import plural

from .phrases import confidence, count_view, picks, reading_view
from .readings import SURE, Reading, Readings, chance_above
from .views import View

LORAS, PAIRS = 12, 8
PAIRED = 40  # LoRAs among which pairs are looked for
TENTHS = range(-30, 31)
ENOUGH = 2  # images shown with both of a pair


def strength_curves(known: Readings) -> list[View]:
    """The LoRAs shown most, each with what is believed of every strength it was shown at."""
    policy = known.policy
    if not isinstance(policy, TastePolicy):
        return []
    names = known.most_known("lora", LORAS)
    return [_curve(name, points) for name in names if (points := _points(known, policy, name))]


def pairs_together(known: Readings, chronicle: Chronicle) -> list[View]:
    """Pairs of LoRAs, most often shown together first: images with one, the other, both."""
    found = [
        (count, pair)
        for pair in combinations(sorted(known.most_known("lora", PAIRED)), 2)
        if (count := chronicle.pair(*pair)).total >= ENOUGH
    ]
    found.sort(key=lambda item: (-item[0].total, item[1]))
    return [_pair(known.statistics, pair, both) for both, pair in found[:PAIRS]]


def _points(known: Readings, policy: TastePolicy, name: str) -> list[Reading]:
    steps = [(name, f"{tenth / 10:g}") for tenth in TENTHS if tenth]
    shown = [effect for effect in policy.effects("lora_strength", steps) if effect.total]
    counts = [Count(effect.selected, effect.total, effect.grids) for effect in shown]
    return known.of("lora_strength", [effect.parts for effect in shown], counts)


def _curve(name: str, points: Sequence[Reading]) -> View:
    best = max(points, key=lambda point: point.mean)
    others = [point for point in points if point is not best]
    sure = bool(others) and all(chance_above(best, other) >= SURE for other in others)
    return {
        "name": name,
        "label": spoken(name),
        "usual": best.usual_rate,
        "best": float(best.parts[1]),
        "confidence": confidence(sure),
        "points": [{"strength": float(p.parts[1]), **reading_view(p)} for p in points],
        "sentence": _said(name, best, sure=sure, only=not others),
    }


def _said(name: str, best: Reading, *, sure: bool, only: bool) -> str:
    strength = best.parts[1]
    if only:
        return f"{spoken(name)} was only shown at {strength}: {picks(best.count)} picked."
    seen = f"{picks(best.count)} picked in {plural(best.count.grids, 'grid')}"
    return f"{confidence(sure)}: {spoken(name)} does best at {strength}, {seen}."


def _pair(statistics: Statistics, pair: tuple[str, str], both: Count) -> View:
    alone = [_without(statistics.count("lora", name), both) for name in pair]
    first, second = map(spoken, pair)
    sentence = (
        f"{first} alone: {_picked(alone[0])}; {second} alone: {_picked(alone[1])}; "
        f"together: {_picked(both)}."
    )
    return {
        "loras": list(pair),
        "labels": [first, second],
        "first": count_view(alone[0]),
        "second": count_view(alone[1]),
        "both": count_view(both),
        "sentence": sentence,
    }


def _picked(count: Count) -> str:
    return f"{picks(count)} picked" if count.total else "never shown"


def _without(count: Count, both: Count) -> Count:
    """The images with one LoRA but not the other."""
    return Count(count.selected - both.selected, count.total - both.total, count.grids)
