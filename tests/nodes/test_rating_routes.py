"""What a ComfyUI with the pack tells of ratings, whichever window or process they came from."""

from __future__ import annotations

import json
import urllib.error
from contextlib import closing
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from tests.comfyui.servers import ComfyUI
from tests.nodes.editor import ask
from vibes.storage.node_store import NodeStore, ShownPicture

pytestmark = pytest.mark.comfyui


def shown(server: ComfyUI) -> str:
    """A picture as any process on these files may have shown it."""
    picture = ShownPicture(uuid4().hex, "a beach", None, "b", "2026-01-31T12:00:00Z")
    with closing(NodeStore(server.base / "user" / "__vibes")) as store:
        store.show([picture])
    return picture.image


def ratings(server: ComfyUI, *images: str) -> dict[str, int | None]:
    query = urlencode([("image", image) for image in images])
    found: dict[str, int | None] = ask(server, f"/vibes/ratings?{query}")["ratings"]
    return found


def test_of_each_picture_the_last_rating_is_told(comfyui_with_pack: ComfyUI) -> None:
    rated, unrated = shown(comfyui_with_pack), shown(comfyui_with_pack)
    for overall in (5, 2):
        ask(comfyui_with_pack, "/vibes/rate", {"image": rated, "overall": overall})
        told = ratings(comfyui_with_pack, rated, unrated, "unknown")
        assert told == {rated: overall, unrated: None, "unknown": None}
    assert ratings(comfyui_with_pack) == {}


def test_two_hundred_pictures_are_told_of_at_once_and_no_more(comfyui_with_pack: ComfyUI) -> None:
    images = [uuid4().hex for _ in range(200)]
    assert ratings(comfyui_with_pack, *images) == dict.fromkeys(images)
    with pytest.raises(urllib.error.HTTPError) as refused:
        ratings(comfyui_with_pack, *images, "")
    with refused.value as reply:
        assert reply.status == 400
        assert "At most 200 pictures" in json.load(reply)["detail"]
