"""Which checkpoint and which LoRAs suit a prompt, without making anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from companion_app.fleet import Fleet
from vibes.catalog import ModelRecord
from vibes.catalog.names import stem
from vibes.errors import InvalidInput
from vibes.preferences import (
    CheckpointRecommendation,
    Pool,
    StatRow,
    lora_evidence,
    recommend_checkpoint,
)
from vibes.preferences import Taste as TastePolicy
from vibes.prompts import keywords
from vibes.recommend import LoraAdvice, Target, recommend_loras, select_loras

from .matching import Matching
from .offers import Offers
from .planning import Planner
from .requests import LoraTestRequest
from .taste import Taste
from .views import View
from .wishes import read_prompt

HELPS = 0.5  # chance from which on a LoRA is recommended: it more likely helps than not


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """A prompt, and what LoRAs for it would stand beside."""

    prompt: str
    words: tuple[str, ...]
    target: Target
    checkpoint: ModelRecord | None
    profile: str


class Recommending:
    """Use cases that answer what would suit."""

    def __init__(
        self,
        *,
        taste: Taste,
        planner: Planner,
        offers: Offers,
        matching: Matching,
        fleet: Fleet,
    ):
        self._taste = taste
        self._planner = planner
        self._offers = offers
        self._matching = matching
        self._fleet = fleet

    async def checkpoint(
        self, prompt: str, tier: str | None, available: Sequence[str], profile: str
    ) -> View:
        """The best known checkpoint for a prompt, among ``available`` if any are named."""
        await self._taste.check(profile)
        await self._matching.ready()

        def recommend() -> CheckpointRecommendation:
            pool = self._planner.pool_for(prompt, tier)
            if available:
                pool = self._only(pool, available)
            return recommend_checkpoint(self._taste.policy(profile), keywords(prompt), pool)

        return asdict(await self._taste.look_through(recommend))

    async def loras(self, prompt: str, checkpoint: str, count: int, profile: str) -> list[View]:
        """The LoRAs that suit a prompt and go with a checkpoint, best first."""
        await self._taste.check(profile)
        await self._matching.ready()
        record = self._fleet.catalog.resolve("checkpoint", checkpoint)
        question = self._question(prompt, record, record.family, profile)
        advice = await self._taste.look_through(lambda: self._believed(question, count))
        return [_view(one) for one in advice]

    async def test(self, request: LoraTestRequest) -> View:
        """The LoRAs that would be considered for a prompt, what they score, and what is left out.

        Raises InvalidInput, NotFound, AmbiguousName, NoServerCan.
        """
        read_prompt(request.prompt)
        await self._taste.check(request.profile)
        await self._matching.ready()
        question = self._asked(request)
        library = self._matching.libraries.loras
        advice = await self._taste.look_through(lambda: self._advice(question, request.count))
        picked = select_loras(library, question.words, question.target, count=request.count)
        return {
            "keywords": list(question.words),
            "family": question.target.family,
            "checkpoint": question.checkpoint.name if question.checkpoint else None,
            "matcher": self._matching.matcher,
            "loras": [_view(one) for one in advice],
            "left_out": [{"lora": name, "reason": reason} for name, reason in picked.told],
        }

    def _asked(self, request: LoraTestRequest) -> _Question:
        if request.checkpoint is not None:
            record = self._fleet.catalog.resolve("checkpoint", request.checkpoint)
            return self._question(request.prompt, record, record.family, request.profile)
        tier = self._planner.tier(self._planner.tier_for(request.tier))
        return self._question(request.prompt, None, tier.family, request.profile)

    def _question(
        self, prompt: str, checkpoint: ModelRecord | None, family: str | None, profile: str
    ) -> _Question:
        beside = () if checkpoint is None else (checkpoint,)
        return _Question(
            prompt=prompt,
            words=keywords(prompt),
            target=self._offers.target(family, beside, profile),
            checkpoint=checkpoint,
            profile=profile,
        )

    def _advice(self, question: _Question, count: int) -> list[LoraAdvice]:
        """By what is known of the LoRAs, and by what this profile picked with these keywords."""
        rows = self._rows(question)
        analysis = self._matching.analyse(question.prompt)
        found = recommend_loras(
            question.words,
            self._matching.libraries.loras,
            question.target,
            count=count,
            evidence={name: (row.selection_rate, row.confidence) for name, row in rows.items()},
            complexity=analysis.complexity.score,
            prompt=read_prompt(question.prompt).plain(),
        )
        return [_observed(one, rows) for one in found]

    def _believed(self, question: _Question, count: int) -> list[LoraAdvice]:
        """The same, of which policy "taste" keeps those it expects to help, in its order."""
        policy = self._taste.policy(question.profile)
        if not isinstance(policy, TastePolicy) or question.checkpoint is None:
            return self._advice(question, count)
        known = {one.lora: one for one in self._advice(question, count + len(self._rows(question)))}
        pool = Pool(
            checkpoints=(question.checkpoint.name,),
            loras=tuple(known),
            relevance={name: one.score for name, one in known.items()},
        )
        ranking = policy.lora_ranking(question.words, pool, question.checkpoint.name)
        return [
            replace(
                known[verdict.lora],
                score=verdict.chance_helps,
                strength=verdict.strength if verdict.grids else known[verdict.lora].strength,
                confidence=verdict.confidence,
            )
            for verdict in ranking
            if verdict.chance_helps > HELPS
        ][:count]

    def _rows(self, question: _Question) -> dict[str, StatRow]:
        statistics = self._taste.statistics(question.profile)
        beside = question.checkpoint.name if question.checkpoint else ""
        seen = {parts[-1] for parts, _ in statistics.counts("lora")}
        return lora_evidence(statistics, question.words, beside, sorted(seen))

    def _only(self, pool: Pool, available: Sequence[str]) -> Pool:
        catalog = self._fleet.catalog
        wanted = {catalog.resolve("checkpoint", name).name for name in available}
        kept = tuple(name for name in pool.checkpoints if name in wanted)
        if not kept:
            raise InvalidInput(
                f"None of {', '.join(available)} is in this tier's pool: "
                f"{', '.join(pool.checkpoints)}."
            )
        return replace(pool, checkpoints=kept)


def _view(advice: LoraAdvice) -> View:
    return {
        **asdict(advice),
        "parts": dict(advice.parts),
        "triggers": list(advice.triggers),
    }


def _observed(advice: LoraAdvice, rows: Mapping[str, StatRow]) -> LoraAdvice:
    """With the picks as its reason, where there are any."""
    row = rows.get(advice.lora)
    if row is None:
        return advice
    beside = f" with {stem(row.parts[1])}" if row.type == "keyword_checkpoint_lora" else ""
    images = "image" if row.total == 1 else "images"
    reason = (
        f"{stem(advice.lora)} at {advice.strength:g}: "
        f"picked in {row.selected} of {row.total} {images} for '{row.parts[0]}'{beside}."
    )
    return replace(advice, reason=reason)
