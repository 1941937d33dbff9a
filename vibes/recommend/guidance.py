"""CFG: how strictly a prompt is followed, by family and style."""

from __future__ import annotations

from collections.abc import Mapping

from vibes.catalog import ModelRecord
from vibes.prompts import PromptAnalysis

from .advice import Alternative, Chosen
from .distilled import MANNERS, Distilled

Band = tuple[float, float]

_CLASSIC: Mapping[str, Band] = {"anime": (5, 8), "photo": (8, 12)}
_XL: Mapping[str, Band] = {"anime": (5, 7), "photo": (4, 7)}
_BY_FAMILY: Mapping[str, tuple[Mapping[str, Band], Band]] = {
    # Bands by style, and the one of every other style or none.
    "sd15": (_CLASSIC, (7, 10)),
    "sd2": (_CLASSIC, (7, 10)),
    "sdxl": (_XL, (5, 7)),
    "sdxl_refiner": (_XL, (5, 7)),
    "sd3": ({}, (3.5, 5)),
    "sd35_medium": ({}, (3.5, 5)),
    "sd35_large": ({}, (3.5, 5)),
}
_BY_BRANCH: Mapping[str, Band] = {"pony": (5, 7), "illustrious": (5, 7), "noobai": (5, 7)}
_UNKNOWN: Band = (4, 7)
_STEP = 0.5


def guidance(
    analysis: PromptAnalysis,
    family: str,
    checkpoint: ModelRecord | None,
    known: Distilled | None,
) -> Chosen:
    """The CFG for a prompt: the more it asks for, the higher in the band of its style."""
    if family == "flux":
        reason = "CFG 1: Flux models have their guidance built in, which no setting here changes."
        return Chosen(1.0, reason, pinned=True)
    if known is not None:
        return _of_distilled(known)
    (low, high), what = _band(analysis, family, checkpoint)
    value = _rounded(low + (high - low) * analysis.complexity.score)
    why = f"{what} {low:g} to {high:g}, more the more a prompt asks for"
    return Chosen(value, f"CFG {value:g}: {why}.", _alternatives(value, low, high))


def _of_distilled(known: Distilled) -> Chosen:
    cfg = MANNERS[known.kind].cfg
    said = "; the negative prompt has no effect there" if cfg == 1 else ""
    reason = f"CFG {cfg:g}: {known.model} is a {known.kind} model, more would burn it{said}."
    return Chosen(cfg, reason, pinned=True)


def _band(
    analysis: PromptAnalysis, family: str, checkpoint: ModelRecord | None
) -> tuple[Band, str]:
    """The band and what takes it, as in "photo with sdxl takes"."""
    branch = (checkpoint and checkpoint.branch) or ""
    if branch in _BY_BRANCH:
        return _BY_BRANCH[branch], f"{branch} models take"
    if family not in _BY_FAMILY:
        return _UNKNOWN, f"{family} models, of which little is known here, take"
    by_style, rest = _BY_FAMILY[family]
    if not by_style:
        return rest, f"{family} models take"
    style = analysis.style
    said = f"{style} prompts with {family} take" if style else f"without a style, {family} takes"
    return by_style.get(style or "", rest), said


def _alternatives(value: float, low: float, high: float) -> tuple[Alternative, ...]:
    ends = (
        Alternative(float(low), f"CFG {low:g}: freer, with softer contrast."),
        Alternative(float(high), f"CFG {high:g}: closer to the prompt, with harder contrast."),
    )
    return tuple(end for end in ends if end.value != value)


def _rounded(cfg: float) -> float:
    return round(cfg / _STEP) * _STEP
