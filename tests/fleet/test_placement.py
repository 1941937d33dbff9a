"""Which job a server takes next, rule by rule, and how well that does in virtual time."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.virtual_fleet import (
    Simulation,
    VirtualServer,
    best_makespan,
    crowd,
    lower_bound,
    makespan,
    simulate_mix,
    virtual_job,
)
from companion_app.fleet.jobs import Place
from companion_app.fleet.lanes import Lanes
from companion_app.fleet.line import WaitingLine, kind_of
from companion_app.fleet.placement import Placement

DRAFT = kind_of(virtual_job("draft", "a"))


class Desk:
    """A placement over servers of given speeds (seconds per image), all open, with its rules."""

    def __init__(self, **seconds: float) -> None:
        self.line, self.lanes = WaitingLine(), Lanes()
        self.placement = Placement(self.line, self.lanes, self)
        self.cannot: set[tuple[str, str]] = set()  # (server, checkpoint)
        self.asked = 0
        for name, value in seconds.items():
            self.lanes.open(name)
            self.lanes.speeds.measured(name, DRAFT, value, switched=False)

    def can_kind(self, server, kind):
        self.asked += 1
        return (server, kind.checkpoint) not in self.cannot

    def can_job(self, server, entry):
        return server not in entry.refusals and (server, entry.checkpoint) not in self.cannot

    def warm(self, **checkpoints):
        for name, checkpoint in checkpoints.items():
            self.lanes.begin(name, self.line.admit(virtual_job("was", checkpoint)), 0.0)
            self.lanes.ended(name, "was", 0.0)
        return self

    def submit(self, *checkpoints, prefix="", **traits):
        jobs = [virtual_job(f"{prefix}{n}", c, **traits) for n, c in enumerate(checkpoints)]
        self.line.put([self.line.admit(job) for job in jobs])
        return self

    def take(self, server, now=0.0):
        entry = self.placement.take(server, now)
        return entry and entry.job.id

    def make(self, server, now=0.0):
        """Take a job and be done with it."""
        entry = self.placement.take(server, now)
        if entry is None:
            return None
        self.lanes.ended(server, entry.job.id, now)
        return entry


MANY = 100  # jobs: the end of the work is far


def test_a_loaded_checkpoint_goes_before_the_order():
    desk = Desk(one=1.0).warm(one="b").submit("a", "b", "a", "b")
    assert [desk.make("one").job.id for _ in range(4)] == ["1", "3", "0", "2"]


def test_the_same_loras_go_before_the_order_too():
    desk = Desk(one=1.0).submit("a", loras=["x"]).submit("a", "a", prefix="y", loras=["y"])
    desk.submit("a", prefix="x", loras=["x"])
    assert [desk.make("one").job.id for _ in range(4)] == ["0", "x0", "y0", "y1"]


def test_a_cold_server_begins_with_what_no_other_has_loaded():
    desk = Desk(one=1.0, two=1.0).warm(two="a").submit(*["a"] * MANY, *["b"] * MANY)
    assert desk.make("one").checkpoint == "b"


def test_a_server_joins_others_only_if_that_is_worth_loading_the_checkpoint():
    jobs = ["a"] * 5
    desk = Desk(one=1.0, two=1.0).warm(two="a").submit(*jobs, prefix="first", batch="first")
    desk.submit(*["b"] * MANY, place=Place(rank=(1, 0)))
    assert desk.make("one").checkpoint == "b"
    desk = Desk(one=1.0, two=1.0).warm(two="a").submit(*["a"] * 30, batch="first")
    desk.submit(*["b"] * MANY, prefix="later", place=Place(rank=(1, 0)))
    assert desk.make("one").checkpoint == "a"


def test_priority_goes_before_what_is_loaded():
    desk = Desk(one=1.0).warm(one="a").submit(*["a"] * MANY)
    desk.submit("b", prefix="urgent", batch="urgent", place=Place(priority=1))
    assert desk.take("one") == "urgent0"


def two_batches() -> Desk:
    desk = Desk(one=1.0).warm(one="a").submit(*["b"] * MANY, batch="first")
    return desk.submit(*["a"] * MANY, prefix="second", batch="second")


def test_an_earlier_batch_of_a_session_goes_before_what_is_loaded():
    desk = two_batches()
    desk.lanes.speeds.measured("one", DRAFT, 1.5, switched=True)  # half a second for a switch
    assert {desk.make("one").job.batch_id for _ in range(MANY)} == {"first"}


def test_a_checkpoint_that_takes_long_to_load_is_used_for_a_while_first():
    desk = two_batches()
    made = [desk.make("one").job.batch_id for _ in range(2 * MANY)]
    assert made[:9] == ["second"] * 9
    assert made[9 : 9 + MANY] == ["first"] * MANY


def test_a_session_runs_ahead_for_a_loaded_checkpoint_but_only_so_far():
    desk = Desk(one=1.0).warm(one="a").submit(*["a"] * MANY, prefix="a", session="a")
    desk.submit(*["b"] * MANY, prefix="b", session="b", batch="other")
    made = [desk.make("one").job.session_id for _ in range(2 * MANY)]
    assert made[:33] == ["a"] * 33
    ahead = np.cumsum([1 if session == "a" else -1 for session in made])
    assert min(ahead) >= -33
    assert max(ahead) <= 33
    assert sum(left != right for left, right in pairwise(made)) < 8


def test_a_server_takes_only_what_it_can_make_and_is_asked_once_per_kind():
    desk = Desk(one=1.0, two=1.0)
    desk.cannot = {("one", "a")}
    desk.submit(*["a"] * MANY, *["b"] * MANY)
    assert {desk.make("one").checkpoint for _ in range(MANY)} == {"b"}
    assert desk.take("one") is None
    assert desk.asked <= 4
    desk.cannot.clear()
    desk.placement.relist()
    assert desk.take("one") is not None


def test_what_is_known_of_a_single_job_is_asked_too():
    desk = Desk(one=1.0).submit("a", "a")
    entry = desk.placement.take("one", 0.0)
    desk.lanes.ended("one", entry.job.id, 0.0)
    entry.refusals["one"] = "no"
    desk.line.put([entry])
    assert desk.make("one").job.id == "1"
    assert desk.take("one") is None
    desk.lanes.open("two")
    assert desk.make("two").job.id == "0"


def test_a_job_only_a_cold_server_may_take_does_not_wait_for_the_warm_one():
    desk = Desk(cold=1.0, warm=1.0).warm(warm="a")
    entries = [desk.line.admit(virtual_job(f"{n}", "a")) for n in range(MANY)]
    for entry in entries:
        entry.refusals["warm"] = "it ran out of memory"
    desk.line.put(entries)
    assert desk.make("cold") is not None


def test_a_server_holds_two_jobs_at_most_and_a_closed_one_takes_none():
    desk = Desk(one=1.0).submit(*["a"] * 5)
    assert [desk.take("one"), desk.take("one"), desk.take("one")] == ["0", "1", None]
    desk.lanes.ended("one", "0", 1.0)
    desk.lanes.close("one")
    assert desk.take("one") is None


def test_a_second_job_is_left_to_a_server_that_could_begin_with_it_at_once():
    desk = Desk(one=1.0, two=1.0).submit("a", "b")
    assert desk.take("one") == "0"
    assert desk.take("one") is None
    assert desk.take("two") == "1"


def test_that_holds_in_the_middle_of_the_work_too():
    desk = Desk(one=1.0, two=1.0).submit(*["a"] * MANY)
    assert [desk.take("one"), desk.take("one")] == ["0", None]
    assert [desk.take("two"), desk.take("two"), desk.take("one")] == ["1", "2", "3"]


def test_checkpoints_keep_pace_with_each_other_over_many_small_batches():
    desk = Desk(one=1.0, two=1.0).warm(one="a", two="b")
    desk.lanes["one"].run = 50
    for grid in range(MANY):
        jobs = ["b"] * 3 if grid % 5 else ["b", "b", "b", "a"]
        place = Place(rank=(float(grid), 0.0))
        desk.submit(*jobs, prefix=f"{grid}-", batch=f"{grid}", place=place)
        if grid == 0:
            desk.line.remove(desk.line.find("0-3"))
    assert desk.take("one") == "0-0"


def test_the_last_images_are_not_left_to_the_slowest_server():
    desk = Desk(slow=10.0, fast=1.0).warm(slow="a", fast="a").submit(*["a"] * 6)
    assert desk.take("slow") is None
    assert [desk.take("fast"), desk.take("fast")] == ["0", "1"]
    assert desk.take("slow") is None


def test_a_server_that_is_stuck_loses_what_was_dealt_to_it():
    desk = Desk(slow=4.0, fast=1.0).warm(slow="a", fast="a").submit(*["a"] * 3)
    assert [desk.take("fast"), desk.take("fast"), desk.take("slow")] == ["0", "1", None]
    assert desk.take("slow", now=20.0) == "2"


def test_a_queued_job_is_called_back_by_an_idle_server_that_is_done_sooner_and_only_once():
    desk = Desk(slow=10.0, fast=1.0).warm(slow="a", fast="a")
    desk.lanes.close("fast")
    desk.submit("a", "a")
    assert [desk.take("slow"), desk.take("slow")] == ["0", "1"]
    desk.lanes.open("fast")
    assert desk.placement.recall("slow", 0.0) is None
    assert desk.placement.recall("fast", 0.0) == "1"
    assert desk.placement.recall("fast", 0.0) is None
    entry = desk.lanes["slow"].begun["1"].entry
    desk.lanes.ended("slow", "1", 0.0)
    desk.line.put([entry])
    assert desk.take("slow") is None
    assert desk.take("fast") == "1"
    desk.placement.forget("1")


def test_a_queued_job_stays_where_it_is_done_about_as_soon():
    desk = Desk(one=1.0, two=1.0).warm(one="a", two="b")
    desk.lanes.close("two")
    desk.submit("a", "a")
    assert [desk.take("one"), desk.take("one")] == ["0", "1"]
    desk.lanes.open("two")
    assert desk.placement.recall("two", 0.0) is None


def test_the_forecast_shares_the_work_in_proportion_to_speed():
    desk = Desk(slow=3.0, fast=1.0).warm(slow="a", fast="a").submit(*["a"] * 40)
    prospects = desk.placement.forecast(0.0)
    assert Counter(p.server for p in prospects) == {"fast": 30, "slow": 10}
    assert max(p.done_in for p in prospects) == pytest.approx(30.0)


def test_the_forecast_counts_what_is_begun_and_leaves_out_what_nobody_makes():
    desk = Desk(one=1.0, two=1.0).warm(one="a", two="a")
    desk.cannot = {("one", "b"), ("two", "b"), ("two", "a")}
    desk.submit("a", "b", "a", "a")
    assert desk.take("one") == "0"
    placed = {p.entry.job.id: (p.server, p.done_in) for p in desk.placement.forecast(0.5)}
    assert placed == {
        "0": ("one", pytest.approx(0.5)),
        "2": ("one", pytest.approx(1.5)),
        "3": ("one", pytest.approx(2.5)),
    }


def test_the_forecast_of_a_long_line_comes_near_the_truth():
    simulation = simulate_mix((30, 30), (1.0, 4.0), np.random.default_rng(0))
    began = simulation.now
    mix = [f"checkpoint-{n % 3}" for n in range(600)]
    simulation.submit(virtual_job(f"next-{n}", c, batch="next") for n, c in enumerate(mix))
    foretold = max(p.done_in for p in simulation.placement.forecast(simulation.now))
    assert simulation.run() - began == pytest.approx(foretold, rel=0.15)


def test_a_thousand_images_take_hardly_longer_than_the_best_schedule():
    figures = makespan(seeds=3)
    assert figures["lp_bound_seconds"] <= figures["best_offline_seconds"]
    assert figures["makespan_ratio_worst"] <= 1.05


def test_the_best_schedule_is_found_where_it_can_be_counted_by_hand():
    assert best_makespan((4,), (1.0,)) == pytest.approx(9.0, rel=1e-3)
    assert best_makespan((10, 10), (1.0, 1.0)) == pytest.approx(15.0, rel=1e-3)
    assert best_makespan((10, 1), (1.0, 1.0)) == pytest.approx(13.0, rel=1e-3)
    assert lower_bound((10, 10), (1.0, 1.0)) == pytest.approx(15.0)


@pytest.mark.parametrize("speeds", [(1.0, 1.0), (1.0, 3.0), (1.0, 2.0, 3.0), (1.0, 1.0, 1.0)])
def test_a_grid_over_five_checkpoints_comes_near_the_best_schedule(speeds):
    ratios = [
        simulate_mix((4,) * 5, speeds, np.random.default_rng(seed)).now
        / best_makespan((4,) * 5, speeds)
        for seed in range(3)
    ]
    assert max(ratios) <= 1.15


def test_a_server_ten_times_slower_does_not_hold_a_grid_once_that_is_known():
    simulation = simulate_mix((10,), (1.0, 10.0), np.random.default_rng(0))
    began = simulation.now
    simulation.submit(virtual_job(f"next-{n}", "checkpoint-0") for n in range(20))
    assert simulation.run() - began <= 2.1


def test_grids_of_a_session_are_finished_in_their_order():
    simulation = Simulation([VirtualServer(f"studio-{n}", 1.0 + n) for n in range(4)])
    for grid in range(10):
        place = Place(rank=(float(grid), 0.0))
        simulation.submit(
            virtual_job(f"{grid}-{n}", f"checkpoint-{n % 5}", batch=f"{grid}", place=place)
            for n in range(20)
        )
    end = simulation.run()
    done = [max(simulation.ends[f"{grid}-{n}"] for n in range(20)) for grid in range(10)]
    late = [when - end * (grid + 1) / 10 for grid, when in enumerate(done)]
    assert max(late) <= 0.2 * end
    assert sum(server.loads for server in simulation.servers) <= 25


def test_nobody_starves_among_many_servers_and_sessions():
    figures = crowd(servers=32, jobs=1500, sessions=5, checkpoints=6, batch=50)
    assert figures["made"] == 1500
    assert figures["later_than_fair_share"] <= 0.35
    assert figures["session_spread"] <= 0.1


mixes = st.lists(st.sampled_from("abcd"), min_size=150, max_size=150)


@settings(max_examples=10, deadline=None)
@given(st.lists(mixes, min_size=2, max_size=3), st.lists(st.sampled_from([1, 2, 4]), min_size=3))
def test_sessions_that_always_have_work_get_the_same_share(mixes, speeds):
    servers = [VirtualServer(f"studio-{n}", float(v)) for n, v in enumerate(speeds[:4])]
    simulation = Simulation(servers)
    sizes = [256, 512, 512]
    simulation.submit(
        virtual_job(f"{n}-{k}", c, batch=f"{n}", session=f"{n}", size=sizes[n])
        for n, mix in enumerate(mixes)
        for k, c in enumerate(mix)
    )
    line = simulation.line.classes()[0]
    while all(sum(s.counts.values()) > 50 for s in line.by_turn()) and len(line.sessions) > 1:
        turns = [session.turn for session in line.by_turn()]
        assert turns[-1] - turns[0] <= (32 + 2) * line.mean_work + 512 * 512 * 20
        simulation.run(until=simulation.now + 1.0)
