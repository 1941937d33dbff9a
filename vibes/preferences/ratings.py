"""What ratings of single pictures add up to: how often each model's were liked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from .events import Event, ImageRated
from .lessons import NEUTRAL
from .outcomes import outcome_among
from .tally import Count, Parts, Tally


class Ratings:
    """The last word on every picture; a value: ``with_events`` gives what comes of more."""

    def __init__(self, last: dict[str, ImageRated] | None = None):
        self._last = last or {}  # by image

    def with_events(self, events: Iterable[Event]) -> Ratings:
        """These and later ones, in order."""
        later = {event.image: event for event in events if isinstance(event, ImageRated)}
        return Ratings({**self._last, **later})

    def __len__(self) -> int:
        return len(self._last)

    def of(self, image: str) -> ImageRated | None:
        """The last rating of a picture; None where it has none."""
        return self._last.get(image)

    def best(self, kind: str, limit: int) -> list[tuple[Parts, Count]]:
        """As of Tally: pictures rated above neutral count as selected, all rated ones as shown."""
        return self._tally.best(kind, limit)

    def strongest(self, kind: str, keywords: Sequence[str], name: str) -> tuple[str, Count]:
        """The keyword with most rated pictures of a model, and their count; "" for no keyword.

        ``kind`` is "checkpoint" or "lora". Where no keyword has any, the model's own count.
        """
        counts = [(word, self._tally.count(f"keyword_{kind}", word, name)) for word in keywords]
        best = max(counts, key=lambda item: item[1].total, default=("", Count()))
        return best if best[1].total else ("", self._tally.count(kind, name))

    @cached_property
    def _tally(self) -> Tally:
        tally = Tally()
        for event in self._last.values():
            if event.candidate is not None:
                liked = frozenset({0} if event.overall > NEUTRAL else ())
                tally.add(outcome_among(event, (event.candidate,), liked))
        return tally
