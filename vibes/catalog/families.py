"""Base-model families: which LoRA fits which checkpoint.

A LoRA of another family changes nothing and raises no error, so a wrong guess is worse than none:
every rule here prefers to answer "unknown".
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .names import canonical
from .records import FamilySource, ModelKind

_METADATA_KEYS = ("modelspec.architecture", "ss_base_model_version")

# Values of those keys as the common trainers and mergers write them; the first match counts.
_ARCHITECTURES = tuple(
    (family, re.compile(pattern))
    for family, pattern in (
        ("sdxl_refiner", r"stable-diffusion-xl-v\d+-refiner"),
        ("sdxl", r"stable-diffusion-xl|sdxl_"),
        ("sd15", r"stable-diffusion-v1|sd_v1|sd_?1[._]?5|sd 1\.[45]"),
        ("sd2", r"stable-diffusion-v2|sd_v2|sd_?2[._]?[01]|sd 2\.[01]"),
        ("sd35_large", r"stable-diffusion-v?3[.-]5-large"),
        ("sd35_medium", r"stable-diffusion-v?3[.-]5-medium"),
        ("sd3", r"stable-diffusion-v?3(?!\d|[.-]5)|sd3(?!\d|[._-]?5)"),
        ("flux", r"flux-?1|flux(?:/|$)|flux-(?:dev|schnell)"),
    )
)

# File names. Digits alone say a model's own version, never its family.
_NAMES = tuple(
    (family, re.compile(pattern))
    for family, pattern in (
        ("sdxl_refiner", r"(?i:xl[-_. ]?(?:base[-_. ]?)?refiner)"),
        ("sdxl", r"(?i:sdxl)|XL(?![a-z])|(?i:(?<![a-z])xl(?![a-z]))|(?i:illustrious|noobai)"),
        ("sd15", r"(?i:(?<![a-z])sd[-_. ]?v?1[-_. ]?5(?!\d)|v1-5-pruned|stable-diffusion-v1)"),
        ("sd2", r"(?i:(?<![a-z])sd[-_. ]?v?2[-_. ]?[01](?!\d)|v2-[01]_(?:512|768))"),
        ("sd35_large", r"(?i:(?<![a-z])sd[-_. ]?3[-_. ]?5[-_. ]?large)"),
        ("sd35_medium", r"(?i:(?<![a-z])sd[-_. ]?3[-_. ]?5[-_. ]?medium)"),
        ("sd3", r"(?i:(?<![a-z])sd[-_. ]?3(?![-_. ]?5)(?!\d))"),
        ("flux", r"(?i:(?<![a-z])flux(?![a-z]|[-_. ]?2))"),
    )
)

# Bytes of whole checkpoint files, from pruned half precision to full precision. Narrow on purpose:
# SD3 medium lies just above the full-precision SD1.5.
_SIZES = (
    ("sd15", 1_950_000_000, 2_300_000_000),
    ("sd15", 4_200_000_000, 4_300_000_000),
    ("sdxl", 6_400_000_000, 7_200_000_000),
)


def family_of(
    kind: ModelKind, name: str, metadata: Mapping[str, str], size: int | None
) -> tuple[str | None, FamilySource]:
    """A model's family and what says so; ``(None, "unknown")`` when nothing does.

    Metadata decides where it speaks, also by naming something foreign or contradicting itself:
    then the family is unknown whatever name and size suggest. Size counts for checkpoints only.
    """
    stated = [str(metadata[key]).strip().casefold() for key in _METADATA_KEYS if metadata.get(key)]
    if stated:
        families = {_first(_ARCHITECTURES, value, at_start=True) for value in stated}
        family = families.pop() if len(families) == 1 else None
        return (family, "metadata") if family else (None, "unknown")
    named = _first(_NAMES, canonical(name), at_start=False)
    if named:
        return named, "name"
    sized = _by_size(size) if kind == "checkpoint" and size else None
    return (sized, "size") if sized else (None, "unknown")


def _first(
    rules: tuple[tuple[str, re.Pattern[str]], ...], text: str, *, at_start: bool
) -> str | None:
    for family, pattern in rules:
        if pattern.match(text) if at_start else pattern.search(text):
            return family
    return None


def _by_size(size: int) -> str | None:
    return next((family for family, low, high in _SIZES if low <= size <= high), None)
