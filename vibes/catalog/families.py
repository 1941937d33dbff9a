"""Base-model families: which LoRA fits which checkpoint.

A LoRA of another family changes nothing and raises no error, so a wrong guess is worse than none:
every rule here prefers to answer "unknown".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from .names import canonical
from .records import FamilySource, ModelKind
from .weights import Weights

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


# What the sites and tools that write sidecars call a base model.
_BASE_MODELS = tuple(
    (family, re.compile(pattern))
    for family, pattern in (
        ("sd15", r"sd ?1\.[45]"),
        ("sd2", r"sd ?2\.[01]"),
        ("sdxl", r"sdxl(?! distilled)|pony(?! ?v?7)|illustrious|noob ?ai"),
        ("sd35_large", r"sd ?3\.5 large"),
        ("sd35_medium", r"sd ?3\.5 medium"),
        ("sd3", r"sd ?3(?![\d.])"),
        ("flux", r"flux\.?1"),
    )
)
_NO_BASE_MODEL = frozenset(("", "other", "unknown"))

# Models built like another, whose LoRAs are not for it; weights cannot tell them from it.
_LOOK_ALIKES = {
    "sdxl": re.compile(r"kolors|playground-?v|ssd-?1b|segmind|koala"),
    "flux": re.compile(r"(?<![a-z])chroma(?![a-z])|flux[-_. ]?2|klein|hunyuan"),
}


def family_of(
    kind: ModelKind,
    name: str,
    metadata: Mapping[str, str],
    size: int | None,
    *,
    weights: Weights | None = None,
    base_model: str | None = None,
) -> tuple[str | None, FamilySource]:
    """A model's family and what says so: ``(None, "unknown")`` where nothing does.

    The most trusted that speaks decides: weights, metadata, ``base_model`` (a sidecar's word), then
    name and size. Speaking of something foreign, or contradicting itself, it decides too: then
    the family is None with that source. What the weights rule out is never the family, and where
    they are known but of no known build, names and sizes do not count. Size counts for checkpoints
    only.
    """
    stated = _stated(metadata)
    possible = weights.families if weights else None
    if possible is not None and len(possible) < 2:
        family = next(iter(possible), None)
        texts = (*stated, base_model or "", name)
        return (None if family and _looks_alike(family, texts) else family), "weights"
    for source, families in _statements(stated, base_model):
        family = families.pop() if len(families) == 1 else None
        if family is None or possible is None or family in possible:
            return family, source
    if weights and possible is None:
        return None, "weights"
    return _guessed(kind, name, size, possible)


def _statements(
    stated: Collection[str], base_model: str | None
) -> Iterator[tuple[FamilySource, set[str | None]]]:
    """Who says something, and which families; None among them is a foreign one."""
    if stated:
        yield "metadata", {_first(_ARCHITECTURES, value, at_start=True) for value in stated}
    told = (base_model or "").casefold()
    if told not in _NO_BASE_MODEL:
        yield "sidecar", {_first(_BASE_MODELS, told, at_start=True)}


def _stated(metadata: Mapping[str, str]) -> list[str]:
    return [str(metadata[key]).strip().casefold() for key in _METADATA_KEYS if metadata.get(key)]


def _looks_alike(family: str, texts: Iterable[str]) -> bool:
    pattern = _LOOK_ALIKES.get(family)
    return pattern is not None and any(pattern.search(text.casefold()) for text in texts)


def _guessed(
    kind: ModelKind, name: str, size: int | None, possible: Collection[str] | None
) -> tuple[str | None, FamilySource]:
    named = _first(_NAMES, canonical(name), at_start=False)
    if named and (possible is None or named in possible):
        return named, "name"
    sized = _by_size(size) if kind == "checkpoint" and size else None
    if sized and (possible is None or sized in possible):
        return sized, "size"
    return None, "weights" if possible else "unknown"


def _first(
    rules: tuple[tuple[str, re.Pattern[str]], ...], text: str, *, at_start: bool
) -> str | None:
    for family, pattern in rules:
        if pattern.match(text) if at_start else pattern.search(text):
            return family
    return None


def _by_size(size: int) -> str | None:
    return next((family for family, low, high in _SIZES if low <= size <= high), None)
