"""The placement in virtual time: simulated servers of known speeds, and the best that was possible.

The servers' speeds are known to the simulation only; the placement learns them as images finish.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from itertools import combinations, product
from typing import TypeVar

import numpy as np

from companion_app.fleet.jobs import Job, Place
from companion_app.fleet.lanes import DEPTH, Lanes
from companion_app.fleet.line import WaitingLine
from companion_app.fleet.placement import Placement
from companion_app.fleet.shelves import Kind, WaitingJob
from vibes.recipes import Candidate, LoraUse, Recipe

SPEEDS = (1.0, 2.0, 3.0, 4.0)  # images per second
SWITCH_IMAGES = 5.0
MIX = (400, 350, 250)  # images by checkpoint
SEEDS = 10

T = TypeVar("T")


def virtual_job(
    id: str,
    checkpoint: str,
    *,
    batch: str = "batch",
    session: str = "session",
    loras: Sequence[str] = (),
    size: int = 512,
    steps: int = 20,
    place: Place = Place(),  # noqa: B008 – it is frozen
) -> Job:
    """A job with the traits the placement looks at."""
    recipe = Recipe(
        template="draft",
        tier="sd15_draft",
        prompt="",
        candidate=Candidate(checkpoint, tuple(LoraUse(name, 1.0) for name in loras)),
        seed=0,
        width=size,
        height=size,
        steps=steps,
        cfg=7.0,
        sampler="euler",
        scheduler="normal",
    )
    return Job(id, batch, session, recipe, place)


class EverythingGoes:
    """Rules under which every server makes every job."""

    def can_kind(self, server: str, kind: Kind) -> bool:
        """Yes."""
        return True

    def can_job(self, server: str, entry: WaitingJob) -> bool:
        """Yes."""
        return True


@dataclass(eq=False)
class VirtualServer:
    """Makes jobs one after another; ``speed`` in images of 512² and 20 steps per second."""

    name: str
    speed: float
    switch_images: float = SWITCH_IMAGES
    loaded: str | None = None
    queue: deque[WaitingJob] = field(default_factory=deque)
    loads: int = 0

    def seconds(self, entry: WaitingJob) -> float:
        """For the job as things are."""
        image = entry.kind.work / (512 * 512 * 20) / self.speed
        switch = 0.0 if entry.checkpoint == self.loaded else self.switch_images / self.speed
        return image + switch


@dataclass(eq=False)
class Simulation:
    """Servers, a placement, and a clock that jumps from one finished image to the next."""

    servers: list[VirtualServer]
    rules: EverythingGoes = field(default_factory=EverythingGoes)
    now: float = 0.0
    taken: dict[str, float] = field(default_factory=dict)  # job id → when it was first taken
    ends: dict[str, float] = field(default_factory=dict)  # job id → when its image was finished
    made_by: dict[str, str] = field(default_factory=dict)
    placement_seconds: float = 0.0  # CPU time spent in the placement
    recalls: int = 0

    def __post_init__(self) -> None:
        self.line = WaitingLine()
        self.lanes = Lanes()
        self.placement = Placement(self.line, self.lanes, self.rules)
        self._events: list[tuple[float, int, VirtualServer]] = []
        self._by_name = {server.name: server for server in self.servers}
        self._count = 0
        for server in self.servers:
            self.lanes.open(server.name)

    def submit(self, jobs: Iterable[Job]) -> None:
        """Let jobs wait, and every server ask."""
        self.line.put([self.line.admit(job) for job in jobs])
        self._offer(self.servers)

    def run(self, until: float = float("inf")) -> float:
        """Go on until nothing runs any more, or until a time; the last end."""
        while self._events and self._events[0][0] <= until:
            self.now, _, server = heappop(self._events)
            entry = server.queue.popleft()
            self.ends[entry.job.id] = self.now
            self.made_by[entry.job.id] = server.name
            self._timed(partial(self.lanes.finished, server.name, entry.job.id, self.now))
            self._start_next(server)
            self._offer([server])
        if until < float("inf"):
            self.now = until
        return max(self.ends.values(), default=0.0)

    def _offer(self, first: list[VirtualServer]) -> None:
        """Let servers ask as the fleet does: these, then the idle ones, then all if one began."""
        asked = first
        while asked:
            began = [server for server in asked if self._fill(server)]
            idle = [self._by_name[lane.name] for lane in self.lanes.idle()]
            if began and idle and len(self.line):
                asked = [s for s in self.servers if len(s.queue) < DEPTH]
            else:
                self._recall(idle)
                asked = [s for s in idle if len(self.line) and self._fill(s)]

    def _fill(self, server: VirtualServer) -> bool:
        """Let the server take what it can; whether it began anything."""
        was_idle = not server.queue
        while (
            entry := self._timed(lambda: self.placement.take(server.name, self.now))
        ) is not None:
            self.taken.setdefault(entry.job.id, self.now)
            server.queue.append(entry)
            if len(server.queue) == 1:
                self._start_next(server)
        return was_idle and bool(server.queue)

    def _recall(self, idle: list[VirtualServer]) -> None:
        for server in idle:
            job_id = self._timed(partial(self.placement.recall, server.name, self.now))
            if job_id is None:
                continue
            owner = next(s for s in self.servers for e in s.queue if e.job.id == job_id)
            entry = next(e for e in owner.queue if e.job.id == job_id)
            owner.queue.remove(entry)
            self.recalls += 1
            self.lanes.ended(owner.name, job_id, self.now)
            self.line.put([entry])
            self._fill(server)

    def _start_next(self, server: VirtualServer) -> None:
        if server.queue:
            entry = server.queue[0]
            self._count += 1
            heappush(self._events, (self.now + server.seconds(entry), self._count, server))
            server.loads += entry.checkpoint != server.loaded
            server.loaded = entry.checkpoint

    def _timed(self, act: Callable[[], T]) -> T:
        began = time.process_time()
        try:
            return act()
        finally:
            self.placement_seconds += time.process_time() - began


# --- the best that was possible -----------------------------------------------------------------


def best_makespan(
    counts: Sequence[int], speeds: Sequence[float], switch_images: float = SWITCH_IMAGES
) -> float:
    """Shortest time in which servers can make ``counts`` images of each checkpoint.

    Exact: of every way to give each server a set of checkpoints – it loads each once – the time
    is bisected at which whole images fit, which Hall's condition decides: for any checkpoints,
    the servers that have one of them must have room for all their images.
    """
    subsets = [
        tuple(c) for n in range(len(counts) + 1) for c in combinations(range(len(counts)), n)
    ]
    loads = np.array([len(subset) for subset in subsets], dtype=float)
    touches = np.array([[bool(set(a) & set(b)) for b in subsets] for a in subsets])
    demand = np.array([sum(counts[c] for c in subset) for subset in subsets], dtype=float)
    ways = np.array(list(product(range(len(subsets)), repeat=len(speeds))))

    def some_way(seconds: float) -> bool:
        rooms = np.floor(seconds * np.array(speeds) - switch_images * loads[ways] + 1e-9)
        fits = (rooms >= 0).all(axis=1)
        for subset, wanted in zip(range(len(subsets)), demand, strict=True):
            fits &= (np.where(touches[subset][ways], rooms, 0)).sum(axis=1) >= wanted
        return bool(fits.any())

    low, high = 0.0, (sum(counts) + switch_images * len(counts)) / max(speeds)
    while high - low > 1e-4 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if some_way(middle) else (middle, high)
    return high


def lower_bound(
    counts: Sequence[int], speeds: Sequence[float], switch_images: float = SWITCH_IMAGES
) -> float:
    """The linear relaxation: images can be split, and each server used loads one checkpoint."""
    return min(
        (sum(counts) + switch_images * max(used, min(len(counts), used))) / sum(fastest[:used])
        for fastest in [sorted(speeds, reverse=True)]
        for used in range(1, len(speeds) + 1)
    )


# --- measurements -------------------------------------------------------------------------------


def simulate_mix(
    counts: Sequence[int], speeds: Sequence[float], rng: np.random.Generator, **traits: object
) -> Simulation:
    """One batch of that many images of each checkpoint, in random order, made to the end."""
    names = [f"checkpoint-{n}" for n, count in enumerate(counts) for _ in range(count)]
    jobs = [virtual_job(f"{n}", str(name)) for n, name in enumerate(rng.permutation(names))]
    servers = [VirtualServer(f"studio-{n}", speed) for n, speed in enumerate(speeds)]
    simulation = Simulation(servers)
    simulation.submit(jobs)
    simulation.run()
    return simulation


def makespan(seeds: int = SEEDS) -> dict[str, float]:
    """How long 1,000 images of three checkpoints take on four servers, against the optimum."""
    best, bound = best_makespan(MIX, SPEEDS), lower_bound(MIX, SPEEDS)
    rngs = [np.random.default_rng(seed) for seed in range(seeds)]
    times = [max(simulate_mix(MIX, SPEEDS, rng).ends.values()) for rng in rngs]
    return {
        "makespan_ratio": float(np.mean(times)) / best,
        "makespan_ratio_worst": max(times) / best,
        "makespan_seconds": float(np.mean(times)),
        "best_offline_seconds": best,
        "lp_bound_seconds": bound,
    }


def crowd(
    servers: int = 256,
    jobs: int = 20_000,
    sessions: int = 10,
    checkpoints: int = 12,
    batch: int = 100,
    seed: int = 0,
) -> dict[str, float]:
    """Many servers of different speeds and many jobs of several sessions, all there at once.

    Shares of the whole time: ``later_than_fair_share``, how much later than by an even progress of
    its session any job was begun; ``session_spread``, how far apart two sessions were with their
    n-th images.
    """
    rng = np.random.default_rng(seed)
    speeds = rng.choice(SPEEDS, servers)
    simulation = Simulation([VirtualServer(f"s{n}", float(v)) for n, v in enumerate(speeds)])
    each = jobs // sessions
    work = [
        virtual_job(
            f"{session}-{n}",
            f"checkpoint-{rng.integers(checkpoints)}",
            batch=f"{session}-{n // batch}",
            session=f"session-{session}",
            loras=[f"lora-{rng.integers(8)}"],
            place=Place(rank=(float(n // batch), float(n))),
        )
        for session in range(sessions)
        for n in range(each)
    ]
    simulation.submit(work)
    end = simulation.run()
    begun = np.array(
        [[simulation.taken[f"{session}-{n}"] for n in range(each)] for session in range(sessions)]
    )
    late = (begun - end * np.arange(each) / each).max()
    nth = np.sort(begun, axis=1)
    return {
        "servers": servers,
        "jobs": jobs,
        "placement_ms_per_job": 1e3 * simulation.placement_seconds / jobs,
        "made": len(simulation.ends),
        "makespan_over_capacity": end * float(speeds.sum()) / jobs,
        "later_than_fair_share": float(late) / end,
        "session_spread": float((nth.max(axis=0) - nth.min(axis=0)).max()) / end,
        "recalls": simulation.recalls,
    }
