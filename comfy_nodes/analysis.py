"""What a prompt says, without ComfyUI: the analysis of the studio, in lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vibes.prompts import PromptAnalysis, analyse, concept_lexicon

from .choices import settings

UNSAID = "none in particular"


def analysis_of(prompt: str) -> PromptAnalysis:
    """What the prompt says, by the shipped word lists and the user's own.

    Raises ConfigError where the user's own are faulty.
    """
    return analyse(prompt, concept_lexicon(settings().lexicons))


def report(found: PromptAnalysis) -> str:
    """Everything found, a line each, with the words behind it."""
    return "\n".join(f"{name}: {text}" for name, text in _rows(found))


def _rows(found: PromptAnalysis) -> Iterator[tuple[str, str]]:
    yield "Keywords", ", ".join(found.keywords) or "none"
    for category, words in found.concepts.items():
        yield f"About {category}", ", ".join(words)
    yield "Style", _because(found.style, found.style_words)
    yield "Content", _because(found.content, found.content_words)
    yield "Shape", found.shape or UNSAID
    yield "Quality", _because(found.quality, found.quality_words)
    parts = ", ".join(f"{name} {value:.2f}" for name, value in found.complexity.parts.items())
    yield "Complexity", f"{found.complexity.level}, {found.complexity.score:.2f} ({parts})"


def _because(value: str | None, words: Iterable[str]) -> str:
    if value is None:
        return UNSAID
    said = ", ".join(words)
    name = value.replace("_", " ")
    return f"{name} (by: {said})" if said else name
