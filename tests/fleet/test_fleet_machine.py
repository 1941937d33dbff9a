"""Whatever happens, every job ends in the way it should: a machine that tries it all.

Rules act on the real fleet, on simulated servers and on the studio's record, in any order; after
each the books must agree, and once everything is healed every job must come to its end.
"""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from .durable_log import Image
from .inspection import check, finish
from .simulated_studio import CHECKPOINTS, SERVERS, SIZES, World

servers = st.sampled_from(sorted(SERVERS))
moments = st.sampled_from([0.0, 0.006, 0.05, 0.7, 3.0, 12.0, 45.0])  # seconds
some = st.integers(0, 30)
FAULTS: list[dict[str, object]] = [
    {"away": "refusing"},
    {"away": "silent"},
    {"slow": True},
    {"crawls": True},
    {"hangs": True},
    {"hangs": True, "deaf": True},
    {"renders": "error"},
    {"renders": "empty"},
    {"refuses": True},
    {"memory": SIZES[1] ** 2},
    {"memory": 1},
    {"pictures": "garbage"},
    {"pictures": "gone"},
    {"mute": True},
    {"no_socket": True},
]
METHODS = ("queue", "finished", "post", "delete", "interrupt", "view", "upload")
MISHAPS = (*("restart", "drop_sockets", "clear_pending", "clear_history", "somebody_interrupts"),)


