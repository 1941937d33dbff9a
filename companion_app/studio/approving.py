"""A plan as the user approves it: as it is, or with models of his own in place of some."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from vibes.catalog.names import stem
from vibes.preferences import Candidate, Choice, Part, Proposal
from vibes.preferences.sentences import split
from vibes.stages import Slot

from .planning import Plan, Planner, decided
from .requests import ImageRequest
from .wishes import Wish


@dataclass(frozen=True, slots=True)
class Change:
    """A suggestion of a plan, and what the user took instead."""

    suggested: Candidate
    chosen: Candidate


def approved(
    plan: Plan, request: ImageRequest, *, planner: Planner, profile: str
) -> tuple[Plan, list[Change]]:
    """The plan with the request's overrides, and each change of a suggestion once.

    Raises as ``Planner.plan`` does for a model that is unknown or of another family.
    """
    within = request.model_copy(update={"tier": plan.brief.tier, "mode": "assisted"})
    wish = planner.resolve(within, profile)
    slots = [_replaced(slot, request, wish, planner) for slot in plan.slots]
    return replace(plan, slots=tuple(slots)), _told_once(_changes(plan.slots, slots))


def _replaced(slot: Slot, request: ImageRequest, wish: Wish, planner: Planner) -> Slot:
    recipe = decided(slot.recipe, request)
    before = recipe.candidate
    checkpoint = wish.checkpoint or before.checkpoint
    loras = before.loras if wish.loras is None else wish.loras
    if (checkpoint, loras) == (before.checkpoint, before.loras):
        return replace(slot, recipe=recipe)
    own_way = Proposal(Candidate(checkpoint, loras), "")
    after = planner.fitted(own_way, wish, recipe.seed)
    parts = _parts(before, after.candidate)
    reason = f"{_reason(slot, parts)}{after.reason}"
    choice = slot.choice and _taken_over(slot.choice, after.candidate, parts)
    return Slot(replace(recipe, candidate=after.candidate), slot.parent_id, reason, choice)


def _parts(before: Candidate, after: Candidate) -> tuple[Part, ...]:
    """What differs."""
    checkpoint: tuple[Part, ...] = ("checkpoint",) if before.checkpoint != after.checkpoint else ()
    return (*checkpoint, "loras") if before.loras != after.loras else checkpoint


def _reason(slot: Slot, parts: Sequence[Part]) -> str:
    about_checkpoint, *rest = split(slot.reason) or [""]
    if "checkpoint" in parts:
        suggested = stem(slot.recipe.candidate.checkpoint)
        about_checkpoint = f"You chose this checkpoint instead of {suggested}."
    about_loras = ["You chose its LoRAs."] if "loras" in parts else rest
    return " ".join(filter(None, [about_checkpoint, *about_loras]))


def _taken_over(choice: Choice, candidate: Candidate, parts: Sequence[Part]) -> Choice:
    """The choice once the user made ``parts`` of it himself."""
    every: tuple[Part, ...] = ("checkpoint", "loras")
    own = tuple(part for part in every if part in (*choice.decided, *parts))
    names = {candidate.checkpoint, *(use.name for use in candidate.loras)}
    relevance = {name: fit for name, fit in choice.relevance.items() if name in names}
    return replace(choice, decided=own, probe=choice.probe and own != every, relevance=relevance)


def _told_once(changes: Iterable[Change]) -> list[Change]:
    """One change for each checkpoint that was suggested: one decision is no lesson per image."""
    by_checkpoint: dict[str, Change] = {}
    for change in changes:
        by_checkpoint.setdefault(change.suggested.checkpoint, change)
    return list(by_checkpoint.values())


def _changes(before: Sequence[Slot], after: Sequence[Slot]) -> Iterator[Change]:
    """Only where a policy had chosen what was replaced: the user's own is no suggestion."""
    for old, new in zip(before, after, strict=True):
        parts = _parts(old.recipe.candidate, new.recipe.candidate)
        if set(parts) - set(old.choice.decided if old.choice else ()):
            yield Change(old.recipe.candidate, new.recipe.candidate)
