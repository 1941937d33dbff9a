"""Adherence as REST shows it: a percentage where one was fitted, else a place in the grid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from vibes.scoring.adherence import Adherence, RequirementScore, ranks
from vibes.scoring.cascade import FOUND
from vibes.scoring.verdicts import flagged, tag
from vibes.settings import Thresholds

from .views import View

Said = Callable[[RequirementScore], bool | None]
"""The user's word on whether the picture shows a requirement."""


@dataclass(frozen=True, slots=True)
class Known:
    """A scored picture: the hash of its pixels, and what people call the model."""

    adherence: Adherence
    pixels: str
    scorer: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture stands among ``of`` scored ones of its grid; 1 is the best."""

    rank: int
    of: int


def places(grid: Mapping[str, Known]) -> dict[str, Place]:
    """By image, where each stands; equals share the better place."""
    if not grid:
        return {}
    found = ranks(
        [one.adherence.overall for one in grid.values()],
        [one.adherence.raw for one in grid.values()],
    )
    return {image: Place(int(rank), len(grid)) for image, rank in zip(grid, found, strict=True)}


def adherence_view(known: Known, place: Place, thresholds: Thresholds) -> View:
    """How well one picture shows what was asked."""
    found = known.adherence
    return {
        "overall": found.overall,
        "percent": found.percent,
        "tag": tag(found.percent, thresholds),
        "flagged": bool(flagged(found.percent, thresholds)),
        "rank": place.rank,
        "of": place.of,
        "calibrated": found.calibrated,
        "model": known.scorer,
        "method": found.method,
    }


def detail_view(
    image_id: str, grid: Mapping[str, Known], said: Said, thresholds: Thresholds
) -> View:
    """The same with every requirement, ranked among the pictures that were asked it, too."""
    known = grid[image_id]
    items = [
        {
            "requirement": item.requirement.text,
            "slot": item.requirement.slot,
            "p": item.p,
            **_place(item, grid.values()),
            "percent": item.percent,
            "method": item.method,
            "alternatives": list(item.requirement.alternatives),
            "shown": said(item),
        }
        for item in known.adherence.items
    ]
    place = places(grid)[image_id]
    return {
        **adherence_view(known, place, thresholds),
        "items": items,
        "explanation": explanation(known.adherence, place),
    }


def explanation(adherence: Adherence, place: Place) -> str:
    """One sentence: what is seen, and what rather not."""
    if not adherence.items:
        whole = f"it is number {place.rank} of {place.of} in its grid"
        return f"The prompt asks for nothing that can be told apart; as a whole {whole}."
    seen = [item.requirement.text for item in adherence.items if item.p >= FOUND]
    lacking = [item for item in adherence.items if item.p < FOUND]
    if not lacking:
        return f"Everything asked for is seen rather than something else: {_listed(seen)}."
    worst = [item.requirement.text for item in sorted(lacking, key=lambda item: item.p)]
    if not seen:
        return f"Nothing asked for is clearly seen; least of all {_listed(worst[:1])}."
    return f"Seen: {_listed(seen)}. Rather something else than {_listed(worst)}."


def _place(item: RequirementScore, grid: Iterable[Known]) -> View:
    margins = [
        other.margin
        for known in grid
        for other in known.adherence.items
        if other.requirement.text == item.requirement.text
    ]
    return {"rank": 1 + sum(margin > item.margin for margin in margins), "of": len(margins)}


def _listed(texts: list[str]) -> str:
    quoted = [f"“{text}”" for text in texts]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
