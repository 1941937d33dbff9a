"""The model files the studio itself can read: looked at again and again, hashed in between."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Event

from companion_app.fleet import Fleet
from vibes.catalog import ModelKind, ModelRecord
from vibes.catalog.hashing import sha256_of
from vibes.catalog.names import canonical
from vibes.catalog.scan import KNOWN_FOLDERS, FolderScanner, LocalFile
from vibes.catalog.sidecars import MAX_PREVIEW
from vibes.settings import Settings
from vibes.storage import FileHash, StoreThread

log = logging.getLogger(__name__)

Stamp = tuple[int, int]


class LocalFiles:
    """Tells the fleet what the files say, every ``refresh_seconds``; keeps their hashes.

    A file is read through once: what its digest is, the store remembers while size and time of
    change stay the same.
    """

    def __init__(self, settings: Settings, *, store: StoreThread, fleet: Fleet):
        self._folders = settings.model_folders
        self._refresh_seconds = settings.refresh_seconds
        self._store = store
        self._fleet = fleet
        self._hashes: dict[str, FileHash] = {}
        self._scanners = {
            kind: FolderScanner(
                kind, [root / folder for root in settings.model_folders], hash_of=self._hash_of
            )
            for kind, folder in KNOWN_FOLDERS.items()
            if settings.model_folders
        }
        self._files: Mapping[ModelKind, Mapping[str, LocalFile]] = {}
        self.faults: tuple[str, ...] = ()
        self._stopping = Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look, where there is anything to look at."""
        if self._scanners:
            self._task = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """Give up what is being read."""
        self._stopping.set()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def look(self) -> None:
        """Read what is new or changed, and have the fleet know it."""
        self._files, faults = await asyncio.to_thread(self._scan)
        for fault in faults:
            if fault not in self.faults:
                log.warning("%s", fault)
        self.faults = faults
        self._fleet.know_files(
            {
                kind: {name: file.entry for name, file in files.items()}
                for kind, files in self._files.items()
            }
        )

    def has_preview(self, record: ModelRecord) -> bool:
        """Whether a picture lies beside the model's file here."""
        file = self._file(record)
        return file is not None and file.preview is not None

    def preview(self, record: ModelRecord) -> bytes | None:
        """The picture beside a model's file; None where there is none here. Blocks."""
        file = self._file(record)
        if file is None or file.preview is None:
            return None
        with suppress(OSError):  # gone since
            if file.preview.stat().st_size <= MAX_PREVIEW:
                return file.preview.read_bytes()
        return None

    def _file(self, record: ModelRecord) -> LocalFile | None:
        files = self._files.get(record.kind, {})
        found = (files.get(name) for name in (record.name, *record.aliases))
        return next(filter(None, found), None)

    async def _run(self) -> None:
        self._hashes = await self._store.run(lambda store: store.hashes.all())
        while True:
            started = time.monotonic()
            await self.look()
            if await self._hash_new():
                await self.look()
            await asyncio.sleep(max(self._refresh_seconds - (time.monotonic() - started), 1))

    def _scan(self) -> tuple[dict[ModelKind, dict[str, LocalFile]], tuple[str, ...]]:
        files: dict[ModelKind, dict[str, LocalFile]] = {}
        faults = [
            f"There is no folder {folder}, which `model_folders` names."
            for folder in self._folders
            if not folder.is_dir()
        ]
        for kind, scanner in self._scanners.items():
            scan = scanner.scan()
            files[kind] = {canonical(name): file for name, file in scan.files.items()}
            faults += scan.faults
        return files, tuple(faults)

    async def _hash_new(self) -> bool:
        """Read the files whose content is not known by its hash; whether there were any."""
        new = [file for file in self._all() if self._hash_of(file.path, file.stamp) is None]
        for file in new:
            took = await self._hash(file)
            await asyncio.sleep(took)  # the disk is not ours alone
        return bool(new)

    async def _hash(self, file: LocalFile) -> float:
        """Seconds it took."""
        started = time.monotonic()
        try:
            digest = await asyncio.to_thread(sha256_of, file.path, stop=self._stopping.is_set)
        except OSError as error:
            log.warning("%s could not be read for its hash: %s.", file.path, error.strerror)
            return 0.0
        if digest is not None:
            found = FileHash(str(file.path), *file.stamp, digest)
            self._hashes[found.path] = found
            await self._store.run(lambda store: store.hashes.put(found))
        return time.monotonic() - started

    def _all(self) -> Iterator[LocalFile]:
        for files in self._files.values():
            yield from files.values()

    def _hash_of(self, path: Path, stamp: Stamp) -> str | None:
        known = self._hashes.get(str(path))
        return known.sha256 if known and (known.size, known.modified) == stamp else None
