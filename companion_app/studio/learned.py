"""What was learned, as people ask for it: statistics and recommendations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from companion_app.fleet import Fleet
from vibes.catalog import ModelRecord
from vibes.catalog.names import stem
from vibes.errors import InvalidInput
from vibes.preferences import Pool, StatRow, lora_evidence, recommend_checkpoint
from vibes.prompts import keywords
from vibes.recommend import LoraAdvice, recommend_loras
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
        pool = self._planner.pool_for(prompt, tier)
        if available:
            pool = self._only(pool, available)
        policy = self._taste.policy(profile)
        return asdict(recommend_checkpoint(policy, keywords(prompt), pool))

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
        statistics = self._taste.statistics(profile)
        rows = lora_evidence(statistics, words, checkpoint.name, loras)
        evidence = {name: (row.selection_rate, row.confidence) for name, row in rows.items()}
        family = checkpoint.family or ""
        found = recommend_loras(words, loras, family, count=count, evidence=evidence)
        return [
            replace(one, reason=_observed(one, rows[one.lora])) if one.lora in rows else one
            for one in found
            if one.score >= MIN_RELEVANCE
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
