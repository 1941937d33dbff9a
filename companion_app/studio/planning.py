"""From a prompt to recipes: keywords, tier, pool, the policy's proposals, seeds, sampling."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache

import numpy as np

from companion_app.fleet import Fleet
from vibes.catalog import Catalog
from vibes.errors import NotFound
from vibes.preferences import Candidate, Choice, LoraUse, Pool, Proposal
from vibes.prompts import parse
from vibes.recipes import Recipe
from vibes.recommend import (
    EmbeddingAdvice,
    EmbeddingUse,
    Offer,
    Parameters,
    image_seed,
    lora_arms,
    typed_loras,
    varied,
    with_embeddings,
)
from vibes.settings import Settings, Stage, Tier
from vibes.stages import SEED_LIMIT, Brief, Edit, Slot
from vibes.workflows import Template, Templates, constants_of

from .choosing import NOBODY, Draw
from .heritage import Heritage
from .matching import Matching
from .offers import Offers, parts_decided, proposals
from .reasoning import details
from .requests import ImageRequest
from .taste import Taste
from .template_fit import check_first, within
from .tuning import Tuning, asked_by, decided
from .wishes import Wish, check_families, find_tier, fitting, read_prompt, resolve, still_known

FIRST_LOOK_SECONDS = 10
"""How long a first request may wait for servers that do not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A grid before it exists: what was asked, the recipe of every slot, and who chose.

    ``draw`` and ``offer`` are None where the user chose all models himself.
    """

    brief: Brief
    slots: tuple[Slot, ...]
    draw: Draw | None
    offer: Offer | None
    tuning: Tuning


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A candidate for one slot with its sampling, why, and how it came to be chosen.

    ``typed`` are the names of the LoRAs the prompt names.
    """

    candidate: Candidate
    reason: str
    choice: Choice
    parameters: Parameters
    typed: frozenset[str]


