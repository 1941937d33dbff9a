"""What each profile does not want chosen by itself: single LoRAs, tags, families."""

from __future__ import annotations

from collections.abc import Mapping

from vibes.catalog import ModelRecord
from vibes.recommend import Blocks
from vibes.storage import BlockKind, StoreThread

from .requests import BlocksRequest
from .taste import Taste
from .views import View


class Blocking:
    """Use cases on block lists; kept in memory, as every plan asks for them."""

    def __init__(self, store: StoreThread, *, taste: Taste):
        self._store = store
        self._taste = taste
        self._blocks: dict[str, Blocks] = {}

    async def load(self) -> None:
        """Take in the stored lists."""
        stored = await self._store.run(lambda store: store.blocks.all())
        self._blocks = {profile: _blocks(kinds) for profile, kinds in stored.items()}

    def of(self, profile: str) -> Blocks:
        """The profile's list."""
        return self._blocks.get(profile, Blocks())

    async def view(self, profile: str) -> View:
        """The profile's list as REST shows it; raises NotFound."""
        await self._taste.check(profile)
        return _view(self.of(profile))

    async def replace(self, profile: str, request: BlocksRequest) -> View:
        """Block exactly this; raises NotFound for an unknown profile."""
        await self._taste.check(profile)
        blocked: dict[BlockKind, list[str]] = {
            "lora": request.loras,
            "tag": [" ".join(tag.casefold().split()) for tag in request.tags],
            "family": request.families,
        }
        await self._store.run(lambda store: store.blocks.replace(profile, blocked))
        await self.load()
        return _view(self.of(profile))

    async def block_lora(self, record: ModelRecord, profile: str, *, blocked: bool) -> View:
        """Block one LoRA by name, or no longer."""
        now = self.of(profile)
        names = now.names | {record.name} if blocked else now.names - {record.name}
        lists = BlocksRequest(
            loras=sorted(names), tags=sorted(now.tags), families=sorted(now.families)
        )
        return await self.replace(profile, lists)


def _blocks(kinds: Mapping[BlockKind, frozenset[str]]) -> Blocks:
    none: frozenset[str] = frozenset()
    return Blocks(
        names=kinds.get("lora", none),
        tags=kinds.get("tag", none),
        families=kinds.get("family", none),
    )


def _view(blocks: Blocks) -> View:
    return {
        "loras": sorted(blocks.names),
        "tags": sorted(blocks.tags),
        "families": sorted(blocks.families),
    }
