"""How to sample a prompt with the models here, without ComfyUI."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import get_args

from vibes.catalog import Catalog, ModelRecord
from vibes.errors import InvalidInput
from vibes.recommend import ParameterAdvice, Parameters, Priority, advise, choose_tier
from vibes.recommend import tier_checkpoints as checkpoints_of
from vibes.recommend.tiers import AUTO
from vibes.settings import AspectRatio, Stage, Tier
from vibes.settings.models import did_you_mean
from vibes.workflows import parse_loras

from .analysis import analysis_of
from .choices import HERE, settings

PRIORITIES: tuple[Priority, ...] = get_args(Priority)

PICTURE = Stage(name="Picture", size=1, template="draft")
"""A graph of one's own has no funnel: the tier's size and steps as they are."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be sampled; an empty ``checkpoint`` leaves the model open.

    ``loras`` is a list as in ``name:0.7, other name:0.5``.
    """

    prompt: str
    tier: str = AUTO
    aspect_ratio: AspectRatio = "portrait"
    priority: Priority = "balanced"
    checkpoint: str = ""
    loras: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The advice and the tier it is for."""

    tier: str
    advice: ParameterAdvice

    @property
    def parameters(self) -> Parameters:
        """How to sample."""
        return self.advice.parameters

    @property
    def report(self) -> str:
        """The reasons, what they cost and what else could be done: a line each."""
        told = (*self.advice.reasons.values(), *self.advice.trade_offs, *self.advice.suggestions)
        return "\n".join((f"Tier {self.tier}.", *dict.fromkeys(told)))


def find_parameters(asked: Asked, catalog: Catalog) -> Found:
    """How to sample what is asked with the models of the catalog.

    Raises NotFound or AmbiguousName for a model that is not here, InvalidInput where the checkpoint
    suits no tier or not the one named, NoServerCan where "auto" finds no checkpoint at all.
    """
    checkpoint = catalog.resolve("checkpoint", asked.checkpoint) if asked.checkpoint else None
    name = tier_for(asked.tier, checkpoint, catalog)
    advice = advise(
        analysis_of(asked.prompt),
        tier=settings().tiers[name],
        stage=PICTURE,
        aspect_ratio=asked.aspect_ratio,
        checkpoint=checkpoint,
        loras=[catalog.resolve("lora", use.name) for use in parse_loras(asked.loras)],
        priority=asked.priority,
    )
    return Found(name, advice)


def tier_for(name: str, checkpoint: ModelRecord | None, catalog: Catalog) -> str:
    """The tier named, else the checkpoint's own; without a checkpoint the first that has one."""
    if checkpoint is None or name != AUTO:
        chosen = choose_tier(name, settings().tiers, catalog, servers=[HERE])
        _check_family(checkpoint, chosen)
        return chosen
    own = _own_tier(checkpoint, catalog)
    if own is None:
        raise InvalidInput(_no_tier(checkpoint))
    return own


def _no_tier(checkpoint: ModelRecord) -> str:
    if checkpoint.family is None:
        return f"The family of {checkpoint.name} is not known: choose the tier it is to be used in."
    return (
        f"No tier is for {checkpoint.family} models, which {checkpoint.name} is one of: add one to"
        " pools.yaml."
    )


def _own_tier(checkpoint: ModelRecord, catalog: Catalog) -> str | None:
    """The first tier whose pool holds the checkpoint, else the first of its family."""

    def holds(tier: Tier) -> bool:
        return checkpoint.name in checkpoints_of(tier, catalog, [HERE])

    tiers = settings().tiers.items()
    own = (name for name, tier in tiers if holds(tier))
    kin = (name for name, tier in tiers if tier.family == checkpoint.family)
    return next(own, None) or next(kin, None)


def _check_family(checkpoint: ModelRecord | None, tier: str) -> None:
    family = settings().tiers[tier].family
    if checkpoint is not None and checkpoint.family not in (family, None):
        raise InvalidInput(
            f"The tier {tier} is for {family} models and {checkpoint.name} is of"
            f" {checkpoint.family}: choose '{AUTO}' or a tier of its own."
        )


def check_samplers(found: Found, *, samplers: Collection[str], schedulers: Collection[str]) -> None:
    """Raise InvalidInput where a tier wants what this ComfyUI does not have."""
    wanted = found.parameters
    for kind, value, here in (
        ("sampler", wanted.sampler, samplers),
        ("scheduler", wanted.scheduler, schedulers),
    ):
        if value not in here:
            raise InvalidInput(
                f"The tier {found.tier} wants the {kind} '{value}', which this ComfyUI does not"
                f" have{did_you_mean(value, here)}"
            )
