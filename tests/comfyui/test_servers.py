"""What the studio relies on when it works with real ComfyUI servers."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.comfyui.servers import LORA, ComfyUI
from vibes.catalog import family_of

pytestmark = pytest.mark.comfyui


def get(server: ComfyUI, path: str, **query: str) -> Any:
    with urlopen(f"{server.url}{path}?{urlencode(query)}") as reply:
        return json.load(reply)


def test_the_second_server_lacks_one_checkpoint(
    two_comfyui_servers: tuple[ComfyUI, ComfyUI],
) -> None:
    first, second = (set(get(s, "/models/checkpoints")) for s in two_comfyui_servers)

    assert first - second == {"tiny-c.safetensors"}
    assert second < first


@pytest.mark.parametrize(
    ("kind", "folder", "name"),
    [("checkpoint", "checkpoints", "tiny-a.safetensors"), ("lora", "loras", LORA)],
)
def test_the_family_is_read_from_the_metadata_a_server_tells(
    comfyui_server: ComfyUI, kind: Any, folder: str, name: str
) -> None:
    metadata = get(comfyui_server, f"/view_metadata/{folder}", filename=name)

    assert family_of(kind, "any-name.safetensors", metadata, None) == ("sd3", "metadata")


def test_the_repository_loads_as_a_node_pack(comfyui_with_pack: ComfyUI) -> None:
    nodes = get(comfyui_with_pack, "/object_info")
    failed = re.findall(r"IMPORT FAILED\)?: (.*)", comfyui_with_pack.log.read_text())

    assert {"VibesCheckpointPool", "VibesAutoLora", "VibesClipScore"} <= set(nodes)
    assert not [path for path in failed if "vibes" in path]
