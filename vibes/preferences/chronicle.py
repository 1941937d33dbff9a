"""What the dashboards ask of the past beside the statistics: folded from the same events."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import combinations

from .events import Event, GridEvent, GridRejected, GridSubmitted, ImageRated
from .outcomes import outcome_of
from .policy import GridOutcome
from .tally import Count
from .trials import Trial, trial

LATELY = 12
"""Grids that are called the last ones."""


class Chronicle:
    """A projection, fed with every event once in the order of appending.

    Each grid's outcome comes once, as to ``Statistics.add``; of an image the last rating counts.
    """

    def __init__(self) -> None:
        self._last: deque[GridEvent] = deque(maxlen=LATELY)
        self._trials: list[Trial] = []
        self._pairs: dict[tuple[str, str], Count] = {}
        self._ratings: dict[str, ImageRated] = {}

    def add(self, event: Event, outcome: GridOutcome | None = None) -> None:
        """Take in one more event; ``outcome`` is a grid's, from who has it at hand."""
        if isinstance(event, GridSubmitted | GridRejected):
            self._last.append(event)
            self._pair(outcome or outcome_of(event))
            if found := trial(event):
                self._trials.append(found)
        elif isinstance(event, ImageRated):
            self._ratings[event.image] = event

    @property
    def last(self) -> Sequence[GridEvent]:
        """The last ``LATELY`` grids that were submitted, the newest last."""
        return tuple(self._last)

    @property
    def trials(self) -> Sequence[Trial]:
        """What chosen images and probes came to, for each grid that had both."""
        return self._trials

    def pair(self, one: str, other: str) -> Count:
        """Images made with both LoRAs, in whichever order."""
        return self._pairs.get((min(one, other), max(one, other))) or Count()

    def rating(self, image: str) -> ImageRated | None:
        """The last rating of an image; None where it has none."""
        return self._ratings.get(image)

    def _pair(self, outcome: GridOutcome) -> None:
        shown: dict[tuple[str, str], list[int]] = {}
        for position, candidate in enumerate(outcome.candidates):
            if len(candidate.loras) > 1:
                picked = position in outcome.picked
                for pair in combinations(sorted([use.name for use in candidate.loras]), 2):
                    numbers = shown.setdefault(pair, [0, 0])
                    numbers[0] += picked
                    numbers[1] += 1
        for pair, (selected, total) in shown.items():
            count = self._pairs.setdefault(pair, Count())
            count.selected += selected
            count.total += total
            count.grids += 1
