"""The whole funnel of the studio on two real ComfyUI servers with micro checkpoints."""

from __future__ import annotations

import pytest

from tests.studio.harness import studio_over
from vibes.settings import ServerConfig

pytestmark = pytest.mark.comfyui


async def test_the_funnel_runs_on_two_real_servers(two_comfyui_servers, tmp_path):
    servers = [
        ServerConfig.model_validate({"name": server.name, "url": server.url})
        for server in two_comfyui_servers
    ]
    async with studio_over(servers, tmp_path, default_tier="tiny_test") as api:
        session = await api.session(name="Real")
        grid = await api.grid(session, "a tiny beach", count=20, aspect_ratio="square")
        assert {image["server"] for image in grid["images"]} == {"real-1", "real-2"}
        sizes = [grid["images"][0]["width"]]
        for picks in (range(8), range(3), range(1)):
            grid = await api.iterate(session, grid, *picks)
            assert grid["state"] == "done", grid
            sizes.append(grid["images"][0]["width"])
        stats = await api.ok("GET", "/api/preferences/stats")
        gpus = await api.ok("GET", "/api/gpus")
    assert sizes == [64, 96, 96, 128]
    assert stats["action_counts"] == {"selected": 12, "rejected": 19}
    assert all(server["loaded_checkpoint"] for server in gpus)
