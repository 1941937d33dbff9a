"""How good and how fast LoRA recommendations are: ``python -m benchmarks.recommend [--json]``.

labelled   what is proposed for 190 prompts in three families, out of a library labelled by
           hand, with the text encoder that comes with Vibes or the one ``--encoder`` names; beside
           it what words alone propose, and what a plain match of names does
shared     how many of 40 pairs of paraphrases share what was learned, by a word or a topic, and how
           many of 25 pairs that have nothing to do with each other
large      milliseconds for one prompt over 10,000 LoRAs, and what their index weighs

Constants may be chosen by the tuning prompts alone: ``--tuning`` plays on them, and no goal counts.
"""

from __future__ import annotations

import argparse
import gc
import time
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from operator import eq, ge, le
from pathlib import Path
from typing import Any

import numpy as np

from vibes.prompts import keywords, topics
from vibes.prompts.encoders import TextEncoder
from vibes.recommend import Clusters, ModelLibrary, Target, recommend_loras
from vibes.scoring.text_tower import load_text_encoder
from vibes.settings import data_root

from .goals import Goals, finish, verdict
from .recommending.library import FAMILIES, asks, labelled_library, large_library
from .recommending.paraphrases import PARAPHRASES, UNRELATED, Pairs
from .recommending.quality import by_name, by_recommender, quality

LORAS = 10_000
ROUNDS = 3  # of all prompts in all families

Figures = dict[str, Any]

GOALS: Goals = {
    "precision_at_3": (ge, 0.8),
    "wrong_family": (eq, 0),
    "recommend_ms": (le, 15),
    "paraphrases_shared": (ge, 0.8),
    "unrelated_shared": (eq, 0),
    "memory_mb": (le, 100),
}
"""Which figure must be at most, at least or exactly how much."""


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and exit 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recommend")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--tuning", action="store_true", help="on the tuning prompts, no goals")
    parser.add_argument("--encoder", type=Path, default=data_root() / "config" / "meaning")
    parser.add_argument("--loras", type=int, default=LORAS, help="size of the large library")
    options = parser.parse_args(arguments)
    encoder = load_text_encoder(options.encoder)
    assert encoder is not None
    figures = _told(measure_labelled(encoder, tuning=options.tuning))
    figures |= _told(measure_shared(encoder))
    figures |= _told(measure_large(encoder, options.loras))
    goals = {} if options.tuning else verdict(figures, GOALS)
    finish(figures, goals, as_json=options.json)


def measure_labelled(encoder: TextEncoder, *, tuning: bool = False) -> Figures:
    """As a studio proposes; and by words alone, as nodes do where no text encoder is."""
    library, asked = labelled_library(), asks(tuning=tuning)
    index = by_recommender(ModelLibrary(library.records, encoder=encoder))
    ours = quality(library, asked, index)
    words = quality(library, asked, by_recommender(ModelLibrary(library.records)))
    plain = quality(library, asked, by_name(library))
    manners = {
        manner: asdict(quality(library, [ask for ask in asked if ask.manner == manner], index))
        for manner in dict.fromkeys(ask.manner for ask in asked)
    }
    return {
        "labelled_loras": len(library.records),
        "prompts": len(asked),
        "encoder": encoder.name,
        "precision_at_3": ours.precision,
        "wrong_family": ours.wrong_family,
        "recall_at_3": ours.recall,
        "coverage": ours.coverage,
        "silence": ours.silence,
        "words_alone": asdict(words),
        "name_match": asdict(plain),
        "by_manner": manners,
    }


def measure_shared(encoder: TextEncoder) -> Figures:
    """The share of pairs of prompts whose keywords, or the topics of these, have one in common."""
    with_meaning = Clusters(topics(), encoder)
    return {
        "paraphrases_shared": _shared(PARAPHRASES, with_meaning),
        "unrelated_shared": _shared(UNRELATED, with_meaning),
        "paraphrases_shared_by_lists": _shared(PARAPHRASES, topics()),
    }


def _shared(pairs: Pairs, clusters: Mapping[str, str]) -> float:
    def terms(prompt: str) -> set[tuple[str, str]]:
        words = keywords(prompt)
        about = {("topic", clusters[word]) for word in words if word in clusters}
        return {("word", word) for word in words} | about

    return sum(not terms(one).isdisjoint(terms(other)) for one, other in pairs) / len(pairs)


def measure_large(encoder: TextEncoder | None, size: int = LORAS) -> Figures:
    """Over a library of so many LoRAs, each prompt once for warming up."""
    records = large_library(size)
    gc.collect()
    tracemalloc.start()
    library = ModelLibrary(records, encoder=encoder)  # the first: what it remembers counts
    gc.collect()
    weighs, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    began = time.process_time()
    ModelLibrary(records, encoder=encoder)
    built = time.process_time() - began
    prompts = [keywords(ask.prompt) for ask in asks(tuning=False)]
    for words in prompts:
        recommend_loras(words, library, Target(family=FAMILIES[0]))
    taken = [
        _milliseconds(partial(recommend_loras, words, library, Target(family=family)))
        for _ in range(ROUNDS)
        for words in prompts
        for family in FAMILIES
    ]
    return {
        "loras": len(records),
        "build_seconds": round(built, 2),
        "memory_mb": round(weighs / 2**20, 1),
        "recommend_ms": round(float(np.percentile(taken, 99)), 2),
        "recommend_p50_ms": round(float(np.percentile(taken, 50)), 2),
    }


def _milliseconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return 1000 * (time.perf_counter() - began)


def _told(figures: Figures) -> Figures:
    for name, value in figures.items():
        print(f"{name:30} {value}", flush=True)
    return figures


if __name__ == "__main__":
    main()
