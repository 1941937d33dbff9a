"""The words of the dashboards: counts, chances and how sure they are."""

from __future__ import annotations

from vibes.preferences.reasons import spoken
from vibes.preferences.tally import Count, Parts
from vibes.preferences.terms import plural

from .readings import Reading
from .views import View

SURE, EXPLORING = "High confidence", "Exploring"
"""The only two words there are for confidence."""


def picks(count: Count) -> str:
    """ "15 of 20"."""
    return f"{count.selected} of {count.total}"


def percent(share: float) -> str:
    """ "24 %", and never 0 or 100 where something is possible."""
    if 0 < share < 0.005:
        return "under 1 %"
    return "over 99 %" if 0.995 < share < 1 else f"{100 * share:.0f} %"


def span(interval: tuple[float, float]) -> str:
    """ "18 to 42 %"."""
    low, high = (round(100 * end) for end in interval)
    return f"{low} %" if low == high else f"{low} to {high} %"


def confidence(sure: bool) -> str:
    """One of the two words."""
    return SURE if sure else EXPLORING


def subject(kind: str, parts: Parts) -> str:
    """What an item or pairing is called in a sentence."""
    if kind.startswith("keyword_"):
        return f"“{parts[0]}” with {spoken(parts[1])}"
    return " with ".join(map(spoken, reversed(parts)))


def count_view(count: Count) -> View:
    """A count with its observed rate and interval."""
    return {
        "selected": count.selected,
        "total": count.total,
        "selection_rate": count.rate,
        "interval": list(count.interval),
    }


def reading_view(reading: Reading) -> View:
    """A reading as the page draws it; the rate is what is believed, not what was counted."""
    return {
        "parts": list(reading.parts),
        "effect": reading.mean,
        "sd": reading.sd,
        "rate": reading.rate,
        "interval": list(reading.interval),
        "selected": reading.count.selected,
        "total": reading.count.total,
        "grids": reading.count.grids,
        "sure": reading.sure,
        "confidence": confidence(reading.sure),
    }


def told(kind: str, reading: Reading) -> str:
    """A whole sentence or two about one item or pairing."""
    what, count = subject(kind, reading.parts), reading.count
    if not count.total:
        return f"{what}: not shown yet."
    seen = f"{what}: {picks(count)} picked, in {plural(count.grids, 'grid')}."
    better = "better" if reading.mean > 0 else "worse"
    likely = f"{percent(reading.rate)} of such pictures, likely {span(reading.interval)}"
    usual = f"{better} than usual ({percent(reading.usual_rate)})"
    if reading.sure:
        return f"{seen} {SURE}: {usual}. You would pick {likely}."
    return f"{seen} {EXPLORING}: perhaps {usual}. You might pick {likely}."
