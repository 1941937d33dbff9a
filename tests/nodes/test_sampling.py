from __future__ import annotations

from dataclasses import replace

import pytest

from comfy_nodes.choices import HERE
from comfy_nodes.options import check_option
from comfy_nodes.sampling import Asked, Found, check_samplers, find_parameters
from vibes.catalog import Catalog, Facts, FileEntry, Listing, build_catalog
from vibes.errors import InvalidInput, NoServerCan, NotFound


def of(family: str) -> Facts:
    return Facts(family=family, family_source="metadata")


@pytest.fixture
def catalog() -> Catalog:
    return build_catalog(
        {
            HERE: Listing(
                checkpoints=(
                    FileEntry("realism.safetensors", facts=of("sd15")),
                    FileEntry("bigXL.safetensors", facts=of("sdxl")),
                    FileEntry("quickXL_lightning_4step.safetensors", facts=of("sdxl")),
                    FileEntry("micro.safetensors", facts=of("sd3")),
                    FileEntry("schnell.safetensors", facts=of("flux")),
                    FileEntry("riddle.safetensors"),
                ),
                loras=(FileEntry("lcm_lora_sdv15.safetensors", facts=of("sd15")),),
            )
        }
    )


ASKED = Asked("a lighthouse on a cliff")


def test_without_a_checkpoint_the_first_tier_that_has_one_is_meant(catalog: Catalog) -> None:
    found = find_parameters(ASKED, catalog)
    assert found.tier == "sd15_draft"
    assert (found.parameters.width, found.parameters.height) == (512, 768)


@pytest.mark.parametrize(
    ("checkpoint", "tier"),
    [
        ("realism.safetensors", "sd15_draft"),
        ("bigxl", "sdxl_standard"),
        ("micro", "tiny_test"),  # of its family, though the tier's pool is of other names
    ],
)
def test_a_checkpoint_brings_its_tier(catalog: Catalog, checkpoint: str, tier: str) -> None:
    assert find_parameters(replace(ASKED, checkpoint=checkpoint), catalog).tier == tier


def test_a_model_made_for_few_steps_gets_them(catalog: Catalog) -> None:
    found = find_parameters(replace(ASKED, checkpoint="quickXL"), catalog)
    assert found.parameters.steps == 4
    assert "made for 4" in found.report
    by_lora = find_parameters(replace(ASKED, loras="lcm_lora_sdv15:1"), catalog)
    assert by_lora.parameters.sampler == "lcm"


def test_priority_and_shape_are_heeded(catalog: Catalog) -> None:
    def steps(priority: str) -> int:
        return find_parameters(replace(ASKED, priority=priority), catalog).parameters.steps

    assert steps("speed") < steps("balanced") < steps("quality")
    wide = find_parameters(replace(ASKED, aspect_ratio="landscape"), catalog).parameters
    assert wide.width > wide.height


def test_the_report_gives_every_reason_once_and_what_it_costs(catalog: Catalog) -> None:
    found = find_parameters(replace(ASKED, priority="speed"), catalog)
    lines = found.report.splitlines()
    assert len(set(lines)) == len(lines)
    assert lines[0] == "Tier sd15_draft."
    assert set(found.advice.reasons.values()) <= set(lines)
    assert any(line.startswith("For speed, 20 steps instead of") for line in lines)


@pytest.mark.parametrize(
    ("checkpoint", "sentence"),
    [
        ("schnell", "No tier is for flux models, which schnell.safetensors is one of"),
        ("riddle", "The family of riddle.safetensors is not known: choose the tier"),
    ],
)
def test_a_checkpoint_of_no_tier_is_not_guessed_about(
    catalog: Catalog, checkpoint: str, sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        find_parameters(replace(ASKED, checkpoint=checkpoint), catalog)


def test_a_checkpoint_of_unknown_family_is_used_in_the_tier_named(catalog: Catalog) -> None:
    asked = replace(ASKED, checkpoint="riddle", tier="sdxl_standard")
    assert find_parameters(asked, catalog).tier == "sdxl_standard"


def test_a_tier_of_another_family_than_the_checkpoint_s_is_refused(catalog: Catalog) -> None:
    with pytest.raises(InvalidInput, match="is for sdxl models and realism"):
        find_parameters(replace(ASKED, checkpoint="realism", tier="sdxl_standard"), catalog)


def test_models_and_tiers_that_are_not_here_are_named_with_their_nearest(catalog: Catalog) -> None:
    for wrong, hint in (
        (replace(ASKED, checkpoint="bigLX"), "Did you mean bigxl"),
        (replace(ASKED, loras="lcm_lora_sd15:1"), "Did you mean lcm_lora_sdv15"),
        (replace(ASKED, tier="sd15_drafts"), "Did you mean 'sd15_draft'"),
    ):
        with pytest.raises(NotFound, match=hint):
            find_parameters(wrong, catalog)


def test_with_no_checkpoint_at_all_the_tier_must_be_named() -> None:
    empty = build_catalog({HERE: Listing()})
    with pytest.raises(NoServerCan):
        find_parameters(ASKED, empty)
    assert find_parameters(replace(ASKED, tier="sdxl_standard"), empty).tier == "sdxl_standard"


def test_a_sampler_or_scheduler_this_comfyui_lacks_is_refused(catalog: Catalog) -> None:
    found: Found = find_parameters(ASKED, catalog)
    check_samplers(found, samplers=["euler"], schedulers=["normal"])
    with pytest.raises(InvalidInput, match=r"sd15_draft wants the sampler 'euler'.*'eulr'\?"):
        check_samplers(found, samplers=["eulr"], schedulers=["normal"])
    with pytest.raises(InvalidInput, match=r"wants the scheduler 'normal'.*does not have\."):
        check_samplers(found, samplers=["euler"], schedulers=["karras"])


def test_an_option_is_checked_unless_it_arrives_by_a_link() -> None:
    check_option("mode", "auto", ["auto", "off"])
    check_option("mode", None, ["auto", "off"])
    with pytest.raises(InvalidInput, match=r"no mode 'of'; did you mean 'off'\? There are auto, o"):
        check_option("mode", "of", ["auto", "off"])
