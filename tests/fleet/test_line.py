"""Who is next in the line, and what can be done to it."""

from __future__ import annotations

from itertools import groupby

import pytest

from benchmarks.virtual_fleet import virtual_job
from companion_app.fleet.jobs import Place
from companion_app.fleet.line import WaitingLine


def line_of(*jobs) -> WaitingLine:
    line = WaitingLine()
    line.put([line.admit(job) for job in jobs])
    return line


def ids(line: WaitingLine) -> list[str]:
    return [entry.job.id for entry in line]


def serve_all(line: WaitingLine, count: int) -> list[str]:
    """Serve strictly by turn, as servers without any checkpoint loaded would."""
    served = []
    for _ in range(count):
        entry = line.in_order()[0]
        turn = line.class_of(entry).by_turn()[0].turn
        line.serve(entry, turn, 1e12)
        served.append(entry.job.session_id)
    return served


def test_jobs_stand_by_priority_then_batch_then_image_then_arrival():
    line = line_of(
        virtual_job("late", "a", place=Place(rank=(2, 0))),
        virtual_job("second", "a", batch="first", place=Place(rank=(1, 2))),
        virtual_job("first", "a", batch="first", place=Place(rank=(1, 1))),
        virtual_job("third", "a", batch="first", place=Place(rank=(1, 2))),
        virtual_job("urgent", "a", batch="urgent", place=Place(priority=1, rank=(9, 9))),
        virtual_job("some day", "a", batch="low", place=Place(priority=-1)),
    )
    assert ids(line) == ["urgent", "first", "second", "third", "late", "some day"]


def test_batches_of_one_rank_stand_as_they_arrived():
    line = line_of(virtual_job("1", "a", batch="z"), virtual_job("2", "a", batch="y"))
    assert ids(line) == ["1", "2"]


def test_sessions_take_turns_in_work_not_in_images():
    drafts = [virtual_job(f"d{n}", "a", session="drafts", size=256) for n in range(40)]
    finals = [virtual_job(f"f{n}", "a", session="finals", size=512) for n in range(10)]
    line = line_of(*finals, *drafts)
    assert serve_all(line, 20).count("drafts") == 16


def test_a_session_that_comes_late_has_no_credit_and_no_debt():
    line = line_of(*(virtual_job(f"e{n}", "a", session="early") for n in range(40)))
    serve_all(line, 20)
    late = [line.admit(virtual_job(f"l{n}", "a", session="late")) for n in range(20)]
    line.put(late)
    served = serve_all(line, 20)
    assert abs(served.count("late") - served.count("early")) <= 2
    assert max(len(list(run)) for _, run in groupby(served)) <= 2


def test_a_session_that_ran_ahead_and_comes_back_at_once_is_still_ahead():
    line = line_of(
        *(virtual_job(f"g{n}", "a", session="greedy") for n in range(4)),
        *(virtual_job(f"p{n}", "a", session="patient") for n in range(8)),
    )
    for n in range(4):
        entry = line.find(f"g{n}")
        line.serve(entry, 0.0, 1e12)
    line.put([line.admit(virtual_job("g9", "a", session="greedy"))])
    assert serve_all(line, 4) == ["patient"] * 4


def test_a_job_is_charged_once_however_often_it_is_tried():
    line = line_of(virtual_job("1", "a", session="one"), virtual_job("2", "a", session="two"))
    for _ in range(5):
        entry = line.find("1")
        line.serve(entry, 0.0, 1e12)
        line.put([entry])
    turns = sorted(session.turn for session in line.classes()[0].by_turn())
    assert turns == [0.0, entry.kind.work]


def test_a_job_put_back_returns_to_its_old_place():
    line = line_of(*(virtual_job(str(n), "a") for n in range(3)))
    entry = line.find("0")
    line.remove(entry)
    assert ids(line) == ["1", "2"]
    line.put([entry])
    assert ids(line) == ["0", "1", "2"]


def test_jobs_of_a_paused_batch_and_held_jobs_wait_but_cannot_be_taken():
    line = line_of(
        virtual_job("1", "a", batch="one"),
        virtual_job("2", "a", batch="two"),
        virtual_job("3", "a", batch="two", place=Place(held=True)),
    )
    line.pause("one")
    assert [entry.job.id for entry in line.in_order()] == ["2"]
    assert ids(line)[0] == "2"
    assert len(line) == 3
    line.put([line.admit(virtual_job("4", "a", batch="one"))])
    assert line.takeable_count == 1
    line.resume("one")
    line.arrange("3", Place())
    assert line.takeable_count == 4


def test_a_job_can_be_moved_and_held_and_its_priority_changed():
    changes = []
    line = WaitingLine(lambda: changes.append(1))
    line.put([line.admit(virtual_job(str(n), "a", place=Place(rank=(0, n)))) for n in range(3)])
    line.arrange("2", Place(rank=(0, 0.5)))
    assert ids(line) == ["0", "2", "1"]
    line.arrange("1", Place(priority=1))
    assert ids(line)[0] == "1"
    line.arrange("1", Place(held=True))
    assert line.takeable_count == 2
    line.arrange("gone", Place())
    assert len(changes) == 4


def test_the_jobs_of_a_batch_are_found_and_removed():
    line = line_of(
        virtual_job("1", "a"), virtual_job("2", "b"), virtual_job("3", "a", batch="other")
    )
    gone = line.of_batch("batch")
    assert [entry.job.id for entry in gone] == ["1", "2"]
    for entry in gone:
        line.remove(entry)
    assert ids(line) == ["3"]
    assert line.of_batch("batch") == []


def test_jobs_are_reclaimed_by_the_server_that_may_still_have_them():
    line = WaitingLine()
    first, second = (line.admit(virtual_job(str(n), "a")) for n in range(2))
    first.traces.update({"studio-1": "prompt", "studio-2": "other"})
    line.put([first, second])
    assert line.reclaim("studio-3") == []
    assert line.reclaim("studio-1") == [first]
    assert line.reclaim("studio-2") == []
    assert ids(line) == ["1"]


def test_what_does_not_wait_cannot_be_removed():
    line = line_of(virtual_job("1", "a"))
    entry = line.find("1")
    line.remove(entry)
    assert "1" not in line
    with pytest.raises(KeyError):
        line.remove(entry)
