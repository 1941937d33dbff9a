"""Control images: two tiny pictures, with and without a LoRA, tell whether it changes anything."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import numpy as np
from PIL import Image

from companion_app.fleet import Fleet, Job
from vibes.decoding import Undecodable, decoded
from vibes.errors import Conflict, VibesError
from vibes.recipes import LoraUse, Recipe

from .effects import Effects, Pair

log = logging.getLogger(__name__)

LONGEST_SIDE = 256  # pixels
STEPS = 2
NOTICEABLE = 0.5
"""Mean difference, of 255, from which two pictures are two: equal ones may differ by rounding."""

_SIDES = 16  # pixels; sides every family can make are multiples of it
_SHORTEST_SIDE = 64  # pixels
_LARGEST_PICTURE = 4 * 1024 * 1024  # bytes of a picture of such a size
_LOOK_SECONDS = 0.5  # between two looks for idle servers


class Controls:
    """Verifies each LoRA beside each checkpoint once, on servers that do not count its weights.

    Only while a server is idle, one pair at a time; what waits is forgotten when the studio ends.
    ``template`` makes a picture from noise.
    """

    def __init__(
        self,
        effects: Effects,
        *,
        fleet: Fleet,
        template: str,
        enabled: bool,
        look_seconds: float = _LOOK_SECONDS,
    ):
        self._effects = effects
        self._fleet = fleet
        self._template = template
        self._enabled = enabled
        self._look_seconds = look_seconds
        self._waiting: dict[str, dict[Pair, Recipe]] = {}  # by server, oldest first
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look for idle servers."""
        if self._enabled:
            self._task = asyncio.ensure_future(self._work())

    async def stop(self) -> None:
        """Give up what is being compared, and what waits."""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def collected(self, job: Job, server: str, lora_keys: Mapping[str, int] | None) -> None:
        """An image was made: learn from what the server counted, or have its LoRAs compared."""
        if lora_keys is not None:
            self._effects.counted(job, server, lora_keys)
        elif self._enabled:
            self._want(job.recipe, server)

    def _want(self, recipe: Recipe, server: str) -> None:
        checkpoint = recipe.candidate.checkpoint
        for use in recipe.candidate.loras:
            if use.strength and not self._effects.knows(checkpoint, use.name, server):
                control = control_recipe(recipe, use, self._template)
                self._waiting.setdefault(server, {}).setdefault((checkpoint, use.name), control)
                self._news.set()

    async def _work(self) -> None:
        idle: set[str] = set()
        while True:
            if not self._waiting:
                self._news.clear()
                await self._news.wait()
            await asyncio.sleep(self._look_seconds)
            before, idle = idle, set(filter(self._fleet.is_idle, self._waiting))
            for server in idle & before:  # between two grids of one user it is idle for a moment
                await self._verify_one(server)

    async def _verify_one(self, server: str) -> None:
        waiting = self._waiting[server]
        pair, recipe = next(iter(waiting.items()))
        checkpoint, lora = pair
        try:
            works = await self._compare(server, recipe)
        except Conflict:  # it was given something to do: later
            return
        except (VibesError, Undecodable) as error:
            log.warning("%s beside %s on %s stays unverified: %s", lora, checkpoint, server, error)
        except Exception:  # a fault of ours must not end all later comparisons
            log.exception("%s beside %s on %s stays unverified", lora, checkpoint, server)
        else:
            self._effects.compared(checkpoint, lora, server, works=works)
        waiting.pop(pair, None)
        if not waiting:
            self._waiting.pop(server, None)

    async def _compare(self, server: str, recipe: Recipe) -> bool:
        """Whether the picture is another without the LoRA."""
        checkpoint = recipe.candidate.checkpoint
        bare = replace(recipe, candidate=replace(recipe.candidate, loras=()))
        log.info("Comparing %s beside %s on %s", recipe.candidate.loras[0].name, checkpoint, server)
        pictures = [await self._fleet.render_aside(server, one) for one in (bare, recipe)]
        return await asyncio.to_thread(differ, *pictures)


def control_recipe(recipe: Recipe, use: LoraUse, template: str) -> Recipe:
    """The recipe with one LoRA alone, from noise, as small and short as still tells something."""
    width, height = _small(recipe.width, recipe.height)
    return replace(
        recipe,
        template=template,
        candidate=replace(recipe.candidate, loras=(use,)),
        width=width,
        height=height,
        steps=min(recipe.steps, STEPS),
        source=None,
        denoise=1.0,
    )


def differ(first: bytes, second: bytes) -> bool:
    """Whether two pictures of one size show different things; raises Undecodable. Blocks."""
    pixels = [np.asarray(_picture(data), dtype=np.float32) for data in (first, second)]
    if pixels[0].shape != pixels[1].shape:
        raise Undecodable("it has another size than the one it is compared with")
    return float(np.abs(pixels[0] - pixels[1]).mean()) >= NOTICEABLE


def _picture(data: bytes) -> Image.Image:
    if len(data) > _LARGEST_PICTURE:
        raise Undecodable(f"it has {len(data)} bytes, too many for so small a picture")
    return decoded(data)


def _small(width: int, height: int) -> tuple[int, int]:
    """The same shape, no side longer than ``LONGEST_SIDE``."""
    shrink = min(1.0, LONGEST_SIDE / max(width, height))
    if shrink == 1.0:
        return width, height
    sides = [max(_SHORTEST_SIDE, int(side * shrink) // _SIDES * _SIDES) for side in (width, height)]
    return sides[0], sides[1]
