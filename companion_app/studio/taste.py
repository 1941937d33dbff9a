"""What the studio has learned: the stored events, and the projection kept up with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

import numpy as np

from vibes.preferences import (
    Event,
    Forget,
    GridRejected,
    GridSubmitted,
    Habits,
    ParametersChanged,
    Policy,
    Prior,
    Statistics,
)
from vibes.preferences.chronicle import Chronicle
from vibes.settings import PolicyName
from vibes.storage import DEFAULT_PROFILE, PriorFile, Store, StoredEvent, StoreThread

from .forgetting import Forgotten, Oblivion, stored_events, with_known_name
from .projection import EVERYONE, Projection
from .sessions import Clock, timestamp

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """The events that were new, and those left out because their profile does not learn."""

    added: Sequence[Event]
    left_out: Sequence[Event]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """A fold of ``events`` anew; the fingerprints are the same where nothing came out otherwise."""

    events: int
    seconds: float
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Stored events: how many, and then all of them, piece by piece."""

    count: int
    pieces: AsyncIterator[list[StoredEvent]]


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
        clusters: Mapping[str, str],
        probes: int = 1,
    ):
        self._store = store
        self._clock = clock
        self._policy: PolicyName = policy
        self._new_rng = new_rng
        self._clusters = clusters
        self._probes = probes
        self._oblivion = Oblivion(store)
        self._prior_file = PriorFile(store.directory)
        self._prior: Prior | None = None
        self._projection = self._new_projection()
        self._sequence = 0  # of the last event in the projection
        self._changing = asyncio.Lock()  # held while the projection changes or is looked through
        self.version = 0  # grows whenever a policy learned something

    async def load(self) -> None:
        """Fold every stored event, beside the event loop; until then the old fold serves."""
        now = timestamp(self._clock)
        await self._store.run(lambda store: store.profiles.ensure(DEFAULT_PROFILE, now))
        async with self._changing:
            self._prior = await asyncio.to_thread(self._prior_file.read_sound)
            await self._refold()

    async def catch_up(self) -> None:
        """Take in what was stored since the last time, each event once, as it was appended."""
        async with self._changing:
            await self._catch_up()

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

    def habits(self, profile: str) -> Habits:
        """How the profile changes suggested parameters."""
        return self._projection.habits(profile)

    def statistics(self, profile: str | None = EVERYONE) -> Statistics:
        """The profile's counts, or those of all profiles together."""
        return self._projection.statistics(profile)

    def chronicle(self, profile: str | None = EVERYONE) -> Chronicle:
        """The profile's past as the dashboards ask for it, or that of all profiles together."""
        return self._projection.chronicle(profile)

    async def rebuild(self) -> Rebuilt:
        """Fold every event anew, and compare what comes out with what was there."""
        async with self._changing:
            await self._catch_up()
            before = await asyncio.to_thread(self._projection.fingerprint)
            started = perf_counter()
            events = await self._refold(self._sequence)
            seconds = perf_counter() - started
            after = await asyncio.to_thread(self._projection.fingerprint)
        return Rebuilt(events=events, seconds=seconds, before=before, after=after)

    async def concerned(self, forget: Forget, profile: str | None = EVERYONE) -> int:
        """How many events would change or go if it were forgotten."""
        named = with_known_name(forget, self.statistics())
        return len(await self._oblivion.concerned(named, profile))

    async def forget(self, forget: Forget, profile: str | None = EVERYONE) -> Forgotten:
        """Take it out of the profile's events for good, or out of everybody's, and learn anew.

        Raises AmbiguousName for the start of several models' names.
        """
        async with self._changing:
            named = with_known_name(forget, self.statistics())
            forgotten = await self._oblivion.forget(named, profile, timestamp(self._clock))
            if forgotten.count:
                await self._refold()
        return forgotten

    async def undo(self, token: str) -> int:
        """Put back what was forgotten last; gives how many events that concerned.

        What is learned then is what it was before, bit for bit. Raises NotFound for what this run
        of the studio did not forget, Conflict for what was not forgotten last.
        """
        async with self._changing:
            count = await self._oblivion.undo(token)
            await self._refold()
        return count

    async def prior_document(self) -> bytes | None:
        """The document of the prior every profile starts from; None where there is none."""
        return await asyncio.to_thread(self._prior_file.document)

    async def use_prior(self, prior: Prior | None, document: bytes = b"") -> None:
        """Start every profile from this prior from now on, or (None) from nothing."""
        async with self._changing:
            await asyncio.to_thread(self._prior_file.replace, document if prior else None)
            self._prior = prior
            await self._refold()

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

    async def standing(self, profile: str | None = EVERYONE) -> History:
        """The stored events no later one superseded."""

        def count(store: Store) -> tuple[int, int]:
            last = store.events.last()
            return last, store.events.count(profile=profile, upto=last, standing=True)

        upto, number = await self._store.run(count)
        pieces = stored_events(self._store, profile=profile, upto=upto, standing=True)
        return History(count=number, pieces=pieces)

    async def _catch_up(self) -> None:
        seen = self._sequence
        for sequence, event in await self._store.run(lambda store: store.events.after(seen)):
            if self._projection.supersedes(event):
                await self._refold()
                break
            self._projection.add(event)
            self._sequence = sequence
            if not isinstance(event, ParametersChanged):  # which teaches no policy
                self.version += 1
            await asyncio.sleep(0)  # a grid takes milliseconds, an import thousands of grids

    async def _refold(self, upto: int | None = None) -> int:
        """Fold all events, or those up to a sequence number; gives how many."""
        if upto is None:
            upto = await self._store.run(lambda store: store.events.last())
        projection, count = self._new_projection(), 0
        async for piece in stored_events(self._store, upto=upto, standing=True):
            await asyncio.to_thread(_add, projection, piece)
            count += len(piece)
        await asyncio.to_thread(projection.rehearse)
        self._projection, self._sequence = projection, upto
        self.version += 1
        return count

    def _new_projection(self) -> Projection:
        return Projection(
            self._policy,
            self._new_rng,
            clusters=self._clusters,
            prior=self._prior,
            probes=self._probes,
        )


def _add(projection: Projection, piece: Sequence[StoredEvent]) -> None:
    for stored in piece:
        stored.told_to(projection.add, check=False)  # which learning from it does, once
