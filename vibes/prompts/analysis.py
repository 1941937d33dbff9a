"""Prompt analysis by rules: what a prompt is about, how it is to be made, how much it asks for.

Every finding names the words behind it. What follows "no" or "without" in its phrase is not asked
for and leaves no trace.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from .complexity import Complexity, Measures, complexity
from .concepts import ConceptLexicon, Hit, Section, Segment, concept_lexicon
from .keywords import keywords
from .lexicon import Lexicon, english
from .weights import Choice, Lora, Node, Prompt, Schedule, Weighted, parse

CATEGORIES = (
    "character",
    "style",
    "scene",
    "lighting",
    "camera",
    "medium",
    "quality",
    "mood",
    "colour",
    "clothing",
    "action",
)
MAX_WORDS = 500  # of a longer prompt the first ones; no text encoder reads as many
SEVERAL = 3  # subjects a group is counted as

Said = Mapping[str, tuple[str, ...]]

_SEGMENT = re.compile(r"[^\w\s'’+/-]+|\n|\s-+\s")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptAnalysis:
    """What a prompt says.

    ``concepts`` maps each category of CATEGORIES that the prompt speaks of to its words; what
    belongs to none is only in ``keywords``. ``style`` is "photo", "anime", "painting",
    "illustration" or "3d", ``content`` "portrait", "full_body", "group", "scenery",
    "architecture", "object", "animal" or "abstract", ``shape`` "wide" or "tall"; None where the
    prompt does not say. ``quality`` is "draft", "standard" or "high".
    """

    keywords: tuple[str, ...]
    concepts: Mapping[str, tuple[str, ...]]
    style: str | None
    style_words: tuple[str, ...]
    content: str | None
    content_words: tuple[str, ...]
    shape: str | None
    quality: str
    quality_words: tuple[str, ...]
    complexity: Complexity


def analyse(prompt: str | Prompt, lexicon: ConceptLexicon | None = None) -> PromptAnalysis:
    """What the prompt says by the words of the lexicon, else of the shipped one."""
    parsed = parse(prompt) if isinstance(prompt, str) else prompt
    known = lexicon or concept_lexicon()
    segments = asked_segments(parsed.plain(), english())
    found = [list(known.categories.hits(segment)) for segment in segments]
    concepts = _concepts(hit for hits in found for hit in hits)
    style, style_words = _most(_said(known.styles, segments))
    quality, quality_words = _most(_said(known.qualities, segments))
    framing, subjects = _said(known.framing, segments), _said(known.subjects, segments)
    content, content_words = _content(framing, subjects)
    shape, _ = _most(_said(known.shapes, segments))
    return PromptAnalysis(
        keywords=keywords(parsed),
        concepts=concepts,
        style=style,
        style_words=style_words,
        content=content,
        content_words=content_words,
        shape=shape,
        quality=quality or "standard",
        quality_words=quality_words,
        complexity=complexity(
            Measures(
                concepts=sum(map(len, concepts.values())),
                others=len(_others(segments, found, english())),
                categories=len(concepts),
                subjects=_living(framing, subjects),
                marks=_marks(parsed.nodes),
                words=sum(len(segment.words) for segment in segments),
            )
        ),
    )


def asked_segments(plain: str, lexicon: Lexicon) -> list[Segment]:
    """What is asked for, stretch by stretch; at most ``MAX_WORDS`` words."""
    left = MAX_WORDS
    segments = []
    for text in _SEGMENT.split(unicodedata.normalize("NFKC", plain).casefold()):
        words = [match[0] for match in islice(_WORD.finditer(text), left)]
        left -= len(words)
        asked = _asked_for(words, lexicon)
        if asked:
            segments.append(Segment(asked, [lexicon.lemma(word) for word in asked]))
    return segments


def _asked_for(words: Sequence[str], lexicon: Lexicon) -> Sequence[str]:
    negator = next((i for i, word in enumerate(words) if word in lexicon.negators), None)
    return words[:negator]


def _concepts(hits: Iterable[Hit]) -> dict[str, tuple[str, ...]]:
    """Category to its entries, each once, in the order of CATEGORIES."""
    entries: dict[str, dict[str, None]] = {category: {} for category in CATEGORIES}
    for hit in hits:
        entries[hit.group][hit.entry] = None
    return {category: tuple(words) for category, words in entries.items() if words}


def _said(section: Section, segments: Iterable[Segment]) -> dict[str, tuple[str, ...]]:
    """Group to its entries, the group said first before others."""
    entries: dict[str, dict[str, None]] = {}
    for segment in segments:
        for hit in section.hits(segment):
            entries.setdefault(hit.group, {})[hit.entry] = None
    return {group: tuple(words) for group, words in entries.items()}


def _most(said: Said) -> tuple[str | None, tuple[str, ...]]:
    """The group with most entries said and those entries; of equals, the one said first."""
    return max(said.items(), key=lambda item: len(item[1]), default=(None, ()))


def _content(framing: Said, subjects: Said) -> tuple[str | None, tuple[str, ...]]:
    """By words that frame the picture; else a living subject; else the place or thing first said.

    A group outranks other frames: "portrait of a couple" is of two.
    """
    for group in ("group", "full_body"):
        if group in framing:
            return group, framing[group]
    if framing:
        return _most(framing)
    for group in ("portrait", "animal"):
        if group in subjects:
            return group, subjects[group]
    return next(iter(subjects.items()), (None, ()))


def _living(framing: Said, subjects: Said) -> int:
    """How many living subjects are named; a group is several."""
    named = len(subjects.get("portrait", ())) + len(subjects.get("animal", ()))
    return named + (SEVERAL if "group" in framing else 0)


def _marks(nodes: Iterable[Node]) -> int:
    """Weights, schedules and LoRA tags, those in options not yet chosen included."""
    count = 0
    for node in nodes:
        count += isinstance(node, Weighted | Schedule | Lora)
        if isinstance(node, Choice):
            count += sum(map(_marks, node.options))
        elif isinstance(node, Weighted | Schedule):
            count += _marks(node.children)
    return count


def _others(
    segments: Iterable[Segment], found: Iterable[Iterable[Hit]], lexicon: Lexicon
) -> set[str]:
    """Words that say something and belong to no concept."""
    idle = lexicon.stop_words | lexicon.fillers | lexicon.quality
    left: set[str] = set()
    for segment, hits in zip(segments, found, strict=True):
        covered = {place for hit in hits for place in range(hit.start, hit.start + hit.size)}
        left.update(word for place, word in enumerate(segment.lemmas) if place not in covered)
    return {word for word in left - idle if not word.isdecimal() and len(word) > 1}
