"""On real ComfyUI the pack's node scores the studio's pictures, as the studio itself would."""

from __future__ import annotations

from pathlib import Path

import pytest

from companion_app.scoring.desk import Equipment, Scored, ScoringDesk, Task
from tests.comfyui.servers import TINY_CLIP, ComfyUI
from tests.studio.harness import studio_over
from tests.studio.test_scoring import PROMPT, all_scored, needs_torch, processes
from vibes.settings import ServerConfig

pytestmark = pytest.mark.comfyui


def own_score(picture: Path) -> float:
    """What the studio's own process finds in it."""
    desk = ScoringDesk(Equipment(model=TINY_CLIP, name=TINY_CLIP.name, device="cpu"))
    [found] = desk.score([Task(picture.stem, picture, PROMPT)])
    assert isinstance(found, Scored)
    return found.adherence.overall


def pictures(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in folder.rglob("*.png")}


@needs_torch
async def test_a_server_s_scores_are_those_the_studio_would_have_found(
    comfyui_that_scores: ComfyUI, tmp_path: Path
) -> None:
    server = comfyui_that_scores
    config = ServerConfig.model_validate({"name": server.name, "url": server.url})
    scoring = {"model": str(TINY_CLIP), "device": "cpu"}
    async with studio_over([config], tmp_path, default_tier="tiny_test", scoring=scoring) as api:
        choice = {"auto_lora": False, "overrides": {"checkpoint": "tiny-a"}}
        batch = await api.generate(await api.session(), PROMPT, count=2, seed=1, **choice)
        grid = await all_scored(api, batch)
        assert processes() == []  # the studio looked at none itself
    files = pictures(tmp_path)
    for image in grid["images"]:
        expected = pytest.approx(own_score(files[image["id"]]), abs=1e-3)
        assert image["scores"] == {"adherence": expected}
        assert image["adherence"]["model"] == TINY_CLIP.name
