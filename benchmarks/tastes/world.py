"""Where simulated users come from: models, keywords, prompts, and what a population likes.

Shares no code with what learns in it, and holds things nobody models. Utilities are on the scale
of the noise of one image (standard Gumbel, standard deviation 1.28). Of the variance of every
taste, ``OWN`` is a user's own and the rest is everybody's.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import combinations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

CHECKPOINTS = tuple(f"checkpoint-{number}.safetensors" for number in range(6))
LORAS = tuple(f"lora-{number:02}.safetensors" for number in range(40))
KEYWORDS = tuple(f"keyword-{number:02}" for number in range(60))
TOPICS = 8
WORDS = (3, 6)  # keywords of a prompt
OUTSIDER = 0.15  # share of a prompt's keywords that belong to neither of its topics
OWN = 0.4
CLUSTERED = 0.85  # share of the keywords whose cluster the learners are told is their topic
CORRELATION = 0.5  # of relevance with what a LoRA does for the population
NAMED = 0.2  # least relevance a pool names

# Standard deviations of the tastes; what depends on keywords adds up over them and is divided by
# the root of their number.
BIAS, TOPIC, WORD = 0.4, 0.35, 0.4
CHECKPOINT_LORA = 0.25
WORD_PAIR = 0.3  # of keywords with a checkpoint: no learner models it
LORA_PAIR = 0.2  # nor this
LORA_COST = -0.1  # mean of what any LoRA does
BEST_STRENGTH, STRENGTH_SPREAD = 0.65, 0.12
CURVATURE = 6.0  # what a strength loses by its squared distance from the best one


@dataclass(frozen=True)
class Tastes:
    """Effects on utility: of checkpoints [C], LoRAs [L], keywords [K] on either, and of pairs."""

    checkpoint: Floats  # [C]
    word_checkpoint: Floats  # [K, C]
    lora: Floats  # [L]
    word_lora: Floats  # [K, L]
    checkpoint_lora: Floats  # [C, L]
    strength: Floats  # [L], standardised: how far the best strength is from the usual
    pair_checkpoint: Floats  # [K, K, C], of two keywords
    lora_pair: Floats  # [L, L]

    def mixed(self, own: Tastes) -> Tastes:
        """These as everybody's part, ``own`` as one user's; the variances stay."""
        return Tastes(
            *(
                np.sqrt(1 - OWN) * getattr(self, part.name) + np.sqrt(OWN) * getattr(own, part.name)
                for part in fields(Tastes)
            )
        )


@dataclass(frozen=True)
class Prompt:
    """Indexes of its keywords."""

    words: Ints

    @property
    def keywords(self) -> tuple[str, ...]:
        """Their names, as policies see them."""
        return tuple(KEYWORDS[word] for word in self.words)


class World:
    """One population; everything follows from the seed."""

    def __init__(self, seed: int):
        rng = np.random.default_rng([seed, 0])
        self.seed = seed
        self.topic = rng.permutation(np.arange(len(KEYWORDS)) % TOPICS)
        self.clusters = _clusters(self.topic, rng)
        self.shared = self.draw(rng)
        self._match = _Match(self, rng)

    def draw(self, rng: np.random.Generator) -> Tastes:
        """Tastes of nobody in particular, structured by this world's topics."""
        c, n, k = len(CHECKPOINTS), len(LORAS), len(KEYWORDS)
        return Tastes(
            checkpoint=rng.normal(0, BIAS, c),
            word_checkpoint=self._by_topic(c, rng),
            lora=rng.normal(0, BIAS, n),
            word_lora=self._by_topic(n, rng),
            checkpoint_lora=rng.normal(0, CHECKPOINT_LORA, (c, n)),
            strength=rng.normal(0, 1, n),
            pair_checkpoint=_symmetric(rng.normal(0, WORD_PAIR, (k, k, c))),
            lora_pair=_symmetric(rng.normal(0, LORA_PAIR, (n, n))),
        )

    def prompt(self, rng: np.random.Generator) -> Prompt:
        """Keywords of one or two topics, now and then with one that belongs to neither."""
        topics = rng.permutation(TOPICS)[: rng.integers(1, 3)]
        inside = np.isin(self.topic, topics)
        size = int(rng.integers(WORDS[0], WORDS[1] + 1))
        outsiders = int(rng.binomial(size, OUTSIDER))
        chosen = [
            rng.choice(np.flatnonzero(inside), size - outsiders, replace=False),
            rng.choice(np.flatnonzero(~inside), outsiders, replace=False),
        ]
        return Prompt(np.concatenate(chosen))

    def relevance(self, prompt: Prompt) -> dict[str, float]:
        """LoRA name to 0..1 for those whose metadata seem to fit, as a pool names them."""
        values = self._match.relevance(prompt)
        named = np.flatnonzero(values >= NAMED)
        return {LORAS[lora]: float(values[lora]) for lora in named}

    def relevance_correlation(self, rng: np.random.Generator, prompts: int = 200) -> float:
        """How relevance goes with what LoRAs do for the population, over prompts and LoRAs."""
        drawn = [self.prompt(rng) for _ in range(prompts)]
        effect = self.shared.word_lora, self.shared.lora
        seen = np.concatenate([_seen(effect, prompt) for prompt in drawn])
        named = np.concatenate([self._match.relevance(prompt) for prompt in drawn])
        return float(np.corrcoef(named, seen)[0, 1])

    def _by_topic(self, items: int, rng: np.random.Generator) -> Floats:
        by_topic = rng.normal(0, TOPIC, (TOPICS, items))
        return np.asarray(by_topic[self.topic] + rng.normal(0, WORD, (len(KEYWORDS), items)))


