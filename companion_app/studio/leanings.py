"""Style tendencies: what a profile asks for and picks, on axes such as realistic ↔ drawn."""

from __future__ import annotations

from collections.abc import Iterator

from vibes.catalog import Catalog, ModelRecord
from vibes.catalog.names import stem, words
from vibes.preferences import Statistics
from vibes.preferences.tally import Count
from vibes.preferences.tendencies import Lean, asked, picked
from vibes.prompts.styles import Axis, said, styles

from .phrases import confidence, picks
from .views import View

TAGS = 10  # the most frequent ones of a model; a long tail of tags fits any style


def leanings(statistics: Statistics, catalog: Catalog) -> list[View]:
    """Each axis anything is known of, with the lean of prompts and of picks."""
    grids = _grids_by_keyword(statistics)
    models = [*_models(statistics, catalog)]
    views = (_view(axis, asked(axis, grids), picked(axis, models)) for axis in styles())
    return [view for view in views if view["asked"] or view["picked"]]


def _grids_by_keyword(statistics: Statistics) -> dict[str, int]:
    """Keywords that say a style, with the grids of the checkpoint each was shown with most."""
    every = frozenset[str]().union(*(axis.left.words | axis.right.words for axis in styles()))
    grids: dict[str, int] = {}
    for (keyword, _), count in statistics.counts("keyword_checkpoint"):
        if count.grids > grids.get(keyword, 0) and not every.isdisjoint(said(keyword)):
            grids[keyword] = count.grids
    return grids


def _models(statistics: Statistics, catalog: Catalog) -> Iterator[tuple[frozenset[str], Count]]:
    for kind, records in (("checkpoint", catalog.checkpoints), ("lora", catalog.loras)):
        for (name,), count in statistics.counts(kind):
            texts = _described(name, records.get(name))
            yield frozenset[str]().union(*map(said, texts)), count


def _described(name: str, record: ModelRecord | None) -> tuple[str, ...]:
    texts = (stem(name), " ".join(words(name)))
    return (*texts, *record.triggers, *record.tags[:TAGS]) if record else texts


def _view(axis: Axis, asks: Lean | None, likes: Lean | None) -> View:
    return {
        "name": axis.name,
        "left": axis.left.name,
        "right": axis.right.name,
        "asked": asks and _lean(asks),
        "picked": likes and _lean(likes),
        "sentence": " ".join(_sentences(axis, asks, likes)),
    }


def _lean(lean: Lean) -> View:
    return {
        "balance": lean.balance,
        "interval": list(lean.interval),
        "left": {"selected": lean.left.selected, "total": lean.left.total},
        "right": {"selected": lean.right.selected, "total": lean.right.total},
        "confidence": confidence(lean.is_clear),
    }


def _sentences(axis: Axis, asks: Lean | None, likes: Lean | None) -> Iterator[str]:
    if asks:
        right = asks.right.selected > asks.left.selected
        side, count = (axis.right, asks.right) if right else (axis.left, asks.left)
        yield f"Asked: {side.name} in {picks(count)} prompts that say either."
    if likes:
        word = confidence(likes.is_clear)
        yield (
            f"Picked: {picks(likes.left)} {axis.left.name}, {picks(likes.right)} "
            f"{axis.right.name} pictures. {word}."
        )
