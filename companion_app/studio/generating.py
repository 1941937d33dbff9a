"""New grids from a prompt: planned, perhaps approved, then sent to the fleet."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from vibes.errors import Conflict, InvalidInput, NotFound
from vibes.preferences import SuggestionChanged
from vibes.prompts import keywords
from vibes.stages import Action, Brief, Grid, Image, Session, Slot
from vibes.storage import Store, StoreThread

from .approving import Change, approved
from .believing import Beliefs
from .choosing import Draw, Propensities
from .grids import Grids
from .planning import Plan, Planner
from .requests import BatchRequest, ImageRequest
from .sessions import Clock, Sessions, timestamp
from .taste import Taste
from .views import View, slot_view

KEPT_PLANS = 32
"""Plans waiting for approval; older ones are forgotten."""


@dataclass(frozen=True, slots=True)
class Launched:
    """A grid on its way, and where its images will probably be made."""

    grid: Grid
    distribution: dict[str, int]


class Launcher:
    """Hands stored grids to the fleet."""

    def __init__(self, *, grids: Grids, sessions: Sessions, propensities: Propensities):
        self._grids = grids
        self._sessions = sessions
        self._propensities = propensities

    async def launch(self, grid: Grid, draw: Draw | None) -> Launched:
        """Let a grid be made, and tell the pages where its session stands.

        How likely the policy's choices were is worked out meanwhile.
        """
        await self._grids.submit(grid, grid.images)
        self._propensities.follow(grid.id, grid.images, draw)
        self._sessions.announce(grid.session_id, grid.stage, grid.id)
        return Launched(grid, self._grids.distribution(grid.id))


class Generating:
    """Use cases that start from a prompt."""

    def __init__(
        self,
        store: StoreThread,
        *,
        planner: Planner,
        launcher: Launcher,
        taste: Taste,
        clock: Clock,
    ):
        self._store = store
        self._planner = planner
        self._launcher = launcher
        self._taste = taste
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
        return {"plan_id": plan_id, "recipes": await self._recipes(plan, session.profile)}

    async def generate(self, request: ImageRequest, count: int) -> Launched:
        """A new grid at the first stage; raises InvalidInput, NotFound, Conflict, NoServerCan.

        Of an approved plan, ``overrides`` replace what was suggested, and that teaches.
        """
        session = await self._session(request.session_id)
        plan, changes = self._planned(request, count), list[Change]()
        await self._planner.ready()
        if plan is None:
            plan = self._planner.plan(request, count, session.profile)
        else:
            plan, changes = approved(plan, request, planner=self._planner, profile=session.profile)
        now = timestamp(self._clock)
        grid = new_grid(session, plan.brief, plan.slots, stage=0, action="generate", created=now)
        events = [self._event(change, session, grid) for change in changes]

        def write(store: Store) -> None:
            with store.atomic():
                store.sessions.get(session.id)  # it may have been deleted while we planned
                store.grids.add(grid)
                store.sessions.move(session.id, grid.id)
                if events and store.profiles.learns(session.profile):
                    store.events.append(events)

        await self._store.run(write)
        self._plans.pop(request.plan_id or "", None)
        launched = await self._launcher.launch(grid, plan.draw)
        if events:
            await self._taste.catch_up()
        return launched

    async def _recipes(self, plan: Plan, profile: str) -> list[View]:
        """Every planned image with how sure its choice is and what else was considered."""

        def believe() -> list[View]:
            pool = self._planner.pool_again(plan.brief)  # what the user excluded included
            words = keywords(plan.brief.prompt)
            beliefs = Beliefs(self._taste.policy(profile), words, pool)
            known = {
                candidate: beliefs.view(candidate)
                for candidate in {slot.recipe.candidate for slot in plan.slots}
            }
            return [{**slot_view(slot), **known[slot.recipe.candidate]} for slot in plan.slots]

        return await self._taste.look_through(believe)

    def _event(self, change: Change, session: Session, grid: Grid) -> SuggestionChanged:
        by = next((i.choice for i in grid.images if i.choice and i.choice.policy), None)
        return SuggestionChanged(
            id=uuid4().hex,
            time=grid.created,
            profile=session.profile,
            session=session.id,
            batch=grid.id,
            stage=grid.stage,
            prompt=grid.brief.prompt,
            keywords=keywords(grid.brief.prompt),
            suggested=change.suggested,
            chosen=change.chosen,
            policy=by.policy if by else "",
            policy_version=by.version if by else 0,
        )

    def _planned(self, request: ImageRequest, count: int) -> Plan | None:
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
            choice=slot.choice,
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
