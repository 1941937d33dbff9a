"""Open images as jobs for the fleet, with their places and what servers may have of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from companion_app.fleet import Job, Place
from vibes.preferences.sentences import split
from vibes.recipes import Recipe
from vibes.storage import OpenJob, Spot, Store
from vibes.workflows import record_of_recipe

from .reasoning import LEVELS, Details, deepened

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
    spot, record = one.spot, record_of(one.recipe, one.reason, one.details)
    return Job(spot.image_id, spot.batch_id, spot.session_id, one.recipe, place_of(spot), record)


def record_of(recipe: Recipe, reason: str, details: Details) -> dict[str, Any]:
    """What a picture tells of itself, JSON-ready: how it was made and why so, but not for whom."""
    said = split(reason)
    explanation = {
        level: tuple(deepened(lambda name: said[:1] if name == "minimal" else said, details, level))
        for level in LEVELS
    }
    why = {"reason": reason, "explanation": explanation}
    return record_of_recipe(recipe).model_copy(update=why).to_dict()
