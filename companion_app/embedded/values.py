"""What travels along the links of a graph: tiny descriptions where ComfyUI moves tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image


@dataclass(frozen=True, slots=True)
class Result:
    """What a node gave: values for its links, and what it shows."""

    values: tuple[Any, ...] = ()
    shown: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A checkpoint and the LoRAs patched into it, as (file name, strength)."""

    checkpoint: str
    loras: tuple[tuple[str, float], ...] = ()

    def with_lora(self, name: str, strength: float) -> Model:
        """The patched model; strength 0 changes nothing."""
        return replace(self, loras=(*self.loras, (name, strength))) if strength else self


@dataclass(frozen=True, slots=True)
class Clip:
    """The text encoder of a checkpoint."""

    checkpoint: str


@dataclass(frozen=True, slots=True)
class Vae:
    """The autoencoder of a checkpoint."""

    checkpoint: str


@dataclass(frozen=True, slots=True)
class Conditioning:
    """An encoded prompt: here simply its text."""

    text: str


@dataclass(frozen=True, slots=True)
class UpscaleModel:
    """A super-resolution model and the factor it enlarges by."""

    name: str
    factor: int


@dataclass(frozen=True, slots=True)
class Latent:
    """A batch of latents: size in pixels, one picture per item, None where nothing is drawn yet."""

    width: int
    height: int
    pictures: tuple[Image.Image | None, ...]


Pictures = tuple[Image.Image, ...]  # a batch of RGB images
