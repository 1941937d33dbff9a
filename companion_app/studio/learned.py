"""What was learned, as people ask for it: statistics and recommendations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

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
from vibes.recommend import LoraAdvice, lora_clause, lora_relevance, recommend_loras, strength_for
from vibes.recommend.relevance import MIN_RELEVANCE

from .planning import Planner
from .taste import Taste
from .views import View

TOP = 10


class Learned:
    """Use cases that answer from what was learned."""

    def __init__(self, *, taste: Taste, planner: Planner, fleet: Fleet):
        self._taste = taste
        self._planner = planner
        self._fleet = fleet

    def stats(self, profile: str | None) -> View:
        """How much was learned, and the checkpoints picked most."""
        statistics = self._taste.statistics(profile)
        rows = statistics.rows("checkpoint", TOP)
        return {
            **statistics.totals(),
            "top_checkpoints": [{"checkpoint": row.parts[0], **_rate(row)} for row in rows],
        }

    async def affinities(self, kind: str, profile: str | None, limit: int) -> list[View]:
        """The best-supported rows of one type; raises InvalidInput for an unknown type."""
        rows = await self._taste.look_through(
            lambda: self._taste.statistics(profile).rows(kind, limit)
        )
        return [
            {
                "key": row.key,
                "parts": list(row.parts),
                **_rate(row),
                "confidence": row.confidence,
                "interval": list(row.interval),
            }
            for row in rows
        ]

    async def recommend_checkpoint(
        self, prompt: str, tier: str | None, available: Sequence[str], profile: str
    ) -> View:
        """The best known checkpoint for a prompt, among ``available`` if any are named."""
        await self._taste.check(profile)

        def recommend() -> CheckpointRecommendation:
            pool = self._planner.pool_for(prompt, tier)
            if available:
                pool = self._only(pool, available)
            return recommend_checkpoint(self._taste.policy(profile), keywords(prompt), pool)

        return asdict(await self._taste.look_through(recommend))

    async def recommend_loras(
        self, prompt: str, checkpoint: str, count: int, profile: str
    ) -> list[View]:
        """The LoRAs that fit a prompt and a checkpoint's family, best first."""
        await self._taste.check(profile)
        record = self._fleet.catalog.resolve("checkpoint", checkpoint)
        advice = await self._taste.look_through(
            lambda: self._advice(keywords(prompt), record, count, profile)
        )
        return [asdict(one) for one in advice]

    def _advice(
        self, words: Sequence[str], checkpoint: ModelRecord, count: int, profile: str
    ) -> list[LoraAdvice]:
        """By metadata and by what this profile picked with these keywords."""
        loras = self._fleet.catalog.loras
        rows = lora_evidence(self._taste.statistics(profile), words, checkpoint.name, loras)
        policy = self._taste.policy(profile)
        if isinstance(policy, TastePolicy):
            found = believed_loras(words, loras, checkpoint, policy=policy, count=count)
        else:
            found = counted_loras(words, loras, checkpoint, rows=rows, count=count)
        return [
            replace(one, reason=_observed(one, rows[one.lora])) if one.lora in rows else one
            for one in found
        ]

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


def believed_loras(
    words: Sequence[str],
    loras: Mapping[str, ModelRecord],
    checkpoint: ModelRecord,
    *,
    policy: TastePolicy,
    count: int,
) -> list[LoraAdvice]:
    """Those that more likely help than not; ``score`` is how likely."""
    family = checkpoint.family or ""
    fits = lora_relevance(words, loras, family)
    own = [name for name, record in loras.items() if record.family == family]
    pool = Pool(
        checkpoints=(checkpoint.name,),
        loras=tuple(own),
        relevance={name: fits.get(name, 0.0) for name in own},
    )
    best = [
        verdict
        for verdict in policy.lora_ranking(words, pool, checkpoint.name)
        if verdict.chance_helps > 0.5
    ]
    strengths = {
        verdict.lora: verdict.strength
        if verdict.grids
        else strength_for(fits.get(verdict.lora, 0.0))
        for verdict in best
    }
    return [
        LoraAdvice(
            lora=verdict.lora,
            score=verdict.chance_helps,
            strength=strengths[verdict.lora],
            confidence=verdict.confidence,
            reason=lora_clause(words, loras[verdict.lora], strengths[verdict.lora]),
        )
        for verdict in best[:count]
    ]


def counted_loras(
    words: Sequence[str],
    loras: Mapping[str, ModelRecord],
    checkpoint: ModelRecord,
    *,
    rows: Mapping[str, StatRow],
    count: int,
) -> list[LoraAdvice]:
    """By relevance, and as evidence grows by the rate at which each was picked."""
    evidence = {name: (row.selection_rate, row.confidence) for name, row in rows.items()}
    family = checkpoint.family or ""
    found = recommend_loras(words, loras, family, count=count, evidence=evidence)
    return [one for one in found if one.score >= MIN_RELEVANCE]


def _rate(row: StatRow) -> dict[str, Any]:
    return {"selection_rate": row.selection_rate, "total": row.total, "selected": row.selected}


def _observed(advice: LoraAdvice, row: StatRow) -> str:
    keyword = row.parts[0]
    beside = f" with {stem(row.parts[1])}" if row.type == "keyword_checkpoint_lora" else ""
    images = "image" if row.total == 1 else "images"
    return (
        f"{stem(advice.lora)} at {advice.strength:g}: "
        f"picked in {row.selected} of {row.total} {images} for '{keyword}'{beside}."
    )
