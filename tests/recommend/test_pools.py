from __future__ import annotations

from typing import Any

import pytest

from vibes.catalog import Catalog, Facts, FileEntry, Listing, build_catalog
from vibes.errors import NoServerCan
from vibes.preferences import Pool
from vibes.recipes import LoraUse
from vibes.recommend import Blocks, Libraries, Offer, make_offer
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
    return make_offer(
        tier,
        catalog,
        Libraries(catalog),
        servers=servers,
        keywords=keywords,
        explore=explore,
        auto_lora=auto_lora,
        max_checkpoints=3,
        typed=typed,
    ).pool


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
    facts = Facts(family="sd15", family_source="metadata")
    catalog = build_catalog(
        {
            "one": Listing(checkpoints=(FileEntry("dream", None, facts),)),
            "two": Listing(loras=(FileEntry("beach", None, facts),)),
        }
    )
    assert pool_for(catalog, sd15, "beach").loras == ()


def test_typed_loras_limit_the_checkpoints_and_leave_the_pool(catalog: Catalog, sd15: Tier) -> None:
    pool = pool_for(catalog, sd15, typed=(LoraUse("neon_city.safetensors", 1),))
    assert pool.checkpoints == ("dreamshaper.safetensors",)
    assert set(pool.loras) == {"beach_sunset.safetensors", "film_grain.safetensors"}


def test_only_the_most_relevant_loras_are_suggested_for_a_prompt(sd15: Tier) -> None:
    facts = Facts(family="sd15", family_source="metadata")
    names = ["beach", *(f"beach_{letter * 3}" for letter in "abcdefghij")]
    catalog = build_catalog(
        {
            "one": Listing(
                checkpoints=(FileEntry("dream", None, facts),),
                loras=tuple(FileEntry(name, None, facts) for name in [*names, "ink", "film"]),
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


def offer_for(sd15: Tier, *keywords: str, loras: tuple[FileEntry, ...], **more: Any) -> Offer:
    checkpoint = FileEntry("dream", None, Facts(family="sd15", family_source="metadata"))
    catalog = build_catalog({"one": Listing(checkpoints=(checkpoint,), loras=loras)})
    return make_offer(
        sd15,
        catalog,
        Libraries(catalog),
        servers=["one"],
        keywords=keywords,
        explore=True,
        auto_lora=True,
        max_checkpoints=3,
        **more,
    )


def entry(name: str, **facts: Any) -> FileEntry:
    return FileEntry(name, None, Facts(**{"family": "sd15", "family_source": "metadata", **facts}))


def test_a_pool_says_at_which_strength_what_fits_starts(sd15: Tier) -> None:
    loras = entry("beach"), entry("sunset", strength=1.0), entry("forest")
    pool = offer_for(sd15, "beach", "sunset", loras=loras).pool
    assert pool.start == {"beach": 0.8, "sunset": 1.0}
    assert pool.strengths == (0.5, 0.6, 0.7, 0.8, 1.0)
    calm = offer_for(sd15, "beach", loras=loras, complexity=1.0).pool
    assert calm.start == {"beach": 0.7}


def test_what_a_gate_shuts_out_is_told_and_not_in_the_pool(sd15: Tier) -> None:
    loras = (
        entry("beach", triggers=("bchx",)),
        entry("my_beach", triggers=("bchx",)),
        entry("anime_beach", triggers=("beach",)),
        entry("flux_beach", family="flux"),
        entry("anime_forest"),
    )
    blocks = Blocks(names=frozenset({"beach"}))
    offer = offer_for(sd15, "photo", "beach", loras=loras, blocks=blocks)
    assert offer.pool.loras == ("my_beach",)
    assert dict(offer.loras.told).keys() == {"beach", "anime_beach", "flux_beach"}
    offer = offer_for(sd15, "beach", loras=loras, inert={"dream": {"beach"}})
    assert set(offer.pool.loras) == {"my_beach", "anime_beach", "anime_forest"}
    assert offer.pool.relevance["anime_forest"] == 0


def test_a_checkpoint_whose_file_is_damaged_is_chosen_only_by_name(sd15: Tier) -> None:
    fault = Facts(family="sd15", family_source="metadata", fault="The file ends too early.")
    checkpoint = FileEntry("dream.safetensors", None, fault)
    catalog = build_catalog({"one": Listing(checkpoints=(checkpoint,))})
    with pytest.raises(NoServerCan, match="The file ends too early"):
        pool_for(catalog, sd15, servers=("one",))
    named = sd15.model_copy(update={"checkpoints": ("dream.safetensors",)})
    assert pool_for(catalog, named, servers=("one",)).checkpoints == ("dream.safetensors",)
