"""Recommendations: what may be tried for a prompt, and which LoRAs fit it."""

from .loras import (
    LoraAdvice,
    drop_unrenderable,
    fit_loras,
    lora_clause,
    lora_relevance,
    recommend_loras,
    strength_for,
    typed_loras,
)
from .pools import build_pool
from .sampling import Priority, Variation, varied, with_priority
from .tiers import choose_tier, tier_checkpoints

__all__ = [
    "LoraAdvice",
    "Priority",
    "Variation",
    "build_pool",
    "choose_tier",
    "drop_unrenderable",
    "fit_loras",
    "lora_clause",
    "lora_relevance",
    "recommend_loras",
    "strength_for",
    "tier_checkpoints",
    "typed_loras",
    "varied",
    "with_priority",
]
