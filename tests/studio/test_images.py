"""The pictures of images over REST."""

from __future__ import annotations

import io

import pytest
from PIL import Image


@pytest.fixture
async def image(api):
    """A collected image."""
    return (await api.grid(await api.session(), count=1))["images"][0]


@pytest.fixture
def original(image, tmp_path):
    """Where its original lies."""
    return tmp_path / "images" / image["id"][:2] / f"{image['id']}.png"


async def test_a_picture_is_served_as_what_its_bytes_are(api, image, original):
    for kind in ("png", "jpeg", "webp"):
        buffer = io.BytesIO()
        Image.new("RGB", (8, 8)).save(buffer, kind)
        original.write_bytes(buffer.getvalue())
        reply = await api.http.get(image["url"])
        assert (reply.headers["content-type"], reply.content) == (
            f"image/{kind}",
            buffer.getvalue(),
        )
    thumbnail = await api.http.get(image["thumbnail_url"])
    assert thumbnail.headers["content-type"] == "image/webp"
    assert "immutable" in thumbnail.headers["cache-control"]


async def test_head_tells_what_get_would_send(api, image):
    for url in (image["url"], image["thumbnail_url"]):
        head, get = await api.http.head(url), await api.http.get(url)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("content-type", "content-length", "etag", "cache-control"):
            assert head.headers[name] == get.headers[name]


async def test_a_picture_that_was_deleted_is_missed_in_one_sentence(api, image, original):
    original.unlink()
    detail = await api.refused("GET", image["url"], 404)
    assert image["id"] in detail
    assert "vibes db check" in detail
