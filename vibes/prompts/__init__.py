"""Prompts: their syntax and the keywords in them."""

from .analysis import PromptAnalysis, analyse
from .complexity import Complexity
from .concepts import ConceptLexicon, concept_lexicon, load_concepts
from .keywords import keywords
from .lexicon import Lexicon, english, load_lexicon
from .topics import load_topics, topics
from .weights import Prompt, parse

__all__ = [
    "Complexity",
    "ConceptLexicon",
    "Lexicon",
    "Prompt",
    "PromptAnalysis",
    "analyse",
    "concept_lexicon",
    "english",
    "keywords",
    "load_concepts",
    "load_lexicon",
    "load_topics",
    "parse",
    "topics",
]
