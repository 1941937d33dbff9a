"""The models the fleet has, as lists to browse."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Literal, NamedTuple

from companion_app.fleet import Fleet
from vibes.catalog import Catalog, ModelKind, ModelRecord
from vibes.errors import NotFound
from vibes.preferences import Statistics
from vibes.recommend import Blocks, blocked_by
from vibes.workflows import PACK_LORA

from .blocking import Blocking
from .effects import Effects
from .local_files import LocalFiles
from .pools import Pools
from .taste import Taste
from .views import View

LoraState = Literal["blocked", "faulty"]
MOST_TAGS = 100
"""Tags offered to filter by."""


class Page(NamedTuple):
    """Some of what was found, and how much there is."""

    total: int
    views: list[View]


class CatalogBrowser:
    """Use cases that look into the catalog."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        taste: Taste,
        pools: Pools,
        blocking: Blocking,
        effects: Effects,
        local_files: LocalFiles,
    ):
        self._fleet = fleet
        self._taste = taste
        self._pools = pools
        self._blocking = blocking
        self._effects = effects
        self._local_files = local_files
        self._bare: tuple[Catalog, set[tuple[str, str]]] = fleet.catalog, set()

    def loras(
        self,
        query: str,
        base_model: str | None,
        *,
        tag: str | None = None,
        state: LoraState | None = None,
        profile: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> Page:
        """The LoRAs whose name, title, trigger words or tags contain the query, by name.

        Usage is that of ``profile``, None: of all; blocked is what the profile blocks.
        """
        wanted = query.casefold().strip()
        blocks = self._blocking.of(profile) if profile else Blocks()
        found = [
            record
            for record in self._fleet.catalog.loras.values()
            if base_model in (None, record.family or "unknown")
            and (tag is None or tag in record.tags)
            and _is_in(state, record, blocks)
            and _mentions(record, wanted)
        ]
        found.sort(key=lambda record: record.name)
        statistics = self._taste.statistics(profile)
        shown = islice(found, offset, offset + limit)
        return Page(len(found), [self._lora(one, statistics, blocks) for one in shown])

    def lora_facets(self) -> View:
        """What LoRAs can be filtered by: families and the commonest tags, with their numbers."""
        records = self._fleet.catalog.loras.values()
        families = Counter(record.family or "unknown" for record in records)
        tags = Counter(tag for record in records for tag in record.tags)
        return {
            "total": len(records),
            "families": dict(families.most_common()),
            "tags": [list(item) for item in tags.most_common(MOST_TAGS)],
        }

    async def preview(self, kind: ModelKind, name: str) -> bytes:
        """A picture of a model, as it lies beside its file; raises NotFound."""
        record = self._fleet.catalog.resolve(kind, name)
        data = await asyncio.to_thread(self._local_files.preview, record)
        if data is None and not self._is_bare(record):
            data = await self._fleet.model_preview(record)
        if data is None:
            self._bare[1].add((kind, record.name))
            raise NotFound(f"'{record.name}' has no preview picture.")
        return data

    def _is_bare(self, record: ModelRecord) -> bool:
        """Whether all servers were asked for its picture in vain since the catalog changed."""
        if self._bare[0] is not self._fleet.catalog:
            self._bare = self._fleet.catalog, set()
        return (record.kind, record.name) in self._bare[1]

    def _has_preview(self, record: ModelRecord) -> bool | None:
        """None where only asking for it tells: servers without the node pack do not list them."""
        if record.previews or self._local_files.has_preview(record):
            return True
        classes = self._fleet.catalog.node_classes
        packed = all(PACK_LORA in classes[server] for server in record.servers)
        return False if packed or self._is_bare(record) else None

    def checkpoints(self, profile: str | None = None) -> list[View]:
        """Every checkpoint the fleet has, with its pools and picks."""
        statistics = self._taste.statistics(profile)
        records = self._fleet.catalog.checkpoints
        return [self._checkpoint(records[name], statistics) for name in sorted(records)]

    def checkpoint_stats(self) -> dict[str, View]:
        """Every checkpoint the fleet has or ever learned about, with its picks."""
        statistics = self._taste.statistics()
        known = {row.key for row in statistics.rows("checkpoint")}
        names = sorted({*self._fleet.catalog.checkpoints, *known})
        return {name: _picks(statistics, "checkpoint", name) for name in names}

    def _lora(self, record: ModelRecord, statistics: Statistics, blocks: Blocks) -> View:
        return {
            **self._model(record),
            "base_model": record.family,
            "base_model_source": record.family_source,
            "triggers": list(record.triggers),
            "rank": record.rank,
            "popularity": record.popularity,
            "recommended_strength": record.strength,
            "usage": _usage(statistics, "lora", record.name),
            "blocked": blocked_by(record, blocks),
            "effects": self._effects.of_lora(record.name),
        }

    def _checkpoint(self, record: ModelRecord, statistics: Statistics) -> View:
        return {
            **self._model(record),
            "family": record.family,
            "family_source": record.family_source,
            "tiers": self._pools.tiers_of(record),
            "usage": _usage(statistics, "checkpoint", record.name),
        }

    def _model(self, record: ModelRecord) -> View:
        return {
            "name": record.name,
            "kind": record.kind,
            "title": record.title,
            "branch": record.branch,
            "tags": list(record.tags),
            "tag_counts": list(record.tag_counts),
            "size": record.size,
            "sha256": record.sha256,
            "aliases": list(record.aliases),
            "servers": list(record.servers),
            "has_preview": self._has_preview(record),
            "fault": record.fault,
            "conflict": record.conflict,
        }


def _usage(statistics: Statistics, kind: str, name: str) -> View:
    count = statistics.count(kind, name)
    return {**_picks(statistics, kind, name), "interval": list(count.interval)}


def _picks(statistics: Statistics, kind: str, name: str) -> View:
    count = statistics.count(kind, name)
    return {"selected": count.selected, "total": count.total, "selection_rate": count.rate}


def _is_in(state: LoraState | None, record: ModelRecord, blocks: Blocks) -> bool:
    if state == "blocked":
        return blocked_by(record, blocks) is not None
    return state is None or bool(record.fault or record.conflict)


def _mentions(record: ModelRecord, wanted: str) -> bool:
    texts: Iterable[str] = (record.name, record.title or "", *record.triggers, *record.tags)
    return not wanted or any(wanted in text.casefold() for text in texts)
