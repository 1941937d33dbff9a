"""A against B: two pictures that differ in their models alone, and which is the better one."""

from __future__ import annotations

from dataclasses import replace

from vibes.errors import Conflict, InvalidInput
from vibes.recipes import Candidate, LoraUse
from vibes.recommend import typed_loras
from vibes.stages import Session, Slot
from vibes.storage import Store, StoreThread

from .choosing import NOBODY
from .generating import Launched, Launcher, new_grid
from .iterating import Iterating
from .planning import Plan, Planner
from .requests import (
    Better,
    CompareRequest,
    ImageRequest,
    Overrides,
    RejectRequest,
    SessionRequest,
    Side,
)
from .sessions import Clock, Sessions, timestamp
from .wishes import check_families, check_family

LONGEST_NAME = 60


class Comparing:
    """Use cases on pairs of pictures."""

    def __init__(
        self,
        store: StoreThread,
        *,
        planner: Planner,
        sessions: Sessions,
        launcher: Launcher,
        iterating: Iterating,
        clock: Clock,
    ):
        self._store = store
        self._planner = planner
        self._sessions = sessions
        self._launcher = launcher
        self._iterating = iterating
        self._clock = clock

    async def compare(self, request: CompareRequest) -> Launched:
        """A grid of two: A, then B; raises as ``Planner.plan`` does."""
        await self._planner.ready()
        plan = self._plan(request)
        session = await self._session(request)
        grid = new_grid(
            session,
            plan.brief,
            plan.slots,
            stage=0,
            action="compare",
            created=timestamp(self._clock),
        )

        def write(store: Store) -> None:
            with store.atomic():
                store.sessions.get(session.id)  # it may have been deleted meanwhile
                store.grids.add(grid)
                store.sessions.move(session.id, grid.id)

        await self._store.run(write)
        return await self._launcher.launch(grid, None)

    async def verdict(self, batch_id: str, better: Better) -> bool:
        """Note which one is better, again if need be; whether it teaches. Conflict, NotFound."""
        grid = await self._store.run(lambda store: store.grids.get(batch_id))
        if grid.action != "compare":
            raise Conflict(f"Batch '{batch_id}' is no comparison: pick in it, then advance.")
        if any(image.state != "collected" for image in grid.images):
            raise Conflict("Both pictures must be there before one can be called the better one.")
        if better == "neither":
            rejection = RejectRequest(session_id=grid.session_id, batch_id=batch_id)
            await self._iterating.reject_all(rejection)
            return await self._iterating.teaches(grid.session_id)
        picked = grid.images["ab".index(better)]
        return await self._iterating.judge(grid.session_id, batch_id, [picked.id])

    def _plan(self, request: CompareRequest) -> Plan:
        plan = self._planner.plan(_base(request), 1, request.profile)
        (slot,) = plan.slots
        sides = [("A", request.a), ("B", request.b)]
        slots = tuple(self._side(slot, name, side) for name, side in sides)
        if len({slot.recipe.candidate for slot in slots}) == 1:
            raise InvalidInput("A and B are the same: choose another LoRA or strength for one.")
        return replace(plan, slots=slots, draw=None)

    def _side(self, slot: Slot, name: str, side: Side) -> Slot:
        catalog = self._planner.catalog
        loras = typed_loras([LoraUse(one.name, one.strength) for one in side.loras], catalog)
        recipe = slot.recipe
        checkpoint = recipe.candidate.checkpoint
        family = catalog.checkpoints[checkpoint].family or self._planner.tier(recipe.tier).family
        if side.checkpoint is not None:
            other = catalog.resolve("checkpoint", side.checkpoint)
            check_family(other, family)
            checkpoint = other.name
        check_families(loras, family, catalog)
        made = replace(recipe, candidate=Candidate(checkpoint, loras))
        told = self._planner.told(made)
        return Slot(told, None, f"Side {name} of a comparison.", NOBODY)

    async def _session(self, request: CompareRequest) -> Session:
        session_id = request.session_id
        if session_id is None:
            name = f"A / B: {request.prompt.strip()}"[:LONGEST_NAME]
            asked = SessionRequest(name=name, profile=request.profile)
            session_id = (await self._sessions.create(asked))["id"]
        return await self._store.run(lambda store: store.sessions.get(session_id))


def _base(request: CompareRequest) -> ImageRequest:
    """What both sides share."""
    checkpoint = request.checkpoint or request.a.checkpoint or request.b.checkpoint
    return ImageRequest(
        session_id="-",
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        aspect_ratio=request.aspect_ratio,
        tier=request.tier,
        seed=request.seed,
        explore_mode=False,
        auto_lora=False,
        overrides=Overrides(checkpoint=checkpoint),
    )
