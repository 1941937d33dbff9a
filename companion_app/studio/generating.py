"""New grids from a prompt: planned, perhaps approved, then sent to the fleet."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from vibes.errors import Conflict, InvalidInput, NotFound
from vibes.prompts import keywords
from vibes.stages import Action, Brief, Grid, Image, Session, Slot
from vibes.storage import Store, StoreThread

from .approving import Change, approved
from .believing import Beliefs
from .choosing import Draw, Propensities
from .decisions import decisions
from .grids import Grids
from .matching import Matching
from .planning import Plan, Planner
from .proposals import analysis_view, plan_view
from .requests import BatchRequest, ImageRequest
from .sessions import Clock, Sessions, timestamp
from .taste import Taste
from .template_fit import check_slots
from .views import View
from .wishes import read_prompt

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
        matching: Matching,
        launcher: Launcher,
        taste: Taste,
        clock: Clock,
    ):
        self._store = store
        self._planner = planner
        self._matching = matching
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
        view = await self._taste.look_through(lambda: self._view(plan, session.profile))
        return {"plan_id": plan_id, **view}

    def analyse(self, prompt: str) -> View:
        """What a prompt says; raises InvalidInput where it says nothing."""
        read_prompt(prompt)
        return analysis_view(self._matching.analyse(prompt))

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
        check_slots(self._planner.template(plan.slots[0].recipe.template), plan.slots)
        now = timestamp(self._clock)
        grid = new_grid(session, plan.brief, plan.slots, stage=0, action="generate", created=now)
        reviewed = request.plan_id is not None
        events = decisions(plan, changes, grid, session, reviewed=reviewed)

        def write(store: Store) -> None:
            with store.atomic():
                store.sessions.get(session.id)  # it may have been deleted while we planned
                store.grids.add(grid)
                store.sessions.move(session.id, grid.id)
                if events and store.profiles.learns(session.profile):
                    store.events.append(events)

        await self._store.run(write)
        self._plans.pop(request.plan_id or "", None)
        if events:
            await self._taste.catch_up()
        return await self._launcher.launch(grid, plan.draw)

    def _view(self, plan: Plan, profile: str) -> View:
        offer = self._planner.offer_again(plan.brief, profile)  # what the user excluded included
        embeddings = self._planner.embeddings_for(plan.brief, profile)
        beliefs = Beliefs(self._taste.policy(profile), keywords(plan.brief.prompt), offer.pool)
        return {**plan_view(plan, beliefs, offer, embeddings), "matcher": self._matching.matcher}

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
        if request.template not in (None, plan.slots[0].recipe.template):
            raise Conflict("This plan was made for another workflow. Plan again.")
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
            details=slot.details,
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
