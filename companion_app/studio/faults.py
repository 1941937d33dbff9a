"""What goes wrong with servers: noted as it happens, read later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from companion_app.fleet import FaultKind, ProgressStream
from vibes.settings import without_credentials
from vibes.storage import Fault, StoreThread

from .sessions import Clock, timestamp
from .views import View

TELL_SECONDS = 0.25
"""How long the pages may wait to hear of a fault: a failing server has many."""


class FaultBook:
    """The servers' faults, the newest of each remembered."""

    def __init__(
        self,
        store: StoreThread,
        *,
        progress: ProgressStream,
        online: Callable[[], tuple[int, int]],
        clock: Clock,
    ):
        self._store = store
        self._progress = progress
        self._online = online
        self._clock = clock
        self._telling: asyncio.TimerHandle | None = None

    def note(self, server: str, kind: FaultKind, sentence: str, image_id: str | None) -> None:
        """Have a fault written without waiting for it, and the pages told before long."""
        fault = Fault(
            server=server,
            time=timestamp(self._clock),
            kind=kind,
            sentence=without_credentials(sentence),
            image_id=image_id,
        )
        self._store.put(lambda store: store.faults.add(fault))
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(TELL_SECONDS, self._tell)

    async def of(self, server: str, limit: int) -> list[View]:
        """The latest faults of a server, newest first."""
        faults = await self._store.run(lambda store: store.faults.of(server, limit))
        fields = ("time", "kind", "sentence", "image_id")
        return [{field: getattr(fault, field) for field in fields} for fault in faults]

    def _tell(self) -> None:
        self._telling = None
        online, total = self._online()
        self._progress.publish({"type": "servers", "online": online, "total": total})
