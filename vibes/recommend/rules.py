"""The rules: what a prompt, a tier, a stage and its models would be sampled with by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vibes.catalog import ModelRecord
from vibes.prompts import PromptAnalysis
from vibes.settings import AspectRatio, Stage, Tier

from .advice import Alternative, Chosen
from .buckets import best_size, is_native, other_sizes, shown
from .distilled import MANNERS, Distilled
from .guidance import guidance
from .samplers import sampling_pair
from .sampling import Priority

BANDS: Mapping[str, tuple[int, int]] = {
    "simple": (20, 30),
    "moderate": (30, 40),
    "complex": (40, 50),
}
"""Steps by the level of a prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is asked, and what is known about the models."""

    analysis: PromptAnalysis
    tier: Tier
    stage: Stage
    aspect: AspectRatio
    checkpoint: ModelRecord | None
    known: Distilled | None
    priority: Priority


def ruled(case: Case) -> dict[str, Chosen]:
    """Every parameter as the rules alone have it."""
    family = case.tier.family
    sampler, scheduler = sampling_pair(family, case.priority, case.known)
    width, height = _size(case)
    return {
        "steps": _steps(case),
        "cfg": guidance(case.analysis, family, case.checkpoint, case.known),
        "sampler": sampler,
        "scheduler": scheduler,
        "width": width,
        "height": height,
    }


def _steps(case: Case) -> Chosen:
    low, usual, high = _band(case)
    value = {"speed": low, "balanced": usual, "quality": high}[case.priority]
    others = {low: "faster", usual: "as the prompt asks", high: "finer detail, slower"}
    return Chosen(
        scaled(value, case),
        f"{scaled(value, case)} steps: {_why_steps(case, low, high)}{_at_stage(case)}.",
        tuple(
            Alternative(scaled(steps, case), f"{scaled(steps, case)} steps: {what}.")
            for steps, what in others.items()
            if scaled(steps, case) != scaled(value, case)
        ),
    )


def fewest_steps(case: Case) -> int:
    """The lower end of what such a prompt takes, at the stage."""
    return scaled(_band(case)[0], case)


def _band(case: Case) -> tuple[int, int, int]:
    """Few, usual and many steps, before the stage scales them."""
    if case.known is not None:
        stated = case.known.steps
        return (stated, stated, stated) if stated else MANNERS[case.known.kind].steps
    low, high = BANDS[case.analysis.complexity.level]
    least, most = BANDS["simple"][0], BANDS["complex"][1]
    usual = round(least + (most - least) * case.analysis.complexity.score)
    return low, min(max(usual, low), high), high


def _why_steps(case: Case, low: int, high: int) -> str:
    known = case.known
    if known is not None:
        count = f"{known.steps}" if known.steps else "few"
        return f"{known.model} is a {known.kind} model, made for {count}"
    complexity = case.analysis.complexity
    band = f"a {complexity.level} prompt takes {low} to {high}"
    if case.priority == "balanced":
        return f"{band}, by its complexity of {complexity.score:.2f}"
    return f"{band}, the {'fewest' if case.priority == 'speed' else 'most'} for {case.priority}"


def _at_stage(case: Case) -> str:
    scale = case.stage.steps_scale
    return "" if scale == 1 else f", times {scale:g} at the stage {case.stage.name}"


def scaled(steps: int, case: Case) -> int:
    """As many steps as the stage makes of these."""
    return case.stage.step_count(steps)


def _size(case: Case) -> tuple[Chosen, Chosen]:
    """Width and height; sizes that are not native are the user's own."""
    tier, aspect, scale = case.tier, case.aspect, case.stage.scale
    size, reason = best_size(case.analysis, tier, aspect)
    others = (tier.sizes[aspect], *other_sizes(size, tier, aspect))
    scaled = [_at_scale(case, other) for other in dict.fromkeys(others) if other != size]
    if scale != 1:
        reason = f"{reason[:-1]}, times {scale:g} at the stage {case.stage.name}."
    width, height = (
        Chosen(
            pixels,
            reason,
            tuple(Alternative(other[side], f"{shown(other)}: another shape.") for other in scaled),
            settled=not is_native(tier, aspect),
        )
        for side, pixels in enumerate(_at_scale(case, size))
    )
    return width, height


def _at_scale(case: Case, size: tuple[int, int]) -> tuple[int, int]:
    sizes = {**case.tier.sizes, case.aspect: size}
    return case.stage.image_size(case.tier.model_copy(update={"sizes": sizes}), case.aspect)


def price(case: Case) -> str | None:
    """What the priority costs, in a sentence."""
    low, usual, high = (scaled(steps, case) for steps in _band(case))
    if case.priority == "speed" and low < usual:
        return f"For speed, {low} steps instead of {usual}: fine detail may suffer."
    if case.priority == "quality" and high > usual:
        return f"For quality, {high} steps instead of {usual}: it takes longer."
    return None
