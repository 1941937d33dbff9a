from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from comfy_nodes.choices import HERE, LoraChoice, choose_checkpoint, choose_loras, new_taste
from vibes.catalog import Catalog, Facts, FileEntry, Listing, build_catalog
from vibes.errors import NoServerCan, NotFound
from vibes.preferences import Policy
from vibes.prompts import parse
from vibes.recipes import LoraUse

SD15 = Facts(family="sd15", family_source="metadata")
SDXL = Facts(family="sdxl", family_source="metadata")
SEEDS = range(40)


def untaught(seed: int) -> Policy:
    return new_taste().copy(np.random.default_rng(seed))


@pytest.fixture
def catalog() -> Catalog:
    return build_catalog(
        {
            HERE: Listing(
                checkpoints=(
                    FileEntry("beach_realism.safetensors", facts=SD15),
                    FileEntry("toonyou.safetensors", facts=SD15),
                    FileEntry("majestic.safetensors", facts=SD15),
                    FileEntry("bigXL.safetensors", facts=SDXL),
                ),
                loras=(
                    FileEntry("beach_sunset.safetensors", facts=SD15),
                    FileEntry("beach_xl.safetensors", facts=SDXL),
                    FileEntry("neon_city.safetensors", facts=SD15),
                    FileEntry("beach_of_unknown_origin.safetensors"),
                ),
            )
        }
    )


def chosen(catalog: Catalog, tier: str | None, *, explore: bool, prompt: str = "a cat") -> set[str]:
    return {
        choose_checkpoint(
            catalog, tier, prompt=prompt, explore=explore, policy=untaught(seed)
        ).candidate.checkpoint
        for seed in SEEDS
    }


def test_quick_takes_the_checkpoint_that_fits_the_prompt(catalog: Catalog) -> None:
    found = chosen(catalog, "sd15_draft", explore=False, prompt="a beach")
    assert found == {"beach_realism.safetensors"}


def test_explore_tries_every_checkpoint_of_the_tier_and_no_other(catalog: Catalog) -> None:
    assert chosen(catalog, "sd15_draft", explore=True) == {
        "beach_realism.safetensors",
        "toonyou.safetensors",
        "majestic.safetensors",
    }


@pytest.mark.parametrize("tier", [None, "auto"])
def test_without_a_tier_the_first_with_a_checkpoint_is_taken(
    catalog: Catalog, tier: str | None
) -> None:
    assert "bigXL.safetensors" not in chosen(catalog, tier, explore=True)


def test_an_unknown_tier_and_an_empty_one_are_errors(catalog: Catalog) -> None:
    with pytest.raises(NotFound, match="sd15_draft"):
        choose_checkpoint(catalog, "sd15_drafts", prompt="", explore=True, policy=untaught(0))
    with pytest.raises(NoServerCan):
        choose_checkpoint(catalog, "tiny_test", prompt="", explore=True, policy=untaught(0))


@pytest.mark.parametrize("explore", [True, False])
def test_the_same_inputs_give_the_same_checkpoint(catalog: Catalog, explore: bool) -> None:
    def choice() -> object:
        policy = untaught(2**64 - 1)
        return choose_checkpoint(catalog, None, prompt="a beach", explore=explore, policy=policy)

    assert choice() == choice()


Loras = Callable[..., LoraChoice]


@pytest.fixture
def loras(catalog: Catalog) -> Loras:
    def choose(
        prompt: str, *, family: str | None = "sd15", max_loras: int = 3, seed: int = 0
    ) -> LoraChoice:
        return choose_loras(
            catalog, family, prompt=parse(prompt), max_loras=max_loras, policy=untaught(seed)
        )

    return choose


def test_a_lora_is_chosen_by_prompt_and_family(loras: Loras) -> None:
    for seed in SEEDS:
        chosen = loras("a beach at sunset", seed=seed)
        (use,), reason = chosen.uses, chosen.reason
        assert use.name == "beach_sunset.safetensors"
        assert 0.5 <= use.strength <= 0.8
        assert "'beach'" in reason


def test_the_same_inputs_give_the_same_loras(loras: Loras) -> None:
    assert loras("a beach", seed=7) == loras("a beach", seed=7)


def test_a_lora_the_prompt_names_comes_first_and_only_once(loras: Loras) -> None:
    chosen = loras("a beach <lora:neon_city:0.9> <lora:beach_sunset:0.3>")
    assert chosen.uses == (
        LoraUse("neon_city.safetensors", 0.9),
        LoraUse("beach_sunset.safetensors", 0.3),
    )
    assert chosen.reason.count("your prompt names it") == 2


def test_none_are_added_beyond_the_limit(loras: Loras) -> None:
    assert loras("a beach <lora:neon_city:0.9>", max_loras=0).uses == (
        LoraUse("neon_city.safetensors", 0.9),
    )


def test_strengths_together_stay_within_three(loras: Loras) -> None:
    uses = loras("a beach <lora:neon_city:2.9>").uses
    assert [use.name for use in uses] == ["neon_city.safetensors"]


@pytest.mark.parametrize(
    ("prompt", "family", "reason"),
    [
        ("a beach", None, "family of the loaded model is not known"),
        ("a beach", "flux", "none for flux here"),
        ("a violin", "sd15", "none for sd15 here"),
        ("", "sd15", "none for sd15 here"),
    ],
)
def test_no_lora_is_chosen_that_is_not_known_to_fit(
    prompt: str, family: str | None, reason: str, loras: Loras
) -> None:
    chosen = loras(prompt, family=family)
    assert chosen.uses == ()
    assert reason in chosen.reason


def test_a_lora_that_is_not_here_is_an_error(loras: Loras) -> None:
    with pytest.raises(NotFound, match="neon_town"):
        loras("a <lora:neon_town:1>")
