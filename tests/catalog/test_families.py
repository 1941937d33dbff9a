from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.catalog import ModelKind, family_of

GB = 10**9


@pytest.mark.parametrize(
    ("key", "value", "family"),
    [
        ("modelspec.architecture", "stable-diffusion-v1", "sd15"),
        ("modelspec.architecture", "stable-diffusion-v1/lora", "sd15"),
        ("modelspec.architecture", "stable-diffusion-v2-768-v", "sd2"),
        ("modelspec.architecture", "Stable-Diffusion-XL-v1-base/lora", "sdxl"),
        ("modelspec.architecture", "stable-diffusion-xl-v1-refiner", "sdxl_refiner"),
        ("modelspec.architecture", "stable-diffusion-3-medium", "sd3"),
        ("modelspec.architecture", "stable-diffusion-v3-medium", "sd3"),
        ("modelspec.architecture", "stable-diffusion-3-5-large", "sd35_large"),
        ("modelspec.architecture", "flux-1-dev/lora", "flux"),
        ("ss_base_model_version", "sd_v1", "sd15"),
        ("ss_base_model_version", "sd_v2_v", "sd2"),
        ("ss_base_model_version", "sdxl_base_v1-0", "sdxl"),
        ("ss_base_model_version", "flux1", "flux"),
        ("ss_base_model_version", "sd3_m", "sd3"),
    ],
)
def test_metadata_names_the_family(key: str, value: str, family: str) -> None:
    assert family_of("lora", "x.safetensors", {key: value}, None) == (family, "metadata")


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("juggernautXL_v9.safetensors", "sdxl"),
        ("sdxl/watercolor.safetensors", "sdxl"),
        ("SDXL\\watercolor.safetensors", "sdxl"),
        ("watercolor-xl.safetensors", "sdxl"),
        ("ponyDiffusionV6XL.safetensors", "sdxl"),
        ("sd_xl_refiner_1.0.safetensors", "sdxl_refiner"),
        ("v1-5-pruned-emaonly.safetensors", "sd15"),
        ("SD1.5/film_grain.safetensors", "sd15"),
        ("tiny-sd15-a.safetensors", "sd15"),
        ("v2-1_768-ema-pruned.ckpt", "sd2"),
        ("sd3_medium.safetensors", "sd3"),
        ("sd3.5_large.safetensors", "sd35_large"),
        ("flux1-dev-fp8.safetensors", "flux"),
    ],
)
def test_a_name_says_the_family_where_metadata_is_silent(name: str, family: str) -> None:
    assert family_of("lora", name, {}, None) == (family, "name")


@pytest.mark.parametrize(
    "name",
    [
        *("dreamshaper_v1.5", "dreamshaper_8", "pixlart", "influxer", "sd_style", "XLarge"),
        *("flux2_dev", "anime_v2", "sd150_portraits", "sd3.5_mix"),
    ],
)
def test_a_version_number_or_a_look_alike_says_no_family(name: str) -> None:
    assert family_of("lora", name, {}, None) == (None, "unknown")


@pytest.mark.parametrize(
    ("gigabytes", "family"),
    [(2.13, "sd15"), (4.27, "sd15"), (6.94, "sdxl"), (4.34, None), (2.58, None), (11.9, None)],
)
def test_only_a_telling_size_says_a_checkpoints_family(
    gigabytes: float, family: str | None
) -> None:
    size = int(gigabytes * GB)
    source = "size" if family else "unknown"
    assert family_of("checkpoint", "model.safetensors", {}, size) == (family, source)


def test_size_says_nothing_about_a_lora() -> None:
    assert family_of("lora", "x.safetensors", {}, int(2.13 * GB)) == (None, "unknown")


def test_metadata_outweighs_name_and_size() -> None:
    metadata = {"modelspec.architecture": "stable-diffusion-v1"}
    assert family_of("checkpoint", "dreamXL.ckpt", metadata, 7 * GB) == ("sd15", "metadata")


def test_foreign_metadata_forbids_guessing_by_name_or_size() -> None:
    metadata = {"modelspec.architecture": "kolors-v1"}
    assert family_of("checkpoint", "kolorsXL.ckpt", metadata, 7 * GB) == (None, "metadata")


def test_contradicting_metadata_is_no_metadata_to_trust() -> None:
    metadata = {
        "modelspec.architecture": "stable-diffusion-xl-v1-base/lora",
        "ss_base_model_version": "sd_v1",
    }
    assert family_of("lora", "x_sdxl.safetensors", metadata, None) == (None, "metadata")


@given(
    st.sampled_from(["checkpoint", "lora", "embedding"]),
    st.text(),
    st.dictionaries(
        st.sampled_from(["modelspec.architecture", "ss_base_model_version"]), st.text()
    ),
    st.none() | st.integers(),
)
def test_a_family_is_known_only_when_something_says_it(
    kind: ModelKind, name: str, metadata: dict[str, str], size: int | None
) -> None:
    family, source = family_of(kind, name, metadata, size)
    assert family is None or source != "unknown"
