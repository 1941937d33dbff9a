"""From one grid to the next: advance, refine, more like this, reject all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from uuid import uuid4

import numpy as np

from companion_app.fleet import Fleet
from vibes.errors import NotFound
from vibes.preferences import Choice, GridEvent, GridRejected, GridSubmitted, ShownImage
from vibes.prompts import keywords
from vibes.recipes import Recipe
from vibes.settings import Settings, Stage
from vibes.stages import (
    Brief,
    Grid,
    Image,
    Session,
    Slot,
    check_iteration,
    iteration_slots,
    one_stage_back,
    rechosen,
    rejected,
    shown,
    submitted,
    with_selection,
)
from vibes.storage import Store, StoreThread

from .choosing import Draw, Propensities
from .effects import Effects
from .generating import Launched, Launcher, new_grid
from .grids import Grids
from .planning import Planner
from .requests import IterateRequest, RejectRequest
from .sessions import Clock, Sessions, timestamp
from .taste import Taste
from .views import View


class Iterating:
    """Use cases that leave a grid; each writes outcome, event and next grid as one."""

    def __init__(
        self,
        settings: Settings,
        *,
        store: StoreThread,
        fleet: Fleet,
        planner: Planner,
        sessions: Sessions,
        grids: Grids,
        launcher: Launcher,
        propensities: Propensities,
        taste: Taste,
        effects: Effects,
        new_rng: Callable[[], np.random.Generator],
        clock: Clock,
    ):
        self._settings = settings
        self._store = store
        self._fleet = fleet
        self._planner = planner
        self._sessions = sessions
        self._grids = grids
        self._launcher = launcher
        self._propensities = propensities
        self._taste = taste
        self._effects = effects
        self._rng = new_rng()
        self._clock = clock

    async def iterate(self, request: IterateRequest) -> Launched:
        """Submit a grid and make the next one from its picks; raises as the checks do.

        The same request again, while the user stands in the grid it made, gives that grid.
        """
        session, grid = await self._load(request.session_id, request.batch_id)
        grid = with_selection(grid, request.selected)
        check_iteration(grid, request.action, self._settings.stages)
        brief, slots, draw = self._next(session, grid, request)
        following = new_grid(
            session,
            brief,
            slots,
            stage=grid.stage + (request.action == "advance"),
            action=request.action,
            created=timestamp(self._clock),
            parent=grid,
        )
        picks = [image.id for image in grid.selected]
        await self._propensities.known(grid.id)  # they belong into the event

        def write(store: Store) -> tuple[Grid, GridEvent | None]:
            with store.atomic():
                twin = _twin(store, following)
                if twin is not None:
                    return twin, None
                left = submitted(with_selection(store.grids.get(grid.id), picks))
                event = self._left(store, left, request.feedback)
                store.grids.add(following)
                store.sessions.move(session.id, following.id)
                return following, event

        made, event = await self._store.run(write)
        if made is not following:
            return Launched(made, self._grids.distribution(made.id))
        await self._settle(grid.id, event)
        return await self._launcher.launch(following, draw)

    async def reject_all(self, request: RejectRequest) -> View:
        """Reject every shown image; a user who stands in the grid then stands one stage back.

        Doing it again changes nothing more.
        """
        session, grid = await self._load(request.session_id, request.batch_id)
        await self._propensities.known(grid.id)

        def write(store: Store) -> tuple[int, Session, GridEvent | None]:
            with store.atomic():
                now = store.grids.get(grid.id)
                left = rejected(now)
                event = None
                if now.outcome != "rejected":
                    event = self._left(store, left, request.feedback)
                if store.sessions.get(session.id).batch_id == grid.id:
                    behind = one_stage_back(store.grids.of_session(session.id), left)
                    store.sessions.move(session.id, behind.id if behind else None)
                return len(shown(left)), store.sessions.get(session.id), event

        count, moved, event = await self._store.run(write)
        await self._settle(grid.id, event)
        stage = await self._store.run(lambda store: store.grids.stage(moved.batch_id))
        self._sessions.announce(session.id, stage, moved.batch_id)
        return {"rejected": count, "stage": stage, "batch_id": moved.batch_id}

    async def judge(self, session_id: str, batch_id: str, selected: Sequence[str]) -> bool:
        """Submit a grid that nothing is to follow from; whether it teaches. Raises NotFound."""
        _, grid = await self._load(session_id, batch_id)
        await self._propensities.known(grid.id)

        def write(store: Store) -> GridEvent | None:
            with store.atomic():
                left = submitted(with_selection(store.grids.get(grid.id), selected))
                return self._left(store, left, None)

        event = await self._store.run(write)
        await self._settle(grid.id, event)
        return event is not None

    async def teaches(self, session_id: str) -> bool:
        """Whether what is picked in a session is learned; raises NotFound."""

        def read(store: Store) -> bool:
            return store.profiles.learns(store.sessions.get(session_id).profile)

        return await self._store.run(read)

    def _next(
        self, session: Session, grid: Grid, request: IterateRequest
    ) -> tuple[Brief, list[Slot], Draw | None]:
        """The next grid's brief and slots, and where their models come from if chosen anew."""
        brief, edit = grid.brief, None
        if request.action == "refine" and request.prompt is not None:
            brief = replace(brief, prompt=request.prompt)
            edit = self._planner.edit(grid.brief, brief)
        stage = self._settings.stages[grid.stage + (request.action == "advance")]
        heritage = self._planner.heritage(brief, session.profile, stage=stage)
        slots = iteration_slots(
            grid,
            request.action,
            edit,
            stages=self._settings.stages,
            settle=heritage.settled,
            rng=self._rng,
        )
        if edit is not None:
            slots = [replace(slot, recipe=self._reworded(slot.recipe)) for slot in slots]
        if stage.tier in (None, brief.tier):
            return brief, slots, None
        brief = replace(brief, tier=stage.tier)
        return brief, *self._rechosen(session, brief, stage, slots)

    def _reworded(self, recipe: Recipe) -> Recipe:
        """With those of its trigger words that the new prompt does not say itself."""
        said = recipe.prompt.casefold()
        words = [word for word in recipe.triggers if word.casefold() not in said]
        return self._planner.told(replace(recipe, triggers=()), words)

    def _rechosen(
        self, session: Session, brief: Brief, stage: Stage, slots: list[Slot]
    ) -> tuple[list[Slot], Draw | None]:
        """The same slots with models of another tier's family."""
        chosen, draw = self._planner.choose(brief, len(slots), session.profile, stage=stage)
        made = [
            rechosen(
                slot,
                one.candidate,
                tier=brief.tier,
                sampling=asdict(one.parameters),
                reason=one.reason,
                choice=one.choice,
            )
            for slot, one in zip(slots, chosen, strict=True)
        ]
        return [
            replace(slot, recipe=self._planner.told_of_chosen(slot.recipe, one.typed))
            for slot, one in zip(made, chosen, strict=True)
        ], draw

    def _left(self, store: Store, left: Grid, feedback: str | None) -> GridEvent | None:
        """Write how a grid was left; the event it leaves, None where nothing is to be learned."""
        store.grids.leave(left)
        session = store.sessions.get(left.session_id)
        seen = shown(left)
        if not seen or not store.profiles.learns(session.profile):
            return None
        kind = GridRejected if left.outcome == "rejected" else GridSubmitted
        by = _chosen_by(seen)
        event = kind(
            id=uuid4().hex,
            time=timestamp(self._clock),
            profile=session.profile,
            session=session.id,
            batch=left.id,
            stage=left.stage,
            prompt=left.brief.prompt,
            keywords=keywords(left.brief.prompt),
            images=tuple(_shown_image(image, self._effects.inert(image)) for image in seen),
            policy=by.policy,
            policy_version=by.version,
            feedback=feedback,
        )
        store.events.append([event])
        return event

    async def _settle(self, batch_id: str, event: GridEvent | None) -> None:
        """What follows from a grid being left: its open jobs end, pages hear of it, it teaches."""
        await self._fleet.cancel(batch_id)
        await self._grids.announced(batch_id)
        if event:
            await self._taste.catch_up()

    async def _load(self, session_id: str, batch_id: str) -> tuple[Session, Grid]:
        session, grid = await self._store.run(
            lambda store: (store.sessions.get(session_id), store.grids.get(batch_id))
        )
        if grid.session_id != session.id:
            raise NotFound(f"Session '{session_id}' has no batch '{batch_id}'.")
        return session, grid


