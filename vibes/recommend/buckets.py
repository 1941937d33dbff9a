"""Sizes a model family was trained in, and which of them a prompt asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vibes.prompts import PromptAnalysis
from vibes.settings import AspectRatio, Tier

Size = tuple[int, int]  # width, height in pixels

_MEGAPIXEL: tuple[Size, ...] = (
    (1536, 640),
    (1344, 768),
    (1216, 832),
    (1152, 896),
    (1024, 1024),
    (896, 1152),
    (832, 1216),
    (768, 1344),
    (640, 1536),
)
_SMALL: tuple[Size, ...] = (
    (896, 448),
    (832, 448),
    (768, 512),
    (704, 576),
    (640, 640),
    (576, 704),
    (512, 768),
    (448, 832),
    (448, 896),
)
_MIDDLE: tuple[Size, ...] = (
    (1088, 512),
    (1024, 576),
    (960, 640),
    (896, 640),
    (768, 768),
    (640, 896),
    (640, 960),
    (576, 1024),
    (512, 1088),
)
BUCKETS: Mapping[str, tuple[Size, ...]] = {
    "sd15": (*_SMALL, (512, 512)),
    "sd2": (*_SMALL, (512, 512), *_MIDDLE),
    "sdxl": _MEGAPIXEL,
    "sd3": _MEGAPIXEL,
    "sd35_medium": _MEGAPIXEL,
    "sd35_large": _MEGAPIXEL,
    "flux": _MEGAPIXEL,
}
SAME_PIXELS = 0.12  # how much more or less of them still is about the same work
GRID = 64  # pixels; sizes between its lines cost memory and gain nothing
SMALLEST = 256  # pixels of a shorter side; below it no family draws anything
SHRINKS = (0.875, 0.75, 0.625, 0.5)

_BEST_SHAPE: Mapping[str, tuple[AspectRatio, str]] = {
    "portrait": ("portrait", "a single person"),
    "full_body": ("portrait", "a full figure"),
    "group": ("landscape", "a group"),
    "scenery": ("landscape", "scenery"),
    "architecture": ("landscape", "architecture"),
}


def is_native(tier: Tier, aspect: AspectRatio) -> bool:
    """Whether the tier's size is one its family was trained in; others are its maker's will."""
    return tier.sizes[aspect] in BUCKETS.get(tier.family, ())


def best_size(analysis: PromptAnalysis, tier: Tier, aspect: AspectRatio) -> tuple[Size, str]:
    """The size for the prompt in this aspect, before any stage scales it, and the reason.

    It is the tier's own but for prompts that ask for a wider or taller picture of its shape.
    """
    own = tier.sizes[aspect]
    if not is_native(tier, aspect):
        return own, f"{shown(own)}: the tier's own {aspect} size."
    near = _same_work(own, BUCKETS[tier.family])
    if aspect == "landscape" and analysis.shape == "wide":
        widest = max(near, key=lambda size: size[0] / size[1])
        if widest != own:
            return widest, f"{shown(widest)}: the widest size {tier.family} knows, for a wide view."
    if aspect == "portrait" and (analysis.shape == "tall" or analysis.content == "full_body"):
        taller = _next_taller(own, near)
        if taller != own:
            return taller, f"{shown(taller)}: taller than usual, for a whole figure."
    return own, f"{shown(own)}: the {aspect} size of this tier, native to {tier.family}."


def other_sizes(size: Size, tier: Tier, aspect: AspectRatio) -> tuple[Size, ...]:
    """Native sizes of the same shape and about the same work, without the size itself."""
    if not is_native(tier, aspect):
        return ()
    near = _same_work(tier.sizes[aspect], BUCKETS[tier.family])
    return tuple(
        other for other in near if other != size and _aspect(other) == aspect and aspect != "square"
    )


def smaller_sizes(size: Size) -> tuple[Size, ...]:
    """Sizes of about the same shape with fewer pixels, the largest first."""
    found = [(_to_grid(size[0] * factor), _to_grid(size[1] * factor)) for factor in SHRINKS]
    fewer = [one for one in found if one[0] <= size[0] and one[1] <= size[1] and one != size]
    return tuple(dict.fromkeys(one for one in fewer if min(one) >= SMALLEST))


def shape_advice(analysis: PromptAnalysis, aspect: AspectRatio) -> str | None:
    """A sentence where another shape would suit what the picture is of."""
    best, what = _BEST_SHAPE.get(analysis.content or "", (aspect, ""))
    if analysis.shape == "wide":
        best, what = "landscape", "a wide view"
    elif aspect == "square":  # fits anything
        return None
    return None if aspect == best else f"A {best} shape suits {what}."


def shown(size: Size) -> str:
    """A size as people write it."""
    return f"{size[0]} × {size[1]}"


def _same_work(own: Size, buckets: Sequence[Size]) -> list[Size]:
    pixels = own[0] * own[1]
    return [b for b in buckets if abs(b[0] * b[1] - pixels) <= SAME_PIXELS * pixels]


def _next_taller(own: Size, near: Sequence[Size]) -> Size:
    taller = [size for size in near if size[1] / size[0] > own[1] / own[0]]
    return min(taller, key=lambda size: size[1] / size[0], default=own)


def _aspect(size: Size) -> AspectRatio:
    width, height = size
    return "square" if width == height else "landscape" if width > height else "portrait"


def _to_grid(pixels: float) -> int:
    return int(pixels // GRID) * GRID
