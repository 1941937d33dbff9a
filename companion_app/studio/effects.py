"""Which LoRAs are known to change nothing: beside which checkpoint, found out by which server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal

from companion_app.fleet import Job, ProgressStream
from vibes.recipes import LoraUse
from vibes.stages import Image
from vibes.storage import Effect, StoreThread

from .sessions import Clock, timestamp
from .views import View

EffectName = Literal["works", "none", "unverified"]
Pair = tuple[str, str]
"""A checkpoint and a LoRA, by catalog name."""


class Effects:
    """Remembers for each pair and server whether the LoRA changes pictures there.

    Held in memory, kept in the store; pages hear of every new finding.
    """

    def __init__(self, store: StoreThread, *, progress: ProgressStream, clock: Clock):
        self._store = store
        self._progress = progress
        self._clock = clock
        self._found: defaultdict[Pair, dict[str, Effect]] = defaultdict(dict)  # by server
        self._idle: defaultdict[str, set[str]] = defaultdict(set)  # LoRAs by checkpoint

    async def load(self) -> None:
        """Take up what was found out before."""
        for effect in await self._store.run(lambda store: store.effects.all()):
            self._take(effect)

    # --- asked -------------------------------------------------------------------------------

    def of(self, checkpoint: str, lora: str, server: str | None) -> EffectName:
        """What the server found out, or where it has not, any other: one that saw it work wins."""
        found = self._found.get((checkpoint, lora), {})
        if server in found:
            return "works" if found[server].works else "none"
        if not found:
            return "unverified"
        return "works" if any(effect.works for effect in found.values()) else "none"

    def of_use(self, image: Image, use: LoraUse) -> EffectName:
        """What one LoRA does in an image; at strength 0 that is nothing."""
        if use.strength == 0:
            return "none"
        return self.of(image.recipe.candidate.checkpoint, use.name, image.server)

    def of_lora(self, lora: str) -> list[View]:
        """Everything found out about a LoRA, JSON-ready, by checkpoint and server."""
        found = [
            effect
            for pair in sorted(self._found)
            if pair[1] == lora
            for _, effect in sorted(self._found[pair].items())
        ]
        return [
            {
                "checkpoint": effect.checkpoint,
                "server": effect.server,
                "works": effect.works,
                "how": effect.how,
                "keys": effect.keys,
            }
            for effect in found
        ]

    def knows(self, checkpoint: str, lora: str, server: str) -> bool:
        """Whether this very server has found it out."""
        return server in self._found.get((checkpoint, lora), {})

    def inert(self, image: Image) -> tuple[str, ...]:
        """The LoRAs of an image that changed nothing in it."""
        uses = image.recipe.candidate.loras
        return tuple(use.name for use in uses if self.of_use(image, use) == "none")

    def inert_pairs(self) -> Mapping[str, frozenset[str]]:
        """By checkpoint, the LoRAs that change nothing beside it, as all say who found out."""
        return {checkpoint: frozenset(loras) for checkpoint, loras in self._idle.items() if loras}

    # --- told --------------------------------------------------------------------------------

    def counted(self, job: Job, server: str, lora_keys: Mapping[str, int]) -> None:
        """A server made the job and counted how many weights each of its LoRAs changed."""
        checkpoint, time = job.recipe.candidate.checkpoint, timestamp(self._clock)
        self._learn(
            Effect(
                checkpoint=checkpoint,
                lora=lora,
                server=server,
                works=keys > 0,
                how="keys",
                keys=keys,
                time=time,
            )
            for lora, keys in lora_keys.items()
        )

    def compared(self, checkpoint: str, lora: str, server: str, *, works: bool) -> None:
        """A picture with the LoRA was compared with one without it."""
        effect = Effect(
            checkpoint=checkpoint,
            lora=lora,
            server=server,
            works=works,
            how="control",
            time=timestamp(self._clock),
        )
        self._learn([effect])

    def _learn(self, effects: Iterable[Effect]) -> None:
        new = [effect for effect in effects if self._is_news(effect)]
        if not new:
            return
        for effect in new:
            self._take(effect)
        self._store.put(lambda store: store.effects.put(new))
        for effect in new:
            self._progress.publish(
                {
                    "type": "effects",
                    "checkpoint": effect.checkpoint,
                    "lora": effect.lora,
                    "server": effect.server,
                    "works": effect.works,
                }
            )

    def _is_news(self, effect: Effect) -> bool:
        known = self._found.get((effect.checkpoint, effect.lora), {}).get(effect.server)
        return known is None or (known.works, known.keys) != (effect.works, effect.keys)

    def _take(self, effect: Effect) -> None:
        found = self._found[effect.checkpoint, effect.lora]
        found[effect.server] = effect
        idle = self._idle[effect.checkpoint]
        if any(one.works for one in found.values()):
            idle.discard(effect.lora)
        else:
            idle.add(effect.lora)
