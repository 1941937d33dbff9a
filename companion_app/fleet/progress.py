"""The one stream of events the page, the REST and the command line follow."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from itertools import count
from typing import Any
from weakref import WeakSet

Event = dict[str, Any]

#: Worth something only while fresh: dropped first, never replayed.
_TRANSIENT = frozenset({"progress", "preview"})


class ProgressStream:
    """Publishes events to any number of readers without ever waiting for one.

    The last ``replay`` lasting events are kept, so that a reader who comes back with the id of the
    last event it saw misses none; where it would miss some, it gets one of type "reset" instead.
    Ids count from ``first_id``: where they must go on growing after a restart, take it from the
    clock. Use a stream on one event loop only.
    """

    def __init__(self, *, replay: int = 2000, backlog: int = 500, first_id: int = 1):
        self._ids = count(first_id)
        self._last_id = self._forgotten = first_id - 1  # the last one given, and not replayed
        self._recent: deque[Event] = deque(maxlen=replay)
        self._backlog = backlog  # events one reader may lag behind
        self._readers: WeakSet[_Reader] = WeakSet()
        self._closed = False

    def publish(self, event: Event) -> None:
        """Hand the event, with a growing ``id`` added, to every reader it concerns."""
        if self._closed:
            return
        self._last_id = next(self._ids)
        event = {**event, "id": self._last_id}
        if event["type"] not in _TRANSIENT:
            if len(self._recent) == self._recent.maxlen:
                self._forgotten = self._recent[0]["id"]
            self._recent.append(event)
        for reader in tuple(self._readers):
            reader.offer(event)

    def bursts(
        self, batch_id: str | None = None, after: int | None = None
    ) -> AsyncGenerator[list[Event], None]:
        """Events from now on, or from right behind the event with id ``after``, as they come.

        A reader that gets "reset" has missed events, or saw another studio's: it should read anew
        whatever it shows. With ``batch_id`` only those of that batch and those that concern no
        batch alone. A reader that falls hopelessly behind sees its stream end; it can ask
        again with its last id.
        """
        reader = _Reader(batch_id, self._backlog)
        if after is not None and self._forgotten <= after <= self._last_id:
            # The replay may be longer than the backlog: it is the reader's to work off first.
            reader.events.extend(e for e in self._recent if e["id"] > after and reader.wants(e))
        elif after is not None:
            reader.events.append({"type": "reset", "id": self._last_id})
        if self._closed:
            reader.end()
        self._readers.add(reader)
        return self._follow(reader)

    def close(self) -> None:
        """End every stream, now and for good."""
        self._closed = True
        for reader in tuple(self._readers):
            reader.end()

    async def _follow(self, reader: _Reader) -> AsyncGenerator[list[Event], None]:
        try:
            while burst := await reader.next():
                yield burst
        finally:
            self._readers.discard(reader)


class _Reader:
    def __init__(self, batch_id: str | None, backlog: int):
        self.events: deque[Event] = deque()
        self._batch_id = batch_id
        self._backlog = backlog
        self._news = asyncio.Event()
        self._ended = False

    def wants(self, event: Event) -> bool:
        if event["type"] == "session":  # it tells a reader that its batch is no longer the one
            return True
        return self._batch_id is None or event.get("batch_id") in (None, self._batch_id)

    def offer(self, event: Event) -> None:
        if self._ended or not self.wants(event):
            return
        if len(self.events) >= self._backlog and not self._make_room(event):
            return
        self.events.append(event)
        self._news.set()

    def _make_room(self, event: Event) -> bool:
        """Whether the event may still join; a backlog of lasting events ends the stream."""
        if event["type"] in _TRANSIENT:
            return False
        for index, waiting in enumerate(self.events):
            if waiting["type"] in _TRANSIENT:
                del self.events[index]
                return True
        self.end()
        return False

    def end(self) -> None:
        self._ended = True
        self._news.set()

    async def next(self) -> list[Event]:
        """All that wait, at least one; none when the stream has ended."""
        while not self.events and not self._ended:
            self._news.clear()
            await self._news.wait()
        burst = list(self.events)
        self.events.clear()
        return burst
