"""A session, its grids and their images: the values the funnel works on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from vibes.preferences import Choice
from vibes.recipes import Recipe
from vibes.settings import AspectRatio

ImageState = Literal["planned", "submitted", "collected", "failed", "cancelled"]
Selection = Literal["none", "selected", "rejected"]
Action = Literal["generate", "advance", "refine", "more_like_this", "compare"]
GridState = Literal["queued", "running", "paused", "done", "failed", "cancelled"]

OPEN_STATES: frozenset[ImageState] = frozenset({"planned", "submitted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One piece of work of one profile; ``batch_id`` is the grid the user stands in, if any."""

    id: str
    name: str
    flow: str
    profile: str
    created: str
    batch_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What the user asked of a grid; later stages inherit it.

    ``prompt`` is as typed, with weights and LoRA tags; ``seed`` None means any.
    """

    prompt: str
    negative_prompt: str = ""
    aspect_ratio: AspectRatio = "portrait"
    tier: str
    explore: bool = True
    auto_lora: bool = True
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One slot of a grid, from plan to picture; ``held`` pauses it alone.

    ``choice`` says how its models came to be chosen; None where that is not known. ``details`` are
    further sentences about the whole choice, by the level of explanation they belong to. ``binned``
    is when it was put into the bin, None where it was not. ``size`` is its picture's, in pixels;
    None where there is none, or it was not looked at.
    """

    id: str
    batch_id: str
    index: int
    recipe: Recipe
    reason: str
    parent_id: str | None = None
    state: ImageState = "planned"
    selection: Selection = "none"
    server: str | None = None
    error: str | None = None
    held: bool = False
    scores: Mapping[str, float] = field(default_factory=dict)
    choice: Choice | None = None
    details: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    binned: str | None = None
    size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Images planned and shown together at one stage.

    ``parent_id`` is the grid it grew out of; ``outcome`` is how the user left it, None while open;
    ``visit`` orders grids by when the user last stood in them; of a higher ``priority`` (-1, 0, 1)
    images are made first.
    """

    id: str
    session_id: str
    stage: int
    action: Action
    brief: Brief
    created: str
    parent_id: str | None = None
    paused: bool = False
    priority: int = 0
    outcome: Literal["submitted", "rejected"] | None = None
    visit: int = 0
    images: tuple[Image, ...] = ()

    def count(self, state: ImageState) -> int:
        """How many images are in the state."""
        return sum(image.state == state for image in self.images)

    @property
    def selected(self) -> tuple[Image, ...]:
        """The images selected so far, in grid order."""
        return tuple(image for image in self.images if image.selection == "selected")

    @property
    def state(self) -> GridState:
        """Derived from the images, see ``grid_state``."""
        return grid_state(Counter(image.state for image in self.images), paused=self.paused)


def grid_state(images: Mapping[ImageState, int], *, paused: bool) -> GridState:
    """What a grid is doing, from how many of its images are in each state.

    Final (done, failed, cancelled) once no image is planned or submitted.
    """
    count = {state: images.get(state, 0) for state in get_args(ImageState)}
    if count["planned"] + count["submitted"]:
        if paused:
            return "paused"
        return "queued" if count["planned"] == sum(count.values()) else "running"
    if count["failed"]:
        return "failed"
    return "cancelled" if count["cancelled"] else "done"
