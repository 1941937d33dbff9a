"""Sessions: make, list, rename, delete, and walk between their grids."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timezone
from uuid import uuid4

from companion_app.fleet import Fleet, ProgressStream
from vibes.errors import Conflict, NotFound
from vibes.settings import Stage
from vibes.stages import Grid, Session, back, forward
from vibes.storage import PictureFiles, Store, StoreThread

from .requests import SessionRequest
from .views import View, session_detail, session_view

Clock = Callable[[], datetime]
Forget = Callable[[Collection[str]], Awaitable[None]]
"""Forgets what else is known of images that are about to be deleted."""


def utc_now() -> datetime:
    """The clock the studio runs on."""
    return datetime.now(timezone.utc)


def timestamp(clock: Clock) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    return clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Sessions:
    """Use cases on sessions."""

    def __init__(
        self,
        store: StoreThread,
        *,
        files: PictureFiles,
        fleet: Fleet,
        progress: ProgressStream,
        stages: Sequence[Stage],
        forget: Forget,
        clock: Clock,
    ):
        self._store = store
        self._files = files
        self._fleet = fleet
        self._progress = progress
        self._stages = stages
        self._forget = forget
        self._clock = clock

    async def create(self, request: SessionRequest) -> View:
        """Make a session; its profile comes into being with it."""
        now = timestamp(self._clock)
        session = Session(
            id=uuid4().hex,
            name=request.name or f"Session of {self._clock():%d %B %Y, %H:%M}",
            flow=request.flow,
            profile=request.profile,
            created=now,
        )

        def add(store: Store) -> None:
            store.profiles.ensure(session.profile, now)
            store.sessions.add(session)

        await self._store.run(add)
        return session_view(session, 0)

    async def all(self) -> list[View]:
        """Every session, newest first."""
        found = await self._store.run(lambda store: store.sessions.all())
        return [session_view(session, stage) for session, stage in found]

    async def get(self, session_id: str) -> View:
        """One session with its path; raises NotFound."""
        session, grids = await self._load(session_id)
        return session_detail(session, grids, self._stages)

    async def rename(self, session_id: str, name: str) -> View:
        """Give it another name; raises NotFound."""
        await self._store.run(lambda store: store.sessions.rename(session_id, name))
        return await self.get(session_id)

    async def delete(self, session_id: str) -> None:
        """Remove it with its pictures; what it taught stays. Raises NotFound."""
        _, grids = await self._load(session_id)
        for grid in grids:
            await self._fleet.cancel(grid.id)
        # Rows, files, rows: whenever this ends, no row points at a file that is gone, and what is
        # left of the files is known to be nobody's.
        images = await self._store.run(lambda store: store.grids.discard(session_id))
        await self._forget(images)
        await asyncio.to_thread(self._files.delete, images)
        await self._store.run(lambda store: store.sessions.delete(session_id))
        self._progress.publish({"type": "queue"})

    async def navigate(self, session_id: str, to: str) -> View:
        """Step "back", "forward" or to a grid of this session; raises NotFound, Conflict."""
        session, grids = await self._load(session_id)
        target = _target(grids, session, to)

        def move(store: Store) -> None:
            with store.atomic():
                store.sessions.move(session_id, target.id)
                store.grids.visit(target.id)

        await self._store.run(move)
        self.announce(session_id, target.stage, target.id)
        return {"stage": target.stage, "batch_id": target.id}

    def announce(self, session_id: str, stage: int, batch_id: str | None) -> None:
        """Tell every open page where the session stands now."""
        self._progress.publish(
            {"type": "session", "session_id": session_id, "stage": stage, "batch_id": batch_id}
        )

    async def _load(self, session_id: str) -> tuple[Session, list[Grid]]:
        return await self._store.run(
            lambda store: (store.sessions.get(session_id), store.grids.of_session(session_id))
        )


def _target(grids: Sequence[Grid], session: Session, to: str) -> Grid:
    if to in ("back", "forward"):
        step = back if to == "back" else forward
        grid = step(grids, session.batch_id)
        if grid is None:
            raise Conflict(f"There is no grid to go {to} to from here.")
        return grid
    for grid in grids:
        if grid.id == to:
            return grid
    raise NotFound(f"Session '{session.id}' has no batch '{to}'.")
