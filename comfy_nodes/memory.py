"""What is learned inside ComfyUI: the one door for nodes, routes and the way to a studio."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from threading import Lock, RLock
from uuid import uuid4

import numpy as np

from vibes.errors import InvalidInput
from vibes.preferences import Event, ImageRated, Policy, event_from_dict, lesson
from vibes.preferences.lessons import NEUTRAL
from vibes.preferences.on_top import OnTop
from vibes.preferences.ratings import Ratings
from vibes.preferences.snapshot import CheckpointCounts, PolicySnapshot, read_snapshot
from vibes.prompts import keywords
from vibes.settings import Settings
from vibes.storage.node_store import NodeStore, ShownPicture, Standing

from .studio_file import StudioFile

SESSION = "comfyui"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rated:
    """A rating as it was taken down; ``teaches``: whether choices may change by it."""

    image: str
    overall: int
    teaches: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Learned:
    """All that is known at one moment; ``state`` is the same for the same policy."""

    state: str
    on_top: OnTop
    ratings: Ratings
    checkpoints: CheckpointCounts
    from_studio: bool

    def policy(self, seed: int) -> Policy:
        """The same seed and state give the same choices, whoever else asks."""
        return self.on_top.policy(np.random.default_rng(seed))


class Memory:
    """What the processes that share ``folder`` learned; any thread may call.

    ``new_policy`` makes the policy that has seen nothing. Raises what ``NodeStore`` raises.
    """

    def __init__(self, folder: Path, told: Settings, *, new_policy: Callable[[], Policy]):
        self.profile = told.studio_profile
        self.studio = StudioFile(folder, told)
        self.heard: Callable[[], object] = lambda: None
        """Called after every rating."""
        self._folder = folder
        self._new_policy = new_policy
        self._opening = Lock()
        self._opened: NodeStore | None = None
        self._changing = RLock()
        self._events: dict[int, Event] = {}
        self._base: tuple[str, str] | None = None  # studio and tag of the snapshot below
        self._snapshot: PolicySnapshot | None = None
        self._known: tuple[tuple[str, Standing], Learned] | None = None

    @property
    def store(self) -> NodeStore:
        """The store, opened when first needed."""
        with self._opening:
            if self._opened is None:
                self._opened = NodeStore(self._folder)
            return self._opened

    def state(self) -> str:
        """A text that changes whenever a choice could change by learning."""
        return self.learned().state

    def policy(self, seed: int) -> Policy:
        """What is known now, as ``Learned.policy`` gives it."""
        return self.learned().policy(seed)

    def shown(self, pictures: Sequence[ShownPicture]) -> None:
        """Keep what ratings of these pictures will be about."""
        self.store.show(pictures)

    def rate(
        self,
        image_id: str,
        overall: int,
        *,
        flaws: Sequence[str] = (),
        tags: Sequence[str] = (),
        comment: str | None = None,
    ) -> Rated:
        """Take down a rating, which replaces an earlier one; raises NotFound, InvalidInput."""
        picture = self.store.picture(image_id)
        event = ImageRated(
            id=uuid4().hex,
            time=timestamp(),
            profile=self.profile,
            session=SESSION,
            batch=picture.batch,
            image=picture.image,
            overall=overall,
            flaws=tuple(flaws),
            tags=tuple(tags),
            comment=comment,
            keywords=keywords(picture.prompt),
            candidate=picture.candidate,
        )
        event_from_dict(event.to_dict(), place="rating")
        self.store.add(event)
        self.heard()
        return Rated(image_id, overall, lesson(event) is not None, _told(event))

    def learned(self) -> Learned:
        """All that is known now."""
        with self._changing:
            studio = self.studio.access().base
            key = studio, self.store.standing(studio, self.profile)
            if self._known is None or self._known[0] != key:
                self._known = key, self._learned(studio, key[1])
            return self._known[1]

    def _learned(self, studio: str, standing: Standing) -> Learned:
        before = self._known[1] if self._known else None
        self._read_on()
        answered = self.store.answered(studio, standing.delivered)
        base = self._changed_base(studio, standing.etag)
        on_top = before.on_top if before else OnTop(self._new_policy())
        on_top = on_top.following(
            [event for sequence, event in self._events.items() if sequence not in answered],
            base=base,
        )
        return Learned(
            state=hashlib.sha256(on_top.dump()).hexdigest(),
            on_top=on_top,
            ratings=Ratings().with_events(self._events.values()),
            checkpoints=self._snapshot.checkpoints if self._snapshot else (),
            from_studio=self._snapshot is not None,
        )

    def _read_on(self) -> None:
        """Take in the events that came since the last time, from whatever process."""
        last = max(self._events, default=0)
        for stored in self.store.events(self.profile, after=last):
            try:
                self._events[stored.sequence] = stored.read()
            except InvalidInput as error:
                logger.warning("A rating that cannot be read is left out: %s", error)

    def _changed_base(self, studio: str, etag: str) -> Policy | None:
        """The policy below, where it is another one than before."""
        if self._base == (studio, etag):
            return None
        self._snapshot = self._read_snapshot(studio) if etag else None
        self._base = studio, etag
        return self._snapshot.policy if self._snapshot else self._new_policy()

    def _read_snapshot(self, studio: str) -> PolicySnapshot | None:
        kept = self.store.snapshot(studio, self.profile)
        if kept is None:
            return None
        try:
            return read_snapshot(kept.body, np.random.default_rng())
        except InvalidInput as error:
            logger.warning("What the studio knows is left out: %s", error)
            return None


def timestamp() -> str:
    """This moment, ISO 8601 in UTC."""
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    return now.replace("+00:00", "Z")


def _told(event: ImageRated) -> str:
    if event.candidate is None:
        return "Kept, but it teaches nothing: which models made this picture is not known."
    if lesson(event) is None:
        return "Kept; it teaches nothing about the models."
    liked = event.overall > NEUTRAL
    return "You like it: more like this." if liked else "You don't like it: less like this."