class Planner:
    """Decides what to make; it sends nothing anywhere."""

    def __init__(
        self,
        offers: Offers,
        *,
        fleet: Fleet,
        taste: Taste,
        matching: Matching,
        templates: Templates,
        new_rng: Callable[[], np.random.Generator],
    ):
        self._offers = offers
        self._templates = templates
        self._fleet = fleet
        self._taste = taste
        self._matching = matching
        self._rng = new_rng()

    async def ready(self) -> None:
        """Return once every server was tried: right after a start nothing is known of any."""
        await self._fleet.wait_ready(FIRST_LOOK_SECONDS)
        await self._matching.ready()

    def plan(self, request: ImageRequest, count: int, profile: str) -> Plan:
        """The recipes of a new grid; raises InvalidInput, NotFound, AmbiguousName, NoServerCan."""
        wish = self.resolve(request, profile)
        tuning = self._tuning(wish, request)
        offer = self._offers.of(wish, tuning.analysis)
        draw = self._offers.draw(wish, offer, count)
        made = proposals(wish, draw, count)
        if request.variation == "loras" and wish.loras is None:
            made, draw = lora_arms(made, count), None
        base = self._base_recipe(request, wish)
        grid = _Grid(wish=wish, request=request, base=base, tuning=tuning, offer=offer, draw=draw)
        slots = [self._slot(index, proposal, grid) for index, proposal in enumerate(made)]
        return Plan(brief=wish.brief, slots=tuple(slots), draw=draw, offer=offer, tuning=tuning)

    def choose(
        self, brief: Brief, count: int, profile: str, *, stage: Stage
    ) -> tuple[list[Chosen], Draw | None]:
        """Candidates for a prompt already asked, in the brief's tier, and where they come from.

        LoRAs the user typed for another family stay behind: here they would change nothing.
        """
        wish = self._wish_again(brief, profile)
        tuning = self._tuning(wish, None, stage)
        draw = self._offers.draw(wish, self._offers.of(wish, tuning.analysis), count)
        made = proposals(wish, draw, count)
        return [self._rechosen(one, wish, draw, tuning) for one in made], draw

    def _rechosen(
        self, proposal: Proposal, wish: Wish, draw: Draw | None, tuning: Tuning
    ) -> Chosen:
        fitted, choice = self._chosen(proposal, wish, draw, wish.typed)
        return Chosen(
            candidate=fitted.candidate,
            reason=fitted.reason,
            choice=choice,
            parameters=tuning.advice(fitted.candidate).parameters,
            typed=frozenset(use.name for use in wish.typed),
        )

    def heritage(self, brief: Brief, profile: str, *, stage: Stage) -> Heritage:
        """What recipes of a stage take over from picks in the brief's tier."""
        tuning = cache(lambda: self._tuning(self._wish_again(brief, profile), None, stage))
        return Heritage(self._templates, lambda candidate: tuning().advice(candidate).parameters)

    def resolve(self, request: ImageRequest, profile: str) -> Wish:
        """What a request asks for, by name; raises as ``plan`` does."""
        template = self.template(request.template)
        check_first(template)
        wish = resolve(
            request,
            profile,
            settings=self._settings,
            catalog=self.catalog,
            servers=self._offers.servers_for(template),
        )
        return within(template, wish, request)

    def template(self, name: str | None = None) -> Template:
        """The workflow of that name, or that of the first stage; raises NotFound."""
        return self._templates.get(name or self._settings.stages[0].template)

    def fitted(self, proposal: Proposal, wish: Wish, seed: int) -> Proposal:
        """The proposal with the LoRAs that the prompt's variant for this seed names."""
        variant = wish.prompt.choose(np.random.default_rng(seed))
        return self._offers.fitted(proposal, typed_loras(variant.loras, self.catalog))

    def told(self, recipe: Recipe, words: Sequence[str] | None = None) -> Recipe:
        """The recipe with the trigger words its LoRAs lack, or with these ``words`` instead."""
        return self._offers.told(recipe, words)

    def embedded(self, recipe: Recipe, request: ImageRequest) -> Recipe:
        """The recipe with the embeddings the user accepted; raises NotFound, AmbiguousName."""
        if not request.embeddings:
            return recipe
        resolve = self.catalog.resolve
        uses = [
            EmbeddingUse(resolve("embedding", one.name).name, one.where)
            for one in request.embeddings
        ]
        bare = self.told(recipe, ())
        return self.told(with_embeddings(bare, uses), recipe.triggers)

    def offer_again(self, brief: Brief, profile: str = "") -> Offer:
        """What may be chosen now for a prompt already asked; raises as ``plan`` does."""
        wish = self._wish_again(brief, profile)
        return self._offers.make(wish, self._matching.analyse(brief.prompt))

    def embeddings_for(self, brief: Brief, profile: str) -> list[EmbeddingAdvice]:
        """The embeddings that would suit a prompt already asked."""
        return self._offers.embeddings(self._wish_again(brief, profile))

    def pool_again(self, brief: Brief) -> Pool:
        """The pool of ``offer_again``."""
        return self.offer_again(brief).pool

    def pool_for(self, prompt: str, tier_name: str | None) -> Pool:
        """What may be chosen for a prompt, explored as widely as settings allow."""
        return self.pool_again(Brief(prompt=prompt, tier=self.tier_for(tier_name)))

    def tier_for(self, name: str | None) -> str:
        """The tier of that name, or the one a request that names none gets; raises NotFound."""
        return find_tier(
            name, settings=self._settings, catalog=self.catalog, servers=self._offers.servers()
        )

    def edit(self, before: Brief, after: Brief) -> Edit:
        """The way from one prompt to another, as a picture made with the first must go it."""
        prompt = read_prompt(after.prompt).choose(self._rng)
        typed = typed_loras(prompt.loras, self.catalog)
        check_families(typed, self.tier(after.tier).family, self.catalog)
        return Edit(
            prompt.without_loras().for_encoder(),
            typed_before=still_known(read_prompt(before.prompt).loras, self.catalog),
            typed_after=typed,
        )

    def tier(self, name: str) -> Tier:
        """A tier by its exact name; raises NotFound where the configuration lost it."""
        if name not in self._settings.tiers:
            known = ", ".join(self._settings.tiers)
            raise NotFound(f"There is no tier '{name}' any more. The tiers are: {known}.")
        return self._settings.tiers[name]

    @property
    def catalog(self) -> Catalog:
        """What the servers have."""
        return self._fleet.catalog

    @property
    def _settings(self) -> Settings:
        return self._offers.settings

    def _wish_again(self, brief: Brief, profile: str) -> Wish:
        """A wish out of a brief alone."""
        prompt = read_prompt(brief.prompt)
        tier = self.tier(brief.tier)
        typed = fitting(still_known(prompt.loras, self.catalog), tier.family, self.catalog)
        return Wish(brief=brief, tier=tier, prompt=prompt, profile=profile, typed=typed)

    def _tuning(
        self, wish: Wish, request: ImageRequest | None, stage: Stage | None = None
    ) -> Tuning:
        stage = stage or self._settings.stages[0]
        workflow = (request and request.template) or stage.template
        return Tuning(
            analysis=self._matching.analyse(wish.brief.prompt),
            tier=wish.tier,
            stage=stage,
            constants=constants_of(self.template(workflow)),
            aspect_ratio=wish.brief.aspect_ratio,
            catalog=self.catalog,
            habits=self._taste.habits(wish.profile),
            measured=self._fleet.measured,
            **({} if request is None else asked_by(request)),
        )

    def _chosen(
        self, proposal: Proposal, wish: Wish, draw: Draw | None, typed: Sequence[LoraUse]
    ) -> tuple[Proposal, Choice]:
        fitted = self._offers.fitted(proposal, typed)
        parts = parts_decided(wish, typed)
        return fitted, draw.choice(proposal, fitted.candidate, parts) if draw else NOBODY

    def _base_recipe(self, request: ImageRequest, wish: Wish) -> Recipe:
        """What all images of the grid share; models and sampling are filled in later."""
        seed = int(self._rng.integers(SEED_LIMIT)) if request.seed is None else request.seed
        return Recipe(
            template=self.template(request.template).name,
            tier=wish.brief.tier,
            prompt="",
            negative_prompt=parse(wish.brief.negative_prompt).for_encoder(),
            candidate=Candidate(""),
            seed=seed,
            width=0,
            height=0,
            steps=0,
            cfg=0,
            sampler="",
            scheduler="",
        )

    def _slot(self, index: int, proposal: Proposal, grid: _Grid) -> Slot:
        """One image: its variant of the prompt, the LoRAs that variant names, its sampling."""
        wish, request = grid.wish, grid.request
        seed = image_seed(grid.base.seed, index, request.variation)
        prompt = wish.prompt.choose(np.random.default_rng(seed))
        typed = typed_loras(prompt.loras, self.catalog)
        fitted, choice = self._chosen(proposal, wish, grid.draw, typed)
        advice = grid.tuning.advice(fitted.candidate)
        recipe = replace(
            grid.base,
            prompt=prompt.without_loras().for_encoder(),
            candidate=fitted.candidate,
            **asdict(advice.parameters),
        )
        recipe = decided(varied(recipe, index, request.variation, advice.fixed), request)
        recipe = grid.tuning.constants.within(self.embedded(recipe, request))
        names = {use.name for use in typed}
        if request.add_triggers and wish.loras is None:
            recipe = self.told_of_chosen(recipe, names)
        said = details(
            recipe,
            analysis=grid.tuning.analysis,
            advice=advice,
            loras=grid.offer.loras if grid.offer else None,
            typed=names,
        )
        return Slot(recipe, None, fitted.reason, choice, said)

    def told_of_chosen(self, recipe: Recipe, typed: Collection[str]) -> Recipe:
        """With the trigger words of the LoRAs the studio chose: what is typed is the user's."""
        chosen = tuple(use for use in recipe.candidate.loras if use.name not in typed)
        told = self._offers.told(replace(recipe, candidate=replace(recipe.candidate, loras=chosen)))
        return replace(told, candidate=recipe.candidate)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """What the slots of one grid share."""

    wish: Wish
    request: ImageRequest
    base: Recipe
    tuning: Tuning
    offer: Offer | None
    draw: Draw | None
