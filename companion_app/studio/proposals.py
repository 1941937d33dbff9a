"""A plan as it is shown for approval: everything proposed, with reasons and alternatives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from vibes.catalog.names import stem
from vibes.prompts import PromptAnalysis
from vibes.recipes import Candidate, LoraUse
from vibes.recommend import EmbeddingAdvice, Offer, ParameterAdvice
from vibes.stages import Slot

from .believing import Beliefs
from .planning import Plan
from .reasoning import lora_sentence
from .tuning import DECIDABLE
from .views import View, lora_view


def plan_view(
    plan: Plan, beliefs: Beliefs, offer: Offer, embeddings: Sequence[EmbeddingAdvice]
) -> View:
    """What was understood, what is proposed for every image, how it is sampled, what else fits.

    ``offer`` is what may be chosen, whatever the user decided already.
    """
    known = {
        candidate: beliefs.view(candidate)
        for candidate in {slot.recipe.candidate for slot in plan.slots}
    }
    return {
        "recipes": [
            {"index": index, **_slot(slot, offer), **known[slot.recipe.candidate]}
            for index, slot in enumerate(plan.slots)
        ],
        "analysis": analysis_view(plan.tuning.analysis),
        "parameters": list(_parameters(plan)),
        "lora_alternatives": [_alternative(name, offer) for name in offer.loras.fits],
        "embeddings": [asdict(one) for one in embeddings],
        "left_out": [{"lora": name, "reason": reason} for name, reason in offer.loras.told],
    }


def analysis_view(analysis: PromptAnalysis) -> View:
    """What a prompt says."""
    return {
        "keywords": list(analysis.keywords),
        "concepts": {name: list(words) for name, words in analysis.concepts.items()},
        "style": analysis.style,
        "content": analysis.content,
        "quality": analysis.quality,
        "complexity": {
            "score": analysis.complexity.score,
            "level": analysis.complexity.level,
            "parts": dict(analysis.complexity.parts),
        },
    }


def _slot(slot: Slot, offer: Offer) -> View:
    recipe = slot.recipe
    return {
        **recipe.to_dict(),
        "checkpoint": recipe.candidate.checkpoint,
        "loras": [
            {**lora_view(use.name, use.strength), "reason": _reason(use, offer)}
            for use in recipe.candidate.loras
        ],
        "triggers": list(recipe.triggers),
        "reason": slot.reason,
        "details": {level: list(said) for level, said in slot.details.items()},
    }


def _reason(use: LoraUse, offer: Offer) -> str:
    fit = offer.loras.fits.get(use.name)
    if fit is None:
        return f"{stem(use.name)} at {use.strength:g}."
    return lora_sentence(fit, use.strength)


def _alternative(name: str, offer: Offer) -> View:
    fit, strength = offer.loras.fits[name], offer.pool.start[name]
    return {
        "lora": name,
        "score": fit.relevance,
        "strength": strength,
        "reason": lora_sentence(fit, strength),
    }


def _parameters(plan: Plan) -> Iterator[View]:
    """For each checkpoint, as the images that have it most often are sampled."""
    counts = Counter(slot.recipe.candidate for slot in plan.slots)
    images = Counter(slot.recipe.candidate.checkpoint for slot in plan.slots)
    usual: dict[str, Candidate] = {}
    for candidate, _ in counts.most_common():
        usual.setdefault(candidate.checkpoint, candidate)
    for checkpoint, candidate in usual.items():
        advice = plan.tuning.advice(candidate)
        yield {"checkpoint": checkpoint, "images": images[checkpoint], **_advice(advice)}


def _advice(advice: ParameterAdvice) -> View:
    return {
        "values": {name: getattr(advice.parameters, name) for name in DECIDABLE},
        "reasons": dict(advice.reasons),
        "alternatives": {
            name: [{"value": other.value, "reason": other.reason} for other in others]
            for name, others in advice.alternatives.items()
        },
        "confidence": dict(advice.confidence),
        "fixed": sorted(advice.fixed),
        "seconds": advice.seconds,
        "vram": advice.vram,
        "measured": {"seconds": advice.seconds is not None, "vram": advice.vram_is_measured},
        "trade_offs": list(advice.trade_offs),
        "suggestions": list(advice.suggestions),
    }
