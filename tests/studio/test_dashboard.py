"""The dashboards over REST, taught by events: no picture is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion_app.studio.readings import Readings
from tests.preferences.samples import NOON, submitted
from vibes.preferences import (
    Candidate,
    GridEvent,
    GridSubmitted,
    LoraUse,
    ShownImage,
    Statistics,
)

REALISTIC, TOON = "epicrealism.safetensors", "toonyou_beta6.safetensors"
BEACH, FILM = "beach_sunset.safetensors", "film_grain.safetensors"
VIEWS = ("overview", "map", "strengths", "recent", "effect", "style")
WORDS = {"High confidence", "Exploring"}
Shown = tuple[str, Sequence[tuple[str, float]], bool]


def grid(shown: Sequence[Shown], *keywords: str, probes: Sequence[int] = ()) -> GridEvent:
    """A submitted grid of (checkpoint, LoRAs, picked)."""
    number = uuid4().hex
    images = (
        ShownImage(
            image_id=f"{number}/{i}",
            index=i,
            candidate=Candidate(checkpoint, tuple(LoraUse(*use) for use in loras)),
            picked=picked,
            probe=i in probes,
        )
        for i, (checkpoint, loras, picked) in enumerate(shown)
    )
    about = {"id": number, "batch": number, "time": NOON, "session": "s", "profile": "default"}
    said = {"prompt": " ".join(keywords), "keywords": keywords, "stage": 0, "policy": "taste"}
    return GridSubmitted(**about, **said, images=tuple(images))


def beaches(count: int = 12) -> list[GridEvent]:
    """Beaches are realistic, forests are anything but."""
    liked = [(REALISTIC, (), True)] * 3 + [(TOON, (), False)] * 5
    other = [(REALISTIC, (), False)] * 5 + [(TOON, (), True)] * 3
    return [event for _ in range(count) for event in (grid(liked, "beach"), grid(other, "forest"))]


async def teach(api, history: Sequence[GridEvent]) -> None:
    await api.ok("POST", "/api/preferences/events", [event.to_dict() for event in history])


async def ask(api, view: str, profile: str | None = "default", **parameters):
    whose = {} if profile is None else {"profile": profile}
    return await api.ok("GET", f"/api/learning/{view}", **whose, **parameters)


def confidences(view) -> set[str]:
    """Every word for confidence in a reply."""
    if isinstance(view, dict):
        said = {view["confidence"]} if "confidence" in view else set()
        return said.union(*map(confidences, view.values()))
    return set[str]().union(*map(confidences, view)) if isinstance(view, list) else set()


async def test_before_the_first_grid_every_view_is_there_and_says_nothing(api):
    for profile in ("default", None):
        views = {name: await ask(api, name, profile) for name in VIEWS}
        assert views["overview"]["findings"] == []
        assert views["overview"]["total_preferences"] == 0
        assert views["map"]["rows"]["items"] == []
        assert views["strengths"] == {"loras": [], "pairs": []}
        assert views["recent"] == {"grids": [], "changes": []}
        assert views["effect"]["sentence"].startswith("Too early to tell")
        assert views["style"] == {"axes": []}


async def test_a_profile_or_map_nobody_made_is_refused_by_its_name(api):
    for view in (*VIEWS, "would-choose?prompt=x"):
        mark = "&" if "?" in view else "?"
        said = await api.refused("GET", f"/api/learning/{view}{mark}profile=nobody", 404)
        assert "nobody" in said
    assert "kind" in await api.refused("GET", "/api/learning/map?kind=nothing", 422)


@pytest.mark.parametrize("profile", ["default", None])
async def test_what_wins_and_what_loses_is_said_in_sentences_with_its_counts(api, profile):
    await teach(api, beaches())
    said = [one["sentence"] for one in (await ask(api, "overview", profile))["findings"]]
    assert "You pick epicrealism for “beach”: 36 of 36, high confidence." in said
    assert "For “forest” it loses: 0 of 60, high confidence." in said


async def test_a_map_holds_counts_intervals_and_sentences_of_what_was_shown_together(api):
    await teach(api, [*beaches(), grid([(TOON, [(BEACH, 0.7)], True)], "mountain")])
    told = await ask(api, "map", kind="keyword_checkpoint")
    rows = [row["name"] for row in told["rows"]["items"]]
    columns = [column["name"] for column in told["columns"]["items"]]
    cell = told["cells"][rows.index("beach")][columns.index(REALISTIC)]
    assert (cell["selected"], cell["total"], cell["grids"]) == (36, 36, 12)
    assert cell["interval"][0] < cell["rate"] < cell["interval"][1]
    assert cell["effect"] > 0
    assert cell["sentence"].startswith("“beach” with epicrealism: 36 of 36 picked, in 12 grids.")
    assert told["cells"][rows.index("mountain")][columns.index(REALISTIC)] is None
    loras = await ask(api, "map", kind="checkpoint_lora")
    assert loras["cells"][0][0]["parts"] == [TOON, BEACH]


async def test_confidence_is_told_in_two_words_only(api):
    await teach(api, [*beaches(), grid([(TOON, [(BEACH, 0.7), (FILM, 0.5)], True)] * 2, "beach")])
    said = set[str]()
    for view in VIEWS:
        said |= confidences(await ask(api, view))
    said |= confidences(await ask(api, "would-choose", prompt="a beach"))
    assert said == WORDS


async def test_a_lora_s_strengths_are_told_apart(api):
    shown = [(TOON, [(FILM, 0.8)], False)] * 3 + [(TOON, [(FILM, 0.5)], True)] * 3
    await teach(api, [grid(shown, "beach") for _ in range(20)])
    (curve,) = (await ask(api, "strengths"))["loras"]
    points = {point["strength"]: point for point in curve["points"]}
    assert (points[0.5]["selected"], points[0.5]["total"]) == (60, 60)
    assert points[0.8]["rate"] < points[0.5]["rate"]
    assert curve["best"] == 0.5
    assert "film_grain does best at 0.5" in curve["sentence"]


async def test_two_loras_are_compared_alone_and_together(api):
    shown = [
        (TOON, [(FILM, 0.7)], True),
        (TOON, [(BEACH, 0.7)], False),
        (TOON, [(FILM, 0.7), (BEACH, 0.7)], True),
        (TOON, [(FILM, 0.7), (BEACH, 0.7)], False),
    ]
    await teach(api, [grid(shown, "beach")])
    (pair,) = (await ask(api, "strengths"))["pairs"]
    assert pair["loras"] == [BEACH, FILM]
    counts = [(pair[part]["selected"], pair[part]["total"]) for part in ("first", "second", "both")]
    assert counts == [(0, 1), (1, 1), (1, 2)]


async def test_what_the_last_grids_changed_comes_with_before_and_since(api):
    past = [grid([(REALISTIC, (), False)] * 4 + [(TOON, (), True)], "beach") for _ in range(12)]
    turned = [grid([(REALISTIC, (), True)] * 4 + [(TOON, (), False)], "beach") for _ in range(12)]
    await teach(api, [*past, *turned])
    told = await ask(api, "recent")
    assert len(told["grids"]) == 12
    moved = {(one["kind"], *one["now"]["parts"]): one for one in told["changes"]}
    rose = moved["checkpoint", REALISTIC]
    assert (rose["before"]["selected"], rose["before"]["total"]) == (0, 48)
    assert (rose["lately"]["selected"], rose["lately"]["total"]) == (48, 48)
    assert rose["shift"] > 0
    assert rose["last"] == NOON
    assert "epicrealism rose: 48 of 48 picked in 12 grids, 0 of 48" in rose["sentence"]
    assert moved["checkpoint", TOON]["shift"] < 0


async def test_the_effect_of_learning_is_told_once_there_is_no_doubt(api):
    shown = [(REALISTIC, (), True)] * 3 + [(TOON, (), False)]
    await teach(api, [grid(shown, "beach", probes=[3]) for _ in range(3)])
    early = await ask(api, "effect")
    assert not early["decided"]
    assert early["sentence"].startswith("Too early to tell")
    await teach(api, [grid(shown, "beach", probes=[3]) for _ in range(40)])
    told = await ask(api, "effect")
    assert told["decided"]
    assert told["sentence"].startswith("Learning pays: you picked 100 % of the chosen pictures")
    assert (told["chosen"]["total"], told["probes"]["total"]) == (129, 43)


async def test_what_would_be_chosen_is_told_without_making_anything(api):
    await teach(api, beaches())
    told = await ask(api, "would-choose", prompt="a beach", tier="sd15_draft")
    first = told["checkpoints"][0]
    assert first["checkpoint"] == REALISTIC
    assert sum(one["share"] for one in told["checkpoints"]) == pytest.approx(1, abs=0.02)
    assert sum(one["chance_best"] for one in told["checkpoints"]) == pytest.approx(1)
    assert first["interval"][0] < first["rate"] < first["interval"][1]
    assert "epicrealism" in told["sentences"][0]
    quick = await ask(api, "would-choose", prompt="a beach", tier="sd15_draft", mode="quick")
    assert quick["checkpoints"][0]["share"] == pytest.approx(1, abs=0.01)
    assert "All pictures with epicrealism" in quick["sentences"][0]
    assert await api.ok("GET", "/api/sessions") == []


async def test_without_policy_taste_the_dashboards_still_tell_what_was_counted(start_studio):
    async with start_studio(policy="selection_rate") as api:
        await teach(api, beaches())
        said = [one["sentence"] for one in (await ask(api, "overview"))["findings"]]
        assert "You pick epicrealism for “beach”: 36 of 36, high confidence." in said
        told = await ask(api, "would-choose", prompt="a beach", tier="sd15_draft")
        assert told["checkpoints"][0]["checkpoint"] == REALISTIC
        assert told["checkpoints"][0]["chance_best"] is None
        assert (await ask(api, "strengths"))["loras"] == []


async def test_styles_are_read_from_prompts_and_from_what_is_picked(api):
    shown = [(REALISTIC, (), True), (TOON, (), False)]
    await teach(api, [grid(shown * 4, "photo") for _ in range(10)])
    axes = {axis["name"]: axis for axis in (await ask(api, "style"))["axes"]}
    realism = axes["realism"]
    assert realism["asked"]["balance"] == -1
    assert realism["picked"]["balance"] < realism["picked"]["interval"][1] < 0
    assert "40 of 40 realistic, 0 of 40 drawn" in realism["sentence"]


async def test_what_is_forgotten_is_gone_from_the_views_and_undo_brings_it_back(api):
    await teach(api, beaches())
    before = {view: await ask(api, view) for view in VIEWS}
    wish = {"profile": "default", "keyword": "beach", "confirm": True}
    forgotten = await api.ok("POST", "/api/preferences/forget", wish)
    assert forgotten["count"] == 12
    rows = (await ask(api, "map"))["rows"]["items"]
    assert [row["name"] for row in rows] == ["forest"]
    await api.ok("POST", "/api/preferences/undo", {"undo": forgotten["undo"]})
    assert {view: await ask(api, view) for view in VIEWS} == before


async def test_an_image_s_last_rating_is_told_again(api):
    session = await api.session()
    made = await api.grid(session, count=1)
    image = made["images"][0]["id"]
    assert await api.ok("GET", "/api/learning/rating", image=image) == {
        "image_id": image,
        "rating": None,
    }
    given = {"overall": 2, "quality": 4, "flaws": ["hands"], "tags": ["cosy"], "comment": "hm"}
    await api.ok("PUT", f"/api/images/{image}/rating", {"overall": 5})
    await api.ok("PUT", f"/api/images/{image}/rating", given)
    told = await api.ok("GET", "/api/learning/rating", image=image)
    assert told["rating"] == {"accuracy": None, "aesthetics": None, **given}


counts = st.integers(1, 60).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


@given(counts, counts)
def test_a_rate_lies_in_its_interval_whatever_was_counted(one, other):
    shown = [("epic", i < one[0]) for i in range(one[1])]
    shown += [("toon", i < other[0]) for i in range(other[1])]
    statistics = Statistics.fold([submitted("b", shown)])
    for reading in Readings(statistics).of("keyword_checkpoint", [("beach", "epic"), ("x", "y")]):
        low, high = reading.interval
        assert 0 < low < reading.rate < high < 1
    assert not reading.sure  # nothing is known of what was never shown


def test_words_that_always_come_together_are_one_row():
    flower = ("flower", "flower garden", "garden", "summer")
    history = [
        replace(submitted(f"b{i}", [("epic", True)], keywords=flower[: 4 - i % 2]), batch=f"b{i}")
        for i in range(4)
    ]
    known = Readings(Statistics.fold(history))
    assert known.most_known("keyword", 9) == ["flower", "garden", "summer"]
