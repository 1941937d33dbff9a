"""What a picture tells of itself."""

from __future__ import annotations

import io
import json

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from companion_app.studio.jobs import record_of
from tests.stages.samples import make_recipe


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_record_is_plain_json_whatever_was_said(prompt, reason):
    record = record_of(make_recipe(prompt=prompt), reason, {})
    assert json.loads(json.dumps(record)) == record
    assert record["explanation"]["minimal"] == record["explanation"]["standard"][:1]


async def test_a_picture_tells_how_it_was_made_and_why_but_not_for_whom(api):
    profile = "Zacharias"
    session = await api.session(name="Secret garden", profile=profile)
    [image] = (await api.grid(session, "a beach at sunset", count=1, seed=7))["images"]
    data = (await api.http.get(image["url"])).content
    text = Image.open(io.BytesIO(data)).text["vibes"]
    record = json.loads(text)
    for field in ("prompt", "negative_prompt", "checkpoint", "seed", "reason"):
        assert record[field] == image[field], field
    recipe = await api.ok("GET", f"/api/images/{image['id']}/recipe")
    assert (record["width"], record["height"]) == (recipe["width"], recipe["height"])
    assert record["version"] == 1
    assert [lora["name"] for lora in record["loras"]] == [lora["name"] for lora in image["loras"]]
    assert record["explanation"]["standard"]
    assert not any(secret in text for secret in (profile, "Secret garden", session))
