"""The user's word on what pictures show, and the percentages that are fitted to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from vibes.scoring.calibration import (
    FEWEST,
    FEWEST_OF_A_KIND,
    Calibrations,
    Label,
    fit_calibrations,
)
from vibes.storage.scorebook import SeenLabel

from .score_book import BookThread
from .views import View


class Labels:
    """All labels, held in memory and kept in the score book; each new one fits them anew.

    ``version`` grows whenever percentages may have changed.
    """

    def __init__(self, book: BookThread):
        self._book = book
        self._labels: dict[tuple[str, str, str], SeenLabel] = {}
        self.calibrations = Calibrations({})
        self.version = 0

    async def load(self) -> None:
        """Take up what was said before."""
        if self._book.exists:
            for label in await self._book.run(lambda book: book.labels()):
                self._labels[_key(label)] = label
            await self._fit()

    def shown(self, model: str, pixel_hash: str, requirement: str) -> bool | None:
        """What was said about a requirement of a picture; None where nothing was."""
        label = self._labels.get((model, pixel_hash, requirement))
        return None if label is None else label.shown

    async def put(self, label: SeenLabel) -> None:
        """Keep what was said; it replaces what was said before."""
        await self._book.run(lambda book: book.label([label]))
        self._labels[_key(label)] = label
        await self._fit()

    async def remove(self, model: str, pixel_hash: str, requirement: str) -> None:
        """Nothing is said about this any more."""
        await self._book.run(lambda book: book.unlabel(model, pixel_hash, requirement))
        self._labels.pop((model, pixel_hash, requirement), None)
        await self._fit()

    def view(self, model: str) -> View:
        """How many labels there are for a model, named by the beginning of its key."""
        shown = [one.shown for one in self._labels.values() if one.model.startswith(model)]
        return {
            "labels": {"total": len(shown), "needed": _needed(shown)},
            "calibrated": any(key.startswith(model) for key, _ in self.calibrations.curves),
        }

    async def _fit(self) -> None:
        said = [Label(x.model, x.slot, x.margin, x.shown) for x in self._labels.values()]
        self.calibrations = await asyncio.to_thread(fit_calibrations, said)
        self.version += 1


def _needed(shown: Iterable[bool]) -> int:
    """How many labels are missing until there are percentages: some of either kind."""
    said = list(shown)
    yes = sum(said)
    kinds = max(0, FEWEST_OF_A_KIND - yes) + max(0, FEWEST_OF_A_KIND - (len(said) - yes))
    return max(FEWEST - len(said), kinds, 0)


def _key(label: SeenLabel) -> tuple[str, str, str]:
    return label.model, label.pixel_hash, label.requirement
