from __future__ import annotations

import pytest

from vibes.catalog import Catalog, Facts, FileEntry, Listing, build_catalog
from vibes.settings import Tier


def _file(name: str, family: str | None) -> FileEntry:
    facts = Facts(family=family, family_source="metadata") if family else Facts()
    return FileEntry(f"{name}.safetensors", None, facts)


FILM = _file("film_grain", "sd15")
BOTH = (_file("beach_sunset", "sd15"), FILM, _file("mystery_beach", None))


@pytest.fixture
def catalog() -> Catalog:
    """Two servers: "one" has both sd15 checkpoints, "two" only dreamshaper, and the sdxl one."""
    return build_catalog(
        {
            "one": Listing(
                checkpoints=(_file("dreamshaper", "sd15"), _file("ghibli", "sd15")),
                loras=(*BOTH, _file("misty_forest", "sd15")),
            ),
            "two": Listing(
                checkpoints=(_file("dreamshaper", "sd15"), _file("jugger", "sdxl")),
                loras=(*BOTH, _file("neon_city", "sd15"), _file("beach_sdxl", "sdxl")),
            ),
        }
    )


def make_tier(family: str, *patterns: str) -> Tier:
    return Tier(
        family=family,
        checkpoints=patterns or ("*",),
        sizes={"portrait": (512, 768), "landscape": (768, 512), "square": (640, 640)},
        steps=20,
        cfg=7,
        sampler="euler",
        scheduler="normal",
    )


@pytest.fixture
def sd15() -> Tier:
    return make_tier("sd15")


@pytest.fixture
def tiers() -> dict[str, Tier]:
    return {"draft": make_tier("sd15"), "tiny": make_tier("sd3", "tiny*"), "xl": make_tier("sdxl")}
