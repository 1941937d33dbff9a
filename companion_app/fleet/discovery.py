"""What one server has: its models with sizes and facts, its nodes, samplers and schedulers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from vibes.catalog import FileEntry, Listing, ModelKind, facts_of
from vibes.workflows import NO_SCORE_MODEL, PACK_LORA, PACK_SCORE, SCORE_MODEL

from . import replies
from .client import ComfyClient

_AT_ONCE = 8  # metadata requests in flight: enough for a network, little enough for a busy server
_CHUNK = 64  # files whose metadata are read in a thread at once
_TRIES = 3  # of reading all pages while files come and go there

_FEW = 500  # files; comparing more takes milliseconds
_SHORT = 64 * 1024  # letters of metadata; reading more takes milliseconds

T = TypeVar("T")
Files = Mapping[str, FileEntry]


class _Pages(NamedTuple):
    """All the pack told of one folder."""

    version: str
    files: Files


async def _aside(long: bool, work: Callable[..., T], *given: object) -> T:
    """What ``work`` gives; in a thread where it would hold up the event loop."""
    return await asyncio.to_thread(work, *given) if long else work(*given)


class Discovery:
    """Reads a server's listing; what is known of a file is not asked for again.

    A server with the node pack knows its files' headers and sidecars and tells them in pages;
    another one tells the metadata of one file at a time.
    """

    def __init__(self, client: ComfyClient):
        self._client = client
        self._known: dict[str, Files] = {}  # by folder, as last listed
        self._pages: dict[str, _Pages] = {}

    async def listing(self) -> Listing:
        """Everything the server has right now; raises what the client raises."""
        client = self._client
        info = await client.object_info()
        sampler, pack = info.get("KSampler"), PACK_LORA in info
        return Listing(
            checkpoints=await self._files("checkpoint", "checkpoints", pack=pack),
            loras=await self._files("lora", "loras", pack=pack),
            embeddings=await self._files("embedding", "embeddings", pack=pack)
            or tuple(map(FileEntry, await client.embeddings())),
            node_classes=frozenset(info),
            samplers=replies.options(sampler, "sampler_name"),
            schedulers=replies.options(sampler, "scheduler"),
            upscale_models=await client.models("upscale_models"),
            scoring_models=_scoring_models(info),
        )

    async def _files(self, kind: ModelKind, folder: str, *, pack: bool) -> tuple[FileEntry, ...]:
        names = await self._client.models(folder)
        told = await self._told(folder) if pack else {}
        rest = [name for name in names if name not in told]
        asked = await self._asked(kind, folder, rest) if rest else {}
        self._known[folder] = asked
        return tuple(told.get(name) or asked[name] for name in names)

    async def _told(self, folder: str) -> Files:
        """What the pack tells; nothing where it is too old to."""
        for _ in range(_TRIES):
            page = await self._client.catalog_page(folder, 0)
            known = self._pages.get(folder)
            if page is None:
                return {}
            if known and known.version == page.version:
                return known.files
            files = {entry.name: entry for entry in page.files}
            version, offset = page.version, replies.PAGE
            while page and page.version == version and offset < page.total:
                page = await self._client.catalog_page(folder, offset)
                files |= {entry.name: entry for entry in page.files} if page else {}
                offset += replies.PAGE
            if page and page.version == version:
                self._pages[folder] = _Pages(version, files)
                return files
        return files

    async def _asked(self, kind: ModelKind, folder: str, names: Sequence[str]) -> Files:
        """What the files' metadata say, asked for one by one where it is not known yet."""
        told = await self._client.model_files(folder)
        known = self._known.get(folder, {})
        found, new = await _aside(len(names) > _FEW, _known_and_new, names, told, known)
        for start in range(0, len(new), _CHUNK):
            chunk = new[start : start + _CHUNK]
            metadata = await self._metadata(folder, chunk)
            long = sum(len(said) for one in metadata for said in one.values()) > _SHORT
            entries = await _aside(long, _with_facts, kind, chunk, metadata)
            found |= {entry.name: entry for entry in entries}
        return found

    async def _metadata(self, folder: str, files: Sequence[FileEntry]) -> list[dict[str, str]]:
        permits = asyncio.Semaphore(_AT_ONCE)

        async def ask(name: str) -> dict[str, str]:
            async with permits:
                return await self._client.model_metadata(folder, name)

        async def nothing() -> dict[str, str]:
            return {}

        return await asyncio.gather(
            *(ask(file.name) if file.name.endswith(".safetensors") else nothing() for file in files)
        )


def _scoring_models(info: Mapping[str, object]) -> tuple[str, ...]:
    choices = replies.options(info.get(PACK_SCORE), SCORE_MODEL)
    return tuple(choice for choice in choices if choice != NO_SCORE_MODEL)


def _known_and_new(
    names: Sequence[str], told: Mapping[str, replies.ModelFile], known: Files
) -> tuple[dict[str, FileEntry], list[FileEntry]]:
    """The files that are as they were, with what is known of them; and the others, without."""
    same: dict[str, FileEntry] = {}
    new: list[FileEntry] = []
    for name in names:
        file = told.get(name, replies.ModelFile())
        before = known.get(name)
        if before and (before.size, before.modified) == (file.size, file.modified):
            same[name] = before
        else:
            new.append(FileEntry(name, file.size, modified=file.modified))
    return same, new


def _with_facts(
    kind: ModelKind, files: Sequence[FileEntry], metadata: Sequence[Mapping[str, str]]
) -> list[FileEntry]:
    return [
        FileEntry(
            file.name,
            file.size,
            facts_of(kind, file.name, metadata=said, size=file.size),
            file.modified,
        )
        for file, said in zip(files, metadata, strict=True)
    ]
