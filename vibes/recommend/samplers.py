"""Samplers and schedulers: by family and by what the user values more."""

from __future__ import annotations

from collections.abc import Mapping

from .advice import Alternative, Chosen
from .distilled import MANNERS, Distilled
from .sampling import Priority

Pair = tuple[str, str]

BY_PRIORITY: Mapping[Priority, Pair] = {
    "speed": ("euler_ancestral", "normal"),
    "balanced": ("euler", "normal"),
    "quality": ("dpmpp_2m", "karras"),
}
NOISE_FAMILIES = frozenset({"sd15", "sd2", "sdxl", "sdxl_refiner"})
"""Families these pairs are made for."""

_FLOW: Mapping[str, Pair] = {
    "sd3": ("dpmpp_2m", "sgm_uniform"),
    "sd35_large": ("dpmpp_2m", "sgm_uniform"),
    "sd35_medium": ("dpmpp_2m", "sgm_uniform"),
    "flux": ("euler", "simple"),
}
_ANY: Pair = ("euler", "normal")  # works with every family, if not best with each

_WHY: Mapping[Priority, str] = {
    "speed": "good pictures after few steps",
    "balanced": "reliable at any step count",
    "quality": "the finest detail once it has its steps",
}


def sampling_pair(
    family: str, priority: Priority, known: Distilled | None
) -> tuple[Chosen, Chosen]:
    """Sampler and scheduler; what a model was distilled for outweighs the priority."""
    if known is not None:
        manner = MANNERS[known.kind]
        pair = (manner.sampler, manner.scheduler) if family in NOISE_FAMILIES else _own(family)
        return _both(pair, f"{known.model} is a {known.kind} model and wants it", pinned=True)
    if family not in NOISE_FAMILIES:
        named = f"{family} models want it" if family in _FLOW else "it works with every family"
        return _both(_own(family), named)
    sampler, scheduler = _both(BY_PRIORITY[priority], f"{_WHY[priority]}, for {priority}")
    others = [other for other in BY_PRIORITY if other != priority]
    return (
        _with(sampler, others, 0),
        _with(scheduler, others, 1),
    )


def suits(family: str, scheduler: str) -> bool:
    """Whether a scheduler goes with the family: Karras' noise levels are none of a flow model's."""
    return family in NOISE_FAMILIES or scheduler != "karras"


def _own(family: str) -> Pair:
    return _FLOW.get(family, _ANY)


def _both(pair: Pair, why: str, *, pinned: bool = False) -> tuple[Chosen, Chosen]:
    sampler, scheduler = pair
    return (
        Chosen(sampler, f"{sampler}: {why}.", pinned=pinned),
        Chosen(scheduler, f"{scheduler}: it goes with {sampler}.", pinned=pinned),
    )


def _with(chosen: Chosen, others: list[Priority], part: int) -> Chosen:
    """With what the other priorities take, each once."""
    found = {BY_PRIORITY[other][part]: other for other in reversed(others)}
    alternatives = tuple(
        Alternative(value, f"{value}: {_WHY[other]}, for {other}.")
        for value, other in found.items()
        if value != chosen.value
    )
    return Chosen(chosen.value, chosen.reason, alternatives)
