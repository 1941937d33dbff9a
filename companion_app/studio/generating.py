"""New grids from a prompt: planned, perhaps approved, then sent to the fleet."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from vibes.errors import Conflict, InvalidInput, NotFound
from vibes.stages import Action, Brief, Grid, Image, Session, Slot
from vibes.storage import Store, StoreThread

from .grids import Grids
from .planning import Plan, Planner
from .requests import BatchRequest, ImageRequest
from .sessions import Clock, Sessions, timestamp
from .views import View, slot_view

KEPT_PLANS = 32
"""Plans waiting for approval; older ones are forgotten."""


@dataclass(frozen=True, slots=True)
class Launched:
    """A grid on its way, and where its images will probably be made."""

    grid: Grid
    distribution: dict[str, int]


class Generating:
    """Use cases that start from a prompt."""

    def __init__(
        self,
        store: StoreThread,
        *,
        planner: Planner,
        sessions: Sessions,
        grids: Grids,
        clock: Clock,
    ):
        self._store = store
        self._planner = planner
        self._sessions = sessions
        self._grids = grids
        self._clock = clock
        self._plans: OrderedDict[str, tuple[BatchRequest, Plan]] = OrderedDict()

    async def plan(self, request: BatchRequest) -> View:
        """What ``generate`` would make, kept under an id for approval."""
        session = await self._session(request.session_id)
        await self._planner.ready()
        plan = self._planner.plan(request, request.count, session.profile)
        plan_id = uuid4().hex
        self._plans[plan_id] = (request, plan)
        while len(self._plans) > KEPT_PLANS:
            self._plans.popitem(last=False)
        beliefs = self._planner.beliefs(plan, session.profile)
        recipes = [
            {**slot_view(slot), **belief} for slot, belief in zip(plan.slots, beliefs, strict=True)
        ]
        return {"plan_id": plan_id, "recipes": recipes}

    async def generate(self, request: ImageRequest, count: int) -> Launched:
        """A new grid at the first stage; raises InvalidInput, NotFound, Conflict, NoServerCan."""
        session = await self._session(request.session_id)
        plan = self._approved(request, count)
        await self._planner.ready()
        plan = plan or self._planner.plan(request, count, session.profile)
        now = timestamp(self._clock)
        grid = new_grid(session, plan.brief, plan.slots, stage=0, action="generate", created=now)

        def write(store: Store) -> None:
            with store.atomic():
                store.sessions.get(session.id)  # it may have been deleted while we planned
                store.grids.add(grid)
                store.sessions.move(session.id, grid.id)

        await self._store.run(write)
        self._plans.pop(request.plan_id or "", None)
        return await launched(grid, self._grids, self._sessions)

    def _approved(self, request: ImageRequest, count: int) -> Plan | None:
        if request.plan_id is None:
            if request.mode == "assisted":
                raise InvalidInput(
                    "Assisted mode needs the plan you approved: "
                    "POST /api/plan, then send its plan_id."
                )
            return None
        if request.plan_id not in self._plans:
            raise NotFound(f"There is no plan '{request.plan_id}' any more. Plan again.")
        asked, plan = self._plans[request.plan_id]
        given = (request.session_id, request.prompt, count)
        if given != (asked.session_id, asked.prompt, asked.count):
            raise Conflict("This plan was made for another session, prompt or count. Plan again.")
        return plan

    async def _session(self, session_id: str) -> Session:
        return await self._store.run(lambda store: store.sessions.get(session_id))


async def launched(grid: Grid, grids: Grids, sessions: Sessions) -> Launched:
    """Hand a stored grid to the fleet and tell the pages where its session stands."""
    await grids.submit(grid, grid.images)
    sessions.announce(grid.session_id, grid.stage, grid.id)
    return Launched(grid, grids.distribution(grid.id))


def new_grid(
    session: Session,
    brief: Brief,
    slots: Sequence[Slot],
    *,
    stage: int,
    action: Action,
    created: str,
    parent: Grid | None = None,
) -> Grid:
    """A grid with one planned image per slot."""
    batch_id = uuid4().hex
    images = tuple(
        Image(
            id=uuid4().hex,
            batch_id=batch_id,
            index=index,
            recipe=slot.recipe,
            reason=slot.reason,
            parent_id=slot.parent_id,
        )
        for index, slot in enumerate(slots)
    )
    return Grid(
        id=batch_id,
        session_id=session.id,
        parent_id=parent.id if parent else None,
        stage=stage,
        action=action,
        brief=brief,
        created=created,
        images=images,
    )
