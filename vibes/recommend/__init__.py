"""Recommendations: what may be tried for a prompt, and which LoRAs fit it."""

from .advice import Alternative, Limits, ParameterAdvice, Parameters
from .arms import lora_arms
from .checkpoints import checkpoint_fits
from .clusters import Clusters
from .distilled import Distilled, distilled
from .embeddings import (
    EmbeddingAdvice,
    EmbeddingUse,
    recommend_embeddings,
    with_embeddings,
)
from .estimates import Estimates
from .fitting import drop_unrenderable, fit_loras, typed_loras
from .gates import Blocks, Target, blocked_by
from .library import Libraries, ModelLibrary
from .loras import LoraAdvice, lora_clause, recommend_loras
from .parameters import advise
from .pools import Offer, make_offer
from .relevance import Match, ModelFit
from .sampling import Priority, Variation, image_seed, varied
from .selection import Selection, select_loras
from .strengths import rebalanced, strength_for
from .tiers import choose_tier, tier_checkpoints
from .trigger_words import with_triggers, without_triggers, words_to_add

__all__ = [
    "Alternative",
    "Blocks",
    "Clusters",
    "Distilled",
    "EmbeddingAdvice",
    "EmbeddingUse",
    "Estimates",
    "Libraries",
    "Limits",
    "LoraAdvice",
    "Match",
    "ModelFit",
    "ModelLibrary",
    "Offer",
    "ParameterAdvice",
    "Parameters",
    "Priority",
    "Selection",
    "Target",
    "Variation",
    "advise",
    "blocked_by",
    "checkpoint_fits",
    "choose_tier",
    "distilled",
    "drop_unrenderable",
    "fit_loras",
    "image_seed",
    "lora_arms",
    "lora_clause",
    "make_offer",
    "rebalanced",
    "recommend_embeddings",
    "recommend_loras",
    "select_loras",
    "strength_for",
    "tier_checkpoints",
    "typed_loras",
    "varied",
    "with_embeddings",
    "with_triggers",
    "without_triggers",
    "words_to_add",
]
