"""Outside peers: MABWiser's linear bandits, one per checkpoint and LoRA.

They see what ``taste`` sees: keywords, clusters, relevance, checkpoint and strength. A model
predicts by how much an image with its item is picked more than usual; a LoRA is used where that is
more than nothing. How they explore, and how firmly weights are held to zero, which matters more,
was chosen for each on eight users of the tuning seeds by their regret at 100 grids.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import numpy as np

from vibes.preferences import Candidate, GridOutcome, LoraUse, Pool, Proposal

from .world import CHECKPOINTS, KEYWORDS, LORAS, Floats, World

INSTALL = "MABWiser is missing: pip install '.[benchmarks]' in the checkout installs it."

Kind = Literal["LinTS", "LinUCB"]


@dataclass(frozen=True)
class Exploring:
    """``alpha`` widens what a model holds possible, ``ridge`` holds its weights to zero.

    The rest is for a rule without chance in it, which would show one candidate twenty times: the
    grid is dealt among the best ``checkpoints``, and LoRAs are drawn among the best ``loras``.
    """

    alpha: float
    ridge: float
    checkpoints: int = 1
    loras: int = 0


EXPLORING: Mapping[Kind, Exploring] = {
    "LinTS": Exploring(alpha=0.1, ridge=240.0),
    "LinUCB": Exploring(alpha=0.1, ridge=200.0, checkpoints=2, loras=4),
}


class PeerPerItem:
    """A grid made of the predictions for every item."""

    def __init__(
        self,
        world: World,
        rng: np.random.Generator,
        kind: Kind,
        exploring: Exploring | None = None,
    ):
        self._clusters = world.clusters
        self._names = sorted(set(world.clusters.values()))
        self._rng = rng
        self._exploring = exploring or EXPLORING[kind]
        self._chance = kind == "LinTS"
        strengths = len(Pool(CHECKPOINTS).strengths)
        self._base = 2 + len(KEYWORDS) + len(self._names)
        self._width = self._base + len(CHECKPOINTS) + strengths
        self._models = {
            name: _new_model(kind, self._exploring, self._base, rng) for name in CHECKPOINTS
        } | {name: _new_model(kind, self._exploring, self._width, rng) for name in LORAS}
        self._picked, self._shown = 3.0, 10.0  # what is usual before anything was seen

    def propose(self, keywords: Sequence[str], pool: Pool, count: int) -> list[Proposal]:
        """``count`` candidates, each from predictions of its own where there is chance in them."""
        checkpoints = self._checkpoints(keywords, pool, count)
        loras = self._loras(keywords, pool, checkpoints)
        made = [Candidate(c, uses) for c, uses in zip(checkpoints, loras, strict=True)]
        return [Proposal(made[i], "Predicted best.") for i in self._rng.permutation(count)]

    def update(self, outcome: GridOutcome) -> None:
        """Each item's model learns from the images that had it."""
        count, picked = len(outcome.candidates), len(outcome.picked)
        usual = picked / count if picked else self._picked / self._shown
        seen: dict[str, list[tuple[Floats, float]]] = {}
        for place, candidate in enumerate(outcome.candidates):
            reward = (place in outcome.picked) - usual
            context = self._context(outcome.keywords)
            seen.setdefault(candidate.checkpoint, []).append((context, reward))
            for use in candidate.loras:
                context = self._context(
                    outcome.keywords,
                    outcome.relevance.get(use.name, 0.0),
                    candidate.checkpoint,
                    use.strength,
                )
                seen.setdefault(use.name, []).append((context, reward))
        for name, examples in seen.items():
            contexts = np.stack([context for context, _ in examples])
            rewards = [reward for _, reward in examples]
            self._models[name].partial_fit(["it"] * len(rewards), rewards, contexts)
        self._picked += picked
        self._shown += count

    def _checkpoints(self, keywords: Sequence[str], pool: Pool, count: int) -> list[str]:
        contexts = np.repeat(self._context(keywords)[None], count, axis=0)
        predicted = np.stack([self._predict(name, contexts) for name in pool.checkpoints])
        if not self._chance:
            best = np.argsort(-predicted[:, 0])[: self._exploring.checkpoints]
            return [pool.checkpoints[i] for i in np.resize(best, count)]
        kept = _most_drawn(predicted, pool.max_checkpoints or len(pool.checkpoints))
        return [pool.checkpoints[kept[i]] for i in predicted[kept].argmax(0)]

    def _loras(
        self, keywords: Sequence[str], pool: Pool, checkpoints: Sequence[str]
    ) -> list[tuple[LoraUse, ...]]:
        """For every image the LoRAs predicted to help, each at its best strength."""
        plain = np.stack(
            [
                self._context(keywords, 0.0, checkpoint, strength)
                for checkpoint in checkpoints
                for strength in pool.strengths
            ]
        )
        shape = len(checkpoints), len(pool.strengths)
        predicted = np.empty((len(pool.loras), *shape))
        for row, name in enumerate(pool.loras):
            plain[:, 1] = pool.relevance.get(name, 0.0)
            predicted[row] = self._predict(name, plain).reshape(shape)
        best, strength = predicted.max(2), predicted.argmax(2)
        return [
            tuple(
                LoraUse(pool.loras[lora], pool.strengths[strength[lora, slot]])
                for lora in self._team(best[:, slot], pool.max_loras)
            )
            for slot in range(len(checkpoints))
        ]

    def _team(self, predicted: Floats, most: int) -> list[int]:
        ranked = [int(i) for i in np.argsort(-predicted) if predicted[i] > 0]
        if self._chance:
            return ranked[:most]
        return [int(i) for i in self._rng.permutation(ranked[: self._exploring.loras])[:most]]

    def _predict(self, name: str, contexts: Floats) -> Floats:
        found = self._models[name].predict_expectations(contexts)
        found = found if isinstance(found, list) else [found]
        return np.array([one["it"] for one in found])

    def _context(
        self,
        keywords: Sequence[str],
        relevance: float = 0.0,
        checkpoint: str | None = None,
        strength: float = 0.0,
    ) -> Floats:
        """Shape [base], and [width] where a checkpoint is named."""
        context = np.zeros(self._base if checkpoint is None else self._width)
        context[:2] = 1.0, relevance
        share = 1 / np.sqrt(len(keywords))
        for keyword in keywords:
            context[2 + KEYWORDS.index(keyword)] += share
            context[2 + len(KEYWORDS) + self._names.index(self._clusters[keyword])] += share
        if checkpoint is not None:
            context[self._base + CHECKPOINTS.index(checkpoint)] = 1.0
            place = Pool(CHECKPOINTS).strengths.index(strength)
            context[self._base + len(CHECKPOINTS) + place] = 1.0
        return context


def _most_drawn(predicted: Floats, limit: int) -> list[int]:
    """The rows that are highest most often."""
    counts = Counter(predicted.argmax(0).tolist())
    return [row for row, _ in counts.most_common(limit)]


def check_installed() -> None:
    """Raises SystemExit, with a sentence, where MABWiser is missing."""
    _mabwiser()


def _new_model(kind: Kind, exploring: Exploring, width: int, rng: np.random.Generator) -> Any:
    """One bandit with one arm, which has seen nothing."""
    library = _mabwiser()
    rule = getattr(library.LearningPolicy, kind)(alpha=exploring.alpha, l2_lambda=exploring.ridge)
    model = library.MAB(["it"], rule, seed=int(rng.integers(2**31)))
    # A context of zeros teaches nothing, but a model must have been fitted once to predict.
    model.fit(["it"], [0.0], np.zeros((1, width)))
    return model


def _mabwiser() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return import_module("mabwiser.mab")
    except ImportError:
        raise SystemExit(INSTALL) from None
