from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vibes.recipes import Candidate, LoraUse, Recipe


@pytest.fixture
def make_recipe() -> Callable[..., Recipe]:
    def make(*loras: tuple[str, float], **changes: Any) -> Recipe:
        uses = tuple(LoraUse(name, strength) for name, strength in loras)
        fields: dict[str, Any] = {
            "template": "draft",
            "tier": "sd15_draft",
            "prompt": "a beach at dawn",
            "negative_prompt": "blurry",
            "candidate": Candidate("sub/epicrealism.safetensors", uses),
            "seed": 2**64 - 1,
            "width": 512,
            "height": 768,
            "steps": 21,
            "cfg": 6.5,
            "sampler": "dpmpp_2m",
            "scheduler": "karras",
            "denoise": 0.4,
        }
        return Recipe(**{**fields, **changes})

    return make
