"""Beliefs for people: rankings, explanations, reasons."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vibes.preferences.policy import Explanation, Pool, Term
from vibes.preferences.rates import Z95, interval
from vibes.preferences.reasons import spoken
from vibes.preferences.sentences import sentences
from vibes.recipes import Candidate

from .belief import Beliefs, Gaussian
from .design import bucket
from .effects import LoraVerdict, Verdict
from .evidence import GRIDS, SELECTED, TOTAL, Block, Floats
from .model import OUTSIDE, WIDEN
from .outlook import Outlook, checkpoint_utilities, known_share
from .prior import Key
from .words import Words

_DRAWS = 2000  # standard error of a chance of 0.8: below 0.01
_SEED = 0x7A57E  # of a stream of its own: asking must not change what is proposed next
_PROBE = "Exploring: drawn at random, to measure what learning is worth."


@dataclass(frozen=True)
class Insight:
    """What is believed for the keywords of one prompt."""

    beliefs: Beliefs
    words: Words

    def ranking(self, pool: Pool) -> list[Verdict]:
        """The checkpoints, best first."""
        utility = checkpoint_utilities(self.beliefs, self.words, pool)
        chances = _chances_best(utility)
        _, counts = self._best_known("checkpoint", pool.checkpoints)
        verdicts = [
            Verdict(
                checkpoint=name,
                mean=float(utility.mean[i]),
                sd=math.sqrt(utility.variance[i]),
                chance_best=float(chances[i]),
                **_counted(counts[i]),
            )
            for i, name in enumerate(pool.checkpoints)
        ]
        return sorted(verdicts, key=lambda verdict: (-verdict.mean, verdict.checkpoint))

    def lora_ranking(self, look: Outlook, checkpoint: str) -> list[LoraVerdict]:
        """The LoRAs at their best strength, best first."""
        if not look.loras:
            return []
        levels = look.strength.mean.argmax(axis=0)
        at_best = look.strength[levels, np.arange(len(look.loras))]
        utility = look.lora + at_best + look.pair[look.pool.checkpoints.index(checkpoint)]
        known = known_share(self.beliefs, self.words, "lora", look.loras)
        _, counts = self._best_known("lora", look.loras)
        verdicts = [
            LoraVerdict(
                lora=name,
                strength=look.pool.strengths[levels[i]],
                mean=float(utility.mean[i]),
                sd=math.sqrt(utility.variance[i]),
                chance_helps=_chance_positive(utility[i]),
                confidence=float(known[i]),
                **_counted(counts[i]),
            )
            for i, name in enumerate(look.loras)
        ]
        return sorted(verdicts, key=lambda verdict: (-verdict.mean, verdict.lora))

    def explanation(self, candidate: Candidate, pool: Pool | None) -> Explanation:
        """As ``Taste.explain`` says."""
        terms = self._terms(candidate, pool)
        usual = -float(self.beliefs.after([Block((), [OUTSIDE])]).mean[0])
        compared = pool is not None and candidate.checkpoint in pool.checkpoints
        chance = self._chances(pool)[candidate.checkpoint] if pool and compared else None
        about = self._about(candidate.checkpoint, chance)
        return replace(
            about,
            value=_sigmoid(usual + math.fsum(term.value for term in terms)),
            reason=_sentence(about),
            terms=tuple(terms),
        )

    def reasons(self, pool: Pool) -> Callable[[Candidate, bool], str]:
        """What to write on the card of a candidate of the pool, told whether it is a probe."""
        chances = self._chances(pool)
        known: dict[str, str] = {}

        def reason(candidate: Candidate, probe: bool) -> str:
            name = candidate.checkpoint
            if name not in known:
                known[name] = _sentence(self._about(name, chances[name]))
            return _PROBE if probe else known[name]

        return reason

    def _chances(self, pool: Pool) -> dict[str, float | None]:
        """How likely each checkpoint is the best; a single one was not chosen over any."""
        if len(pool.checkpoints) == 1:
            return {pool.checkpoints[0]: None}
        chances = _chances_best(checkpoint_utilities(self.beliefs, self.words, pool))
        return dict(zip(pool.checkpoints, chances.tolist(), strict=True))

    def _about(self, checkpoint: str, chance: float | None) -> Explanation:
        """What the first sentence about a candidate needs: its checkpoint's best known keyword."""
        (keyword,), (counts,) = self._best_known("checkpoint", [checkpoint])
        selected, total = int(counts[SELECTED]), int(counts[TOTAL])
        block = Block(("keyword_checkpoint", keyword), [checkpoint])
        return Explanation(
            value=0.0,
            confidence=float(known_share(self.beliefs, self.words, "checkpoint", [checkpoint])[0]),
            selection_rate=selected / total if total else 0.0,
            interval=interval(selected, total),
            evidence=total,
            reason="",
            terms=tuple(self._told([(block, 1.0)])) if keyword else (),
            chance_best=chance,
        )

    def _best_known(self, kind: str, names: Sequence[str]) -> tuple[list[str], Floats]:
        """Of each item the keyword with most grids, and the counts of both; without keywords, ""
        and the item's own counts.
        """
        own = self.beliefs.own
        keywords = self.words.keywords
        heads: list[Key] = [(f"keyword_{kind}", keyword) for keyword in keywords] or [(kind,)]
        numbers = own.read(own.find([Block(head, names) for head in heads]))
        numbers = numbers.reshape(len(heads), len(names), numbers.shape[-1])
        most = numbers[:, :, GRIDS].argmax(axis=0)
        found: Floats = numbers[most, np.arange(len(names))]
        return [keywords[i] if keywords else "" for i in most], found

    def _terms(self, candidate: Candidate, pool: Pool | None) -> list[Term]:
        fits = pool.relevance if pool else {}
        found = self._item("checkpoint", candidate.checkpoint)
        for use in candidate.loras:
            found += self._item("lora", use.name)
            found.append((Block(("checkpoint_lora", candidate.checkpoint), [use.name]), 1.0))
            found.append((Block(("lora_strength", use.name), [bucket(use.strength)]), 1.0))
        levels = Counter(bucket(use.strength) for use in candidate.loras)
        found += [(Block(("strength",), [level]), float(n)) for level, n in levels.items()]
        terms = list(self._told(found))
        terms += self._fit("checkpoint", candidate.checkpoint, fits)
        for use in candidate.loras:
            terms += self._fit("lora", use.name, fits)
        return terms

    def _item(self, kind: str, name: str) -> list[tuple[Block, float]]:
        blocks = self.words.blocks(kind, [name])
        return list(zip(blocks, self.words.weights.tolist(), strict=True))

    def _fit(self, kind: str, name: str, fits: Mapping[str, float]) -> Iterator[Term]:
        """What a model's description does for it; its own name stands in for the feature's."""
        if fits.get(name):
            for term in self._told([(Block(("relevance",), [kind]), fits[name])]):
                label = f"{spoken(name)} fits the prompt by its description"
                yield replace(term, label=label, parts=(kind, name))

    def _told(self, found: Sequence[tuple[Block, float]]) -> Iterator[Term]:
        """The terms of single features of which anything is known, with their parts in an image."""
        blocks = [block for block, _ in found]
        belief = self.beliefs.after(blocks).scaled(np.array([part for _, part in found]))
        own = self.beliefs.own
        grids = own.read(own.find(blocks))[:, GRIDS]
        for i, block in enumerate(blocks):
            mean, sd = float(belief.mean[i]), math.sqrt(belief.variance[i])
            if not grids[i] and not mean:
                continue
            kind, *parts = (*block.head, block.tails[0])
            yield Term(
                label=_label(kind, parts),
                value=mean,
                interval=(mean - Z95 * sd, mean + Z95 * sd),
                grids=int(grids[i]),
                kind=kind,
                parts=tuple(parts),
            )


