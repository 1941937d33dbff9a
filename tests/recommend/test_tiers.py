from __future__ import annotations

import pytest

from vibes.catalog import Catalog, ModelRecord
from vibes.errors import NoServerCan, NotFound
from vibes.recommend import choose_tier, tier_checkpoints
from vibes.recommend.tiers import belongs
from vibes.settings import AspectRatio, Stage, Tier

SIZES: dict[AspectRatio, tuple[int, int]] = {
    "portrait": (512, 768),
    "landscape": (768, 512),
    "square": (640, 640),
}


def tier(*patterns: str, steps: int = 20) -> Tier:
    return Tier(
        family="sd15",
        checkpoints=patterns,
        sizes=SIZES,
        steps=steps,
        cfg=7,
        sampler="euler",
        scheduler="normal",
    )


def stage(scale: float = 1, steps_scale: float = 1) -> Stage:
    return Stage(name="s", size=1, template="draft", scale=scale, steps_scale=steps_scale)


@pytest.mark.parametrize(
    ("name", "family", "pattern", "is_in"),
    [
        ("a.safetensors", "sd15", "*", True),
        ("a.safetensors", "sdxl", "*", False),
        ("a.safetensors", "sdxl", "a.safetensors", False),
        ("a.safetensors", None, "*", False),
        ("a.safetensors", None, "a.safetensors", True),
        ("a.safetensors", None, "a", True),
        ("odd [v2].safetensors", None, "odd [v2]", True),
        ("real/Dream_v1.5.safetensors", "sd15", "dream*", True),
        ("real/Dream_v1.5.safetensors", "sd15", "REAL/*", True),
        ("real/Dream_v1.5.safetensors", "sd15", "dream_v1.5.safetensors", True),
        ("real/Dream_v1.5.safetensors", "sd15", "other*", False),
    ],
)
def test_a_checkpoint_belongs_to_a_tier_by_family_and_pattern(
    name: str, family: str | None, pattern: str, is_in: bool
) -> None:
    assert belongs(ModelRecord("checkpoint", name, family), tier(pattern)) is is_in


def test_only_checkpoints_on_the_given_servers_count(catalog: Catalog, sd15: Tier) -> None:
    both = ("dreamshaper.safetensors", "ghibli.safetensors")
    assert tier_checkpoints(sd15, catalog, ["one", "two"]) == both
    assert tier_checkpoints(sd15, catalog, ["two"]) == both[:1]
    assert tier_checkpoints(sd15, catalog, []) == ()


def test_auto_is_the_first_tier_with_a_checkpoint_online(
    catalog: Catalog, tiers: dict[str, Tier]
) -> None:
    assert choose_tier("auto", tiers, catalog, servers=["one", "two"]) == "draft"
    tiny_first = {"tiny": tiers["tiny"], "xl": tiers["xl"]}
    assert choose_tier(None, tiny_first, catalog, servers=["one", "two"]) == "xl"


def test_a_tier_named_is_the_tier_used(catalog: Catalog, tiers: dict[str, Tier]) -> None:
    assert choose_tier("tiny", tiers, catalog, servers=[]) == "tiny"


def test_a_tier_that_is_not_there_is_refused_with_the_nearest(
    catalog: Catalog, tiers: dict[str, Tier]
) -> None:
    with pytest.raises(NotFound, match="Did you mean 'draft'"):
        choose_tier("drafts", tiers, catalog, servers=["one"])
    with pytest.raises(NotFound, match="draft, tiny, xl"):
        choose_tier("zzz", tiers, catalog, servers=["one"])


def test_without_any_checkpoint_auto_says_why(catalog: Catalog, tiers: dict[str, Tier]) -> None:
    with pytest.raises(NoServerCan, match="No server is online"):
        choose_tier("auto", tiers, catalog, servers=[])
    with pytest.raises(NoServerCan, match="for any tier") as refused:
        choose_tier("auto", {"tiny": tiers["tiny"]}, catalog, servers=["one"])
    assert "sd3" in refused.value.reasons["one"]
