"""A long history, made up cheaply: events of a studio that was used for years.

Words belong to topics, as unequal as in language; topics and words have LoRAs that fit. A prompt
stays for some grids, and a grid is made of a few checkpoints and LoRAs, as policies make them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vibes.preferences import (
    Candidate,
    GridEvent,
    GridRejected,
    GridSubmitted,
    LoraUse,
    Pool,
    ShownImage,
)
from vibes.recipes import Recipe
from vibes.stages import Brief, Grid, Image

IMAGES = 20
WORDS = 2_000
TOPICS = 200
FITTING = 4  # LoRAs whose metadata fit a word, beside as many again that fit its topic
KEPT = 0.7  # of the grids, those that are made for the same prompt as the last one
PROFILES = ("default", "anime", "default", "default")  # in turn
STRENGTHS = (0.5, 0.6, 0.7, 0.8)


class Studio:
    """Models, words and a user whose picks follow something."""

    def __init__(self, seed: int = 1, *, checkpoints: int = 10, loras: int = 1_000):
        self._rng = np.random.default_rng(seed)
        self.checkpoints = tuple(
            f"models/checkpoint-{i:02}.safetensors" for i in range(checkpoints)
        )
        self.loras = tuple(f"styles/lora-{i:04}.safetensors" for i in range(loras))
        self.words = tuple(f"word {i:04}" for i in range(WORDS))
        self._frequency = np.cumsum(1 / np.arange(1, TOPICS + 1))
        own = self._rng.integers(0, loras, (WORDS, FITTING))
        of_topic = self._rng.integers(0, loras, (TOPICS, FITTING))
        self._fits = np.hstack([own, of_topic[np.arange(WORDS) % TOPICS]])
        self._prompt = self.prompt()
        self._checkpoint_worth = self._rng.normal(0, 0.5, checkpoints)
        self._lora_worth = self._rng.normal(0, 0.5, loras)
        self._uses = [[LoraUse(name, strength) for strength in STRENGTHS] for name in self.loras]

    def prompt(self) -> tuple[int, ...]:
        """Three to six words of two topics."""
        drawn = np.searchsorted(self._frequency, self._rng.random(2) * self._frequency[-1])
        size = int(self._rng.integers(3, 7))
        words = drawn[self._rng.integers(0, 2, size)]
        words = words + TOPICS * self._rng.integers(0, WORDS // TOPICS, size)
        return tuple(dict.fromkeys(words.tolist()))

    def keywords(self, prompt: tuple[int, ...]) -> tuple[str, ...]:
        """As policies see them."""
        return tuple(self.words[word] for word in prompt)

    def pool(self, prompt: tuple[int, ...], *, max_checkpoints: int | None = 3) -> Pool:
        """Everything there is, with the relevance of what fits the prompt."""
        relevance = {self.loras[i]: 0.5 for i in np.unique(self._fits[list(prompt)])}
        return Pool(
            self.checkpoints, self.loras, max_checkpoints=max_checkpoints, relevance=relevance
        )

    def events(self, count: int, first: int = 0) -> Iterator[GridEvent]:
        """Grids that were submitted, and a few that were rejected."""
        return (self._event(first + number) for number in range(count))

    def _event(self, number: int) -> GridEvent:
        rng = self._rng
        if rng.random() >= KEPT:
            self._prompt = self.prompt()
        prompt = self._prompt
        fitting = np.unique(self._fits[list(prompt)])
        team = rng.choice(fitting, min(8, len(fitting)), replace=False)
        made_with = rng.choice(len(self.checkpoints), 3, replace=False)[rng.integers(0, 3, IMAGES)]
        sets = [team[rng.random(len(team)) < 0.2][:3] for _ in range(IMAGES)]
        worth = self._checkpoint_worth[made_with] + rng.gumbel(size=IMAGES)
        worth += [self._lora_worth[loras].sum() for loras in sets]
        picked = set(
            np.argsort(-worth)[: 0 if rng.random() < 0.05 else rng.integers(3, 9)].tolist()
        )
        images = tuple(
            self._image(number, place, int(made_with[place]), sets[place].tolist(), place in picked)
            for place in range(IMAGES)
        )
        return (GridSubmitted if picked else GridRejected)(
            id=f"event-{number}",
            time="2026-01-31T12:00:00+00:00",
            profile=PROFILES[number % len(PROFILES)],
            session="session",
            batch=f"batch-{number}",
            stage=0,
            prompt=", ".join(self.keywords(prompt)),
            keywords=self.keywords(prompt),
            images=images,
            policy="taste",
            policy_version=1,
        )

    def _image(
        self, number: int, place: int, checkpoint: int, loras: list[int], picked: bool
    ) -> ShownImage:
        strengths = self._rng.integers(0, len(STRENGTHS), len(loras)).tolist()
        uses = tuple(self._uses[i][level] for i, level in zip(loras, strengths, strict=True))
        return ShownImage(
            image_id=f"image-{number}-{place}",
            index=place,
            candidate=Candidate(self.checkpoints[checkpoint], uses),
            picked=picked,
            checkpoint_propensity=1 / 3,
            lora_propensities={use.name: 0.2 for use in uses},
            relevance={use.name: 0.5 for use in uses},
            probe=place == 0,
        )


def grid_of(event: GridEvent) -> Grid:
    """The grid the event tells of, before it was left."""
    images = tuple(
        Image(
            id=shown.image_id,
            batch_id=event.batch,
            index=shown.index,
            recipe=_recipe(event, shown.index),
            reason="Chosen for 15 picks of 'beach'; high confidence.",
            state="collected",
            selection="selected" if shown.picked else "none",
        )
        for shown in event.images
    )
    return Grid(
        id=event.batch,
        session_id=f"session-{event.batch}",
        parent_id=None,
        stage=0,
        action="generate",
        brief=Brief(prompt=event.prompt, tier="sd15_draft"),
        created=event.time,
        images=images,
    )


def _recipe(event: GridEvent, place: int) -> Recipe:
    return Recipe(
        template="draft",
        tier="sd15_draft",
        prompt=event.prompt,
        candidate=event.images[place].candidate,
        seed=place,
        width=512,
        height=768,
        steps=20,
        cfg=7.0,
        sampler="euler_ancestral",
        scheduler="normal",
    )
