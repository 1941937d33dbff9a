from __future__ import annotations

import pytest

from vibes.catalog import Catalog, FileEntry, Listing, build_catalog
from vibes.errors import NoServerCan
from vibes.preferences import Pool
from vibes.recipes import LoraUse
from vibes.recommend import build_pool
from vibes.recommend.pools import MOST_RELEVANT
from vibes.settings import Tier


def pool_for(
    catalog: Catalog,
    tier: Tier,
    *keywords: str,
    servers: tuple[str, ...] = ("one", "two"),
    explore: bool = True,
    auto_lora: bool = True,
    typed: tuple[LoraUse, ...] = (),
) -> Pool:
    return build_pool(
        tier,
        catalog,
        servers=servers,
        keywords=keywords,
        explore=explore,
        auto_lora=auto_lora,
        max_checkpoints=3,
        typed=typed,
    )


def test_a_pool_has_the_tiers_checkpoints_and_its_familys_loras(
    catalog: Catalog, sd15: Tier
) -> None:
    pool = pool_for(catalog, sd15, "beach", "sunset")
    assert pool.checkpoints == ("dreamshaper.safetensors", "ghibli.safetensors")
    assert set(pool.loras) == {
        *("beach_sunset.safetensors", "film_grain.safetensors"),
        *("misty_forest.safetensors", "neon_city.safetensors"),
    }
    assert pool.relevance["beach_sunset.safetensors"] > 0.5
    assert pool.relevance["misty_forest.safetensors"] == 0


def test_explore_spreads_over_checkpoints_and_quick_takes_one(catalog: Catalog, sd15: Tier) -> None:
    assert pool_for(catalog, sd15).max_checkpoints == 3
    assert pool_for(catalog, sd15, explore=False).max_checkpoints == 1


def test_without_auto_lora_there_are_none(catalog: Catalog, sd15: Tier) -> None:
    assert pool_for(catalog, sd15, "beach", auto_lora=False).loras == ()


def test_checkpoints_whose_name_the_prompt_says_are_relevant(catalog: Catalog, sd15: Tier) -> None:
    relevance = pool_for(catalog, sd15, "ghibli").relevance
    assert relevance["ghibli.safetensors"] > 0.5
    assert "dreamshaper.safetensors" not in relevance


def test_only_online_servers_count(catalog: Catalog, sd15: Tier) -> None:
    pool = pool_for(catalog, sd15, servers=("two",))
    assert pool.checkpoints == ("dreamshaper.safetensors",)
    assert "misty_forest.safetensors" not in pool.loras


def test_a_lora_without_a_checkpoint_beside_it_is_not_in_the_pool(sd15: Tier) -> None:
    metadata = {"ss_base_model_version": "sd_v1"}
    catalog = build_catalog(
        {
            "one": Listing(checkpoints=(FileEntry("dream", None, metadata),)),
            "two": Listing(loras=(FileEntry("beach", None, metadata),)),
        }
    )
    assert pool_for(catalog, sd15, "beach").loras == ()


def test_typed_loras_limit_the_checkpoints_and_leave_the_pool(catalog: Catalog, sd15: Tier) -> None:
    pool = pool_for(catalog, sd15, typed=(LoraUse("neon_city.safetensors", 1),))
    assert pool.checkpoints == ("dreamshaper.safetensors",)
    assert set(pool.loras) == {"beach_sunset.safetensors", "film_grain.safetensors"}


def test_only_the_most_relevant_loras_are_suggested_for_a_prompt(sd15: Tier) -> None:
    metadata = {"ss_base_model_version": "sd_v1"}
    names = ["beach", *(f"beach_{letter * 3}" for letter in "abcdefghij")]
    catalog = build_catalog(
        {
            "one": Listing(
                checkpoints=(FileEntry("dream", None, metadata),),
                loras=tuple(FileEntry(name, None, metadata) for name in [*names, "ink", "film"]),
            )
        }
    )
    pool = pool_for(catalog, sd15, "beach", "aaa", "bbb", "ccc", "ddd", "eee", "fff", "ggg")
    assert len(pool.loras) == len(names) + 2
    assert sum(pool.relevance[name] > 0 for name in pool.loras) == MOST_RELEVANT


def test_nothing_to_make_it_with_is_said_per_server(catalog: Catalog, sd15: Tier) -> None:
    with pytest.raises(NoServerCan, match="No server is online"):
        pool_for(catalog, sd15, servers=())
    typed = (LoraUse("neon_city.safetensors", 1), LoraUse("misty_forest.safetensors", 1))
    with pytest.raises(NoServerCan, match="one: it has no LoRA neon_city; two: it has") as refused:
        pool_for(catalog, sd15, typed=typed)
    assert refused.value.reasons == {
        "one": "it has no LoRA neon_city",
        "two": "it has no LoRA misty_forest",
    }
    with pytest.raises(NoServerCan, match="one: it has no sd2 checkpoint of this tier"):
        pool_for(catalog, sd15.model_copy(update={"family": "sd2"}), servers=("one",))
