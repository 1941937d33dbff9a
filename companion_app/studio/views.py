"""The JSON shapes of sessions, grids and images, the same in every reply and event."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

from vibes.preferences import Explanation
from vibes.preferences.sentences import Level
from vibes.recipes import LoraUse
from vibes.settings import Stage
from vibes.stages import Grid, GridState, Image, ImageState, Session, back, forward, path_to

View = dict[str, Any]
FINAL_STATES: frozenset[GridState] = frozenset({"done", "failed", "cancelled"})
PriorityName = Literal["low", "normal", "high"]
PRIORITIES: Mapping[PriorityName, int] = {"low": -1, "normal": 0, "high": 1}


EffectOf = Callable[[Image, LoraUse], str]
"""What a LoRA does in an image: "works", "none" or "unverified"."""


def image_view(
    image: Image,
    stage: int,
    effect_of: EffectOf,
    *,
    progress: View | None = None,
    adherence: View | None = None,
) -> View:
    """One image as REST shows it; the URLs are null until there is a picture, and the size is the
    one that is planned.

    ``progress`` is how far it has come while a server makes it, ``adherence`` how well it shows
    what was asked, once it is scored.
    """
    recipe = image.recipe
    width, height = image.size or (recipe.width, recipe.height)
    return {
        "id": image.id,
        "batch_id": image.batch_id,
        "parent_id": image.parent_id,
        "stage": stage,
        "index": image.index,
        "state": image.state,
        "held": image.held,
        "seed": recipe.seed,
        "width": width,
        "height": height,
        "prompt": recipe.prompt,
        "negative_prompt": recipe.negative_prompt,
        "checkpoint": recipe.candidate.checkpoint,
        "loras": [
            {**lora_view(use.name, use.strength), "effect": effect_of(image, use)}
            for use in recipe.candidate.loras
        ],
        "triggers": list(recipe.triggers),
        "server": image.server,
        "scores": dict(image.scores),
        "adherence": adherence,
        "binned": image.binned,
        "selection": image.selection,
        "reason": image.reason,
        **picture_urls(image.id, image.state),
        "error": image.error,
        "progress": progress,
    }


def picture_urls(image_id: str, state: ImageState) -> View:
    """The links to an image's picture and thumbnail, null until there is one."""
    path = f"/api/images/{image_id}" if state == "collected" else None
    return {
        "url": path and f"{path}/file",
        "thumbnail_url": path and f"{path}/thumbnail",
    }


def priority_name(priority: int) -> PriorityName:
    """-1, 0 and 1 as words."""
    return next(name for name, value in PRIORITIES.items() if value == priority)


def recipe_view(
    image: Image, grid: Grid, believed: Explanation, level: Level, said: Sequence[str]
) -> View:
    """Everything that determined one image, and why it was chosen: ``said`` in sentences.

    "detailed" adds what is believed now about its models, "technical" the numbers behind that.
    """
    shallow = level in ("minimal", "standard")
    why: View = {
        "explanation": list(said),
        "reason": said[0] if level == "minimal" else image.reason,
    }
    if not shallow:
        why["terms"] = [asdict(term) for term in believed.terms]
    if level == "technical":
        why["belief"] = {
            "value": believed.value,
            "confidence": believed.confidence,
            "chance_best": believed.chance_best,
            "selection_rate": believed.selection_rate,
            "interval": list(believed.interval),
            "evidence": believed.evidence,
        }
    return {
        **image.recipe.to_dict(),
        "image_id": image.id,
        "server": image.server,
        "prompt_as_typed": grid.brief.prompt,
        "choice": image.choice and image.choice.to_dict(),
        **why,
    }


def lora_view(name: str, strength: float) -> View:
    """One LoRA use."""
    return {"name": name, "strength": strength}


def grid_view(
    grid: Grid,
    effect_of: EffectOf,
    *,
    progress: Mapping[str, View],
    adherences: Mapping[str, View],
) -> View:
    """One grid with every slot from the start; of those being made ``progress`` tells more, by
    image id, of those that were scored ``adherences``.
    """
    return {
        "id": grid.id,
        "session_id": grid.session_id,
        "parent_id": grid.parent_id,
        "stage": grid.stage,
        "action": grid.action,
        "outcome": grid.outcome,
        "state": grid.state,
        "paused": grid.paused,
        "priority": priority_name(grid.priority),
        "total_count": len(grid.images),
        "done_count": grid.count("collected"),
        "failed_count": grid.count("failed"),
        "prompt": grid.brief.prompt,
        "negative_prompt": grid.brief.negative_prompt,
        "aspect_ratio": grid.brief.aspect_ratio,
        "tier": grid.brief.tier,
        "created": grid.created,
        "images": [
            image_view(
                image,
                grid.stage,
                effect_of,
                progress=progress.get(image.id),
                adherence=adherences.get(image.id),
            )
            for image in grid.images
        ],
    }


def session_view(session: Session, stage: int) -> View:
    """One session as the list shows it."""
    return {
        "id": session.id,
        "name": session.name,
        "flow": session.flow,
        "profile": session.profile,
        "stage": stage,
        "batch_id": session.batch_id,
        "created": session.created,
    }


def session_detail(session: Session, grids: Sequence[Grid], stages: Sequence[Stage]) -> View:
    """One session with the way to where the user stands and the grids before and after."""
    path = path_to(grids, session.batch_id)
    here = path[-1] if path else None
    behind, ahead = back(grids, session.batch_id), forward(grids, session.batch_id)
    return {
        **session_view(session, here.stage if here else 0),
        "prompt": here.brief.prompt if here else "",
        "negative_prompt": here.brief.negative_prompt if here else "",
        "aspect_ratio": here.brief.aspect_ratio if here else None,
        "tier": here.brief.tier if here else None,
        "path": [_step(grid, stages) for grid in path],
        "can_back": behind is not None,
        "can_forward": ahead is not None,
        "back": behind.id if behind else None,
        "forward": ahead.id if ahead else None,
    }


def _step(grid: Grid, stages: Sequence[Stage]) -> View:
    stage = stages[min(grid.stage, len(stages) - 1)]
    return {
        "batch_id": grid.id,
        "stage": grid.stage,
        "name": stage.name,
        "action": grid.action,
        "size": stage.size,
        "total_count": len(grid.images),
        "selected_count": len(grid.selected),
        "state": grid.state,
    }
