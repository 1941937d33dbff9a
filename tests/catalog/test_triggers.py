from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.catalog.triggers import MAX_TAGS, training_of

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def triggers_of(metadata: dict[str, str]) -> tuple[str, ...]:
    return training_of(metadata).triggers


def tags_of(metadata: dict[str, str]) -> tuple[str, ...]:
    return tuple(training_of(metadata).counts)


def frequency(**folders: dict[str, object]) -> dict[str, str]:
    return {"ss_tag_frequency": json.dumps(folders)}


def test_stated_trigger_phrases_are_triggers() -> None:
    metadata = {"modelspec.trigger_phrase": "Neon_City, by night ,"}
    assert triggers_of(metadata) == ("neon city", "by night")


def test_the_name_of_a_training_folder_is_a_trigger() -> None:
    metadata = frequency(**{"10_beach_sunset": {"sea": 3}, "5_img": {}, "plain": {"sky": 1}})
    assert triggers_of(metadata) == ("beach sunset",)


def test_tags_are_counted_over_all_folders_most_frequent_first() -> None:
    metadata = frequency(**{"1_a": {"sea": 3, "palm_tree": 5}, "2_b": {"sea": 9}})
    assert tags_of(metadata) == ("sea", "palm tree")


def test_stated_tags_stand_before_counted_ones() -> None:
    metadata = {"modelspec.tags": "Style, Ink"} | frequency(a={"ink": 7, "paper": 2})
    assert tags_of(metadata) == ("style", "ink", "paper")


def test_no_more_tags_are_kept_than_anyone_reads() -> None:
    metadata = frequency(a={f"tag {number}": number + 1 for number in range(500)})
    assert len(tags_of(metadata)) == MAX_TAGS


@pytest.mark.parametrize(
    "broken",
    ["", "{", "null", "[]", "3", '{"a": 1}', '{"a": {"b": "many", "c": true, "": 2}}'],
)
def test_broken_metadata_counts_as_absent(broken: str) -> None:
    assert tags_of({"ss_tag_frequency": broken}) == ()
    assert triggers_of({"ss_tag_frequency": broken}) == ()


def test_absurdly_nested_metadata_counts_as_absent() -> None:
    assert tags_of({"ss_tag_frequency": "[" * 200_000}) == ()


@given(json_values)
def test_any_json_is_survived(value: object) -> None:
    metadata = {"ss_tag_frequency": json.dumps(value)}
    assert all(isinstance(tag, str) and tag for tag in tags_of(metadata))
    assert all(isinstance(trigger, str) and trigger for trigger in triggers_of(metadata))
