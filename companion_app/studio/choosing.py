"""How a grid's models came to be chosen: noted with every image, how likely worked out later."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from vibes.preferences import Candidate, Choice, Part, Policy, Pool, Propensity, Proposal
from vibes.stages import Image
from vibes.storage import StoreThread

from .taste import Taste

logger = logging.getLogger(__name__)

NOBODY = Choice(policy="", version=0, decided=("checkpoint", "loras"))
"""Where the user chose everything himself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """What a policy was asked for a grid, and what it proposed for each slot, as it said it.

    ``learned`` is the version of the taste it was asked at.
    """

    policy: Policy
    learned: int
    words: tuple[str, ...]
    pool: Pool
    proposals: tuple[Proposal, ...]

    def choice(self, proposal: Proposal, candidate: Candidate, decided: tuple[Part, ...]) -> Choice:
        """What is known of an image's models before its propensities are worked out."""
        return Choice(
            policy=self.policy.name,
            version=self.policy.version,
            probe=proposal.probe,
            decided=decided,
            relevance=_relevance(self.pool, candidate),
        )

    def propensities(self) -> list[Propensity]:
        """Of each slot's proposal, as the policy sees it now."""
        return self.policy.propensities(self.words, self.pool, self.proposals)


class Propensities:
    """Works out, once a grid is on its way, how likely each of its choices was."""

    def __init__(self, store: StoreThread, *, taste: Taste):
        self._store = store
        self._taste = taste
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def follow(self, batch_id: str, images: Sequence[Image], draw: Draw | None) -> None:
        """Begin with the images of a stored grid, each chosen in the slot of the same place."""
        if draw is None:
            return
        task = asyncio.ensure_future(self._work_out(images, draw))
        self._tasks[batch_id] = task
        task.add_done_callback(lambda done: self._ended(batch_id, done))

    async def known(self, batch_id: str) -> None:
        """Return once the grid's propensities are stored, or there is nothing to wait for.

        They stay unknown where the policy has learned since, or a former run of the studio made
        the grid and ended before: what it would say now would be about another choice.
        """
        task = self._tasks.get(batch_id)
        if task is not None:
            await asyncio.wait([task])

    async def stop(self) -> None:
        """Give up what is not worked out yet; before the store is closed."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _work_out(self, images: Sequence[Image], draw: Draw) -> None:
        found = await self._taste.look_through(lambda: self._as_then(draw))
        if found is None:
            return
        choices = {
            image.id: _with_propensity(image.choice, chance, image.recipe.candidate)
            for image, chance in zip(images, found, strict=True)
            if image.choice is not None
        }
        await self._store.run(lambda store: store.grids.set_choices(choices))

    def _as_then(self, draw: Draw) -> list[Propensity] | None:
        """None where something was learned since: it would be about another choice."""
        return draw.propensities() if self._taste.version == draw.learned else None

    def _ended(self, batch_id: str, task: asyncio.Task[None]) -> None:
        del self._tasks[batch_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("How likely the choices of batch %s were stays unknown.", batch_id)
            logger.error("The reason:", exc_info=error)


def _with_propensity(choice: Choice, chance: Propensity, candidate: Candidate) -> Choice:
    """What the user decided has no propensity: no policy chose it.

    Nor has a LoRA that was proposed and left out, as where its style clashed with another's.
    """
    checkpoint = None if "checkpoint" in choice.decided else chance.checkpoint
    used = {use.name for use in candidate.loras} if "loras" not in choice.decided else set()
    loras = {name: how_likely for name, how_likely in chance.loras.items() if name in used}
    return replace(choice, checkpoint_propensity=checkpoint, lora_propensities=loras)


def _relevance(pool: Pool, candidate: Candidate) -> dict[str, float]:
    """The pool's relevance of the candidate's models, as far as the pool tells it."""
    found: dict[str, float] = {}
    for kind, names in (
        (pool.checkpoints, [candidate.checkpoint]),
        (pool.loras, [use.name for use in candidate.loras]),
    ):
        if any(name in pool.relevance for name in kind):  # else nothing is known of any of them
            found |= {name: pool.relevance.get(name, 0.0) for name in names if name in kind}
    return found
