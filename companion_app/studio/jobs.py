"""Open images as jobs for the fleet, with their places and what servers may have of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from companion_app.fleet import Job, Place
from vibes.storage import OpenJob, Spot, Store

Traces = dict[str, dict[str, str]]
"""Image id → server → the prompt id it was sent there under."""


@dataclass(frozen=True, slots=True)
class OpenJobs:
    """Jobs to hand to the fleet, the batches of theirs that are paused, and where to look first.

    ``orphans`` are prompts by server that nobody wants, which servers may still have.
    """

    jobs: list[Job]
    paused: set[str]
    traces: Traces
    orphans: dict[str, set[str]] = field(default_factory=dict)


def of_images(store: Store, batch_id: str, image_ids: Collection[str]) -> OpenJobs:
    """Those of these images of a batch that are open."""
    found = [one for one in store.queue.open_jobs(batch_id) if one.spot.image_id in image_ids]
    return _open_jobs(found, store.jobs.under_way({one.spot.image_id for one in found}))


def of_former_run(store: Store) -> OpenJobs:
    """Everything a former run left open, and the prompts it left behind."""
    return _open_jobs(store.queue.open_jobs(), store.jobs.under_way())


def place_of(spot: Spot) -> Place:
    """A stored place as the fleet takes it."""
    return Place(spot.priority, (spot.batch_rank, spot.image_rank), spot.held)


def _open_jobs(found: list[OpenJob], under_way: Iterable[tuple[str, str, str]]) -> OpenJobs:
    jobs = [_job(one) for one in found]
    wanted = {job.id for job in jobs}
    traces: Traces = {}
    orphans: dict[str, set[str]] = defaultdict(set)
    for image_id, server, prompt_id in under_way:
        if image_id not in wanted:
            orphans[server].add(prompt_id)
            continue
        known = traces.setdefault(image_id, {})
        if server in known:  # one look per server: the latest prompt there is the one to adopt
            orphans[server].add(known[server])
        known[server] = prompt_id
    paused = {one.spot.batch_id for one in found if one.paused}
    return OpenJobs(jobs, paused, traces, dict(orphans))


def _job(one: OpenJob) -> Job:
    spot = one.spot
    return Job(spot.image_id, spot.batch_id, spot.session_id, one.recipe, place_of(spot))
