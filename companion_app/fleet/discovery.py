"""What one server has: its models with sizes and metadata, its nodes, samplers and schedulers."""

from __future__ import annotations

import asyncio

from vibes.catalog import FileEntry, Listing

from . import replies
from .client import ComfyClient

_AT_ONCE = 8  # metadata requests in flight: enough for a network, little enough for a busy server


class Discovery:
    """Reads a server's listing; metadata of a file already seen is not asked for again."""

    def __init__(self, client: ComfyClient):
        self._client = client
        self._known: dict[tuple[str, str, int | None], dict[str, str]] = {}

    async def listing(self) -> Listing:
        """Everything the server has right now; raises what the client raises."""
        client = self._client
        info = await client.object_info()
        sampler = info.get("KSampler")
        return Listing(
            checkpoints=await self._files("checkpoints"),
            loras=await self._files("loras"),
            embeddings=await client.embeddings(),
            node_classes=frozenset(info),
            samplers=replies.options(sampler, "sampler_name"),
            schedulers=replies.options(sampler, "scheduler"),
            upscale_models=await client.models("upscale_models"),
        )

    async def _files(self, folder: str) -> tuple[FileEntry, ...]:
        names = await self._client.models(folder)
        sizes = await self._client.model_sizes(folder)
        permits = asyncio.Semaphore(_AT_ONCE)

        async def entry(name: str) -> FileEntry:
            size = sizes.get(name)
            async with permits:
                return FileEntry(name, size, await self._metadata(folder, name, size))

        return tuple(await asyncio.gather(*map(entry, names)))

    async def _metadata(self, folder: str, name: str, size: int | None) -> dict[str, str]:
        if not name.endswith(".safetensors"):
            return {}
        key = (folder, name, size)
        if key not in self._known:
            self._known[key] = await self._client.model_metadata(folder, name)
        return self._known[key]
