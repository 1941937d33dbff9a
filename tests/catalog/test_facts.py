from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.catalog import Facts, facts_from_dict, facts_of, facts_to_dict
from vibes.catalog.headers import Tensor
from vibes.catalog.sidecars import Sidecar
from vibes.catalog.weights import Weights, weights_of

SD15 = Weights(frozenset({"sd15"}), rank=8, modules=264)
SDXL = Weights(frozenset({"sdxl"}), rank=8, modules=722)


def facts(name: str = "x.safetensors", **known: Any) -> Facts:
    return facts_of("lora", name, **{"metadata": {}, **known})


def family(name: str = "x.safetensors", **known: Any) -> tuple[str | None, str]:
    found = facts(name, **known)
    return found.family, found.family_source


def test_weights_outweigh_what_metadata_sidecar_and_name_say() -> None:
    lying = {"ss_base_model_version": "sdxl_base_v1-0"}
    beside = Sidecar(base_model="Flux.1 D")
    found = facts("x_sd3.safetensors", metadata=lying, weights=SD15, sidecar=beside)
    assert (found.family, found.family_source, found.fault) == ("sd15", "weights", None)
    assert (found.rank, found.modules) == (8, 264)


@pytest.mark.parametrize("base", ["Kolors", "kolors"])
def test_a_look_alike_that_says_so_has_no_family(base: str) -> None:
    assert family(weights=SDXL, sidecar=Sidecar(base_model=base)) == (None, "weights")
    assert family(weights=SDXL, metadata={"modelspec.architecture": base}) == (None, "weights")
    assert family(f"{base}_ink.safetensors", weights=SDXL) == (None, "weights")


def test_what_weights_leave_open_the_next_that_speaks_decides() -> None:
    either = Weights(frozenset({"sd3", "sd35_medium"}))
    stated = {"modelspec.architecture": "stable-diffusion-3-medium/lora"}
    assert family(weights=either, metadata=stated) == ("sd3", "metadata")
    beside = Sidecar(base_model="SD 3.5 Medium")
    assert family(weights=either, sidecar=beside) == ("sd35_medium", "sidecar")
    assert family("ink_sd3.safetensors", weights=either) == ("sd3", "name")
    assert family("ink_sdxl.safetensors", weights=either) == (None, "weights")


def test_a_build_nobody_knows_is_believed_to_metadata_but_not_to_a_name() -> None:
    strange = Weights(None, modules=3)
    assert family("ink_sdxl.safetensors", weights=strange) == (None, "weights")
    stated = {"ss_base_model_version": "sd_v1"}
    assert family(weights=strange, metadata=stated) == ("sd15", "metadata")
    assert family(weights=Weights(frozenset(), modules=3), metadata=stated) == (None, "weights")


@pytest.mark.parametrize(
    ("base", "expected", "branch"),
    [
        ("SD 1.5", "sd15", None),
        ("SD 1.4", "sd15", None),
        ("SD 2.1 768", "sd2", None),
        ("SDXL 1.0", "sdxl", None),
        ("SDXL Lightning", "sdxl", None),
        ("SDXL Distilled", None, None),
        ("Pony", "sdxl", "pony"),
        ("Pony V7", None, None),
        ("Illustrious", "sdxl", "illustrious"),
        ("NoobAI", "sdxl", "illustrious"),
        ("SD 3", "sd3", None),
        ("SD 3.5", None, None),
        ("SD 3.5 Large Turbo", "sd35_large", None),
        ("Flux.1 D", "flux", None),
        ("Flux.2 D", None, None),
        ("Wan Video", None, None),
    ],
)
def test_a_site_s_base_model_names_family_and_branch(
    base: str, expected: str | None, branch: str | None
) -> None:
    found = facts("plain.safetensors", sidecar=Sidecar(base_model=base))
    assert (found.family, found.family_source, found.branch) == (expected, "sidecar", branch)


@pytest.mark.parametrize("base", ["", "Other", "Unknown", None])
def test_a_site_that_does_not_know_says_nothing(base: str | None) -> None:
    assert family("x_sdxl.safetensors", sidecar=Sidecar(base_model=base)) == ("sdxl", "name")


@pytest.mark.parametrize(
    ("name", "metadata", "branch"),
    [
        ("ink.safetensors", {"ss_sd_model_name": "ponyDiffusionV6XL.safetensors"}, "pony"),
        ("ink.safetensors", {"ss_sd_model_name": "illustriousXL_v01.safetensors"}, "illustrious"),
        ("ink.safetensors", {"modelspec.merged_from": "NoobAI-XL, noobaiXLNAIXL"}, "illustrious"),
        ("ink.safetensors", {"ss_sd_model_name": "sd_xl_base_1.0.safetensors"}, None),
        ("Pony/ink.safetensors", {}, "pony"),
        ("ink_PDXL.safetensors", {}, "pony"),
        ("InkStyle_ilxl.safetensors", {}, "illustrious"),
        ("my_little_pony_xl.safetensors", {}, None),
        ("ponytail_xl.safetensors", {}, None),
        ("pony_or_illustrious.safetensors", {}, None),
    ],
)
def test_branches_of_sdxl_are_known_by_metadata_or_name(
    name: str, metadata: dict[str, str], branch: str | None
) -> None:
    assert facts(name, metadata=metadata, weights=SDXL).branch == branch
    assert facts(name, metadata=metadata, weights=SD15).branch is None


