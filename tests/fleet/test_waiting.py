"""Which job a server takes next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from companion_app.fleet.waiting import PATIENCE, WaitingLine, despair


def anything(_) -> bool:
    return True


def line_of(job, *checkpoints: str, **more) -> WaitingLine:
    line = WaitingLine()
    line.put([line.admit(job(f"{n}", checkpoint=c, **more)) for n, c in enumerate(checkpoints)])
    return line


def test_a_warm_checkpoint_goes_before_the_order(job):
    line = line_of(job, "a", "b", "a", "b")
    assert line.take(anything, warm="b").job.id == "1"
    assert line.take(anything, warm="b").job.id == "3"
    assert line.take(anything, warm="b").job.id == "0"


def test_a_cold_server_begins_with_what_no_other_has_loaded(job):
    line = line_of(job, "a", "a", "b")
    assert line.take(anything, warm_elsewhere={"a"}).job.id == "2"
    assert line.take(anything, warm_elsewhere={"a"}).job.id == "0"


def test_priority_goes_before_warmth(job):
    line = line_of(job, "a", "a")
    line.put([line.admit(job("urgent", checkpoint="b", priority=1))])
    assert line.take(anything, warm="a").job.id == "urgent"


def test_a_job_is_passed_over_only_so_often(job):
    line = line_of(job, "cold", *["warm"] * (PATIENCE + 5))
    taken = [line.take(anything, warm="warm").job.id for _ in range(PATIENCE + 1)]
    assert taken[-1] == "0"


def test_a_server_takes_only_what_it_can_make(job):
    line = line_of(job, "a", "b")
    assert line.take(lambda e: e.checkpoint == "b", warm="a").job.id == "1"
    assert line.take(lambda e: e.checkpoint == "b") is None


def test_jobs_of_a_paused_batch_stay_in_the_line(job):
    line = line_of(job, "a")
    line.pause("batch")
    assert line.take(anything) is None
    line.resume("batch")
    assert line.take(anything).job.id == "0"


def test_a_job_put_back_returns_to_its_old_place(job):
    line = line_of(job, "a", "a", "a")
    first = line.take(anything)
    line.put([first])
    assert [entry.job.id for entry in line] == ["0", "1", "2"]


def test_a_batch_is_removed_whole(job):
    line = line_of(job, "a", "b")
    line.put([line.admit(job("other", batch="other"))])
    assert [gone.id for gone in line.remove_batch("batch")] == ["0", "1"]
    assert [entry.job.id for entry in line] == ["other"]


def test_jobs_are_reclaimed_by_the_server_that_may_still_have_them(job):
    line = line_of(job, "a", "a")
    entry = next(iter(line))
    entry.traces["studio-1"] = "prompt"
    assert line.reclaim("studio-2") == []
    assert line.reclaim("studio-1") == [entry]
    assert len(line) == 1


def test_hope_ends_only_when_every_server_refuses():
    assert despair({}) is None
    assert despair({"one": "one: no", "two": None}) is None
    assert despair({"one": "one: no.", "two": "two: neither"}) == (
        "No server can make this image: one: no; two: neither."
    )


servers = st.lists(st.sampled_from(["left", "right"]), max_size=80)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=40), servers)
def test_every_job_is_taken_exactly_once_however_servers_take_turns(job, checkpoints, turns):
    line = line_of(job, *checkpoints)
    warm: dict[str, str] = {}
    taken = []
    for server in [*turns, *["left"] * len(checkpoints)]:
        others = {c for name, c in warm.items() if name != server}
        entry = line.take(anything, warm=warm.get(server), warm_elsewhere=others)
        if entry is not None:
            warm[server] = entry.checkpoint
            taken.append(entry.job.id)
    assert sorted(taken) == sorted(str(n) for n in range(len(checkpoints)))
    assert len(line) == 0
