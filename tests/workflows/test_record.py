"""The record in a picture: one form, whoever writes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion_app.studio.jobs import record_of
from vibes.errors import InvalidInput
from vibes.recipes import LoraUse, Recipe
from vibes.workflows import (
    Making,
    Record,
    RecordedLora,
    read_record,
    record_of_making,
    record_of_recipe,
)

SCHEMA = Record.model_json_schema()
numbers = st.floats(allow_nan=False, allow_infinity=False)
texts = st.none() | st.text(max_size=30)
whole = st.none() | st.integers(0, 2**64)
makings = st.builds(
    Making,
    prompt=texts,
    negative_prompt=texts,
    checkpoint=texts,
    loras=st.none() | st.tuples(st.builds(LoraUse, st.text(max_size=20), numbers)),
    seed=whole,
    steps=whole,
    cfg=st.none() | numbers,
    sampler=texts,
    scheduler=texts,
    denoise=st.none() | numbers,
    width=whole,
    height=whole,
)


@given(makings)
def test_what_a_node_writes_is_of_the_schema_and_read_back_as_it_was(making: Making) -> None:
    record = record_of_making(making, (512, 768))
    jsonschema.validate(record.to_dict(), SCHEMA)
    assert read_record(json.dumps(record.to_dict())) == record


@given(st.text(max_size=50), st.text(max_size=100))
def test_what_the_studio_writes_is_of_the_schema_and_read_back(prompt: str, reason: str) -> None:
    from tests.stages.samples import make_recipe

    written = record_of(make_recipe(prompt=prompt), reason, {"standard": ("Because.",)})
    jsonschema.validate(written, SCHEMA)
    record = read_record(json.dumps(written))
    assert (record.prompt, record.reason, record.version) == (prompt, reason, 1)
    assert record.explanation is not None
    assert record.explanation["standard"][-1] == "Because."
    assert record.to_dict() == written


def test_a_recipe_and_the_graph_made_from_it_give_the_same_record(
    make_recipe: Callable[..., Recipe],
) -> None:
    recipe = make_recipe(("sub/x.safetensors", 0.7))
    making = Making(
        prompt=recipe.prompt,
        negative_prompt=recipe.negative_prompt,
        checkpoint="sub\\epicrealism.safetensors",
        loras=(LoraUse("sub\\x.safetensors", 0.7),),
        **{
            name: getattr(recipe, name)
            for name in ("seed", "steps", "cfg", "sampler", "scheduler", "denoise")
        },
        width=recipe.width,
        height=recipe.height,
    )
    planned = record_of_recipe(recipe).to_dict()
    del planned["tier"], planned["triggers"]
    assert record_of_making(making, (1, 1)).to_dict() == planned


def test_what_is_not_known_is_not_there() -> None:
    assert record_of_making(Making(seed=0, loras=()), (64, 96)).to_dict() == {
        "version": 1,
        "loras": [],
        "seed": 0,
        "width": 64,
        "height": 96,
    }


def test_what_is_handed_in_counts_before_what_a_graph_tells_and_hashes_stay() -> None:
    told = Record(
        seed=1,
        prompt="a boat",
        checkpoint="a",
        checkpoint_sha256="c0",
        loras=(RecordedLora(name="x", strength=1, sha256="ab"),),
    )
    given = Record(seed=2, tier="t", loras=(RecordedLora(name="sub/x", strength=0.5),))
    both = told.under(given)
    assert (both.seed, both.prompt, both.tier, both.checkpoint_sha256) == (2, "a boat", "t", "c0")
    assert both.loras == (RecordedLora(name="sub/x", strength=0.5, sha256="ab"),)
    assert told.under(Record()) == told


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "no record of a picture"),
        ("[]", "no record of a picture"),
        ('{"seed": "x"}', "seed: "),
        ('{"loras": [{"name": "x"}]}', "loras.0.strength: "),
        ('{"cfg": NaN}', "cfg: "),
        ('{"version": 2}', "update Vibes"),
        ("[" * 100_000, "no record of a picture"),
    ],
)
def test_what_is_no_record_is_refused_with_the_place(text: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        read_record(text)


def test_fields_a_later_version_adds_are_left_aside() -> None:
    found: dict[str, Any] = {"version": 1, "seed": 3, "mood": "blue"}
    assert read_record(json.dumps(found)) == Record(seed=3)
