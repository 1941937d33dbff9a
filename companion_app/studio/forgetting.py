"""Taking things out of what is stored of the past, and putting them back."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

from vibes.catalog.names import stem
from vibes.errors import AmbiguousName, Conflict, NotFound
from vibes.preferences import Forget, Statistics
from vibes.preferences.forgetting import Redaction, Redactions
from vibes.storage import Forgetting, Store, StoredEvent, StoreThread

_AT_ONCE = 1000
"""Stored events read in one go: about ten megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """How many events were concerned; ``token`` undoes it, None where there is nothing to undo."""

    count: int
    token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Memory:
    """What was forgotten, as it was, compressed; kept in memory alone."""

    token: str
    number: int
    events: Sequence[tuple[int, bytes]]

    @classmethod
    def of(cls, number: int, events: Sequence[StoredEvent]) -> _Memory:
        packed = [(stored.sequence, zlib.compress(stored.body, level=1)) for stored in events]
        return cls(token=uuid4().hex, number=number, events=packed)

    def unpacked(self) -> list[StoredEvent]:
        return [StoredEvent(number, zlib.decompress(body)) for number, body in self.events]


def with_known_name(forget: Forget, statistics: Statistics) -> Forget:
    """The same with the catalog name of the model a person means by its own name or its start.

    Raises AmbiguousName where several were learned of; a name that fits none stays as it is.
    """
    kind = forget.kind
    if kind not in ("checkpoint", "lora"):
        return forget
    known = [name for (name,), _ in statistics.counts(kind)]
    wanted = forget.what or ""
    for fits in (_is_called, _starts_with):
        found = sorted(name for name in known if fits(name, wanted))
        if wanted in known or not found:
            continue
        if len(found) > 1:
            raise AmbiguousName(wanted, found)
        return Forget(checkpoint=found[0]) if kind == "checkpoint" else Forget(lora=found[0])
    return forget


def _is_called(name: str, wanted: str) -> bool:
    return stem(name).casefold() == stem(wanted).casefold()


def _starts_with(name: str, wanted: str) -> bool:
    return stem(name).casefold().startswith(wanted.casefold())


async def stored_events(
    store: StoreThread, *, profile: str | None = None, upto: int, standing: bool = False
) -> AsyncIterator[list[StoredEvent]]:
    """The events stored up to a sequence number, piece by piece: a history may fill the memory.

    ``standing`` leaves out what was superseded.
    """

    def read(after: int) -> asyncio.Future[list[StoredEvent]]:
        work = partial(_piece, profile=profile, after=after, upto=upto, standing=standing)
        return asyncio.ensure_future(store.run(work))

    coming = read(0)
    try:
        while piece := await coming:
            coming = read(piece[-1].sequence)  # while what came is being used
            yield piece
    finally:
        coming.cancel()


class Oblivion:
    """Forgets on disk at once, and remembers what it was until the studio stops."""

    def __init__(self, store: StoreThread):
        self._store = store
        self._memories: list[_Memory] = []  # the last forgotten last

    async def concerned(self, forget: Forget, profile: str | None) -> list[Redaction]:
        """What would change if it were forgotten."""
        upto = await self._store.run(lambda store: store.events.last())
        found = Redactions(forget)
        async for piece in stored_events(self._store, profile=profile, upto=upto):
            await asyncio.to_thread(_look_through, found, piece)
        return found.found()

    async def forget(self, forget: Forget, profile: str | None, time: str) -> Forgotten:
        """Take it out of every event, for good; raises StorageError where the disk fails."""
        left = await self.concerned(forget, profile)
        if not left:
            return Forgotten(count=0, token=None)
        note = Forgetting(
            time=time, profile=profile, kind=forget.kind, what=forget.what, events=len(left)
        )

        def write(store: Store) -> _Memory:
            with store.atomic():
                events = store.events.those(redaction.sequence for redaction in left)
                store.events.rewrite(left)
                number = store.forgettings.add(note)
            store.forgettings.sweep()
            return _Memory.of(number, events)

        memory = await self._store.run(write)
        self._memories.append(memory)
        return Forgotten(count=len(left), token=memory.token)

    async def undo(self, token: str) -> int:
        """Put back what was forgotten last; gives how many events that concerned.

        Raises NotFound for what this run of the studio did not forget, Conflict for what was not
        forgotten last.
        """
        tokens = [memory.token for memory in self._memories]
        if token not in tokens:
            raise NotFound(
                "There is nothing to undo: it was undone already, or forgotten before the studio "
                "last started."
            )
        if token != tokens[-1]:
            raise Conflict("Something was forgotten since then: undo that first.")
        memory = self._memories[-1]

        def write(store: Store) -> None:
            with store.atomic():
                store.events.put_back(memory.unpacked())
                store.forgettings.undo(memory.number)

        await self._store.run(write)
        self._memories.pop()
        return len(memory.events)


def _look_through(found: Redactions, piece: Sequence[StoredEvent]) -> None:
    for stored in piece:
        found.look_at(stored.sequence, stored.read())


def _piece(
    store: Store, *, profile: str | None, after: int, upto: int, standing: bool
) -> list[StoredEvent]:
    return store.events.some(
        profile=profile, after=after, upto=upto, limit=_AT_ONCE, standing=standing
    )
