"""Databases of former versions are brought up to date with everything in them."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

import pytest

from tests.stages.samples import make_recipe
from vibes.preferences import Choice
from vibes.storage import Effect, PictureFiles, Store, check, open_database
from vibes.storage.schema import (
    _FIRST_TABLES,
    _FOURTH_CHANGES,
    _SECOND_CHANGES,
    _THIRD_CHANGES,
)

NOW = "2026-01-01T00:00:00.000Z"
BRIEF = json.dumps({"prompt": "a beach", "tier": "sd15_draft"})


def first_version(directory):
    """A file as the first version left it: two grids, images in every state, their attempts."""
    db = sqlite3.connect(directory / "vibes.db")
    with db:
        for statement in _FIRST_TABLES:
            db.execute(statement)
        db.execute(
            "CREATE TABLE _sqlite_migrations"
            " (migration_set TEXT, name TEXT, applied_at TEXT, PRIMARY KEY (migration_set, name))"
        )
        db.execute("INSERT INTO _sqlite_migrations VALUES ('vibes', 'm001_initial', ?)", [NOW])
        db.execute("INSERT INTO profiles VALUES ('default', 1, ?)", [NOW])
        db.execute("INSERT INTO sessions VALUES ('s', 'Beach', 'x', 'default', NULL, ?)", [NOW])
        for grid in ("g", "h"):
            db.execute(
                "INSERT INTO grids (id, session_id, stage, action, brief, created)"
                " VALUES (?, 's', 0, 'generate', ?, ?)",
                [grid, BRIEF, NOW],
            )
        images = [
            ("planned", "g", 0, "planned", None),
            ("open", "g", 1, "submitted", "two"),
            ("made", "g", 2, "collected", "one"),
            ("failed", "g", 3, "failed", "one"),
            ("off", "h", 0, "cancelled", "two"),
        ]
        db.executemany(
            "INSERT INTO images (id, batch_id, position, recipe, reason, state, server)"
            f" VALUES (?, ?, ?, '{json.dumps(make_recipe().to_dict())}', 'because', ?, ?)",
            images,
        )
        attempts = [
            ("p1", "open", "one"),
            ("p2", "open", "two"),
            ("p3", "made", "one"),
            ("p4", "made", "two"),
            ("p5", "failed", "one"),
            ("p6", "off", "two"),
            ("p7", "planned", "one"),
        ]
        db.executemany(
            f"INSERT INTO jobs VALUES (?, ?, ?, 'hash', 1, '{NOW}')",
            attempts,
        )
    db.close()


def test_a_first_version_keeps_its_rows_and_learns_what_became_of_its_attempts(tmp_path):
    first_version(tmp_path)
    files = PictureFiles(tmp_path)
    files.write(files.original("made"), b"")
    files.write(files.thumbnail("made"), b"")
    store = Store(open_database(tmp_path))
    states = dict(store._db.execute("SELECT prompt_id, state FROM jobs").fetchall())
    assert states == {
        "p1": "adrift",
        "p2": "submitted",
        "p3": "collected",
        "p4": "returned",
        "p5": "failed",
        "p6": "cancelled",
        "p7": "returned",
    }
    assert store.jobs.under_way() == [("open", "one", "p1"), ("open", "two", "p2")]
    grid = store.grids.get("g")
    assert [image.state for image in grid.images] == ["planned", "submitted", "collected", "failed"]
    assert (grid.priority, grid.images[0].held) == (0, False)
    spots = [(spot.image_id, spot.batch_rank, spot.image_rank) for spot in store.queue.spots("s")]
    assert spots == [("planned", 1, 0), ("open", 1, 1)]
    store.close()
    assert check(tmp_path) == []


def second_version(directory):
    """A file as the second version left it, with a picked image and its event."""
    first_version(directory)
    db = sqlite3.connect(directory / "vibes.db")
    with db:
        for statement in _SECOND_CHANGES:
            db.execute(statement)
        db.execute("INSERT INTO _sqlite_migrations VALUES ('vibes', 'm002_queue', ?)", [NOW])
        db.execute("UPDATE images SET selection = 'selected', held = 1 WHERE id = 'made'")
        body = json.dumps(OLD_EVENT)
        db.execute("INSERT INTO events VALUES (7, 'e', 'default', 'g', ?)", [body])
    db.close()


OLD_EVENT = {
    "type": "GridSubmitted",
    "id": "e",
    "time": NOW,
    "profile": "default",
    "session": "s",
    "batch": "g",
    "stage": 0,
    "prompt": "a beach",
    "keywords": ["beach"],
    "images": [
        {
            "image_id": "made",
            "index": 2,
            "candidate": {"checkpoint": "epic", "loras": [{"name": "grain", "strength": 0.7}]},
            "picked": True,
            "scores": {},
            "checkpoint_propensity": None,
            "lora_propensities": {},
        }
    ],
    "policy": "selection_rate",
    "feedback": None,
}
"""As version 2 wrote it."""


def test_a_second_version_keeps_its_images_and_events(tmp_path):
    second_version(tmp_path)
    store = Store(open_database(tmp_path))
    image = store.grids.image("made")
    assert (image.choice, image.selection, image.held) == (None, "selected", True)
    [(sequence, event)] = store.events.after(0)
    assert (sequence, event.images[0].picked, event.policy_version) == (7, True, 0)
    store.events.append([replace(event, id="later")])
    [standing] = store.events.some(standing=True)
    assert standing.read().id == "later"
    store.grids.set_choices({"made": CHOICE})
    assert store.grids.image("made").choice == CHOICE
    store.close()


def third_version(directory):
    """A file as the third version left it, with something forgotten."""
    second_version(directory)
    db = sqlite3.connect(directory / "vibes.db")
    with db:
        for statement in _THIRD_CHANGES:
            db.execute(statement)
        db.execute("INSERT INTO _sqlite_migrations VALUES ('vibes', 'm003_taste', ?)", [NOW])
        db.execute("INSERT INTO forgettings (time, kind, events) VALUES (?, 'all', 3)", [NOW])
    db.close()


def test_a_third_version_keeps_what_was_forgotten_and_takes_what_is_found_out(tmp_path):
    third_version(tmp_path)
    store = Store(open_database(tmp_path))
    assert [forgetting.events for forgetting in store.forgettings.all()] == [3]
    assert store.effects.all() == []
    store.effects.put([EFFECT])
    assert store.effects.all() == [EFFECT]
    store.close()


def fourth_version(directory):
    """A file as the fourth version left it."""
    third_version(directory)
    db = sqlite3.connect(directory / "vibes.db")
    with db:
        for statement in _FOURTH_CHANGES:
            db.execute(statement)
        db.execute("INSERT INTO _sqlite_migrations VALUES ('vibes', 'm004_choices', ?)", [NOW])
    db.close()


def test_pictures_of_a_fourth_version_lie_in_no_bin_and_wait_for_their_scores(tmp_path):
    fourth_version(tmp_path)
    store = Store(open_database(tmp_path))
    assert store.grids.image("made").binned is None
    assert store.grids.image("made").size is None
    assert "made" in store.scorings.of_last_grids("a model", 9)
    store.close()


EFFECT = Effect(
    checkpoint="epic", lora="grain", server="one", works=False, how="keys", keys=0, time=NOW
)
CHOICE = Choice(
    policy="taste",
    version=1,
    decided=("loras",),
    relevance={"epic": 0.5},
    checkpoint_propensity=0.25,
    lora_propensities={"grain": 0.1},
)


@pytest.mark.parametrize("version", [first_version, second_version, third_version, fourth_version])
def test_the_migrated_tables_are_those_of_a_new_database(tmp_path, version):
    for directory in ("old", "new"):
        (tmp_path / directory).mkdir()
    version(tmp_path / "old")
    schemas = []
    for directory in ("old", "new"):
        db = open_database(tmp_path / directory)
        schemas.append({table.name: table.schema for table in db.tables if table.name[0] != "_"})
        db.close()
    assert schemas[0] == schemas[1]
