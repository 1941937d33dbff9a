"""Waiting jobs by batch, checkpoint and kind, so that a server is asked once per kind."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from .jobs import Job, Place


class Kind(NamedTuple):
    """What jobs ask of a server: those of one kind run on the same servers, and equally long.

    ``extras`` holds names of other things a server must have.
    """

    template: str
    checkpoint: str
    loras: tuple[str, ...]
    tier: str
    width: int
    height: int
    steps: int
    extras: tuple[str, ...] = ()

    @property
    def work(self) -> float:
        """How much there is to compute, in pixels times steps."""
        return float(self.width * self.height * max(self.steps, 1))


def kind_of(job: Job) -> Kind:
    """The kind of a job, as its recipe tells."""
    recipe = job.recipe
    candidate = recipe.candidate
    loras = tuple(sorted({lora.name for lora in candidate.loras}))
    size = (recipe.tier, recipe.width, recipe.height, recipe.steps)
    return Kind(recipe.template, candidate.checkpoint, loras, *size)


@dataclass(eq=False)
class WaitingJob:
    """A job with what has been tried; ``order`` and ``batch_order`` tell when they arrived.

    What a server must be asked about this very job – ``refusals``, ``failures``, ``traces`` –
    changes only while the job is out of the line.
    """

    job: Job
    place: Place
    kind: Kind
    order: int
    batch_order: int
    attempts: int = 0
    charged: bool = False  # its session has been charged for it
    refusals: dict[str, str] = field(default_factory=dict)  # server → why it will never make it
    failures: list[tuple[str, str]] = field(default_factory=list)  # (server, its message)
    traces: dict[str, str] = field(default_factory=dict)  # server → prompt id it may still know
    losses: dict[str, int] = field(default_factory=dict)  # server → times it forgot the job

    def failed_on(self, server: str) -> bool:
        """Whether a render of this job went wrong there."""
        return any(server == name for name, _ in self.failures)

    @property
    def checkpoint(self) -> str:
        """Catalog name of the checkpoint it needs."""
        return self.kind.checkpoint

    @property
    def is_marked(self) -> bool:
        """Whether there is something about this job that its kind does not tell."""
        return bool(self.refusals or self.failures or self.traces)

    @property
    def batch_key(self) -> BatchKey:
        """Orders the batches of one session."""
        return self.place.rank[0], self.batch_order, self.job.batch_id

    @property
    def spot(self) -> tuple[float, int]:
        """Orders the jobs of one batch."""
        return self.place.rank[1], self.order


Can = Callable[[WaitingJob], bool]
Spot = tuple[float, int, WaitingJob]
BatchKey = tuple[float, int, str]  # rank, arrival, id


class KindLine:
    """The jobs of one kind in one batch, in order; marked ones apart."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._plain: list[Spot] = []
        self._marked: list[Spot] = []

    def __len__(self) -> int:
        return len(self._plain) + len(self._marked)

    def put(self, entry: WaitingJob) -> None:
        """Let it stand in its spot."""
        insort(self._list_of(entry), (*entry.spot, entry))

    def remove(self, entry: WaitingJob) -> None:
        """Take it out."""
        spots = self._list_of(entry)
        del spots[bisect_left(spots, (*entry.spot, entry))]

    @property
    def has_plain(self) -> bool:
        """Whether there are jobs about which nothing is known but their kind."""
        return bool(self._plain)

    def first(self, can: Can, *, plain: bool) -> WaitingJob | None:
        """The first job: unmarked ones if ``plain``, marked ones only if ``can`` says so."""
        heads = self._plain[:1] if plain else []
        heads += [spot for spot in self._marked if can(spot[2])][:1]
        return min(heads)[2] if heads else None

    def entries(self) -> Iterator[WaitingJob]:
        """All of them, in no particular order."""
        return (spot[2] for spot in (*self._plain, *self._marked))

    def _list_of(self, entry: WaitingJob) -> list[Spot]:
        return self._marked if entry.is_marked else self._plain


class Asked:
    """Remembers which servers found nothing in a part of the line, until something is added."""

    def __init__(self) -> None:
        self._in_vain: dict[str, tuple[int, int]] = {}
        self._grown = 0

    def grew(self) -> None:
        """Something was added: everybody may look again."""
        self._grown += 1

    def in_vain(self, server: str, era: int) -> None:
        """The server found nothing; ``era`` counts the changes of what servers can."""
        self._in_vain[server] = (self._grown, era)

    def was_in_vain(self, server: str, era: int) -> bool:
        """Whether it would find nothing again."""
        return self._in_vain.get(server) == (self._grown, era)


class BatchLine:
    """The jobs of one batch by checkpoint, then by kind."""

    def __init__(self, key: BatchKey) -> None:
        self.key = key
        self.asked = Asked()
        self.checkpoints: dict[str, dict[Kind, KindLine]] = {}
        self.work: dict[str, float] = {}  # by checkpoint

    def put(self, entry: WaitingJob) -> None:
        """Let it stand in its spot."""
        kinds = self.checkpoints.setdefault(entry.checkpoint, {})
        kinds.setdefault(entry.kind, KindLine(entry.kind)).put(entry)
        self.work[entry.checkpoint] = self.work.get(entry.checkpoint, 0.0) + entry.kind.work
        self.asked.grew()

    def remove(self, entry: WaitingJob) -> None:
        """Take it out."""
        kinds = self.checkpoints[entry.checkpoint]
        kinds[entry.kind].remove(entry)
        self.work[entry.checkpoint] -= entry.kind.work
        if not kinds[entry.kind]:
            del kinds[entry.kind]
        if not kinds:
            del self.checkpoints[entry.checkpoint], self.work[entry.checkpoint]

    def entries(self, wanted: Callable[[Kind], bool]) -> list[WaitingJob]:
        """Those of the wanted kinds, in order."""
        lines = (line for kinds in self.checkpoints.values() for line in kinds.values())
        found = (entry for line in lines if wanted(line.kind) for entry in line.entries())
        return sorted(found, key=lambda entry: entry.spot)