class FleetMachine(RuleBasedStateMachine):
    """See the module."""

    @initialize()
    def begin(self) -> None:
        self.world = World()
        self.world.loop.run_for(1)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            if not self.world.violations:
                finish(self.world)
        finally:
            self.world.close()
        assert not self.world.violations, self.world.violations

    @invariant()
    def the_books_agree(self) -> None:
        if hasattr(self, "world"):
            check(self.world)

    # --- the owner ---------------------------------------------------------------------------

    @rule(
        count=st.integers(1, 5),
        session=st.integers(0, 2),
        priority=st.sampled_from([0, -1, 1]),
        checkpoint=st.sampled_from(CHECKPOINTS),
        size=st.sampled_from(SIZES),
        template=st.sampled_from(["draft", "draft", "refine"]),
        then=moments,
    )
    def submit(
        self,
        count: int,
        session: int,
        priority: int,
        checkpoint: str,
        size: int,
        template: str,
        then: float,
    ) -> None:
        self.world.submit(
            count,
            session=session,
            priority=priority,
            checkpoint=checkpoint,
            size=size,
            template=template,
        )
        self.world.loop.run_for(then)

    def image(self, number: int) -> Image:
        images = list(self.world.record.images.values())
        wanted = self.world.record.open() or images
        return wanted[number % len(wanted)]

    def has_images(self) -> bool:
        return hasattr(self, "world") and bool(self.world.record.images)

    @precondition(has_images)
    @rule(which=some, how=st.sampled_from(["batch", "job"]), then=moments)
    def cancel(self, which: int, how: str, then: float) -> None:
        job = self.image(which).job
        if how == "batch":
            self.world.cancel_batch(job.batch_id)
        else:
            self.world.cancel_job(job.id)
        self.world.loop.run_for(then)

    @precondition(has_images)
    @rule(which=some, rests=st.booleans(), then=moments)
    def pause_or_resume(self, which: int, rests: bool, then: float) -> None:
        (self.world.pause if rests else self.world.resume)(self.image(which).job.batch_id)
        self.world.loop.run_for(then)

    @precondition(has_images)
    @rule(which=some, held=st.booleans(), then=moments)
    def hold_or_release(self, which: int, held: bool, then: float) -> None:
        self.world.arrange([self.image(which)], held=held)
        self.world.loop.run_for(then)

    @precondition(has_images)
    @rule(which=some, priority=st.integers(-1, 1), rank=st.integers(0, 9), then=moments)
    def move(self, which: int, priority: int, rank: int, then: float) -> None:
        images = self.world.of_batch(self.image(which).job.batch_id)
        self.world.arrange(images, priority=priority, rank=(float(rank), 0.5))
        self.world.loop.run_for(then)

    @precondition(lambda self: self.has_images())
    @rule(which=some, then=moments)
    def retry(self, which: int, then: float) -> None:
        failed = [i for i in self.world.record.images.values() if i.state == "failed"]
        if failed:
            self.world.retry(failed[which % len(failed)].job.batch_id)
        self.world.loop.run_for(then)

    @rule(name=servers, draining=st.booleans(), then=moments)
    def drain_or_use(self, name: str, draining: bool, then: float) -> None:
        self.world.drain(name, draining=draining)
        self.world.loop.run_for(then)

    @rule(name=servers, then=moments)
    def add(self, name: str, then: float) -> None:
        self.world.add(name)
        self.world.loop.run_for(then)

    @rule(name=servers, then=moments)
    def remove(self, name: str, then: float) -> None:
        self.world.remove(name)
        self.world.loop.run_for(then)

    @rule(kill=st.booleans(), then=moments)
    def restart_the_studio(self, kill: bool, then: float) -> None:
        self.world.restart(kill=kill)
        self.world.loop.run_for(then)

    # --- trouble -----------------------------------------------------------------------------

    @rule(name=servers, fault=st.sampled_from(FAULTS), then=moments)
    def strike(self, name: str, fault: dict[str, object], then: float) -> None:
        self.world.servers[name].set_faults(**fault)
        self.world.loop.run_for(then)

    @rule(name=servers, then=moments)
    def heal(self, name: str, then: float) -> None:
        self.world.servers[name].heal()
        self.world.loop.run_for(then)

    @rule(
        name=servers,
        method=st.sampled_from(METHODS),
        reply=st.booleans(),
        count=st.integers(1, 5),
        then=moments,
    )
    def lose(self, name: str, method: str, reply: bool, count: int, then: float) -> None:
        server = self.world.servers[name]
        (server.lost_replies if reply else server.lost_requests)[method] += count
        self.world.loop.run_for(then)

    @rule(name=servers, mishap=st.sampled_from(MISHAPS), then=moments)
    def mishap(self, name: str, mishap: str, then: float) -> None:
        getattr(self.world.servers[name], mishap)()
        self.world.loop.run_for(then)

    @rule(name=servers, count=st.integers(1, 3), then=moments)
    def somebody_else_queues(self, name: str, count: int, then: float) -> None:
        self.world.queue_foreign(name, count)
        self.world.loop.run_for(then)

    @rule(name=servers, checkpoint=st.sampled_from(CHECKPOINTS), there=st.booleans(), then=moments)
    def install(self, name: str, checkpoint: str, there: bool, then: float) -> None:
        self.world.servers[name].install(checkpoint, there=there)
        self.world.loop.run_for(then)

    @rule(
        broken=st.sampled_from(["", "before", "after"]),
        seconds=st.sampled_from([0.0, 0.0, 0.02, 1.5]),
        then=moments,
    )
    def storage(self, broken: Literal["", "before", "after"], seconds: float, then: float) -> None:
        self.world.trouble_storage(broken, seconds)
        self.world.loop.run_for(then)

    @rule(seconds=st.sampled_from([0.05, 1.0, 5.0, 20.0, 90.0, 320.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.loop.run_for(seconds)


DEFAULT = settings(
    max_examples=250,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink),
)


def test_every_job_ends_as_it_should_whatever_happens() -> None:
    run_state_machine_as_test(FleetMachine, settings=DEFAULT)


@pytest.mark.slow
def test_every_job_ends_as_it_should_whatever_happens_for_a_long_time() -> None:
    thorough = settings(
        DEFAULT, max_examples=1500, stateful_step_count=60, derandomize=False, print_blob=True
    )
    run_state_machine_as_test(FleetMachine, settings=thorough)
