"""Tiers, models and measurements to advise with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vibes.catalog import ModelRecord
from vibes.prompts import analyse
from vibes.recommend import Limits, ParameterAdvice, advise
from vibes.settings import Stage, Tier

SIZES: dict[str, dict[str, tuple[int, int]]] = {
    "sd15": {"portrait": (512, 768), "landscape": (768, 512), "square": (640, 640)},
    "odd": {"portrait": (64, 96), "landscape": (96, 64), "square": (64, 64)},
}
MEGAPIXEL = {"portrait": (832, 1216), "landscape": (1216, 832), "square": (1024, 1024)}
FIRST = Stage(name="Drafts", size=20, template="draft")
GIB = 2**30


def tier(family: str = "sdxl", **stated: Any) -> Tier:
    return Tier(family=family, sizes=SIZES.get(family, MEGAPIXEL), **stated)


def model(name: str, kind: str = "checkpoint", **known: Any) -> ModelRecord:
    return ModelRecord(kind=kind, name=f"{name}.safetensors", **known)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Measured:
    """Half a second for a megapixel and step, and as many bytes as are told."""

    memory: int | None = None
    speed: float | None = 0.5

    def seconds(
        self, family: str, checkpoint: str | None, width: int, height: int, steps: int
    ) -> float | None:
        return None if self.speed is None else width * height / 1e6 * steps * self.speed

    def vram(self, family: str, checkpoint_size: int | None, width: int, height: int) -> int | None:
        return None if self.memory is None else self.memory * width * height


def advice(prompt: str, family: str = "sdxl", **given: Any) -> ParameterAdvice:
    """Advice for a portrait at the first stage, unless something else is given."""
    usual: dict[str, Any] = {
        "tier": tier(family),
        "stage": FIRST,
        "aspect_ratio": "portrait",
        "checkpoint": None,
        "loras": (),
        "priority": "balanced",
        "limits": Limits(),
    }
    return advise(analyse(prompt), **{**usual, **given})
