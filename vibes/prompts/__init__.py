"""Prompts: their syntax and the keywords in them."""

from .keywords import keywords
from .lexicon import Lexicon, english, load_lexicon
from .topics import load_topics, topics
from .weights import Prompt, parse

__all__ = [
    "Lexicon",
    "Prompt",
    "english",
    "keywords",
    "load_lexicon",
    "load_topics",
    "parse",
    "topics",
]
