"""Branches of SDXL: fine-tunes so far from it that their LoRAs are made for them alone."""

from __future__ import annotations

import re

_BRANCHES = (
    (
        "pony",
        re.compile(r"(?<!little[ _-])(?<![a-z])pony(?![a-z]|[ _-]?v?7)|pony(?:diffusion|xl)|pdxl"),
    ),
    ("illustrious", re.compile(r"illustrious|noob[ _-]?ai|noobxl|(?<![a-z])ilxl(?![a-z])")),
)


def branch_of(*texts: str | None) -> str | None:
    """The branch that the first text to speak of one names; None where it names several."""
    for text in filter(None, texts):
        folded = text.casefold()
        found = [branch for branch, pattern in _BRANCHES if pattern.search(folded)]
        if found:
            return found[0] if len(found) == 1 else None
    return None
