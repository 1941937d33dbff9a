"""What many scored pictures say together. A percentage is told only where one was fitted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from statistics import fmean

from vibes.scoring.adherence import Adherence, RequirementScore
from vibes.scoring.cascade import FOUND
from vibes.scoring.trials import Outcome, SuccessRate, compare, success_rates
from vibes.scoring.verdicts import RunSummary, flagged, summary, tag
from vibes.settings import Thresholds
from vibes.storage import ScoredImage

from .adherence_views import Known
from .views import View

WORST = 10


def overview(
    images: Sequence[ScoredImage], known: Mapping[str, Known], thresholds: Thresholds
) -> View:
    """Everything but the worst pictures; ``known`` holds the details of all ``images``."""
    found = [known[image.id].adherence for image in images]
    told = [one.percent for one in found if one.percent is not None]
    counted = [one for one in found if one.calibrated] if told else found
    rates = success_rates(_outcomes(counted, thresholds))
    return {
        "calibrated": bool(told),
        "scored": len(found),
        "average": fmean(told) if told else None,
        "overall": fmean(one.overall for one in found) if found else None,
        "success": sum(tag(percent, thresholds) == "success" for percent in told),
        "flagged": sum(bool(flagged(percent, thresholds)) for percent in told),
        "keywords": _rows(rates, "keyword"),
        "variations": _rows(rates, "variation"),
        "basis": _basis(len(told), len(found), thresholds),
        "sessions": _sessions(images, known, thresholds),
        "grids": _poor_grids(images, known, thresholds),
    }


def worst(images: Sequence[ScoredImage], known: Mapping[str, Known]) -> list[ScoredImage]:
    """The pictures that show least of what was asked; what is in the bin is out of sight."""

    def key(image: ScoredImage) -> tuple[float, float]:
        found = known[image.id].adherence
        return found.percent if found.percent is not None else 101.0, found.overall

    return sorted((image for image in images if not image.binned), key=key)[:WORST]


def why(adherence: Adherence) -> str:
    """What a picture shows least of."""
    if not adherence.items:
        return "As a whole it is far from its prompt."
    least = min(adherence.items, key=lambda item: item.p)
    text = least.requirement.text
    if least.percent is not None:
        return f"“{text}” is there with a chance of {least.percent:.0f} %."
    if least.p >= FOUND:
        return f"Everything is seen; least clearly “{text}”."
    return f"Rather something else than “{text}”."


def comparison_view(
    a: str, b: str, images: Sequence[ScoredImage], known: Mapping[str, Known]
) -> View:
    """Which of two prompts shows more of what it asks, and how many pictures it takes to tell."""
    by_batch = _grouped(images, lambda image: image.batch_id)
    made = [image for batch in reversed(by_batch.values()) for image in batch]  # oldest first
    sides = [[known[i.id].adherence for i in made if i.prompt == prompt] for prompt in (a, b)]
    calibrated = all(one.calibrated for side in sides for one in side)
    values = [[_value(one, calibrated) for one in side] for side in sides]
    found = compare(*values)
    return {
        "a": {"prompt": a, "scored": len(values[0]), "mean": fmean(values[0])},
        "b": {"prompt": b, "scored": len(values[1]), "mean": fmean(values[1])},
        "calibrated": calibrated,
        "verdict": "go_on" if found.verdict == "open" else found.verdict,
        "difference": found.difference,
        "interval": list(found.interval),
        "sentence": found.sentence,
        "more": found.more if found.verdict == "open" else None,
    }


def _value(adherence: Adherence, calibrated: bool) -> float:
    if calibrated and adherence.percent is not None:
        return adherence.percent / 100
    return adherence.overall


def _outcomes(found: Iterable[Adherence], thresholds: Thresholds) -> Iterator[Outcome]:
    """One for each requirement of each picture: whether that very requirement is met."""
    for one in found:
        for item in one.items:
            text, met = item.requirement.text, _is_met(item, thresholds)
            if item.requirement.origin == "prompt":
                yield Outcome(met, (text,))
            else:
                yield Outcome(met, variations={item.requirement.slot: text})


def _is_met(item: RequirementScore, thresholds: Thresholds) -> bool:
    if item.percent is None:
        return item.p >= FOUND
    return item.percent >= thresholds.success


def _rows(rates: Iterable[SuccessRate], kind: str) -> list[View]:
    """The rates of keywords or of variations, most asked for first."""
    rows = sorted((one for one in rates if one.kind == kind), key=lambda one: -one.pictures)
    return [
        {
            **({"keyword": one.name} if kind == "keyword" else _variation(one)),
            "success": one.succeeded,
            "total": one.pictures,
            "rate": one.rate,
            "interval": list(one.interval),
        }
        for one in rows
    ]


def _variation(rate: SuccessRate) -> View:
    return {"slot": rate.name, "value": rate.value}


def _basis(told: int, scored: int, thresholds: Thresholds) -> str:
    if told:
        some = "" if told == scored else f" {told} of {scored} pictures have percentages."
        return f"A success has a fitted percentage of at least {thresholds.success:g}.{some}"
    return (
        "Relative, not calibrated: a success is what the model holds for more likely than all its "
        "alternatives together. Say of some pictures what they show, and percentages are fitted."
    )


def _sessions(
    images: Sequence[ScoredImage], known: Mapping[str, Known], thresholds: Thresholds
) -> list[View]:
    return [
        {
            "id": session_id,
            "name": some[0].session_name,
            "average": (told := _summary(some, known, thresholds)).average,
            "scored": len(some),
            "complete": told.complete,
            "failed": sum(_is_failed(image, known, thresholds) for image in some),
        }
        for session_id, some in _grouped(images, lambda image: image.session_id).items()
    ]


def _is_failed(image: ScoredImage, known: Mapping[str, Known], thresholds: Thresholds) -> bool:
    """Whether it is one to be moved to the bin."""
    percent = known[image.id].adherence.percent
    return not image.binned and tag(percent, thresholds) == "failed"


def _poor_grids(
    images: Sequence[ScoredImage], known: Mapping[str, Known], thresholds: Thresholds
) -> list[View]:
    """The grids whose average is below that of a complete session, the worst first."""
    poor = [
        (told.average, some)
        for some in _grouped(images, lambda image: image.batch_id).values()
        for told in [_summary(some, known, thresholds)]
        if told.average is not None and not told.complete
    ]
    return [
        {
            "batch_id": some[0].batch_id,
            "session_id": some[0].session_id,
            "prompt": some[0].prompt,
            "average": average,
            "scored": len(some),
        }
        for average, some in sorted(poor, key=lambda grid: grid[0])
    ]


def _summary(
    images: Iterable[ScoredImage], known: Mapping[str, Known], thresholds: Thresholds
) -> RunSummary:
    return summary([known[image.id].adherence for image in images], thresholds)


def _grouped(
    images: Iterable[ScoredImage], key: Callable[[ScoredImage], str]
) -> dict[str, list[ScoredImage]]:
    """In order of appearance."""
    groups: dict[str, list[ScoredImage]] = {}
    for image in images:
        groups.setdefault(key(image), []).append(image)
    return groups
