"""The colours of a time of day."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np

from .canvas import Colour, colour, mix


@dataclass(frozen=True, slots=True)
class Palette:
    """``sky`` from the zenith to the horizon; ``far`` and ``near`` are the ends of the land."""

    sky: tuple[Colour, ...]
    sun: Colour
    far: Colour
    near: Colour
    water: Colour
    glow: float  # how far the light of the sun spreads, 0..1

    @property
    def haze(self) -> Colour:
        """What the air turns everything distant into."""
        return self.sky[-1]


# sky stops · sun · far · near · water · glow
_PALETTES = {
    "day": [
        ("#2f7fc9 #6db3e6 #b5dcf0 #eef6ee #fff8e0 #9cc3d4 #2c5a3c #2d7fa3", 0.35),
        ("#3b6fb5 #7fb0dc #cfe4ea #f7f3df #fffbe6 #a5bfd0 #35603a #3a86a0", 0.35),
    ],
    "golden": [
        ("#5878a8 #b8a9a6 #f2c27f #ffe6b0 #fff3c8 #d9a27c #4a3428 #b98560", 0.8),
        ("#7a86a6 #dcae8c #ffc978 #fff0c0 #fff6d6 #d6a878 #3f3a24 #c29a68", 0.8),
    ],
    "sunset": [
        ("#241f54 #6d3573 #d8526a #ff9a56 #ffe9b0 #b0506e #1c1430 #8a3c62", 1.0),
        ("#1d2b5c #5b4688 #c9607f #ffb27a #fff0c4 #a0567e #1a1733 #6a4a80", 1.0),
        ("#332050 #94406b #f0664e #ffc069 #ffeeb4 #c2594f #26152b #a34a52", 1.0),
    ],
    "dawn": [
        ("#5f7fb4 #a9a9cf #f0c4c0 #fde8cf #fff4dc #a9a3c2 #3a4a5e #8f9cc0", 0.7),
        ("#6d93b8 #b3c1d8 #f3d3c4 #fff0d8 #fff6e4 #a8b4c4 #36504e #93aec0", 0.7),
    ],
    "dusk": [
        ("#0f1740 #2f3a80 #7c67ad #e59aa6 #ffdcc0 #6a62a0 #12142e #4a4a8c", 0.6),
        ("#0c1f3e #234a78 #6a86ae #e9b3a0 #ffe3c8 #5a739a #0e1a2c #35597f", 0.6),
    ],
    "night": [
        ("#040818 #0b1a3c #1b3a66 #41668c #f6f3de #24426a #050a16 #14305a", 0.3),
        ("#070620 #15164a #2e3578 #5d6aa2 #fbf3e0 #2f3a70 #06071a #1d2a63", 0.3),
        ("#03100f #082a33 #12505a #3d8488 #eef8e6 #16484e #03100f #0c3f48", 0.3),
    ],
    "storm": [
        ("#2a313c #4b5663 #7f8b94 #c0c6c4 #f2f0e2 #6a7882 #1b2328 #4a5a64", 0.35),
        ("#26303a #3f5560 #6c878c #b7c5bc #eef2e4 #5d7478 #17221f #3f5a5e", 0.35),
    ],
    "space": [
        ("#04020f #150a35 #35145c #7a3a86 #ffe6f2 #4a2870 #08041a #2a1650", 0.5),
        ("#020a14 #07203c #10466a #3a8a96 #e6fff6 #1d4a68 #03101c #0f3a58", 0.5),
    ],
}


def choose_palette(time: str, rng: np.random.Generator) -> Palette:
    """One of the palettes of that time, its hues moved a little."""
    variants = _PALETTES[time]
    codes, glow = variants[int(rng.integers(len(variants)))]
    turn = float(rng.normal(0, 0.012))
    colours = [turned(colour(code), turn) for code in codes.split()]
    *sky, sun, far, near, water = colours
    return Palette(tuple(sky), sun, far, near, water, glow)


def turned(rgb: Colour, turn: float, saturation: float = 1.0) -> Colour:
    """A colour with its hue turned by ``turn`` of the circle and its saturation multiplied."""
    hue, lightness, full = colorsys.rgb_to_hls(*(float(part) for part in rgb.ravel()))
    moved = colorsys.hls_to_rgb((hue + turn) % 1, lightness, min(1.0, full * saturation))
    return np.array(moved, np.float32).reshape(3, 1, 1)


def toned(palette: Palette, tint: Colour, strength: float) -> Palette:
    """The palette pulled towards one colour."""
    return Palette(
        tuple(mix(stop, tint, strength * 0.6) for stop in palette.sky),
        mix(palette.sun, tint, strength * 0.3),
        mix(palette.far, tint, strength),
        mix(palette.near, tint * 0.4, strength),
        mix(palette.water, tint, strength),
        palette.glow,
    )
