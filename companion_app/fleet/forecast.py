"""Who will probably make what, and when: pull in slow motion, with measured speeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .jobs import Job


@dataclass(slots=True)
class Lane:
    """A server as the forecast sees it; both in seconds."""

    seconds_per_image: float
    free_in: float = 0.0


class Placement(NamedTuple):
    """A job, the server that will make it, and the seconds until it is done."""

    job: Job
    server: str
    done_in: float


def forecast(
    jobs: Iterable[Job], lanes: Mapping[str, Lane], can: Callable[[str, Job], bool]
) -> list[Placement]:
    """Give each job in turn to the server that would finish it first.

    Jobs no server can make are left out. ``lanes`` is used up.
    """
    placements = []
    for job in jobs:
        ends = {
            server: lane.free_in + lane.seconds_per_image
            for server, lane in lanes.items()
            if can(server, job)
        }
        if ends:
            server = min(ends, key=ends.__getitem__)
            lanes[server].free_in = ends[server]
            placements.append(Placement(job, server, ends[server]))
    return placements