def test_what_sidecars_say_is_added() -> None:
    beside = Sidecar(
        name="Ink Style",
        triggers=("Ink_Style",),
        tags=("drawing",),
        sha256="a" * 64,
        size=9,
        popularity=70,
        strength=0.8,
        has_preview=True,
    )
    metadata = {"ss_tag_frequency": json.dumps({"10_ink": {"tree": 3, "sea": 9}})}
    found = facts(metadata=metadata, size=9, sidecar=beside)
    assert found.triggers == ("ink style", "ink")
    assert (found.tags, found.tag_counts) == (("drawing", "sea", "tree"), (0, 9, 3))
    assert (found.title, found.sha256, found.popularity) == ("Ink Style", "a" * 64, 70)
    assert (found.strength, found.has_preview) == (0.8, True)


def test_a_digest_of_a_file_of_another_size_is_not_this_file_s() -> None:
    beside = Sidecar(sha256="a" * 64, size=9)
    assert facts(size=9, sidecar=beside).sha256 == "a" * 64
    assert facts(size=10, sidecar=beside).sha256 is None


def test_what_lies_in_the_wrong_folder_is_told() -> None:
    vae = weights_of("lora", {"decoder.conv_in.weight": Tensor("F16", (4, 4))})
    assert facts("vae.safetensors", weights=vae).fault == (
        "vae is no LoRA: move it to the folder of what it is."
    )
    tensors = {"x.lora_up.weight": Tensor("F16", (4, 4))}
    misplaced = weights_of("checkpoint", tensors)
    found = facts_of("checkpoint", "ink.safetensors", metadata={}, weights=misplaced)
    assert found.fault == "ink is a LoRA, no checkpoint: move it to the folder loras."
    assert found.modules is None


words = st.text(max_size=12)
metadata = st.dictionaries(
    st.sampled_from(
        [
            *("modelspec.title", "modelspec.tags", "modelspec.trigger_phrase", "ss_output_name"),
            *("ss_tag_frequency", "ss_base_model_version", "ss_sd_model_name"),
        ]
    ),
    words | st.dictionaries(words, st.dictionaries(words, st.integers())).map(json.dumps),
)
sidecars = st.builds(
    Sidecar,
    base_model=st.none() | st.sampled_from(["SD 1.5", "Pony", "Kolors"]),
    triggers=st.lists(words).map(tuple),
    tags=st.lists(words).map(tuple),
    tag_counts=st.none() | st.dictionaries(words, st.integers(0, 99)),
    popularity=st.none() | st.integers(0, 10**9),
    strength=st.none() | st.floats(0.1, 2),
    has_preview=st.booleans(),
)


@given(metadata, st.none() | sidecars, st.sampled_from([None, SD15, SDXL]), words)
def test_facts_come_back_from_json_as_they_were(
    said: dict[str, str], beside: Sidecar | None, weights: Weights | None, name: str
) -> None:
    found = facts(name, metadata=said, sidecar=beside, weights=weights)
    assert facts_from_dict(json.loads(json.dumps(facts_to_dict(found)))) == found


def test_nothing_known_is_nothing_to_send() -> None:
    assert facts_to_dict(Facts()) == {}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(Facts.__slots__, anything)) | anything)
def test_whatever_a_server_tells_is_bounded_and_can_be_sent_on(told: object) -> None:
    found = facts_from_dict(told)
    assert facts_from_dict(facts_to_dict(found)) == found
    assert len(found.tags) <= 50
    assert len(found.tag_counts) in (0, len(found.tags))
    assert found.family is None or found.family_source != "unknown"


@pytest.mark.parametrize(
    "told",
    [
        {"family": "sdxl"},
        {"family": "<b>", "family_source": "weights"},
        {"tags": ["a", 1]},
        {"tags": "abc"},
        {"tags": ["a"], "tag_counts": [1, 2]},
        {"rank": True},
        {"popularity": -1},
        {"strength": float("nan")},
        {"strength": 40},
        {"sha256": "xyz"},
        {"has_preview": 1},
        {"title": 3},
    ],
)
def test_a_field_that_is_not_as_it_should_be_counts_as_absent(told: dict[str, Any]) -> None:
    found = facts_from_dict(told)
    kept = Facts(tags=("a",)) if "tag_counts" in told else Facts()
    assert found in (kept, Facts(family_source="weights"))
