from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.preferences.samples import NOON, events, grid_events, submitted
from vibes.errors import InvalidInput
from vibes.preferences import (
    TYPES,
    GridRejected,
    GridSubmitted,
    Statistics,
    export_document,
    import_document,
    lesson,
    new_policy,
    without_superseded,
)

GRIDS = [
    submitted("b1", [("epicXL.safetensors", i % 3 == 0) for i in range(20)], loras=("rain",)),
    submitted("b2", [("toon", False), ("toon", True)], keywords=("city", "night")),
]


def through_json(document: object) -> Any:
    return json.loads(json.dumps(document))


def minimal(**changes: object) -> dict[str, object]:
    entry = {
        "id": "image-1",
        "prompt": "a beach",
        "keywords": ["beach"],
        "checkpoint": "epic",
        "action": "selected",
        "timestamp": NOON,
    }
    return {**entry, **changes}


def document(*preferences: object, **changes: object) -> dict[str, object]:
    return {"version": "1.0", "preferences": list(preferences), **changes}


@given(events)
def test_an_exported_document_imports_to_the_same_statistics(history):
    there = Statistics.fold(import_document(through_json(export_document(history))))
    here = Statistics.fold(history)
    assert there.totals() == here.totals()
    for kind in TYPES:
        assert there.rows(kind) == here.rows(kind)


@given(events)
def test_importing_keeps_the_ids_so_that_twice_is_once(history):
    imported = import_document(through_json(export_document(history)))
    assert {event.id for event in imported} <= {event.id for event in history}
    again = import_document(through_json(export_document(imported)))
    assert again == imported


@given(events)
def test_importing_gives_back_every_event_that_counts_in_its_order(history):
    imported = import_document(through_json(export_document(history)))
    assert imported == without_superseded(history)


@given(st.lists(grid_events(), max_size=4))
def test_a_policy_learns_the_same_from_the_document_bit_for_bit(history):
    def taught(events):
        policy = new_policy("taste", np.random.default_rng(0))
        for event in without_superseded(events):
            policy.update(lesson(event))
        return policy.dump()

    assert taught(import_document(through_json(export_document(history)))) == taught(history)


def test_what_is_not_known_of_an_image_takes_no_room():
    [preference] = export_document([submitted("b", [("epic", True)])])["preferences"]
    optional = {"probe", "decided", "inert", "relevance", "propensities", "version"}
    assert not optional & preference.keys()


def test_the_document_has_the_promised_fields():
    exported = through_json(export_document(GRIDS))
    assert (exported["version"], exported["total_preferences"]) == ("1.0", 22)
    assert len(exported["preferences"]) == 22
    first = exported["preferences"][0]
    promised = {
        "prompt": "beach",
        "keywords": ["beach"],
        "checkpoint": "epicXL.safetensors",
        "loras": [{"name": "rain", "strength": 0.7}],
        "action": "selected",
        "explicit": False,
        "stage": 0,
        "timestamp": NOON,
        "session": "s",
        "batch": "b1",
        "feedback": None,
        "scores": {},
        "profile": "default",
    }
    assert first | promised == first
    stats = {(row["type"], row["key"]): row for row in exported["stats"]}
    assert {kind for kind, _ in stats} == set(TYPES)
    assert stats["keyword_checkpoint", "beach:epicXL.safetensors"] == {
        "type": "keyword_checkpoint",
        "key": "beach:epicXL.safetensors",
        "selected": 7,
        "total": 20,
        "selection_rate": 0.35,
        "confidence": 1.0,
    }


def test_a_preference_takes_about_five_hundred_bytes():
    hex_id = "0123456789abcdef" * 2
    grid = submitted(hex_id, [("epicrealismXL_v5.safetensors", False)] * 20)
    prompt = "a quiet beach at sunset, misty mountains, oil painting"
    exported = export_document([grid])
    for preference in exported["preferences"]:
        preference |= {"id": hex_id, "event": hex_id, "session": hex_id, "prompt": prompt}
    size = len(json.dumps(exported["preferences"], separators=(",", ":")))
    assert size / 20 < 550


def test_a_long_history_exports_the_best_of_each_type_of_statistics():
    grids = [submitted(f"b{i}", [(f"epic-{i}", True), ("dull", False)]) for i in range(60)]
    exported = export_document([*grids, submitted("best", [("best", True)] * 9)])
    checkpoints = [row["key"] for row in exported["stats"] if row["type"] == "checkpoint"]
    assert (len(checkpoints), checkpoints[0]) == (50, "best")
    assert exported["total_preferences"] == 129


def test_a_document_others_wrote_needs_only_what_learning_needs():
    [event] = import_document(document(minimal()))
    assert isinstance(event, GridSubmitted)
    assert (event.profile, event.keywords, event.stage) == ("default", ("beach",), 0)
    assert event.images[0].picked


def test_entries_of_one_batch_become_one_grid():
    [event] = import_document(
        document(minimal(batch="b"), minimal(id="image-2", batch="b", action="rejected"))
    )
    assert [(image.image_id, image.picked) for image in event.images] == [
        ("image-1", True),
        ("image-2", False),
    ]


