"""From a prompt to recipes: keywords, tier, pool, the policy's proposals, seeds, sampling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from companion_app.fleet import Fleet
from vibes.catalog import Catalog
from vibes.errors import NotFound
from vibes.preferences import Candidate, Choice, LoraUse, Part, Pool, Proposal
from vibes.prompts import parse
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

from .choosing import NOBODY, Draw
from .requests import ImageRequest
from .taste import Taste
from .wishes import Wish, check_families, find_tier, fitting, read_prompt, resolve, still_known

FIRST_LOOK_SECONDS = 10
"""How long a first request may wait for servers that do not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A grid before it exists: what was asked, the recipe of every slot, and who chose.

    ``draw`` is None where the user chose all models himself.
    """

    brief: Brief
    slots: tuple[Slot, ...]
    draw: Draw | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A candidate for one slot, why, and how it came to be chosen."""

    candidate: Candidate
    reason: str
    choice: Choice


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
        wish = self.resolve(request, profile)
        base = self._base_recipe(request, wish)
        draw = self._draw(wish, count)
        slots = [
            self._slot(
                decided(varied(base, index, request.variation), request), proposal, wish, draw
            )
            for index, proposal in enumerate(_proposals(wish, draw, count))
        ]
        return Plan(brief=wish.brief, slots=tuple(slots), draw=draw)

    def choose(self, brief: Brief, count: int, profile: str) -> tuple[list[Chosen], Draw | None]:
        """Candidates for a prompt already asked, in the brief's tier, and where they come from.

        LoRAs the user typed for another family stay behind: here they would change nothing.
        """
        wish = self._wish_again(brief, profile)
        draw = self._draw(wish, count)
        proposals = _proposals(wish, draw, count)
        return [self._chosen(one, wish, draw, wish.typed) for one in proposals], draw

    def resolve(self, request: ImageRequest, profile: str) -> Wish:
        """What a request asks for, by name; raises as ``plan`` does."""
        return resolve(
            request,
            profile,
            settings=self._settings,
            catalog=self._catalog,
            servers=self._servers(),
        )

    def fitted(self, proposal: Proposal, wish: Wish, seed: int) -> Proposal:
        """The proposal with the LoRAs that the prompt's variant for this seed names."""
        variant = wish.prompt.choose(np.random.default_rng(seed))
        return self._fitted(proposal, typed_loras(variant.loras, self._catalog))

    def pool_again(self, brief: Brief) -> Pool:
        """What may be chosen now for a prompt already asked; raises as ``plan`` does."""
        return self._pool(self._wish_again(brief, ""))

    def pool_for(self, prompt: str, tier_name: str | None) -> Pool:
        """What may be chosen for a prompt, explored as widely as settings allow."""
        name = find_tier(
            tier_name, settings=self._settings, catalog=self._catalog, servers=self._servers()
        )
        return self.pool_again(Brief(prompt=prompt, tier=name))

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

    def _draw(self, wish: Wish, count: int) -> Draw | None:
        """The policy's answer; None where the user leaves it nothing to choose."""
        if wish.checkpoint is not None and wish.loras is not None:
            return None
        policy, pool = self._taste.policy(wish.profile), self._pool(wish)
        proposals = policy.propose(wish.words, pool, count)
        return Draw(
            policy=policy,
            learned=self._taste.version,
            words=wish.words,
            pool=pool,
            proposals=tuple(proposals),
        )

    def _fitted(self, proposal: Proposal, typed: Sequence[LoraUse]) -> Proposal:
        servers = self._servers()
        (fitted,) = fit_loras([proposal], typed, catalog=self._catalog, servers=servers)
        return fitted

    def _chosen(
        self, proposal: Proposal, wish: Wish, draw: Draw | None, typed: Sequence[LoraUse]
    ) -> Chosen:
        fitted = self._fitted(proposal, typed)
        parts = _parts_decided(wish, typed)
        choice = draw.choice(proposal, fitted.candidate, parts) if draw else NOBODY
        return Chosen(candidate=fitted.candidate, reason=fitted.reason, choice=choice)

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

    def _slot(self, recipe: Recipe, proposal: Proposal, wish: Wish, draw: Draw | None) -> Slot:
        """One image: its variant of the prompt, and the LoRAs that variant names."""
        prompt = wish.prompt.choose(np.random.default_rng(recipe.seed))
        typed = typed_loras(prompt.loras, self._catalog)
        chosen = self._chosen(proposal, wish, draw, typed)
        words = prompt.without_loras().for_encoder()
        recipe = replace(recipe, prompt=words, candidate=chosen.candidate)
        return Slot(recipe, None, chosen.reason, chosen.choice)


def decided(recipe: Recipe, request: ImageRequest) -> Recipe:
    """The recipe with what the user decided: it outweighs priority and variation."""
    chosen = request.overrides.model_dump(
        include={"width", "height", "steps", "cfg", "sampler", "scheduler"}, exclude_none=True
    )
    return replace(recipe, **chosen)


def _proposals(wish: Wish, draw: Draw | None, count: int) -> list[Proposal]:
    """The policy's, with what the user decided instead of its part."""
    if draw is None:
        candidate = Candidate(wish.checkpoint or "", wish.loras or ())
        return [Proposal(candidate, "You chose this checkpoint and its LoRAs.")] * count
    if wish.loras is None:
        return list(draw.proposals)
    return [
        replace(proposal, candidate=Candidate(proposal.candidate.checkpoint, wish.loras))
        for proposal in draw.proposals
    ]


def _parts_decided(wish: Wish, typed: Sequence[LoraUse]) -> tuple[Part, ...]:
    """What no policy chose; typed LoRAs change what others are worth, so they decide the part."""
    checkpoint: tuple[Part, ...] = ("checkpoint",) if wish.checkpoint is not None else ()
    by_hand = wish.loras is not None or typed or not wish.brief.auto_lora
    return (*checkpoint, "loras") if by_hand else checkpoint
