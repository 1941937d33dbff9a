"""Scores found out where pictures are made: kept like the studio's own, believed in nothing."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from companion_app.embedded import create_app
from tests.scoring.reported import make_report
from tests.studio.conftest import running
from tests.studio.harness import Api, studio_over
from tests.studio.test_scoring import (
    PROMPT,
    SCORING,
    TINY,
    all_scored,
    eventually,
    needs_torch,
    processes,
    studio_of,
)
from vibes.scoring.clip import fingerprint, weights_in
from vibes.scoring.pictures import Fit, picture_of
from vibes.scoring.reports import Report, to_json
from vibes.settings import ServerConfig

MODEL = f"{fingerprint(weights_in(TINY))}:48shortest"
SHARE = 0.625

Change = Callable[[Report], Report]


class Lent:
    """Says of every picture the same; ``change`` falsifies its reports."""

    def __init__(self, *models: str, change: Change = lambda report: report, raw: str = ""):
        self.models = models
        self.asked: list[str] = []
        self._change = change
        self._raw = raw

    def __call__(self, picture: Any, text: str, model: str) -> tuple[float, str]:
        self.asked.append(text)
        seen = picture_of(picture, Fit(8)).pixel_hash
        report = make_report(text, model=MODEL, pixel_hash=seen, share=SHARE)
        return SHARE, self._raw or to_json(self._change(report))


Open = Callable[..., AbstractAsyncContextManager[Api]]


@pytest.fixture
def open_studio(tmp_path: Path) -> Open:
    """A studio over one server with the pack, to which a scorer is lent."""

    @asynccontextmanager
    async def start(scorer: Lent, **scoring: Any) -> AsyncIterator[Api]:
        application = create_app(name="gpu", seconds_per_image=0.02, pack=True, scorer=scorer)
        async with running(application) as url:
            config = ServerConfig.model_validate({"name": "gpu", "url": url})
            settings = {**SCORING, **scoring}
            async with studio_over([config], tmp_path / "data", scoring=settings) as api:
                yield api

    return start


async def test_what_the_server_saw_is_kept_and_the_studio_looks_at_no_picture(open_studio):
    scorer = Lent(TINY.name)
    async with open_studio(scorer) as api:
        batch = await api.generate(await api.session(), PROMPT, count=4)
        grid = await all_scored(api, batch)
        for image in grid["images"]:
            assert image["scores"] == {"adherence": SHARE}
            found = image["adherence"]
            assert (found["overall"], found["of"], found["percent"]) == (SHARE, 4, None)
            assert (found["model"], found["method"]) == (TINY.name, "whole picture")
        detail = await api.ok("GET", f"/api/images/{grid['images'][0]['id']}/adherence")
        assert {item["requirement"] for item in detail["items"]} >= {"a red boat", "at dusk"}
        said = {"requirement": "a red boat", "shown": True}
        await api.ok("PUT", f"/api/images/{grid['images'][0]['id']}/adherence/labels", said)
        assert processes() == []
        seen = await studio_of(api).book.run(lambda book: book.embeddings(MODEL))
        assert len(seen.pixel_hashes) == 4
    assert scorer.asked == [PROMPT] * 4
    async with open_studio(Lent()) as api:  # a restart finds nothing left to do
        assert await all_scored(api, batch)
        assert processes() == []


@needs_torch
@pytest.mark.parametrize(
    ("scorer", "why"),
    [
        (Lent(TINY.name, raw="{nonsense"), "damaged"),
        (Lent(TINY.name, change=lambda r: replace(r, pixel_hash="b" * 64)), "another picture"),
        (Lent(TINY.name, change=lambda r: replace(r, prompt_hash="b" * 64)), "another prompt"),
        (
            Lent(TINY.name, change=lambda r: make_report(PROMPT, pixel_hash=r.pixel_hash)),
            "weights are not those",
        ),
    ],
)
async def test_what_cannot_be_true_is_left_aside_and_the_studio_looks_itself(
    scorer, why, open_studio, caplog
):
    with caplog.at_level(logging.WARNING, "companion_app.studio"):
        async with open_studio(scorer) as api:
            grid = await all_scored(api, await api.generate(await api.session(), PROMPT, count=1))
            assert grid["images"][0]["adherence"]["overall"] != SHARE
            assert grid["failed_count"] == 0
    [said] = [r.message for r in caplog.records if "is not taken" in r.message]
    assert why in said
    assert said.startswith("gpu: ")


@pytest.mark.parametrize(
    ("models", "scoring"),
    [
        ((), {}),
        (("best",), {}),
        ((TINY.name,), {"enabled": False}),
        ((TINY.name,), {"permissive": "fast"}),
        ((TINY.name,), {"plugins": ["beauty"]}),
    ],
)
async def test_a_server_is_asked_only_for_all_the_settings_want(models, scoring, open_studio):
    scorer = Lent(*models)
    async with open_studio(scorer, **scoring) as api:
        grid = await api.grid(await api.session(), PROMPT, count=2)
        assert grid["state"] == "done"
        assert scorer.asked == []


async def test_a_studio_that_could_not_score_says_who_does(open_studio, monkeypatch):
    monkeypatch.setattr("vibes.scoring.weights.missing_modules", lambda: ("torch",))
    async with open_studio(Lent(TINY.name)) as api:
        await all_scored(api, await api.generate(await api.session(), PROMPT, count=2))
        state = await api.ok("GET", "/api/scoring")
        assert (state["state"], state["waiting"]) == ("ready", 0)
        assert state["detail"] == "Pictures are scored where they are made: gpu."


async def test_what_is_asked_is_what_the_user_wrote(open_studio):
    scorer = Lent(TINY.name)
    async with open_studio(scorer) as api:
        grid = await api.grid(await api.session(), f"{PROMPT} <lora:beach_sunset:0.7>", count=1)
        await all_scored(api, grid["id"])
    assert scorer.asked == [PROMPT]


async def test_a_score_under_way_when_the_studio_stops_is_left_to_the_next(open_studio):
    async with open_studio(Lent(TINY.name)) as api:
        studio = studio_of(api)
        await api.generate(await api.session(), PROMPT, count=6)
        await eventually(lambda: studio.server_scores._tasks)
    assert not studio.server_scores._tasks
