"""Keywords: the terms of a prompt that evidence about taste is gathered under.

The plain words of a prompt are cut into chunks at punctuation, stop words and praise. A chunk
becomes one term of at most ``MAX_WORDS`` words, and its nouns become terms of their own, so that
"misty forest" (misty forest, forest) shares what was learned with every other forest.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from .lexicon import Lexicon, english
from .weights import Prompt, parse

MAX_KEYWORDS = 24  # of a longer prompt the first ones: what stands first matters most
MAX_WORDS = 3  # a longer chunk keeps its end, where English puts the thing itself
MAX_LETTERS = 40  # no word is longer: what is, is noise
_LONGEST_PHRASE = 4  # words in the longest entry of a lexicon

_SEGMENT = re.compile(r"[^\w\s'’+-]+|\n|\s-+\s")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

Chunk = list[str]


def keywords(prompt: str | Prompt, lexicon: Lexicon | None = None) -> tuple[str, ...]:
    """The prompt's terms: lower case, base forms, in order of appearance, each once.

    At most ``MAX_KEYWORDS``. Weights, LoRA tags, numbers and what follows "no" or "without" in
    its phrase leave no trace.
    """
    words = lexicon or english()
    plain = (parse(prompt) if isinstance(prompt, str) else prompt).plain()
    terms: dict[str, None] = {}
    for segment in _SEGMENT.split(unicodedata.normalize("NFKC", plain).casefold()):
        for chunk in _chunks(_WORD.findall(segment), words):
            terms.update(dict.fromkeys(_terms(chunk, words)))
        if len(terms) >= MAX_KEYWORDS:
            break
    return tuple(terms)[:MAX_KEYWORDS]


def _chunks(tokens: list[str], lexicon: Lexicon) -> Iterator[Chunk]:
    """Runs of content words; a phrase of the lexicon counts as one word."""
    chunk: Chunk = []
    position = 0
    while position < len(tokens):
        size, entry = _entry_at(tokens, position, lexicon)
        position += size
        if entry in lexicon.negators:
            break
        if entry in lexicon.fillers:
            continue
        trails = bool(chunk) and entry.endswith("ing") and not lexicon.is_noun(entry)
        if _is_content(entry, lexicon) and not trails:
            chunk.append(lexicon.lemma(entry))
        else:
            yield chunk
            chunk = []
    yield chunk


def _entry_at(tokens: list[str], position: int, lexicon: Lexicon) -> tuple[int, str]:
    """The longest phrase of the lexicon that starts here, else the word, and its token count."""
    for size in range(min(_LONGEST_PHRASE, len(tokens) - position), 1, -1):
        *first, last = tokens[position : position + size]
        for phrase in (" ".join([*first, last]), " ".join([*first, lexicon.lemma(last)])):
            if phrase in lexicon.phrases or phrase in lexicon.quality or phrase in lexicon.lemmas:
                return size, phrase
    return 1, re.split("['’]", tokens[position])[0]


def _is_content(entry: str, lexicon: Lexicon) -> bool:
    is_letter = len(entry) == 1 and entry.isascii()  # one sign is a word in other scripts
    return (
        not is_letter
        and len(entry) <= MAX_LETTERS
        and not entry.isdecimal()
        and entry not in lexicon.stop_words
        and entry not in lexicon.quality
    )


def _terms(chunk: Chunk, lexicon: Lexicon) -> Iterator[str]:
    if chunk:
        yield " ".join(chunk[-MAX_WORDS:])
    if len(chunk) > 1:
        yield from filter(lexicon.is_noun, chunk)
