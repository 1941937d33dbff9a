"""From a prompt to recipes: keywords, tier, pool, the policy's proposals, seeds, sampling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from companion_app.fleet import Fleet
from vibes.catalog import Catalog
from vibes.errors import NotFound
from vibes.preferences import Candidate, LoraUse, Pool, Proposal
from vibes.prompts import keywords, parse
from vibes.recipes import Recipe
from vibes.recommend import (
    build_pool,
    fit_loras,
    typed_loras,
    varied,
    with_priority,
)
from vibes.settings import Settings, Tier
from vibes.stages import SEED_LIMIT, Brief, Edit, Slot

from .requests import ImageRequest
from .taste import Taste
from .wishes import Wish, check_families, find_tier, fitting, read_prompt, resolve, still_known

FIRST_LOOK_SECONDS = 10
"""How long a first request may wait for servers that do not answer."""

ALTERNATIVES = 3
"""Checkpoints named beside a planned image's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A grid before it exists: what was asked and the recipe of every slot."""

    brief: Brief
    slots: tuple[Slot, ...]


class Planner:
    """Decides what to make; it sends nothing anywhere."""

    def __init__(
        self,
        settings: Settings,
        *,
        fleet: Fleet,
        taste: Taste,
        new_rng: Callable[[], np.random.Generator],
    ):
        self._settings = settings
        self._fleet = fleet
        self._taste = taste
        self._rng = new_rng()

    async def ready(self) -> None:
        """Return once every server was tried: right after a start nothing is known of any."""
        await self._fleet.wait_ready(FIRST_LOOK_SECONDS)

    def plan(self, request: ImageRequest, count: int, profile: str) -> Plan:
        """The recipes of a new grid; raises InvalidInput, NotFound, AmbiguousName, NoServerCan."""
        wish = resolve(
            request,
            profile,
            settings=self._settings,
            catalog=self._catalog,
            servers=self._servers(),
        )
        base = self._base_recipe(request, wish)
        slots = [
            self._slot(_decided(varied(base, index, request.variation), request), proposal, wish)
            for index, proposal in enumerate(self._proposals(wish, count))
        ]
        return Plan(brief=wish.brief, slots=tuple(slots))

    def choose(self, brief: Brief, count: int, profile: str) -> list[Proposal]:
        """Candidates for a prompt already asked, in the brief's tier.

        LoRAs the user typed for another family stay behind: here they would change nothing.
        """
        wish = self._wish_again(brief, profile)
        return self._fitted(self._proposals(wish, count), wish.typed)

    def pool_for(self, prompt: str, tier_name: str | None) -> Pool:
        """What may be chosen for a prompt, explored as widely as settings allow."""
        name = find_tier(
            tier_name, settings=self._settings, catalog=self._catalog, servers=self._servers()
        )
        return self._pool(self._wish_again(Brief(prompt=prompt, tier=name), ""))

    def edit(self, before: Brief, after: Brief) -> Edit:
        """The way from one prompt to another, as a picture made with the first must go it."""
        prompt = read_prompt(after.prompt).choose(self._rng)
        typed = typed_loras(prompt.loras, self._catalog)
        check_families(typed, self.tier(after.tier).family, self._catalog)
        return Edit(
            prompt.without_loras().for_encoder(),
            typed_before=still_known(read_prompt(before.prompt).loras, self._catalog),
            typed_after=typed,
        )

    def tier(self, name: str) -> Tier:
        """A tier by its exact name; raises NotFound where the configuration lost it."""
        if name not in self._settings.tiers:
            known = ", ".join(self._settings.tiers)
            raise NotFound(f"There is no tier '{name}' any more. The tiers are: {known}.")
        return self._settings.tiers[name]

    def beliefs(self, plan: Plan, profile: str) -> list[dict[str, Any]]:
        """For each slot how sure the choice is, and the pool's other checkpoints, best first."""
        policy = self._taste.policy(profile)
        words = keywords(plan.brief.prompt)
        shown = [slot.recipe.candidate for slot in plan.slots]
        others = self.pool_for(plan.brief.prompt, plan.brief.tier).checkpoints
        known = {name: policy.explain(words, Candidate(name)) for name in others}
        ranked = sorted(known, key=lambda name: -known[name].value)
        return [
            {
                "confidence": policy.explain(words, candidate).confidence,
                "alternatives": [
                    {"checkpoint": name, "reason": known[name].reason}
                    for name in ranked
                    if name != candidate.checkpoint
                ][:ALTERNATIVES],
            }
            for candidate in shown
        ]

    @property
    def _catalog(self) -> Catalog:
        return self._fleet.catalog

    def _servers(self) -> frozenset[str]:
        """Servers of use now; when there are none, all that ever were: their jobs will wait."""
        known = frozenset(self._catalog.node_classes)
        out_of_use = ("offline", "draining")
        usable = {s.name for s in self._fleet.statuses() if s.state not in out_of_use}
        return known & usable or known

    def _wish_again(self, brief: Brief, profile: str) -> Wish:
        """A wish out of a brief alone."""
        prompt = read_prompt(brief.prompt)
        tier = self.tier(brief.tier)
        typed = fitting(still_known(prompt.loras, self._catalog), tier.family, self._catalog)
        return Wish(brief=brief, tier=tier, prompt=prompt, profile=profile, typed=typed)

    def _proposals(self, wish: Wish, count: int) -> list[Proposal]:
        if wish.checkpoint is not None and wish.loras is not None:
            candidate = Candidate(wish.checkpoint, wish.loras)
            proposals = [Proposal(candidate, "You chose this checkpoint and its LoRAs.")] * count
        else:
            policy = self._taste.policy(wish.profile)
            proposals = policy.propose(wish.words, self._pool(wish), count)
            if wish.loras is not None:
                proposals = [_with_loras(proposal, wish.loras) for proposal in proposals]
        return proposals

    def _fitted(self, proposals: Sequence[Proposal], typed: Sequence[LoraUse]) -> list[Proposal]:
        return fit_loras(proposals, typed, catalog=self._catalog, servers=self._servers())

    def _pool(self, wish: Wish) -> Pool:
        tier = wish.tier
        if wish.checkpoint is not None:
            tier = tier.model_copy(update={"checkpoints": (wish.checkpoint,)})
        return build_pool(
            tier,
            self._catalog,
            servers=self._servers(),
            keywords=wish.words,
            explore=wish.brief.explore,
            auto_lora=wish.brief.auto_lora and wish.loras is None,
            max_checkpoints=self._settings.max_checkpoints,
            typed=wish.typed,
        )

    def _base_recipe(self, request: ImageRequest, wish: Wish) -> Recipe:
        """What all images of the grid share."""
        stage = self._settings.stages[0]
        tier, brief = wish.tier, wish.brief
        width, height = stage.image_size(tier, brief.aspect_ratio)
        recipe = Recipe(
            template=stage.template,
            tier=brief.tier,
            prompt="",
            negative_prompt=parse(brief.negative_prompt).for_encoder(),
            candidate=Candidate(""),
            seed=int(self._rng.integers(SEED_LIMIT)) if request.seed is None else request.seed,
            width=width,
            height=height,
            steps=stage.step_count(tier),
            cfg=tier.cfg,
            sampler=tier.sampler,
            scheduler=tier.scheduler,
        )
        return with_priority(recipe, tier, request.priority)

    def _slot(self, recipe: Recipe, proposal: Proposal, wish: Wish) -> Slot:
        """One image: its variant of the prompt, and the LoRAs that variant names."""
        prompt = wish.prompt.choose(np.random.default_rng(recipe.seed))
        typed = typed_loras(prompt.loras, self._catalog)
        (fitted,) = self._fitted([proposal], typed)
        words = prompt.without_loras().for_encoder()
        return Slot(replace(recipe, prompt=words, candidate=fitted.candidate), None, fitted.reason)


def _decided(recipe: Recipe, request: ImageRequest) -> Recipe:
    """The recipe with what the user decided: it outweighs priority and variation."""
    chosen = request.overrides.model_dump(
        include={"width", "height", "steps", "cfg", "sampler", "scheduler"}, exclude_none=True
    )
    return replace(recipe, **chosen)


def _with_loras(proposal: Proposal, loras: tuple[LoraUse, ...]) -> Proposal:
    return replace(proposal, candidate=Candidate(proposal.candidate.checkpoint, loras))
