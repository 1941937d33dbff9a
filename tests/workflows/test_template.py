from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vibes.errors import InvalidInput, NotFound
from vibes.workflows import load_template, required_nodes, template_names
from vibes.workflows.template import SLOTS

SHIPPED = ("draft", "finish", "refine")
Document = dict[str, Any]


@pytest.fixture
def document() -> Document:
    slots = {"checkpoint": "ckpt_name", "prompt": "text", "seed": "seed", "filename_prefix": "name"}
    return {
        "graph": {
            "1": {"class_type": "Everything", "inputs": dict.fromkeys(slots.values(), "")},
            "2": {"class_type": "Reader", "inputs": {"model": ["1", 0]}},
        },
        "slots": {name: ["1", place] for name, place in slots.items()},
        "outputs": {"image": "1"},
        "needs": {"nodes": ["Everything", "Reader"], "models": []},
    }


def load(folder: Path, document: object) -> None:
    (folder / "mine.json").write_text(json.dumps(document))
    load_template("mine", folder)


def test_the_shipped_templates_are_found() -> None:
    assert template_names() == (*SHIPPED, "your-own-workflow")


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_templates_have_every_slot(name: str) -> None:
    expected = SLOTS - {"source"} if name == "draft" else SLOTS
    assert load_template(name).slots.keys() == expected


def test_required_nodes_include_what_loras_need() -> None:
    assert {"KSampler", "CheckpointLoaderSimple", "LoraLoader"} <= required_nodes(
        load_template("draft")
    )


@pytest.mark.parametrize("name", ["drafts", "../api/draft", "", "draft.json"])
def test_an_unknown_name_is_answered_with_what_there_is(name: str) -> None:
    with pytest.raises(NotFound, match="draft"):
        load_template(name)


def test_a_sound_file_of_one_s_own_is_accepted(tmp_path: Path, document: Document) -> None:
    load(tmp_path, document)


def _unlinked(document: Document) -> None:
    document["graph"]["2"]["inputs"]["model"] = ["9", 0]


def _no_class(document: Document) -> None:
    del document["graph"]["2"]["class_type"]


def _foreign_slot(document: Document) -> None:
    document["slots"]["colour"] = ["1", "seed"]


def _slot_nowhere(document: Document) -> None:
    document["slots"]["steps"] = ["1", "steps"]


def _linked_slot(document: Document) -> None:
    document["slots"]["steps"] = ["2", "model"]


def _free_edge(document: Document) -> None:
    document["slots"]["loras"] = ["1", "seed"]


def _half_an_edge(document: Document) -> None:
    document["slots"]["loras"] = ["2", "model"]


def _no_seed(document: Document) -> None:
    del document["slots"]["seed"]


def _no_output(document: Document) -> None:
    document["outputs"] = {}


def _unknown_key(document: Document) -> None:
    document["colour"] = "red"


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (_unlinked, "input 'model' of node 2 is linked to node 9"),
        (_no_class, "node 2 lacks its class_type"),
        (_foreign_slot, "no slot 'colour'"),
        (_slot_nowhere, "slot 'steps' points at input 'steps' of node 1"),
        (_linked_slot, "slot 'steps' must be a free input"),
        (_free_edge, "slot 'loras' must be a linked input"),
        (_half_an_edge, "'loras' and 'loras_clip' go together"),
        (_no_seed, "slot 'seed' is missing"),
        (_no_output, "'outputs' must name the one node"),
        (_unknown_key, "'colour' is wrong"),
    ],
)
def test_a_faulty_file_is_refused_by_place_and_reason(
    spoil: Callable[[Document], None], complaint: str, document: Document, tmp_path: Path
) -> None:
    spoil(document)
    with pytest.raises(InvalidInput, match=complaint) as caught:
        load(tmp_path, document)
    assert str(caught.value).startswith(str(tmp_path / "mine.json"))


@pytest.mark.parametrize("content", [[], "text", 7, None])
def test_a_file_that_is_no_object_is_refused(content: object, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="a template is a JSON object"):
        load(tmp_path, content)


def test_a_file_that_is_not_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text("{")
    with pytest.raises(InvalidInput, match="a template is a JSON object"):
        load_template("mine", tmp_path)
