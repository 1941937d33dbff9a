"""One user and several players: a hundred grids each, with the same prompts and the same noise."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from vibes.preferences import Candidate, GridOutcome, Pool

from .players import Entry, Oracle, Player
from .users import COUNT, Habits, User, Values, outcome, whole_pool, with_relevance
from .world import Floats, Prompt, World

STAGES = ((8, 3), (3, 1))  # of the funnel after the first grid: images, picks
INHERITED = 0.5  # share of the noise's variance an image rendered from a pick takes over


@dataclass(frozen=True)
class Variant:
    """Circumstances that are the same for all players."""

    relevance: bool = True
    habits: Habits = field(default_factory=Habits)
    converted_at: int | None = None  # the grid before which all tastes are replaced
    funnel: bool = False


@dataclass(frozen=True)
class Run:
    """What came of one player with one user."""

    regret: Floats  # [grids]: utility of the best candidate minus the mean of those shown
    rejected: Floats  # [grids], 0 or 1: turned down as a whole
    propose_ms: float
    update_ms: float


def run_user(
    seed: int,
    players: Mapping[str, Entry],
    variant: Variant | None = None,
    grids: int = 100,
) -> dict[str, Run]:
    """Every player's run with the one user of the world of that seed."""
    scenes = scenes_of(seed, variant or Variant(), grids)
    world = scenes[0].user.world
    return {
        name: _play(entry.new(world, np.random.default_rng([seed, 4])), scenes, entry.limit)
        for name, entry in players.items()
    }


@dataclass(frozen=True)
class Scene:
    """One grid about to be made, the same for all players."""

    number: int
    user: User
    prompt: Prompt
    pool: Pool
    values: Values
    highest: float
    funnel: bool

    def noise(self) -> np.random.Generator:
        """The chance in how this grid looks and what is picked."""
        return np.random.default_rng([self.user.world.seed, 3, self.number])


def scenes_of(seed: int, variant: Variant, grids: int) -> list[Scene]:
    """Everything about a user's grids that no player decides."""
    world = World(seed)
    user = User(world, 0, variant.habits)
    rng = np.random.default_rng([seed, 5])
    scenes = []
    for number in range(grids):
        if number == variant.converted_at:
            user = user.converted()
        prompt = world.prompt(rng)
        pool = with_relevance(whole_pool(), world, prompt) if variant.relevance else whole_pool()
        values = user.values(prompt)
        highest = values.highest(pool)
        scenes.append(Scene(number, user, prompt, pool, values, highest, variant.funnel))
    return scenes


@dataclass(frozen=True)
class Played:
    """One grid as it went."""

    worth: Floats  # expected utility of each image
    rejected: bool
    propose_seconds: float
    update_seconds: float


def play(player: Player, scene: Scene, limit: int | None = None) -> Played:
    """The player shows a grid and learns what became of it."""
    if isinstance(player, Oracle):
        player.values = scene.values
    pool = replace(scene.pool, max_checkpoints=limit)
    began = time.perf_counter()
    proposals = player.propose(scene.prompt.keywords, pool, COUNT)
    proposing = time.perf_counter() - began
    shown = [proposal.candidate for proposal in proposals]
    worth = np.array([scene.values.of(candidate) for candidate in shown])
    outcomes = judged(scene, shown, worth)
    began = time.perf_counter()
    for each in outcomes:
        player.update(each)
    updating = (time.perf_counter() - began) / len(outcomes)
    return Played(worth, not outcomes[0].picked, proposing, updating)


def _play(player: Player, scenes: list[Scene], limit: int | None) -> Run:
    played = [play(player, scene, limit) for scene in scenes]
    return Run(
        np.array([s.highest - p.worth.mean() for s, p in zip(scenes, played, strict=True)]),
        np.array([p.rejected for p in played], float),
        1000 * float(np.mean([p.propose_seconds for p in played])),
        1000 * float(np.mean([p.update_seconds for p in played])),
    )


def judged(scene: Scene, shown: list[Candidate], worth: Floats) -> list[GridOutcome]:
    """What the user does with a grid, and in a funnel with those that come of its picks."""
    rng = scene.noise()
    seen = scene.user.seen(worth, rng)
    picked = scene.user.looks(seen, rng)
    outcomes = [outcome(scene.prompt, scene.pool, shown, picked)]
    lucky = seen - worth
    for stage, (size, picks) in enumerate(STAGES if scene.funnel else (), start=1):
        if not len(picked):
            break
        kept = np.resize(picked, size)
        shown, worth, lucky = [shown[i] for i in kept], worth[kept], lucky[kept]
        new = scene.user.seen(np.zeros(size), rng)
        lucky = np.sqrt(INHERITED) * lucky + np.sqrt(1 - INHERITED) * new
        picked = scene.user.looks(worth + lucky, rng, picks)
        outcomes.append(outcome(scene.prompt, scene.pool, shown, picked, stage))
    return outcomes
