"""What an image costs: seconds and GPU memory, as measured by the fleet or by rule of thumb."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from vibes.catalog import ModelRecord


class Estimates(Protocol):
    """What was measured so far; None where nothing like it was."""

    def seconds(
        self, family: str, checkpoint: str | None, width: int, height: int, steps: int
    ) -> float | None:
        """Seconds an image takes on a server that can make it."""

    def vram(self, family: str, checkpoint_size: int | None, width: int, height: int) -> int | None:
        """Bytes of GPU memory an image takes."""


_HALF_PRECISION = {
    "sd15": 2_130_000_000,
    "sd2": 2_580_000_000,
    "sdxl": 6_940_000_000,
    "sdxl_refiner": 6_080_000_000,
}
"""Bytes of a whole checkpoint as it is loaded; files of full precision are not loaded as such."""

_USUAL = {
    **_HALF_PRECISION,
    "sd3": 6_000_000_000,
    "sd35_medium": 6_000_000_000,
    "sd35_large": 18_000_000_000,
    "flux": 17_200_000_000,
}
"""Bytes of a family's usual file, with its text encoders."""

# ComfyUI's own reckoning (model_base.memory_required, sd.VAE), in half precision.
_APPETITE: Mapping[str, float] = {
    "sdxl": 0.8,
    "sd3": 1.2,
    "sd35_medium": 1.2,
    "sd35_large": 1.2,
    "flux": 3.1,
}
_SAMPLING_BYTES = 2 * 2 * 0.01 * 1024**2 / 64  # a pixel: two prompts, two bytes, 64 to a latent
_DECODING_BYTES = 2178 * 2  # a pixel
_DECODER = 170_000_000


def estimated_vram(family: str, checkpoint_size: int | None, width: int, height: int) -> int | None:
    """Bytes by rule of thumb: the file and what grows with the pixels, or decoding if that is more.

    None for a family whose usual file is not known, where the file's size is not either.
    """
    weights = checkpoint_size or _USUAL.get(family)
    if weights is None:
        return None
    weights = min(weights, _HALF_PRECISION.get(family, weights))
    pixels = width * height
    sampling = weights + pixels * _SAMPLING_BYTES * _APPETITE.get(family, 1.0)
    return round(max(sampling, _DECODER + pixels * _DECODING_BYTES))


@dataclass(frozen=True, slots=True)
class Costs:
    """What images of one checkpoint cost."""

    family: str
    checkpoint: ModelRecord | None
    measured: Estimates | None

    def seconds(self, size: tuple[int, int], steps: int) -> float | None:
        """As measured; None where nothing like it was."""
        name = self.checkpoint.name if self.checkpoint else None
        return self.measured.seconds(self.family, name, *size, steps) if self.measured else None

    def vram(self, size: tuple[int, int]) -> tuple[int | None, bool]:
        """Bytes, and whether they were measured; None where they can not even be estimated."""
        weight = self.checkpoint.size if self.checkpoint else None
        known = self.measured.vram(self.family, weight, *size) if self.measured else None
        if known is not None:
            return known, True
        return estimated_vram(self.family, weight, *size), False
