from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vibes.catalog.sidecars import MAX_BYTES, Sidecar, read_sidecars, sidecar_names

MODEL = "ink.safetensors"
SHA256 = "AB" * 32
SITE = {
    "id": 2,
    "name": "v1.0",
    "baseModel": "Pony",
    "trainedWords": ["InkStyle, ink wash", "black_ink"],
    "model": {"name": "Ink Style", "type": "LORA", "tags": ["style", "ink"]},
    "files": [
        {"name": "training.zip", "sizeKB": 3, "hashes": {"SHA256": "00" * 32}},
        {"name": MODEL, "sizeKB": 1.5, "primary": True, "hashes": {"SHA256": SHA256}},
    ],
    "stats": {"downloadCount": 7000, "rating": 4.9},
}


def told(folder: Path, **files: object) -> Sidecar | None:
    """What is read of sidecars with these ends; a text stands for itself."""
    for end, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / _NAMES[end]).write_text(text)
    beside = {path.name for path in folder.iterdir()}
    return read_sidecars(folder, sidecar_names(MODEL, beside))


_NAMES = {
    "civitai": "ink.civitai.info",
    "manager": "ink.metadata.json",
    "rgthree": "ink.safetensors.rgthree-info.json",
    "preview": "ink.preview.png",
    "picture": "ink.jpeg",
    "other": "inkling.metadata.json",
}


def test_a_site_s_answer_beside_a_model_is_read(tmp_path: Path) -> None:
    assert told(tmp_path, civitai=SITE) == Sidecar(
        base_model="Pony",
        name="Ink Style",
        triggers=("InkStyle", "ink wash", "black_ink"),
        tags=("style", "ink"),
        sha256=SHA256.lower(),
        size=1536,
        popularity=7000,
    )


def test_what_lora_manager_wrote_is_read(tmp_path: Path) -> None:
    data = {
        "model_name": "Ink by hand",
        "base_model": "SD 1.5",
        "sha256": SHA256,
        "size": 99,
        "tags": ["mine"],
        "usage_tips": json.dumps({"strength": 0.75}),
        "civitai": SITE,
    }
    found = told(tmp_path, manager=data)
    assert found is not None
    assert (found.name, found.base_model, found.tags) == ("Ink by hand", "SD 1.5", ("mine",))
    assert (found.sha256, found.size, found.strength) == (SHA256.lower(), 99, 0.75)
    assert (found.triggers[0], found.popularity) == ("InkStyle", 7000)


def test_what_rgthree_wrote_is_read(tmp_path: Path) -> None:
    data = {
        "name": "Ink Style - v1.0",
        "baseModel": "Illustrious",
        "sha256": SHA256.lower(),
        "trainedWords": [
            {"word": "inkstyle", "civitai": True},
            {"word": "my ink", "user": True},
            {"word": "tree", "count": 9, "metadata": True},
        ],
        "strengthMin": 0.6,
        "strengthMax": 1.0,
    }
    found = told(tmp_path, rgthree=data)
    assert found is not None
    assert (found.base_model, found.sha256) == ("Illustrious", SHA256.lower())
    assert found.triggers == ("inkstyle", "my ink")
    assert found.tag_counts == {"tree": 9}
    assert found.strength == pytest.approx(0.8)


def test_where_one_is_silent_the_next_speaks(tmp_path: Path) -> None:
    found = told(tmp_path, civitai=SITE, rgthree={"baseModel": "SDXL 1.0"}, preview="")
    assert found is not None
    assert (found.base_model, found.name, found.has_preview) == ("SDXL 1.0", "Ink Style", True)


@pytest.mark.parametrize("kind", ["preview", "picture"])
def test_a_picture_beside_a_model_is_its_preview(tmp_path: Path, kind: str) -> None:
    assert told(tmp_path, **{kind: "any bytes"}) == Sidecar(has_preview=True)


def test_what_belongs_to_another_model_is_not_read(tmp_path: Path) -> None:
    assert told(tmp_path, other=SITE) is None


@pytest.mark.parametrize("kind", ["civitai", "manager", "rgthree"])
@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"a": NaN}', "[" * 100_000, "x" * (MAX_BYTES + 1)]
)
def test_a_malformed_sidecar_says_nothing(tmp_path: Path, kind: str, content: str) -> None:
    assert told(tmp_path, **{kind: content}) in (None, Sidecar())


def test_a_sidecar_that_is_no_text_or_no_file_says_nothing(tmp_path: Path) -> None:
    (tmp_path / _NAMES["civitai"]).write_bytes(b"\xff\xfe\x00")
    (tmp_path / _NAMES["manager"]).mkdir()
    assert told(tmp_path) is None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(sorted({*SITE, "word", "count", "SHA256", "strength"})), inner
        )
    ),
    max_leaves=10,
)
KEYS = (
    "base_model",
    "usage_tips",
    "civitai",
    "sha256",
    "size",
    "strengthMin",
    "strengthMax",
    *SITE,
)


@given(
    st.sampled_from(["civitai", "manager", "rgthree"]),
    st.dictionaries(st.sampled_from(KEYS), anything),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sidecars_of_any_shape_are_survived(
    tmp_path: Path, kind: str, data: dict[str, Any]
) -> None:
    found = told(tmp_path, **{kind: data}) or Sidecar()
    assert all(isinstance(word, str) for word in (*found.triggers, *found.tags))
    assert len(found.triggers) <= 50
    assert found.popularity is None or found.popularity >= 0
