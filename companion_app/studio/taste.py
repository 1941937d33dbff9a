"""What the studio has learned: the stored events, and the projection kept up with them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from vibes.preferences import Event, GridRejected, GridSubmitted, Policy, Statistics
from vibes.settings import PolicyName
from vibes.storage import DEFAULT_PROFILE, Store, StoreThread

from .projection import EVERYONE, Projection
from .sessions import Clock, timestamp

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """The events that were new, and those left out because their profile does not learn."""

    added: Sequence[Event]
    left_out: Sequence[Event]


def preference_count(events: Sequence[Event]) -> int:
    """How many images the events tell the outcome of."""
    grids = (event for event in events if isinstance(event, GridSubmitted | GridRejected))
    return sum(len(grid.images) for grid in grids)


class Taste:
    """One policy and one set of statistics per profile, and one over all profiles."""

    def __init__(
        self,
        store: StoreThread,
        *,
        policy: PolicyName,
        new_rng: Callable[[], np.random.Generator],
        clock: Clock,
    ):
        self._store = store
        self._clock = clock
        self._new_projection = partial(Projection, policy, new_rng)
        self._projection = self._new_projection()
        self._sequence = 0  # of the last event in the projection
        self._changing = asyncio.Lock()  # held while the projection changes or is looked through
        self.version = 0  # grows whenever something was learned

    async def load(self) -> None:
        """Fold every stored event, beside the event loop; until then the old fold serves."""
        now = timestamp(self._clock)
        await self._store.run(lambda store: store.profiles.ensure(DEFAULT_PROFILE, now))
        async with self._changing:
            await self._refold()

    async def catch_up(self) -> None:
        """Take in what was stored since the last time, each event once, as it was appended."""
        async with self._changing:
            seen = self._sequence
            for sequence, event in await self._store.run(lambda store: store.events.after(seen)):
                if self._projection.supersedes(event):
                    await self._refold()
                    break
                self._projection.add(event)
                self._sequence = sequence
                self.version += 1
                await asyncio.sleep(0)  # a grid takes milliseconds, an import thousands of grids

    async def take_in(self, events: Sequence[Event]) -> Intake:
        """Store events of profiles that learn, each id once, and learn from them."""
        now = timestamp(self._clock)

        def write(store: Store) -> Intake:
            with store.atomic():
                for profile in {event.profile for event in events}:
                    store.profiles.ensure(profile, now)
                learns = store.profiles.all()
                added = store.events.append(e for e in events if learns[e.profile])
            return Intake(added=added, left_out=[e for e in events if not learns[e.profile]])

        intake = await self._store.run(write)
        await self.catch_up()
        return intake

    async def look_through(self, work: Callable[[], T]) -> T:
        """Run ``work``, too long for the event loop, in a thread while nothing is learned."""
        async with self._changing:
            return await asyncio.to_thread(work)

    def policy(self, profile: str) -> Policy:
        """The profile's policy; where it knows little, it follows all profiles."""
        return self._projection.policy(profile)

    def statistics(self, profile: str | None = EVERYONE) -> Statistics:
        """The profile's counts, or those of all profiles together."""
        return self._projection.statistics(profile)

    async def events(self, profile: str | None = EVERYONE) -> Iterator[Event]:
        """The stored events, in order; parsed as they are iterated."""
        return await self._store.run(lambda store: store.events.all(profile))

    async def profiles(self) -> dict[str, bool]:
        """Profile name → whether it learns."""
        return await self._store.run(lambda store: store.profiles.all())

    async def check(self, profile: str) -> None:
        """Raises NotFound for a profile that nobody made."""
        await self._store.run(lambda store: store.profiles.learns(profile))

    async def set_learning(self, profile: str, *, learning: bool) -> None:
        """Switch learning on or off for a profile; raises NotFound."""
        await self._store.run(lambda store: store.profiles.set_learning(profile, learning=learning))

    async def _refold(self) -> None:
        history = await self._store.run(lambda store: store.events.after(0))
        self._projection, self._sequence = await asyncio.to_thread(self._folded, history)
        self.version += 1

    def _folded(self, history: Iterator[tuple[int, Event]]) -> tuple[Projection, int]:
        numbered = list(history)
        projection = self._new_projection()
        projection.fold(event for _, event in numbered)
        return projection, max((sequence for sequence, _ in numbered), default=0)
