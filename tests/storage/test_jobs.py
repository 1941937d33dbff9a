"""What is known of every attempt at an image, and that image and attempts never disagree."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stages.samples import make_grid
from vibes.stages import OPEN_STATES, Session, submitted
from vibes.storage import PictureFiles, Store, Submission, check, open_database
from vibes.storage.faults import KEPT, Fault

NOW = "2026-01-01T00:00:00.000Z"
LATER = "2026-01-01T00:00:09.000Z"


def opened(directory, images=2):
    """A store with one grid of planned images."""
    store = Store(open_database(directory))
    store.profiles.ensure("default", NOW)
    store.sessions.add(Session(id="session", name="", flow="x", profile="default", created=NOW))
    store.grids.add(make_grid(images, states=dict.fromkeys(range(images), "planned")))
    return store


@pytest.fixture
def store(tmp_path):
    store = opened(tmp_path)
    yield store
    store.close()


def submit(store, prompt="p", image="grid-0", server="one", attempt=1):
    return store.jobs.submit(
        Submission(
            image_id=image,
            server=server,
            prompt_id=prompt,
            graph_hash="hash",
            attempt=attempt,
            submitted=NOW,
        )
    )


def attempts(store):
    rows = store._db.execute("SELECT prompt_id, state, error, ended FROM jobs ORDER BY rowid")
    return list(rows.fetchall())


def test_a_submission_marks_its_image_and_is_found_after_a_restart(store):
    step = submit(store)
    assert (step.state, step.server, step.counts) == (
        "submitted",
        "one",
        {"planned": 1, "submitted": 1},
    )
    assert store.jobs.under_way() == [("grid-0", "one", "p")]
    assert submit(store) == step  # told again because the first time it was not sure
    assert attempts(store) == [("p", "submitted", None, None)]


def test_an_attempt_that_comes_back_lets_its_image_wait_again(store):
    submit(store)
    step = store.jobs.give_back("p", adrift=False, why="one: no.", ended=LATER)
    assert (step.state, step.server) == ("planned", None)
    assert attempts(store) == [("p", "returned", "one: no.", LATER)]
    assert store.jobs.give_back("p", adrift=False, why="one: no.", ended=LATER) is None
    assert store.jobs.under_way() == []


def test_an_attempt_lost_with_its_server_is_still_looked_for(store):
    submit(store)
    assert store.jobs.give_back("p", adrift=True, why="gone", ended=LATER).state == "planned"
    submit(store, "q", server="two", attempt=2)
    assert store.jobs.under_way() == [("grid-0", "one", "p"), ("grid-0", "two", "q")]
    step = store.jobs.settle("grid-0", "collected", server="one", ended=LATER)
    assert (step.state, step.server) == ("collected", "one")
    assert [(prompt, state) for prompt, state, *_ in attempts(store)] == [
        ("p", "collected"),
        ("q", "adrift"),
    ]
    assert store.jobs.drop("q", ended=LATER) is None
    assert attempts(store)[1] == ("q", "returned", None, LATER)


def test_a_late_result_changes_nothing(store):
    submit(store)
    store.jobs.settle("grid-0", "cancelled", ended=LATER)
    assert attempts(store) == [("p", "adrift", None, None)]
    assert store.jobs.settle("grid-0", "collected", server="one", ended=LATER) is None
    assert submit(store, "q") is None
    assert attempts(store)[1][:2] == ("q", "adrift")
    store.jobs.drop("p", ended=LATER)
    assert attempts(store)[0] == ("p", "cancelled", None, LATER)


def test_a_failure_is_kept_with_its_attempt_even_when_that_was_given_back_first(store):
    submit(store)
    store.jobs.give_back("p", adrift=False, why="one: no.", ended=NOW)
    step = store.jobs.settle("grid-0", "failed", server="one", error="one: no.", ended=LATER)
    assert (step.state, step.error) == ("failed", "one: no.")
    assert attempts(store) == [("p", "failed", "one: no.", LATER)]


def test_leaving_a_grid_casts_off_what_is_on_its_way(store):
    submit(store)
    store.grids.leave(submitted(store.grids.get("grid")))
    assert store.grids.image("grid-0").state == "cancelled"
    assert attempts(store)[0][1] == "adrift"


def test_a_deleted_image_takes_no_attempt(store):
    assert submit(store, image="nothing") is None
    assert store.jobs.settle("nothing", "failed", ended=NOW) is None
    assert attempts(store) == []


PROMPTS = st.sampled_from(["a", "b", "c", "d"])
IMAGES = st.integers(0, 1)
SERVERS = st.sampled_from(["one", "two"])
CALLS = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), PROMPTS, SERVERS),
        st.tuples(st.just("give back"), PROMPTS, st.booleans()),
        st.tuples(st.just("drop"), PROMPTS),
        st.tuples(st.just("settle"), IMAGES, st.sampled_from(["collected", "failed"]), SERVERS),
        st.tuples(st.just("settle"), IMAGES, st.sampled_from(["cancelled", "failed"]), st.none()),
        st.tuples(st.just("retry"), IMAGES),
        st.tuples(st.just("leave")),
    ),
    max_size=25,
)


def call(store, files, act, *told):
    if act == "submit":
        prompt, server = told
        # A prompt id belongs to one image: two of the four to each.
        submit(store, prompt, f"grid-{'abcd'.index(prompt) // 2}", server)
    elif act == "give back":
        store.jobs.give_back(told[0], adrift=told[1], why="why", ended=LATER)
    elif act == "drop":
        store.jobs.drop(told[0], ended=LATER)
    elif act == "settle":
        image, state, server = told
        step = store.jobs.settle(f"grid-{image}", state, server=server, ended=LATER)
        if step and state == "collected":
            files.write(files.original(step.id), b"")
            files.write(files.thumbnail(step.id), b"")
    elif act == "retry":
        image = store.grids.image(f"grid-{told[0]}")
        if image.state == "failed":
            store.grids.reopen([image.id])
    else:
        store.grids.leave(submitted(store.grids.get("grid")))


@settings(max_examples=60, deadline=None)
@given(CALLS)
def test_no_sequence_of_calls_makes_images_and_attempts_disagree(calls):
    with tempfile.TemporaryDirectory() as directory:
        store = opened(Path(directory))
        files = PictureFiles(Path(directory))
        for act in calls:
            before = {image.id: image.state for image in store.grids.get("grid").images}
            call(store, files, *act)
            call(store, files, *act)  # again: whatever is repeated changes nothing more
            for image in store.grids.get("grid").images:
                ended = before[image.id] not in OPEN_STATES
                assert not ended or image.state == before[image.id] or act[0] == "retry"
            assert list(store.jobs.faults()) == []
        store.close()
        assert check(Path(directory)) == []


def test_the_newest_faults_of_each_server_are_remembered(store):
    for number in range(KEPT + 5):
        store.faults.add(Fault(server="one", time=NOW, kind="failed", sentence=str(number)))
    store.faults.add(Fault(server="two", time=NOW, kind="lost", sentence="x", image_id="grid-0"))
    found = store.faults.of("one", 1000)
    assert [fault.sentence for fault in found[:2]] == [str(KEPT + 4), str(KEPT + 3)]
    assert len(found) == KEPT
    assert [fault.image_id for fault in store.faults.of("two")] == ["grid-0"]
