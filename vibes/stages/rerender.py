"""The recipes of a grid that grows out of picks: what stays of a pick and what changes.

A pick keeps its prompt, seed, checkpoint and LoRAs and gives its pixels; the stage changes size,
steps and the share that is redrawn. Further slots are variations: another seed, slightly other
LoRA strengths.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from vibes.preferences import Choice
from vibes.recipes import Candidate, LoraUse, Recipe
from vibes.settings import Stage

from .funnel import Iteration
from .session import Grid, Image

SEED_LIMIT = 2**32
MORE_LIKE_THIS_DENOISE = 0.4
"""Share redrawn by "more like this": enough to change details, too little to lose the picture."""

REFINE_DENOISE = 0.55
"""Share redrawn when the words change at the first stage, which has no denoise of its own."""

STRENGTH_STEP = 0.1


@dataclass(frozen=True, slots=True)
class Slot:
    """One image to make: its recipe, the pick it grows out of, why, and who chose its models.

    ``details`` are as in Image.
    """

    recipe: Recipe
    parent_id: str | None
    reason: str
    choice: Choice | None = None
    details: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


Settle = Callable[[Recipe, Recipe], Recipe]
"""(a pick's recipe, one that grew out of it) -> that one as its workflow will carry it out."""


@dataclass(frozen=True, slots=True)
class Edit:
    """New words for a picture; the LoRAs its old words named and the new ones name."""

    words: str
    typed_before: tuple[LoraUse, ...] = ()
    typed_after: tuple[LoraUse, ...] = ()

    def applied(self, recipe: Recipe) -> Recipe:
        """The recipe with these words: LoRAs the studio chose stay, typed ones follow the text."""
        typed = {use.name for use in (*self.typed_before, *self.typed_after)}
        chosen = tuple(use for use in recipe.candidate.loras if use.name not in typed)
        candidate = Candidate(recipe.candidate.checkpoint, self.typed_after + chosen)
        return replace(recipe, prompt=self.words, candidate=candidate)


def advance_slots(
    picks: Sequence[Image],
    stage: Stage,
    *,
    since: Stage,
    settle: Settle,
    rng: np.random.Generator,
) -> list[Slot]:
    """One image per pick at the next stage; free slots become variations if the stage fills.

    Size and steps grow from the pick's own, so that what the user set by hand stays.
    """
    grown = [settle(pick.recipe, _at_stage(pick, stage, since)) for pick in picks]
    kept = [
        _slot(pick, recipe, _kept_reason(pick, recipe, stage))
        for pick, recipe in zip(picks, grown, strict=True)
    ]
    if stage.fill == "none":
        return kept
    extra = [i % len(picks) for i in range(stage.size - len(picks))]
    return kept + [
        _slot(
            picks[i],
            _varied(grown[i], rng),
            f"A variation of your pick {picks[i].index + 1}: another seed.",
        )
        for i in extra
    ]


def refine_slots(
    picks: Sequence[Image], edit: Edit | None, *, stage: Stage, settle: Settle
) -> list[Slot]:
    """The same stage, with other words if there are any: one image per pick, rendered from it."""
    denoise = stage.denoise if stage.denoise < 1 else REFINE_DENOISE
    recipes = [edit.applied(pick.recipe) if edit else pick.recipe for pick in picks]
    how = "with the new words" if edit else "drawn anew"
    return [
        _slot(
            pick,
            settle(
                pick.recipe, replace(recipe, source=pick.id, denoise=denoise, template="refine")
            ),
            f"Your pick {pick.index + 1} {how}.",
            edit,
        )
        for pick, recipe in zip(picks, recipes, strict=True)
    ]


def similar_slots(
    picks: Sequence[Image], count: int, *, settle: Settle, rng: np.random.Generator
) -> list[Slot]:
    """A full grid around the picks: same checkpoint, other seeds, small LoRA strength changes."""
    again: dict[str, Any] = {"denoise": MORE_LIKE_THIS_DENOISE, "template": "refine"}
    chosen = [picks[i % len(picks)] for i in range(count)]
    return [
        _slot(
            pick,
            _varied(settle(pick.recipe, replace(pick.recipe, source=pick.id, **again)), rng),
            f"More like your pick {pick.index + 1}.",
        )
        for pick in chosen
    ]


def iteration_slots(
    grid: Grid,
    action: Iteration,
    edit: Edit | None,
    *,
    stages: Sequence[Stage],
    settle: Settle,
    rng: np.random.Generator,
) -> list[Slot]:
    """The slots after ``action`` on a checked grid (see ``funnel.check_iteration``)."""
    picks, here = grid.selected, stages[grid.stage]
    if action == "advance":
        return advance_slots(picks, stages[grid.stage + 1], since=here, settle=settle, rng=rng)
    if action == "refine":
        return refine_slots(picks, edit, stage=here, settle=settle)
    return similar_slots(picks, max(here.size, len(picks)), settle=settle, rng=rng)


def rechosen(
    slot: Slot,
    candidate: Candidate,
    *,
    tier: str,
    sampling: Mapping[str, Any],
    reason: str,
    choice: Choice,
) -> Slot:
    """The slot in another tier: other models and sampling, from the pick's pixels and seed.

    ``sampling`` holds size, steps, CFG, sampler and scheduler by the recipe's names.
    """
    recipe = replace(slot.recipe, tier=tier, candidate=candidate, **sampling)
    return Slot(recipe, slot.parent_id, f"{slot.reason} {reason}", choice)


def _slot(pick: Image, recipe: Recipe, reason: str, edit: Edit | None = None) -> Slot:
    return Slot(recipe, pick.id, reason, _kept_choice(pick, recipe.candidate, edit))


def _kept_choice(pick: Image, candidate: Candidate, edit: Edit | None) -> Choice:
    """The pick's models stay: no policy chose again, so there is no probe and no propensity.

    What the user decided stays decided. Relevance was told for the pick's words only.
    """
    former = pick.choice or Choice(policy="", version=0)
    decided = former.decided
    if edit and edit.typed_after and "loras" not in decided:
        decided = (*decided, "loras")
    names = {candidate.checkpoint, *(use.name for use in candidate.loras)}
    told = {} if edit else former.relevance
    relevance = {name: fit for name, fit in told.items() if name in names}
    return Choice(policy="", version=0, decided=decided, relevance=relevance)


def _at_stage(pick: Image, stage: Stage, since: Stage) -> Recipe:
    recipe = pick.recipe
    width, height = stage.grown_size(*_size(pick), since=since)
    return replace(
        recipe,
        template=stage.template,
        width=width,
        height=height,
        steps=stage.grown_steps(recipe.steps, since=since),
        denoise=stage.denoise,
        source=pick.id,
    )


def _size(pick: Image) -> tuple[int, int]:
    """What the recipe says, or where that is only assumed, what the picture has."""
    recipe = pick.recipe
    if pick.size and {"width", "height"} & set(recipe.untold):
        return pick.size
    return recipe.width, recipe.height


def _varied(recipe: Recipe, rng: np.random.Generator) -> Recipe:
    candidate = recipe.candidate
    loras = tuple(_nudged(lora, rng) for lora in candidate.loras)
    return replace(
        recipe,
        seed=int(rng.integers(SEED_LIMIT)),
        candidate=Candidate(candidate.checkpoint, loras),
    )


def _nudged(lora: LoraUse, rng: np.random.Generator) -> LoraUse:
    """A neighbouring strength, never past the range the user could have meant."""
    step = STRENGTH_STEP * int(rng.integers(-1, 2))
    return LoraUse(lora.name, round(min(1.0, max(0.1, lora.strength + step)), 2))


def _kept_reason(pick: Image, recipe: Recipe, stage: Stage) -> str:
    known = "denoise" not in recipe.untold
    share = f"{round(recipe.denoise * 100)} % " if known else ""
    return f"Your pick {pick.index + 1}, {share}redrawn at the {stage.name} stage."
