"""Captions about drawings, in varied wording: whole sentences, keywords, or a single thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .drawings import VALUES, Scene

PREFIXES = ("a picture of", "a photo of", "an image of", "a drawing of", "a painting of")
NOUNS = ("thing", "object", "shape", "something")
SIZES: Mapping[str, Sequence[str]] = {
    "small": ("small", "little", "tiny"),
    "large": ("large", "big", "huge"),
}
_SIDES = ("on the {}", "at the {}", "on the {} side", "to the {}", "in the {} half", "{}")
_ENDS = ("at the {}", "on the {}", "near the {}", "in the {} half", "{}")
PLACES: Mapping[str, Sequence[str]] = {
    "left": tuple(form.format("left") for form in _SIDES),
    "right": tuple(form.format("right") for form in _SIDES),
    "top": tuple(form.format("top") for form in _ENDS),
    "bottom": tuple(form.format("bottom") for form in _ENDS),
    "middle": ("in the middle", "in the center", "in the centre", "at the center", "middle"),
}
LIGHTS: Mapping[str, Sequence[str]] = {
    "night": ("at night", "by night", "in the night", "night", "night sky"),
    "day": ("by day", "in daylight", "during the day", "daylight", "day"),
    "sunset": ("at sunset", "in the sunset", "sunset", "sunset light", "at dusk"),
    "fog": ("in fog", "in the fog", "fog", "foggy", "foggy weather", "mist"),
}
RIVALS: Mapping[str, Sequence[str]] = {
    "colour": ("pink", "brown", "gray"),
    "shape": (
        *("hexagon", "spiral", "diamond", "woman", "man", "child", "knight", "dog", "cat", "horse"),
        *("bird", "bear", "rabbit", "car", "bicycle", "train", "airplane", "truck", "motorcycle"),
        *(
            "flower",
            "mushroom",
            "cactus",
            "rose",
            "sunflower",
            "tulip",
            "castle",
            "church",
            "tower",
        ),
        *("lighthouse", "skyscraper", "windmill", "temple", "person", "animal", "table", "book"),
    ),
    "size": ("medium sized",),
    "place": ("in a forest", "on a beach", "in a city", "in a kitchen", "in space"),
    "light": (
        *("in the rain", "in the snow", "in a storm", "under a rainbow", "under a clear sky"),
        *("rainy weather", "snowy weather", "stormy weather", "cloudy weather", "windy weather"),
        *("at noon", "in the morning", "in spring", "candlelight", "neon light", "studio lighting"),
    ),
}
"""What captions may ask for by slot, but no drawing shows."""
_SHARES = {"colour": 0.6, "shape": 0.65, "size": 0.3, "place": 0.4, "light": 0.3}
"""How often a caption mentions what stands in a slot."""


@dataclass(frozen=True, slots=True)
class Caption:
    """A text, and what it asks for by slot; slots it does not mention are missing."""

    text: str
    asked: Mapping[str, str]

    def fits(self, scene: Scene) -> bool:
        return all(getattr(scene, slot) == value for slot, value in self.asked.items())


def caption(scene: Scene, rng: np.random.Generator) -> Caption:
    """A true caption that mentions some of what the drawing shows."""
    slots = [slot for slot in VALUES if rng.random() < _SHARES[slot]]
    slots = slots or [_one(tuple(VALUES), rng)]
    asked = {slot: getattr(scene, slot) for slot in slots}
    return worded(asked, rng)


def worded(asked: Mapping[str, str], rng: np.random.Generator) -> Caption:
    """One of the ways to ask for this, by slot."""
    return Caption(_text(asked, rng), asked)


def _text(asked: Mapping[str, str], rng: np.random.Generator) -> str:
    noun = _noun(asked, rng)
    around = [
        _one(words.get(asked[slot], [asked[slot]]), rng)
        for slot, words in (("place", PLACES), ("light", LIGHTS))
        if slot in asked
    ]
    rng.shuffle(around)
    parts = [noun, *around] if noun else around
    if noun and rng.random() < 0.35:
        parts[0] = f"{_one(PREFIXES, rng)} {noun}"
    return (", " if rng.random() < 0.25 else " ").join(parts)


def _noun(asked: Mapping[str, str], rng: np.random.Generator) -> str:
    """As in "a large red circle", "red circle", "something red" or "red"; perhaps nothing."""
    if not asked.keys() & {"colour", "shape", "size"}:
        return ""
    size = _one(SIZES.get(asked["size"], [asked["size"]]), rng) if "size" in asked else ""
    qualities = " ".join(word for word in (size, asked.get("colour")) if word)
    if "shape" not in asked and rng.random() < 0.6:
        return qualities if rng.random() < 0.6 else f"something {qualities}"
    words = f"{qualities} {asked.get('shape') or _one(NOUNS, rng)}".strip()
    article = "an" if words[0] in "aeiou" else _one(("a", "the"), rng)
    return words if rng.random() < 0.3 else f"{article} {words}"


def _one(words: Sequence[str], rng: np.random.Generator) -> str:
    return words[rng.integers(len(words))]
