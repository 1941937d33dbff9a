"""How well models do, as numbers to show: what the policy believes, else what was counted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import nsmallest

from vibes.preferences import Policy, Statistics
from vibes.preferences.rates import Z95
from vibes.preferences.tally import Count, Parts
from vibes.preferences.taste import Taste as TastePolicy

SURE = 0.95
"""From this probability on one of two things is said to be the better with "High confidence"."""

DOUBT = 1.2
"""Factor on standard deviations in intervals: with it those of simulated users' utilities at 95 %
cover the truth in 93 to 95 of 100 cases."""

ALONE = ("checkpoint", "lora")
"""What is told of a model whatever the prompt is counted: what it does for some words is believed
of these words, and hardly of the model itself."""

_PRIOR_IMAGES = (
    4  # what a count is mixed with, at the usual rate, where no policy believes anything
)


Belief = tuple[float, float]
"""Mean and standard deviation of a normal distribution, in logits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How well something does; ``mean`` and ``sd`` are logits beside the ``usual`` one."""

    parts: Parts
    mean: float
    sd: float
    usual: float
    count: Count

    @property
    def rate(self) -> float:
        """The chance that an image like this is picked."""
        return sigmoid(self.usual + self.mean)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the rate."""
        middle = self.usual + self.mean
        spread = Z95 * DOUBT * self.sd
        return sigmoid(middle - spread), sigmoid(middle + spread)

    @property
    def sure(self) -> bool:
        """Whether it is "High confidence": better, or worse, than usual all over the interval."""
        return bool(self.count.total) and abs(self.mean) > Z95 * DOUBT * self.sd

    @property
    def margin(self) -> float:
        """How far from the usual it probably is at least, in logits."""
        return abs(self.mean) - self.sd

    @property
    def usual_rate(self) -> float:
        """The chance that any image is picked."""
        return sigmoid(self.usual)


@dataclass(slots=True)
class Readings:
    """What is known for one profile, or all of them, as long as nothing is learned."""

    statistics: Statistics
    policy: Policy | None = None
    _keywords: Counter[str] | None = field(default=None, init=False)

    @property
    def usual(self) -> float:
        """The usual pick rate as a logit."""
        overall = self.statistics.overall
        return logit((overall.selected + 1) / (overall.total + _PRIOR_IMAGES))

    def of(
        self, kind: str, items: Sequence[Parts], counts: Sequence[Count] | None = None
    ) -> list[Reading]:
        """A reading for each item of a kind; ``counts`` where statistics have none of that kind."""
        usual = self.usual
        if counts is None:
            counts = [self.statistics.count(kind, *parts) for parts in items]
        if isinstance(self.policy, TastePolicy) and kind not in ALONE:
            beliefs = believed(self.policy, kind, items)
        else:
            beliefs = [mixed(count, usual) for count in counts]
        return [
            Reading(parts=parts, mean=mean, sd=sd, usual=usual, count=count)
            for parts, count, (mean, sd) in zip(items, counts, beliefs, strict=True)
        ]

    def most_known(self, what: str, limit: int) -> list[str]:
        """The names of keywords, checkpoints or LoRAs that most images were made with."""
        if what == "keyword":
            return self._distinct_keywords(limit)
        found = ((name, count.total) for (name,), count in self.statistics.counts(what))
        return [name for name, _ in nsmallest(limit, found, key=_by_total)]

    def _distinct_keywords(self, limit: int) -> list[str]:
        """Of "flower" and "flower garden", always said together, only the first."""
        kept: dict[str, int] = {}
        for word, total in nsmallest(2 * limit, self.keywords.items(), key=_by_total):
            parts = set(word.split())
            if not any(total == kept[one] and parts > set(one.split()) for one in kept):
                kept[word] = total
        return list(kept)[:limit]

    @property
    def keywords(self) -> Counter[str]:
        """Images by keyword of their prompts."""
        if self._keywords is None:
            self._keywords = Counter()
            for (keyword, _), count in self.statistics.counts("keyword_checkpoint"):
                self._keywords[keyword] += count.total
        return self._keywords


def believed(policy: TastePolicy, kind: str, items: Sequence[Parts]) -> list[Belief]:
    """All that is believed of each item.

    Of a word with a model: how the model does for a prompt of this word alone. Of a checkpoint
    with a LoRA, and of a LoRA at a strength: how the LoRA does there, whatever the prompt.
    """
    if kind in ("checkpoint_lora", "lora_strength"):
        wholes = _utilities(policy, "lora", [_lora(kind, parts) for parts in items])
        added = [(effect.mean, effect.sd) for effect in policy.effects(kind, items)]
        return [_sum(*both) for both in zip(wholes, added, strict=True)]
    return _utilities(policy, kind.removeprefix("keyword_"), items)


def _utilities(policy: TastePolicy, kind: str, items: Sequence[Parts]) -> list[Belief]:
    """The items end in models' names; what stands before is the prompt."""
    names: dict[Parts, dict[str, None]] = {}
    for *words, name in items:
        names.setdefault(tuple(words), {})[name] = None
    known = {
        (*words, name): belief
        for words, models in names.items()
        for name, belief in zip(models, policy.utilities(kind, words, list(models)), strict=True)
    }
    return [known[parts] for parts in items]


def _lora(kind: str, parts: Parts) -> Parts:
    return parts[1:] if kind == "checkpoint_lora" else parts[:1]


def _sum(one: Belief, other: Belief) -> Belief:
    return one[0] + other[0], math.hypot(one[1], other[1])


def mixed(count: Count, usual: float) -> tuple[float, float]:
    """A rate mixed with a few images at the usual one: logit beside the usual, and its error."""
    expected = sigmoid(usual) * _PRIOR_IMAGES
    picked = count.selected + expected
    passed = count.total - count.selected + _PRIOR_IMAGES - expected
    return logit(picked / (picked + passed)) - usual, math.sqrt(1 / picked + 1 / passed)


def chance_above(one: Reading, other: Reading) -> float:
    """The chance that one does better than another."""
    sd = math.hypot(one.sd, other.sd)
    return 0.5 * math.erfc((other.mean - one.mean) / (sd * math.sqrt(2)))


def _by_total(item: tuple[str, int]) -> tuple[int, int, str]:
    """Most images first; of equals the fewest words."""
    name, total = item
    return -total, name.count(" "), name


def sigmoid(value: float) -> float:
    """The probability a logit stands for."""
    return 1 / (1 + math.exp(-max(min(value, 700.0), -700.0)))


def logit(probability: float) -> float:
    """Inverse of ``sigmoid``, for probabilities between 0 and 1."""
    return math.log(probability / (1 - probability))
