"""What may be chosen for a prompt, what a policy chooses of it, and which LoRAs go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from companion_app.fleet import Fleet
from vibes.catalog import Catalog, ModelRecord
from vibes.errors import NoServerCan
from vibes.preferences import Candidate, LoraUse, Part, Proposal
from vibes.prompts import PromptAnalysis, parse
from vibes.recipes import Recipe
from vibes.recommend import (
    EmbeddingAdvice,
    Offer,
    Target,
    fit_loras,
    make_offer,
    recommend_embeddings,
    with_triggers,
    words_to_add,
)
from vibes.settings import Settings
from vibes.workflows import Template

from .blocking import Blocking
from .choosing import Draw
from .effects import Effects
from .matching import Matching
from .pools import Pools
from .taste import Taste
from .wishes import Wish


class Offers:
    """Brings together what the servers have, what the user blocked, and what was found out."""

    def __init__(
        self,
        pools: Pools,
        *,
        fleet: Fleet,
        taste: Taste,
        matching: Matching,
        blocking: Blocking,
        effects: Effects,
    ):
        self._pools = pools
        self._fleet = fleet
        self._taste = taste
        self._matching = matching
        self._blocking = blocking
        self._effects = effects

    @property
    def settings(self) -> Settings:
        """The studio's, with the pools as they were edited."""
        return self._pools.settings

    def servers(self) -> frozenset[str]:
        """Servers of use now; when there are none, all that ever were: their jobs will wait."""
        known = frozenset(self._catalog.node_classes)
        out_of_use = ("offline", "draining")
        usable = {s.name for s in self._fleet.statuses() if s.state not in out_of_use}
        return known & usable or known

    def servers_for(self, template: Template) -> frozenset[str]:
        """Those of them that can run a workflow; raises NoServerCan where none can."""
        needs, upscalers = template.needs.nodes, template.upscale_models
        lacking = {
            name: self._catalog.lacking(name, needs, upscalers) for name in sorted(self.servers())
        }
        able = frozenset(name for name, lacks in lacking.items() if not lacks)
        if lacking and not able:
            reasons = {name: f"it has no {' and no '.join(lacking[name])}" for name in lacking}
            details = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
            raise NoServerCan(
                f"No online server can run the workflow '{template.name}' ({details}).",
                reasons=reasons,
            )
        return able

    def of(self, wish: Wish, analysis: PromptAnalysis) -> Offer | None:
        """What the policy may choose from; None where the user leaves it nothing to choose."""
        if wish.checkpoint is not None and wish.loras is not None:
            return None
        return self.make(wish, analysis)

    def make(self, wish: Wish, analysis: PromptAnalysis) -> Offer:
        """The pool for a wish, and the LoRAs behind it; raises NoServerCan."""
        tier = wish.tier
        if wish.checkpoint is not None:
            tier = tier.model_copy(update={"checkpoints": (wish.checkpoint,)})
        return make_offer(
            tier,
            self._catalog,
            self._matching.libraries,
            servers=self.servers() if wish.servers is None else wish.servers,
            keywords=wish.words,
            explore=wish.brief.explore,
            auto_lora=wish.brief.auto_lora and wish.loras is None,
            max_checkpoints=self.settings.max_checkpoints,
            typed=wish.typed,
            blocks=self._blocking.of(wish.profile),
            inert=self._effects.inert_pairs(),
            complexity=analysis.complexity.score,
        )

    def target(
        self, family: str | None, checkpoints: Sequence[ModelRecord], profile: str
    ) -> Target:
        """What LoRAs would stand beside: a checkpoint, or any of a family."""
        servers = self.servers()
        hosts = frozenset(server for one in checkpoints for server in one.spellings)
        return Target(
            family=family,
            checkpoints=tuple(checkpoints),
            servers=hosts & servers or servers,
            blocks=self._blocking.of(profile),
            inert=self._effects.inert_pairs(),
        )

    def embeddings(self, wish: Wish) -> list[EmbeddingAdvice]:
        """The embeddings that would suit a wish; the user decides about them."""
        target = self.target(wish.tier.family, (), wish.profile)
        return recommend_embeddings(wish.words, self._matching.libraries.embeddings, target)

    def draw(self, wish: Wish, offer: Offer | None, count: int) -> Draw | None:
        """The policy's answer; None where there is nothing for it to choose."""
        if offer is None:
            return None
        policy = self._taste.policy(wish.profile)
        return Draw(
            policy=policy,
            learned=self._taste.version,
            words=wish.words,
            pool=offer.pool,
            proposals=tuple(policy.propose(wish.words, offer.pool, count)),
        )

    def fitted(self, proposal: Proposal, typed: Sequence[LoraUse]) -> Proposal:
        """The proposal with the typed LoRAs, and only such others as go with them."""
        (fitted,) = fit_loras(
            [proposal],
            typed,
            catalog=self._catalog,
            servers=self.servers(),
            inert=self._effects.inert_pairs(),
            shared=self._matching.libraries.loras.shared_triggers,
        )
        return fitted

    def told(self, recipe: Recipe, words: Sequence[str] | None = None) -> Recipe:
        """The recipe with the trigger words its LoRAs lack, or with these ``words`` instead."""
        bare = _without(recipe)
        if words is None:
            shared = self._matching.libraries.loras.shared_triggers
            records = [self._catalog.loras[use.name] for use in recipe.candidate.loras]
            plain = parse(bare.prompt).plain()
            words = [word for one in records for word in words_to_add(plain, one, shared=shared)]
        triggers = tuple(dict.fromkeys(words))
        return replace(bare, prompt=with_triggers(bare.prompt, triggers), triggers=triggers)

    @property
    def _catalog(self) -> Catalog:
        return self._fleet.catalog


def _without(recipe: Recipe) -> Recipe:
    """The recipe without the trigger words that were added to its prompt."""
    if not recipe.triggers:
        return recipe
    added = with_triggers("x", recipe.triggers)[1:]
    return replace(recipe, prompt=recipe.prompt.removesuffix(added), triggers=())


def proposals(wish: Wish, draw: Draw | None, count: int) -> list[Proposal]:
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


def parts_decided(wish: Wish, typed: Sequence[LoraUse]) -> tuple[Part, ...]:
    """What no policy chose; typed LoRAs change what others are worth, so they decide the part."""
    checkpoint: tuple[Part, ...] = ("checkpoint",) if wish.checkpoint is not None else ()
    by_hand = wish.loras is not None or typed or not wish.brief.auto_lora
    return (*checkpoint, "loras") if by_hand else checkpoint
