"""A plan as the user approves it: as it is, or with models of his own in place of some."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from vibes.catalog.names import stem
from vibes.errors import InvalidInput
from vibes.preferences import Candidate, Choice, LoraUse, Part, Proposal
from vibes.preferences.sentences import split
from vibes.recipes import Recipe
from vibes.recommend import typed_loras
from vibes.stages import Slot

from .planning import Plan, Planner
from .requests import Edit, ImageRequest
from .tuning import decided, decided_by
from .wishes import Wish, check_families, check_family

UNTOUCHED = Edit(index=0)


@dataclass(frozen=True, slots=True)
class Change:
    """A suggestion of a plan, and what the user took instead."""

    suggested: Candidate
    chosen: Candidate


def approved(
    plan: Plan, request: ImageRequest, *, planner: Planner, profile: str
) -> tuple[Plan, list[Change]]:
    """The plan with the request's overrides and edits, and each change of a suggestion once.

    Raises as ``Planner.plan`` does for a model that is unknown or of another family, and
    InvalidInput for edits that fit no image of the plan or leave none.
    """
    edits = _by_index(request, plan)
    made_with = {"tier": plan.brief.tier, "template": plan.slots[0].recipe.template}
    within = request.model_copy(update={**made_with, "mode": "assisted"})
    settled = {**plan.tuning.decided, **decided_by(request)}
    tuning = replace(plan.tuning, decided=settled, _known={})
    approval = _Approval(
        plan=replace(plan, tuning=tuning),
        request=request,
        wish=planner.resolve(within, profile),
        planner=planner,
    )
    kept = [i for i in range(len(plan.slots)) if not edits.get(i, UNTOUCHED).drop]
    slots = [approval.slot(plan.slots[i], edits.get(i, UNTOUCHED)) for i in kept]
    before = [plan.slots[i] for i in kept]
    draw = plan.draw and replace(plan.draw, proposals=tuple(plan.draw.proposals[i] for i in kept))
    done = replace(approval.plan, slots=tuple(slots), draw=draw)
    return done, _told_once(_changes(before, slots))


def _by_index(request: ImageRequest, plan: Plan) -> dict[int, Edit]:
    edits = {edit.index: edit for edit in request.edits}
    if len(edits) < len(request.edits):
        raise InvalidInput("edits names an image twice: write one edit for each index.")
    if edits and max(edits) >= len(plan.slots):
        raise InvalidInput(
            f"edits names image {max(edits)}, but the plan has {len(plan.slots)}, counted from 0."
        )
    if sum(edit.drop for edit in edits.values()) == len(plan.slots):
        raise InvalidInput("Every image of the plan is dropped: keep at least one.")
    return edits


@dataclass(frozen=True, slots=True, kw_only=True)
class _Approval:
    plan: Plan
    request: ImageRequest
    wish: Wish
    planner: Planner

    def slot(self, slot: Slot, edit: Edit) -> Slot:
        """The slot with what the user changed of it, or of all."""
        before = slot.recipe.candidate
        own = self._candidate(before, edit)
        if own == before:
            same = decided(slot.recipe, self.request)
            return replace(slot, recipe=self._worded(same, edit))
        after = self.planner.fitted(Proposal(own, ""), self.wish, slot.recipe.seed)
        parts = _parts(before, after.candidate)
        recipe = self._worded(self._sampled(slot.recipe, after.candidate), edit)
        reason = f"{_reason(slot, parts)}{after.reason}"
        choice = slot.choice and _taken_over(slot.choice, after.candidate, parts)
        return replace(slot, recipe=recipe, reason=reason, choice=choice)

    def _candidate(self, before: Candidate, edit: Edit) -> Candidate:
        """What the user wants: for this image, else for all, else what was planned."""
        catalog = self.planner.catalog
        checkpoint, loras = self.wish.checkpoint, self.wish.loras
        if edit.checkpoint is not None:
            record = catalog.resolve("checkpoint", edit.checkpoint)
            check_family(record, self.wish.tier.family)
            checkpoint = record.name
        if edit.loras is not None:
            uses = [LoraUse(lora.name, lora.strength) for lora in edit.loras]
            loras = typed_loras(uses, catalog)
            check_families(loras, self.wish.tier.family, catalog)
        return Candidate(checkpoint or before.checkpoint, before.loras if loras is None else loras)

    def _sampled(self, recipe: Recipe, candidate: Candidate) -> Recipe:
        """Another checkpoint may want another sampling; where that varies, it stays as it is."""
        changed = replace(recipe, candidate=candidate)
        same = candidate.checkpoint == recipe.candidate.checkpoint
        if not same and self.request.variation in ("seed", "loras"):
            advice = self.plan.tuning.advice(candidate)
            changed = replace(changed, **asdict(advice.parameters))
        return decided(changed, self.request)

    def _worded(self, recipe: Recipe, edit: Edit) -> Recipe:
        """The prompt with the trigger words the user left, or those these LoRAs want."""
        recipe = self.planner.embedded(recipe, self.request)
        if edit.triggers is not None:
            return self.planner.told(recipe, edit.triggers)
        if edit.loras is None and self.wish.loras is None:
            return recipe
        return self.planner.told(recipe, None if self.request.add_triggers else ())


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
