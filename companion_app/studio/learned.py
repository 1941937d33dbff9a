"""What was learned, as people ask for it: statistics."""

from __future__ import annotations

from typing import Any

from vibes.preferences import StatRow

from .taste import Taste
from .views import View

TOP = 10


class Learned:
    """Use cases that answer from what was learned."""

    def __init__(self, taste: Taste):
        self._taste = taste

    def stats(self, profile: str | None) -> View:
        """How much was learned, and the checkpoints picked most."""
        statistics = self._taste.statistics(profile)
        rows = statistics.rows("checkpoint", TOP)
        return {
            **statistics.totals(),
            "top_checkpoints": [{"checkpoint": row.parts[0], **_rate(row)} for row in rows],
        }

    async def affinities(self, kind: str, profile: str | None, limit: int) -> list[View]:
        """The best-supported rows of one type; raises InvalidInput for an unknown type."""
        rows = await self._taste.look_through(
            lambda: self._taste.statistics(profile).rows(kind, limit)
        )
        return [
            {
                "key": row.key,
                "parts": list(row.parts),
                **_rate(row),
                "confidence": row.confidence,
                "interval": list(row.interval),
            }
            for row in rows
        ]


def _rate(row: StatRow) -> dict[str, Any]:
    return {"selection_rate": row.selection_rate, "total": row.total, "selected": row.selected}
