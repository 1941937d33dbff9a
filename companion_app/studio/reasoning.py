"""The whole chain of a choice in sentences: LoRAs, trigger words, settings, and what was left out.

Each sentence belongs to the first level of explanation that tells it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import get_args

from vibes.catalog.names import stem
from vibes.preferences.sentences import Level
from vibes.prompts import PromptAnalysis
from vibes.recipes import LoraUse, Ran, Recipe
from vibes.recommend import ModelFit, ParameterAdvice, Selection
from vibes.recommend.loras import clause

LEVELS: tuple[Level, ...] = get_args(Level)
Details = Mapping[str, tuple[str, ...]]
_PARTS = {"semantic": "meaning", "keyword": "words", "popularity": "popularity"}


def details(
    recipe: Recipe,
    *,
    analysis: PromptAnalysis,
    advice: ParameterAdvice,
    loras: Selection | None,
    typed: Collection[str],
) -> Details:
    """What there is to say of one planned image beyond why its checkpoint was chosen.

    ``loras`` are those that were considered, None where the user chose them himself; ``typed`` are
    the names of those that stand in the prompt.
    """
    chosen = [use for use in recipe.candidate.loras if use.name not in typed]
    fits = loras.fits if loras else {}
    return {
        "standard": (*_lora_sentences(chosen, fits), *_trigger_sentence(recipe.triggers)),
        "detailed": (
            *dict.fromkeys(advice.reasons.values()),
            *advice.trade_offs,
            *(sentence for _, sentence in (loras.told if loras else ())),
        ),
        "technical": (*_lora_numbers(chosen, fits), _complexity(analysis)),
    }


def deepened(said: Callable[[Level], Sequence[str]], further: Details, level: Level) -> list[str]:
    """What is said at a level, and at each level above it, with the details that belong there.

    ``said`` gives all sentences of a level, those of the ones above it first. Each is told once.
    """
    told: dict[str, None] = {}
    for name in LEVELS[: LEVELS.index(level) + 1]:
        told.update(dict.fromkeys((*said(name), *further.get(name, ()))))
    return list(told)


def lora_sentence(fit: ModelFit, strength: float) -> str:
    """Why a LoRA was considered for a prompt."""
    return clause(fit.match, fit.record, strength, by_meaning=bool(fit.semantic))


def ran_sentences(ran: Ran) -> Iterator[str]:
    """What really made the picture, as its server told."""
    for what, models in (("Checkpoint", [ran.checkpoint]), ("LoRA", ran.loras or ())):
        for model in filter(None, models):
            about = [f"SHA-256 {model.sha256[:10]}…"] if model.sha256 else []
            about += [] if model.keys is None else [f"{model.keys} weights changed"]
            strength = "" if model.strength is None else f" at {model.strength:g}"
            told = f" ({', '.join(about)})" if about else ""
            yield f"{what} that ran: {stem(model.name)}{strength}{told}."


def _lora_sentences(uses: Iterable[LoraUse], fits: Mapping[str, ModelFit]) -> Iterator[str]:
    for use in uses:
        if use.name in fits:
            yield lora_sentence(fits[use.name], use.strength)


def _trigger_sentence(triggers: Sequence[str]) -> Iterator[str]:
    if triggers:
        words = ", ".join(f"'{word}'" for word in triggers)
        yield f"Added to your prompt, because its LoRAs answer to it: {words}."


def _lora_numbers(uses: Iterable[LoraUse], fits: Mapping[str, ModelFit]) -> Iterator[str]:
    for use in uses:
        if (fit := fits.get(use.name)) is not None:
            parts = ", ".join(
                f"{name} {'unknown' if value is None else f'{value:.2f}'}"
                for part, name in _PARTS.items()
                for value in [fit.parts[part]]
            )
            yield f"{stem(use.name)}: relevance {fit.relevance:.2f} ({parts})."


def _complexity(analysis: PromptAnalysis) -> str:
    known = analysis.complexity
    parts = ", ".join(f"{name} {value:.2f}" for name, value in known.parts.items())
    return f"Complexity of the prompt: {known.score:.2f}, {known.level} ({parts})."
