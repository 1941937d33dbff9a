"""From what a sampler knows to a picture; pure: the same order gives the same pixels."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from .brief import read_brief
from .canvas import Pixels, blur, fetched, from_image, noise, to_image
from .land import paint_land
from .overlays import apply_lora
from .palette import choose_palette
from .sky import paint_sky
from .styles import apply_style, style_of
from .subjects import paint_subjects
from .view import View

LARGEST_CANVAS = 1024 * 1024  # pixels; larger pictures are enlarged from this


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One picture to paint; sizes in pixels, ``denoise`` 0..1 is the share to redraw."""

    prompt: str
    checkpoint: str
    loras: tuple[tuple[str, float], ...] = ()
    seed: int = 0
    width: int = 512
    height: int = 768
    source: Image.Image | None = None
    denoise: float = 1.0


def draw(order: Order) -> Image.Image:
    """Paint the scene of the prompt, or work on over the source."""
    size = (order.width, order.height)
    if order.source is not None and order.denoise < 1:
        return to_image(_refined(order, order.source)).resize(size, Image.Resampling.LANCZOS)
    picture = to_image(_scene(order, *_canvas_size(order)))
    return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)


def plain(order: Order) -> Image.Image:
    """A small picture of one colour: free to make, different for every order."""
    seen = f"{order.prompt}|{order.checkpoint}|{order.loras}|{order.seed}|{order.denoise}"
    value = zlib.crc32(seen.encode())
    colour = (value & 255, value >> 8 & 255, value >> 16 & 255)
    return Image.new("RGB", (max(8, order.width // 8), max(8, order.height // 8)), colour)


def _canvas_size(order: Order) -> tuple[int, int]:
    shrink = min(1.0, math.sqrt(LARGEST_CANVAS / (order.width * order.height)))
    return max(8, round(order.width * shrink)), max(8, round(order.height * shrink))


def _scene(order: Order, width: int, height: int) -> Pixels:
    """Sky, land, subjects, then the hand of the checkpoint and the LoRAs."""
    rng = np.random.default_rng(order.seed % 2**63)
    brief = read_brief(order.prompt, rng)
    palette = choose_palette(brief.time, rng)
    view = View(width, height, rng)
    pixels = paint_sky(view, brief, palette)
    if brief.time != "space" or brief.subjects:
        paint_land(view, brief, palette, pixels)
    paint_subjects(view, brief, palette, pixels)
    pixels = apply_style(view, style_of(order.checkpoint), pixels)
    for name, strength in order.loras:
        pixels = apply_lora(view, pixels, name, strength)
    return pixels


def _refined(order: Order, source: Image.Image) -> Pixels:
    """The source, crisper; the more is redrawn, the more it bends towards a new scene.

    Only the light of the new scene is taken over, not its shapes: the composition stays.
    """
    width, height = _canvas_size(order)
    enlarged = width / source.width
    kept = source.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    crisp = ImageFilter.UnsharpMask(radius=max(1.0, enlarged), percent=70, threshold=2)
    pixels = _bent(order, from_image(kept.filter(crisp) if enlarged > 1 else kept))
    small = to_image(_scene(order, max(8, width // 2), max(8, height // 2)))
    fresh = from_image(small.resize((width, height), Image.Resampling.BICUBIC))
    radius = min(width, height) / 9
    light = blur(fresh, radius) - blur(pixels, radius)
    refined: Pixels = pixels + light * (0.7 * order.denoise**1.2)
    return refined


def _bent(order: Order, pixels: Pixels) -> Pixels:
    """Shapes moved a little, differently for every seed, with a trace of new texture."""
    _, height, width = pixels.shape
    side = min(width, height)
    rng = np.random.default_rng((order.seed % 2**63, 1))
    reach = 0.025 * order.denoise * side
    moves = [noise(rng, height, width, cell=(side * 0.3,) * 2, octaves=2) - 0.5 for _ in range(2)]
    rows = np.arange(height, dtype=np.float32)[:, None] + moves[0] * reach
    columns = np.arange(width, dtype=np.float32)[None, :] + moves[1] * reach
    texture = noise(rng, height, width, cell=(side * 0.015, side * 0.02), octaves=2) - 0.5
    bent: Pixels = fetched(pixels, rows, columns) * (1 + 0.08 * order.denoise * texture)
    return bent