def _chances_best(utility: Gaussian) -> Floats:
    """How likely each is the best of all, by draws that are the same every time."""
    noise = np.random.default_rng(_SEED).standard_normal((_DRAWS, len(utility.mean)))
    draws = utility.mean + WIDEN * np.sqrt(utility.variance) * noise
    return np.bincount(draws.argmax(axis=1), minlength=len(utility.mean)) / _DRAWS


def _chance_positive(utility: Gaussian) -> float:
    return 0.5 * math.erfc(-float(utility.mean) / (WIDEN * math.sqrt(2 * utility.variance)))


def _counted(counts: Floats) -> dict[str, int]:
    return {
        "grids": int(counts[GRIDS]),
        "selected": int(counts[SELECTED]),
        "total": int(counts[TOTAL]),
    }


def _sentence(about: Explanation) -> str:
    return sentences(about, "minimal")[0]


def _label(kind: str, parts: Sequence[str]) -> str:
    if kind in ("checkpoint", "lora"):
        return f"{spoken(parts[0])} overall"
    if kind == "checkpoint_lora":
        return f"{spoken(parts[1])} with {spoken(parts[0])}"
    if kind == "lora_strength":
        return f"{spoken(parts[0])} at {parts[1]}"
    if kind == "strength":
        return f"any LoRA at {parts[0]}"
    if kind == "relevance":
        return f"{parts[0]} fits the prompt by its description"
    return f"{spoken(parts[1])} for '{parts[0]}'"


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(min(max(-logit, -700.0), 700.0)))
