"""Embeddings for a prompt: those it could use, and those that keep flaws out of pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from vibes.catalog import ModelRecord
from vibes.catalog.names import stem, without_extension, words
from vibes.recipes import Recipe

from .gates import Target, refusal
from .library import ModelLibrary
from .loras import clause

Where = Literal["prompt", "negative"]

NEGATIVE_WORDS = frozenset(
    ("negative", "neg", "bad", "worst", "ng", "deformed", "ugly", "unaesthetic", "easynegative")
)
"""Words in the names of embeddings that are trained on what a picture should not have."""

WORTH_USING = 0.4  # evidence by words or meaning that an embedding fits the prompt


@dataclass(frozen=True, slots=True)
class EmbeddingUse:
    """An embedding by catalog name, and the prompt it is to be put into."""

    name: str
    where: Where


@dataclass(frozen=True, slots=True)
class EmbeddingAdvice:
    """One recommended embedding; ``reason`` is a whole sentence."""

    embedding: str
    where: Where
    reason: str


def recommend_embeddings(
    keywords: Sequence[str], library: ModelLibrary, target: Target, *, count: int = 3
) -> list[EmbeddingAdvice]:
    """At most ``count`` for the prompt, then as many for the negative prompt.

    Only of the target's family, as far as that is known, and past the gates LoRAs must pass.
    """
    usable = {
        name: record
        for name, record in library.records.items()
        if refusal(record, library.styles.get(name, {}), target) is None
    }
    fits = library.fits(keywords, among=[name for name in usable if not is_negative(usable[name])])
    fitting = [
        EmbeddingAdvice(fit.name, "prompt", _fits(clause(fit.match, fit.record, 1.0)))
        for fit in fits.values()
        if fit.evidence >= WORTH_USING
    ]
    negative = [
        EmbeddingAdvice(name, "negative", f"{stem(name)}: made to keep flaws out.")
        for name, record in sorted(usable.items(), key=lambda item: -(item[1].popularity or 0))
        if is_negative(record)
    ]
    return fitting[:count] + negative[:count]


def is_negative(record: ModelRecord) -> bool:
    """Whether it belongs into the negative prompt, as its name says."""
    said = {*words(record.name), *words(record.title or "")}
    return not NEGATIVE_WORDS.isdisjoint(said) or any(
        word.startswith(("negative", "easynegative", "bad")) for word in said
    )


def with_embeddings(recipe: Recipe, uses: Iterable[EmbeddingUse]) -> Recipe:
    """The recipe with these embeddings at the ends of its prompts, but for those they name."""
    prompt, negative = recipe.prompt, recipe.negative_prompt
    for use in uses:
        if use.where == "prompt":
            prompt = _added(prompt, use.name)
        else:
            negative = _added(negative, use.name)
    return replace(recipe, prompt=prompt, negative_prompt=negative)


def _added(prompt: str, name: str) -> str:
    called = without_extension(name)
    if re.search(rf"\bembedding:{re.escape(called)}\b", prompt, re.IGNORECASE):
        return prompt
    return ", ".join(filter(None, (prompt.rstrip().rstrip(","), f"embedding:{called}")))


def _fits(sentence: str) -> str:
    """A LoRA's sentence without its strength, which embeddings do not have."""
    return sentence.replace(" at 1: ", ": ", 1)
