"""A small model2vec model made on the spot: words of one group point nearly the same way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from model2vec import StaticModel
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace

WIDTH = 256


def write_model(folder: Path, groups: Sequence[Sequence[str]], others: Sequence[str] = ()) -> Path:
    """Save a model that knows the groups' words, and ``others`` as words near nothing."""
    rng = np.random.default_rng(3)
    words = ["[UNK]", *others, *(word for group in groups for word in group)]
    vectors = rng.standard_normal((len(words), WIDTH))
    start = 1 + len(others)
    for group in groups:
        centre = rng.standard_normal(WIDTH)
        vectors[start : start + len(group)] = centre + 0.3 * vectors[start : start + len(group)]
        start += len(group)
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = Whitespace()
    StaticModel(vectors.astype(np.float32), tokenizer).save_pretrained(folder)
    return folder