def _twin(store: Store, following: Grid) -> Grid | None:
    """The grid the user stands in, if it came of the very same step: a click that came twice."""
    here = store.sessions.get(following.session_id).batch_id
    if here is None:
        return None
    grid = store.grids.get(here)
    same = (grid.parent_id, grid.action, grid.brief) == (
        following.parent_id,
        following.action,
        following.brief,
    )
    return grid if same and _sources(grid) == _sources(following) else None


def _sources(grid: Grid) -> set[str | None]:
    return {image.parent_id for image in grid.images}


def _chosen_by(images: Sequence[Image]) -> Choice:
    """A choice that names the policy; none is named where all images keep their picks' models."""
    known = [image.choice for image in images if image.choice is not None]
    return next((choice for choice in known if choice.policy), Choice(policy="", version=0))


def _shown_image(image: Image, inert: tuple[str, ...]) -> ShownImage:
    """An image from before choices were noted tells of its models and its fate alone."""
    choice = image.choice or Choice(policy="", version=0)
    return ShownImage(
        image_id=image.id,
        index=image.index,
        candidate=image.recipe.candidate,
        picked=image.selection == "selected",
        scores=dict(image.scores),
        checkpoint_propensity=choice.checkpoint_propensity,
        lora_propensities=dict(choice.lora_propensities),
        relevance=dict(choice.relevance),
        probe=choice.probe,
        decided=choice.decided,
        inert=inert,
    )