def test_the_id_derived_for_a_foreign_grid_depends_on_its_outcome_alone():
    one, two = minimal(batch="b"), minimal(id="image-2", batch="b", action="rejected")
    [event] = import_document(document(one, two))
    [same] = import_document(document(two, one))
    [other] = import_document(document(one))
    assert event.id == same.id != other.id


@pytest.mark.parametrize(("explicit", "kind"), [(True, GridRejected), (False, GridSubmitted)])
def test_only_an_explicit_rejection_is_a_rejected_grid(explicit, kind):
    [event] = import_document(document(minimal(action="rejected", explicit=explicit)))
    assert type(event) is kind


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"action": "liked"}, "action is 'liked'; expected 'selected' or 'rejected'."),
        ({"checkpoint": 7}, "checkpoint is 7; expected a valid string."),
        ({"checkpoint": ""}, "checkpoint is ''; expected some text."),
        ({"keywords": "beach"}, "keywords is 'beach'; expected a list."),
        ({"keywords": [None]}, "keywords[0] is None; expected a valid string."),
        ({"stage": 1e300}, "stage is 1e+300; expected a smaller number."),
        ({"loras": [{"name": "x"}]}, "loras[0].strength is missing."),
        ({"loras": [{"name": "x", "strength": float("inf")}]}, "loras[0].strength is inf;"),
        ({"loras": [{"name": "x", "strength": 10**400}]}, "loras[0].strength is a very large"),
        ({"scores": {"clip": float("nan")}}, "scores.clip is nan; expected a finite number."),
        ({"timestamp": "yesterday"}, "timestamp is 'yesterday'; expected a time as in ISO 8601."),
        ({"explicit": "no"}, "explicit is 'no'; expected a valid boolean."),
        ({"propensities": {"checkpoint": 2}}, "propensities.checkpoint is 2; expected less than"),
        ({"decided": ["all"]}, "decided[0] is 'all'; expected 'checkpoint' or 'loras'."),
        ({"probe": 1}, "probe is 1; expected a valid boolean."),
        ({"id": "image-0"}, "id is the same as that of preferences[0]."),
        ({3: 4}, "[3] is 3; expected keys that are strings."),
    ],
)
def test_a_wrong_entry_is_refused_with_its_exact_place(wrong, message):
    with pytest.raises(InvalidInput) as refused:
        import_document(document(minimal(id="image-0"), minimal() | wrong))
    assert str(refused.value).startswith("preferences[1]")
    assert message in str(refused.value)


def test_images_of_one_batch_must_agree_about_their_grid():
    with pytest.raises(InvalidInput, match=r"preferences\[1\]\.stage differs"):
        import_document(document(minimal(batch="b"), minimal(id="2", batch="b", stage=1)))


def test_a_grid_that_cannot_have_been_is_refused_with_its_place():
    nameless = minimal(loras=[{"name": "", "strength": 1}])
    with pytest.raises(InvalidInput, match=r"The grid of preferences\[0\]: .* LoRA without a name"):
        import_document(document(nameless))


def test_a_wrong_rating_is_refused_with_its_place():
    with pytest.raises(InvalidInput, match=r"image_events\[0\] is no event"):
        import_document(document(minimal(), image_events=[{"type": "Liked"}]))


def deep(depth: int) -> list[object]:
    nested: list[object] = []
    for _ in range(depth):
        nested = [nested]
    return nested


@pytest.mark.parametrize(
    "foreign",
    [
        None,
        [],
        "preferences",
        {},
        {"version": "1.0"},
        {"version": "1.0", "preferences": {}},
        {"version": "2.0", "preferences": []},
        {"version": "1.0", "preferences": [], "image_events": 5},
        {"version": "1.0", "preferences": [deep(10_000)]},
        {"version": "1.0", "preferences": [minimal(keywords=deep(10_000))]},
        {"version": "1.0", "preferences": [minimal(scores={"clip": deep(10_000)})]},
        {1: 2, "version": "1.0"},
    ],
)
def test_what_is_no_preferences_document_is_refused(foreign):
    with pytest.raises(InvalidInput):
        import_document(foreign)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(
    st.dictionaries(st.sampled_from(sorted(minimal(batch="b", loras=[], scores={}))), json_values)
)
def test_any_entry_is_either_taken_or_refused(changes):
    try:
        [event] = import_document(document(minimal(**changes)))
    except InvalidInput:
        return
    Statistics.fold([event])


def test_two_grids_under_one_event_id_are_refused():
    preference = {
        "prompt": "a beach",
        "keywords": ["beach"],
        "checkpoint": "x",
        "action": "selected",
        "timestamp": "2026-01-01T00:00:00.000Z",
        "event": "e",
    }
    twins = [{**preference, "id": name, "batch": name} for name in ("one", "two")]
    with pytest.raises(InvalidInput, match="event 'e' stands in the document more than once"):
        import_document({"version": "1.0", "preferences": twins})
