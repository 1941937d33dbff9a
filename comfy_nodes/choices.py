"""What the nodes decide, without ComfyUI: the same catalog and inputs give the same choice."""

from __future__ import annotations

from functools import cache

import numpy as np

from vibes.catalog import Catalog
from vibes.preferences import Policy, Pool, Proposal, new_policy
from vibes.prompts import Prompt, keywords
from vibes.recipes import LoraUse
from vibes.recommend import (
    build_pool,
    choose_tier,
    fit_loras,
    lora_clause,
    lora_relevance,
    typed_loras,
)
from vibes.settings import Settings, load_settings

HERE = "here"
"""The name of this ComfyUI in its own catalog."""

GRID = 20  # images; to explore is to be one image of a grid of this size
LOADED = "the loaded model"


@cache
def settings() -> Settings:
    """The files in ``config/``, read once: ComfyUI asks for the tiers at every run."""
    return load_settings()


def choose_checkpoint(
    catalog: Catalog, tier: str | None, *, prompt: str, explore: bool, seed: int
) -> Proposal:
    """The best known checkpoint of the tier, or to explore, one of several promising ones.

    Tier None or "auto" is the first with a checkpoint here. Raises NotFound for an unknown tier and
    NoServerCan where none fits.
    """
    name = choose_tier(tier, settings().tiers, catalog, servers=[HERE])
    words = keywords(prompt)
    pool = build_pool(
        settings().tiers[name],
        catalog,
        servers=[HERE],
        keywords=words,
        explore=explore,
        auto_lora=False,
        max_checkpoints=settings().max_checkpoints,
    )
    return _policy(seed).propose(words, pool, GRID if explore else 1)[0]


def choose_loras(
    catalog: Catalog, family: str | None, *, prompt: Prompt, max_loras: int, seed: int
) -> tuple[tuple[LoraUse, ...], str]:
    """The LoRAs the prompt names, then at most ``max_loras`` that suit it; and why, in words.

    Raises NotFound or AmbiguousName for a LoRA the prompt names.
    """
    typed = typed_loras(prompt.loras, catalog)
    words = keywords(prompt)
    fits = lora_relevance(words, catalog.loras, family) if family else {}
    pool = Pool(checkpoints=(LOADED,), loras=tuple(fits), max_loras=max_loras, relevance=fits)
    proposals = _policy(seed).propose(words, pool, 1)
    (fitted,) = fit_loras(proposals, typed, catalog=catalog, servers=[HERE])
    uses = fitted.candidate.loras
    reasons = [f"{use.name} at {use.strength:g}: your prompt names it." for use in typed]
    reasons += [
        lora_clause(words, catalog.loras[use.name], use.strength) for use in uses[len(typed) :]
    ]
    return uses, " ".join(reasons) or _no_loras(family)


def _no_loras(family: str | None) -> str:
    if family is None:
        return "No LoRA: the family of the loaded model is not known, so none is known to fit."
    return f"No LoRA: none for {family} here fits this prompt."


def _policy(seed: int) -> Policy:
    return new_policy("selection_rate", np.random.default_rng(seed))
