"""A long line foretold: servers pull its jobs on paper, roughly as they will in truth."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heapreplace

from .outlook import MakersOf, Prospect, Track, deal
from .shelves import Kind, WaitingJob

_OTHERS_FIRST = 32  # places for each server that a session may be overtaken by others


@dataclass(eq=False)
class _Queue:
    """Jobs of one checkpoint that take equally long on the same servers, in order."""

    checkpoint: str
    makers: frozenset[str]
    jobs: deque[tuple[int, WaitingJob]] = field(default_factory=deque)  # with their place in line

    @property
    def place(self) -> int:
        return self.jobs[0][0]

    @property
    def head(self) -> WaitingJob:
        return self.jobs[0][1]

    @property
    def kind(self) -> Kind:
        return self.head.kind


def foresee(
    entries: Iterable[WaitingJob], tracks: Mapping[str, Track], makers_of: MakersOf
) -> list[Prospect]:
    """Who makes each of the jobs, given in the order fair share serves them, and when.

    Jobs nobody makes are left out. Takes some microseconds for each; ``tracks`` are used up.
    """
    classes: dict[int, dict[object, _Queue]] = {}
    for place, entry in enumerate(entries):
        if makers := makers_of(entry):
            key = (entry.checkpoint, entry.kind.tier, entry.kind.work, makers)
            queues = classes.setdefault(entry.place.priority, {})
            if key not in queues:
                queues[key] = _Queue(entry.checkpoint, frozenset(makers))
            queues[key].jobs.append((place, entry))
    return [
        prospect
        for _, queues in sorted(classes.items(), reverse=True)
        for prospect in _Pull(list(queues.values()), tracks).run()
    ]


class _Pull:
    """Servers taking jobs of one priority: what is loaded, else what is needed most."""

    def __init__(self, queues: list[_Queue], tracks: Mapping[str, Track]) -> None:
        self._queues = queues
        self._tracks = tracks
        self._work: dict[str, float] = {}  # that waits, by checkpoint
        self._warm: dict[str, int] = {}  # servers that have it loaded, by checkpoint
        self._runs: dict[str, int] = {name: track.lane.run for name, track in tracks.items()}
        for queue in queues:
            work = len(queue.jobs) * queue.kind.work
            self._work[queue.checkpoint] = self._work.get(queue.checkpoint, 0.0) + work
        for track in tracks.values():
            self._count(track, 1)

    def run(self) -> list[Prospect]:
        """Let whoever is free first take a job, until nobody has anything useful to do."""
        prospects = []
        heap = [
            (track.free_in, number, track) for number, track in enumerate(self._tracks.values())
        ]
        heapify(heap)
        while heap and self._queues:
            _, number, track = heap[0]
            queue = self._choose(track)
            if queue is None:
                heappop(heap)
                continue
            prospects.append(self._take(track, queue))
            heapreplace(heap, (track.free_in, number, track))
        return prospects + [p for queue in self._queues for p in self._leftover(queue)]

    def _leftover(self, queue: _Queue) -> list[Prospect]:
        """Jobs left to servers that had the checkpoint loaded, but loaded another since."""
        makers = [self._tracks[name] for name in sorted(queue.makers)]
        return deal([entry for _, entry in queue.jobs], makers)

    def _choose(self, track: Track) -> _Queue | None:
        """What is loaded, unless something earlier is needed more; else what is needed most."""
        name, loaded, others = track.lane.name, None, []
        for queue in self._queues:
            if name not in queue.makers:
                continue
            if queue.checkpoint not in track.loaded:
                others.append(queue)
            elif loaded is None or queue.place < loaded.place:
                loaded = queue
        if loaded is None:
            return self._needed(track, others, above=0.0)
        if not self._has_repaid(track):
            return loaded
        earlier = [queue for queue in others if self._is_later(loaded, queue)]
        return self._needed(track, earlier, above=self._seconds(track, loaded)) or loaded

    def _needed(self, track: Track, queues: list[_Queue], *, above: float) -> _Queue | None:
        """The queue others would be longest at, the first of such; None if all are done soon."""
        needs = ((self._need(track, queue), -queue.place, queue) for queue in queues)
        need, _, queue = max(needs, key=lambda n: n[:2], default=(0.0, 0, None))
        return queue if need > above else None

    def _seconds(self, track: Track, queue: _Queue) -> float:
        """That those with its checkpoint loaded need for it, if they are as fast as this one."""
        kind = queue.kind
        warm = self._warm.get(kind.checkpoint, 0)
        images = self._work[kind.checkpoint] / kind.work
        return images * track.lane.image(kind) / warm if warm else float("inf")

    def _need(self, track: Track, queue: _Queue) -> float:
        """The same, 0 if they are done before this one has loaded it and made an image."""
        seconds = self._seconds(track, queue)
        switch = track.starts(queue.kind) - track.free_in
        return seconds if seconds > switch + track.lane.image(queue.kind) else 0.0

    def _is_later(self, loaded: _Queue, needed: _Queue) -> bool:
        """Whether the one's first job is to come after the other's."""
        if loaded.head.job.session_id == needed.head.job.session_id:
            return loaded.head.batch_key > needed.head.batch_key
        return loaded.place - needed.place > _OTHERS_FIRST * len(self._tracks)

    def _has_repaid(self, track: Track) -> bool:
        lane, warm = track.lane, track.lane.warm
        if warm is None:
            return True
        return self._runs[lane.name] * lane.image(warm) >= 2 * lane.speeds.switch(lane.name, warm)

    def _take(self, track: Track, queue: _Queue) -> Prospect:
        _, entry = queue.jobs.popleft()
        if not queue.jobs:
            self._queues.remove(queue)
        kind = entry.kind
        self._work[kind.checkpoint] -= kind.work
        is_loaded = kind.checkpoint in track.loaded
        self._runs[track.lane.name] = self._runs[track.lane.name] + 1 if is_loaded else 1
        end = track.take(kind, 1)
        if not is_loaded:
            self._count(track, -1, but=kind.checkpoint)
            track.loaded = frozenset({kind.checkpoint})
            self._count(track, 1)
        return Prospect(entry, track.lane.name, end)

    def _count(self, track: Track, by: int, but: str = "") -> None:
        for checkpoint in track.loaded - {but}:
            self._warm[checkpoint] = self._warm.get(checkpoint, 0) + by
