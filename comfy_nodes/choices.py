"""What the nodes decide, without ComfyUI: the same catalog, inputs and policy, the same choice."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from vibes.catalog import Catalog, ModelRecord
from vibes.preferences import Candidate, Policy, Pool, new_policy
from vibes.prompts import Prompt, keywords, topics
from vibes.prompts.encoders import TextEncoder
from vibes.prompts.synonyms import with_own_synonyms
from vibes.recipes import LoraUse
from vibes.recommend import (
    Clusters,
    Libraries,
    ModelLibrary,
    Selection,
    Target,
    choose_tier,
    fit_loras,
    lora_clause,
    make_offer,
    select_loras,
    strength_for,
    typed_loras,
    words_to_add,
)
from vibes.scoring.text_tower import load_text_encoder
from vibes.settings import Settings, load_settings

HERE = "here"
"""The name of this ComfyUI in its own catalog."""

GRID = 20  # images; to explore is to be one image of a grid of this size
LOADED = "the loaded model"


_made: deque[tuple[Catalog, Libraries]] = deque(maxlen=2)
"""The last libraries made, of checkpoints and of LoRAs: making one takes a while."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A candidate, in catalog names, for a prompt of these keywords, out of a pool; and why.

    A ``probe`` was drawn at random.
    """

    candidate: Candidate
    reason: str
    keywords: tuple[str, ...]
    pool: Pool
    probe: bool = False


@dataclass(frozen=True, slots=True)
class LoraChoice:
    """The LoRAs to apply, why in words, and the words they want to hear beside the prompt.

    ``decision`` is None where nothing was left to decide.
    """

    uses: tuple[LoraUse, ...]
    reason: str
    triggers: tuple[str, ...] = field(default=())
    decision: Decision | None = None


@cache
def settings() -> Settings:
    """The files in ``config/``, read once: ComfyUI asks for the tiers at every run."""
    return load_settings()


@cache
def text_encoder() -> TextEncoder | None:
    """The text encoder the settings name, loaded once."""
    return load_text_encoder(settings().text_encoder)


def new_taste() -> Policy:
    """A policy that has learned nothing: what this ComfyUI begins with."""
    return new_policy(
        "taste",
        np.random.default_rng(),
        Clusters(topics(), text_encoder()),
        probes=settings().probes,
    )


def choose_checkpoint(
    catalog: Catalog, tier: str | None, *, prompt: str, explore: bool, policy: Policy
) -> Decision:
    """The best known checkpoint of the tier, or to explore, one of several promising ones.

    Tier None or "auto" is the first with a checkpoint here. Raises NotFound for an unknown tier and
    NoServerCan where none fits.
    """
    name = choose_tier(tier, settings().tiers, catalog, servers=[HERE])
    words = keywords(prompt)
    offer = make_offer(
        settings().tiers[name],
        catalog,
        _libraries(catalog),
        servers=[HERE],
        keywords=words,
        explore=explore,
        auto_lora=False,
        max_checkpoints=settings().max_checkpoints,
    )
    made = policy.propose(words, offer.pool, GRID if explore else 1)[0]
    return Decision(made.candidate, made.reason, words, offer.pool, made.probe)


def choose_loras(
    catalog: Catalog, family: str | None, *, prompt: Prompt, max_loras: int, policy: Policy
) -> LoraChoice:
    """The LoRAs the prompt names, then at most ``max_loras`` that suit it.

    Raises NotFound or AmbiguousName for a LoRA the prompt names.
    """
    typed = typed_loras(prompt.loras, catalog)
    words, library = keywords(prompt), _libraries(catalog).loras
    chosen = select_loras(
        library,
        words,
        Target(family=family, servers=frozenset({HERE})),
        count=max_loras,
        typed=[use.name for use in typed],
    )
    pool = _pool(chosen, max_loras)
    proposals = policy.propose(words, pool, 1)
    (fitted,) = fit_loras(
        proposals, typed, catalog=catalog, servers=[HERE], shared=library.shared_triggers
    )
    uses = fitted.candidate.loras
    reasons = [f"{use.name} at {use.strength:g}: your prompt names it." for use in typed]
    reasons += [lora_clause(words, use.name, use.strength, library) for use in uses[len(typed) :]]
    left_out = [sentence for _, sentence in chosen.told if family is not None]
    reason = " ".join((*(reasons or [_no_loras(family)]), *left_out))
    return LoraChoice(
        uses,
        reason,
        _missing_words(prompt, [catalog.loras[use.name] for use in uses[len(typed) :]], library),
        Decision(fitted.candidate, reason, words, pool, fitted.probe),
    )


def _libraries(catalog: Catalog) -> Libraries:
    """Made once for each catalog: ``local_catalog`` gives the same one while no file changes."""
    known = next((made for other, made in _made if other is catalog), None)
    if known is None:
        known = _new_libraries(catalog)
        _made.append((catalog, known))
    return known


def _new_libraries(catalog: Catalog) -> Libraries:
    return Libraries(
        catalog,
        synonyms=with_own_synonyms(settings().lexicons),
        encoder=text_encoder(),
        weights=settings().lora_weights,
    )


def _pool(chosen: Selection, max_loras: int) -> Pool:
    """The loaded model with the LoRAs that suit the prompt."""
    return Pool(
        checkpoints=(LOADED,),
        loras=tuple(chosen.fits),
        max_loras=max_loras,
        relevance=chosen.relevance,
        start={name: strength_for(fit.relevance, fit.record) for name, fit in chosen.fits.items()},
    )


def _missing_words(
    prompt: Prompt, loras: Iterable[ModelRecord], library: ModelLibrary
) -> tuple[str, ...]:
    said = prompt.plain()
    found: list[str] = []
    for record in loras:
        said = ", ".join((said, *found))
        found += words_to_add(said, record, shared=library.shared_triggers)
    return tuple(found)


def _no_loras(family: str | None) -> str:
    if family is None:
        return "No LoRA: the family of the loaded model is not known, so none is known to fit."
    return f"No LoRA: none for {family} here fits this prompt."
