"""The models the fleet has, as lists to browse."""

from __future__ import annotations

from companion_app.fleet import Fleet
from vibes.catalog import ModelRecord
from vibes.preferences import StatRow

from .taste import Taste
from .views import View


class CatalogBrowser:
    """Use cases that look into the catalog."""

    def __init__(self, *, fleet: Fleet, taste: Taste):
        self._fleet = fleet
        self._taste = taste

    def loras(self, query: str, base_model: str | None, limit: int) -> list[View]:
        """The LoRAs whose name, trigger words or tags contain the query, by name."""
        records = sorted(self._fleet.catalog.loras.values(), key=lambda record: record.name)
        wanted = query.casefold().strip()
        found = (
            record
            for record in records
            if _mentions(record, wanted) and base_model in (None, record.family)
        )
        return [_lora_view(record) for record, _ in zip(found, range(limit), strict=False)]

    def checkpoint_stats(self) -> dict[str, View]:
        """Every checkpoint the fleet has or ever learned about, with its picks."""
        rows = {row.key: row for row in self._taste.statistics().rows("checkpoint")}
        names = sorted({*self._fleet.catalog.checkpoints, *rows})
        return {name: _picks(rows.get(name)) for name in names}


def _picks(row: StatRow | None) -> View:
    if row is None:
        return {"selected": 0, "total": 0, "selection_rate": 0.0}
    return {"selected": row.selected, "total": row.total, "selection_rate": row.selection_rate}


def _mentions(record: ModelRecord, wanted: str) -> bool:
    return any(wanted in text.casefold() for text in (record.name, *record.triggers, *record.tags))


def _lora_view(record: ModelRecord) -> View:
    return {
        "name": record.name,
        "base_model": record.family,
        "base_model_source": record.family_source,
        "triggers": list(record.triggers),
        "tags": list(record.tags),
        "size": record.size,
        "servers": list(record.servers),
    }
