"""LoRAs as one line of text, ``name:0.7, other name:0.5``: how a graph carries explicit choices."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from vibes.errors import InvalidInput
from vibes.recipes import LoraUse

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_ENTRY = re.compile(rf"\s*(?P<name>[^,:\s][^:\n]*?)\s*:\s*(?P<strength>{_NUMBER})\s*(?:[,\n]\s*|$)")


def format_loras(uses: Iterable[LoraUse]) -> str:
    """``parse_loras`` inverts this for names without colons and line breaks."""
    return ", ".join(f"{use.name}:{use.strength!r}" for use in uses)


def parse_loras(text: str) -> tuple[LoraUse, ...]:
    """The LoRAs a list names, in its order; commas or line breaks separate them.

    Raises InvalidInput where the text is not such a list or names a LoRA twice.
    """
    uses: list[LoraUse] = []
    place = 0
    text = text.strip().rstrip(",")
    while place < len(text):
        entry = _ENTRY.match(text, place)
        if not entry:
            raise InvalidInput(f"Write each LoRA as name:strength; '{text[place:]}' is not.")
        uses.append(LoraUse(entry["name"], _strength(entry)))
        place = entry.end()
    names = [use.name for use in uses]
    for name in names:
        if names.count(name) > 1:
            raise InvalidInput(f"The LoRA '{name}' is listed twice; give it one strength.")
    return tuple(uses)


def _strength(entry: re.Match[str]) -> float:
    strength = float(entry["strength"])
    if not math.isfinite(strength):
        raise InvalidInput(f"The strength of '{entry['name']}' is too large a number.")
    return strength
