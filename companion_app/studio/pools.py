"""The tiers' pools: what the configuration says, and what the user changed on the page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from companion_app.fleet import Fleet
from vibes.catalog import ModelRecord
from vibes.errors import InvalidInput, NotFound
from vibes.recommend.tiers import belongs
from vibes.settings import Settings, Tier
from vibes.storage import StoreThread

from .views import View

Edits = Mapping[str, Mapping[str, bool]]


class Pools:
    """Use cases on pools; an edit is stored and holds from then on.

    ``settings`` are the studio's with these edits in their tiers.
    """

    def __init__(self, settings: Settings, *, store: StoreThread, fleet: Fleet):
        self.settings = settings
        self._configured = settings
        self._store = store
        self._fleet = fleet
        self._edits: Edits = {}
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Take in the stored edits; those of tiers that are gone rest."""
        self._edits = await self._store.run(lambda store: store.pool_edits.all())
        tiers = {
            name: edited(tier, self._edits.get(name, {}))
            for name, tier in self._configured.tiers.items()
        }
        self.settings = self._configured.model_copy(update={"tiers": tiers})

    def all(self) -> list[View]:
        """Every tier with the checkpoints in its pool, and those left out of it."""
        return [self._view(name, tier) for name, tier in self.settings.tiers.items()]

    async def edit(self, tier: str, checkpoint: str, member: bool | None) -> View:
        """Put a checkpoint into a tier's pool or take it out; None: as the configuration says.

        Raises NotFound and AmbiguousName, InvalidInput for a checkpoint of another family.
        """
        record = self._fleet.catalog.resolve("checkpoint", checkpoint)
        configured = self._tier(tier)
        if member and record.family not in (None, configured.family):
            raise InvalidInput(
                f"'{record.name}' is {record.family} and tier '{tier}' is {configured.family}: "
                "choose a tier of its family."
            )
        async with self._changing:
            await self._store.run(lambda store: store.pool_edits.put(tier, record.name, member))
            await self.load()
        return self._view(tier, self.settings.tiers[tier])

    def tiers_of(self, record: ModelRecord) -> list[str]:
        """The tiers a checkpoint may be chosen for."""
        return [name for name, tier in self.settings.tiers.items() if belongs(record, tier)]

    def _tier(self, name: str) -> Tier:
        if name not in self._configured.tiers:
            known = ", ".join(self._configured.tiers)
            raise NotFound(f"There is no tier '{name}'; the tiers are {known}.")
        return self._configured.tiers[name]

    def _view(self, name: str, tier: Tier) -> View:
        records = self._fleet.catalog.checkpoints.values()
        edits = self._edits.get(name, {})
        family = [record for record in records if record.family in (tier.family, None)]
        inside = [record for record in family if belongs(record, tier)]
        return {
            "tier": name,
            "family": tier.family,
            "checkpoints": [
                {"name": record.name, "by": "user" if edits.get(record.name) else "configuration"}
                for record in inside
            ],
            "left_out": [
                {
                    "name": record.name,
                    "by": "user" if edits.get(record.name) is False else "configuration",
                }
                for record in family
                if record not in inside
            ],
        }


def edited(tier: Tier, edits: Mapping[str, bool]) -> Tier:
    """The tier with the checkpoints put in and taken out by hand."""
    taken_out = {name for name, member in edits.items() if not member}
    put_in = tuple(name for name, member in edits.items() if member)
    kept = tuple(pattern for pattern in tier.checkpoints if pattern not in taken_out)
    return tier.model_copy(
        update={
            "checkpoints": (*kept, *put_in),
            "without": (*tier.without, *sorted(taken_out)),
        }
    )