class _Match:
    """How well LoRAs' metadata fit a prompt: the population's effects, seen through noise.

    The noise belongs to the metadata, so a wrong tag is wrong every time. How much of it there is
    is set so that what the pools name correlates with the effects as it should.
    """

    SAMPLE = 400  # prompts
    SHARE = 0.35  # of the LoRAs that seem to fit at all

    def __init__(self, world: World, rng: np.random.Generator):
        noise = world.draw(rng)
        self._effect = world.shared.word_lora, world.shared.lora
        self._noise = noise.word_lora, noise.lora
        prompts = [world.prompt(rng) for _ in range(self.SAMPLE)]
        effect = np.stack([_seen(self._effect, prompt) for prompt in prompts])
        doubt = np.stack([_seen(self._noise, prompt) for prompt in prompts])
        low, high = 0.0, 1.0
        for _ in range(12):
            self._clarity = (low + high) / 2
            raw = self._mixed(effect, doubt)
            self._floor, self._top = np.quantile(raw, [1 - self.SHARE, 0.99])
            values = self._named(raw)
            if np.corrcoef(values.ravel(), effect.ravel())[0, 1] < CORRELATION:
                low = self._clarity
            else:
                high = self._clarity

    def relevance(self, prompt: Prompt) -> Floats:
        """0..1 for every LoRA [L]; 0 below what a pool names."""
        return self._named(self._mixed(_seen(self._effect, prompt), _seen(self._noise, prompt)))

    def _mixed(self, effect: Floats, noise: Floats) -> Floats:
        return np.asarray(self._clarity * effect + np.sqrt(1 - self._clarity**2) * noise)

    def _named(self, raw: Floats) -> Floats:
        values = np.clip((raw - self._floor) / (self._top - self._floor), 0, 1)
        return np.asarray(np.where(values >= NAMED, values, 0.0))


def _seen(effects: tuple[Floats, Floats], prompt: Prompt) -> Floats:
    """What LoRAs do for a prompt [L]."""
    by_word, bias = effects
    return np.asarray(bias + by_word[prompt.words].sum(0) / np.sqrt(len(prompt.words)))


def _clusters(topic: Ints, rng: np.random.Generator) -> dict[str, str]:
    """Keyword to cluster, as a text model would group them: not always right."""
    wrong = rng.random(len(KEYWORDS)) >= CLUSTERED
    told = np.where(wrong, rng.integers(0, TOPICS, len(KEYWORDS)), topic)
    return {word: f"cluster-{cluster}" for word, cluster in zip(KEYWORDS, told, strict=True)}


def _symmetric(values: Floats) -> Floats:
    """Each pair's value in both its places, zeros on the diagonal."""
    above = np.triu(np.ones(values.shape[:2], bool), 1)
    kept: Floats = values * above.reshape(above.shape + (1,) * (values.ndim - 2))
    return np.asarray(kept + kept.swapaxes(0, 1))


@lru_cache
def lora_sets(most: int) -> list[Ints]:
    """For every size up to ``most`` all sets of LoRAs, as indexes [sets, size]."""
    return [
        np.array(list(combinations(range(len(LORAS)), size)), dtype=np.intp)
        for size in range(most + 1)
    ]
