"""How planned images are sampled: advice by prompt, models, priority, limits and habits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from vibes.catalog import Catalog
from vibes.preferences import Habits
from vibes.prompts import PromptAnalysis
from vibes.recipes import Candidate, Recipe
from vibes.recommend import Estimates, Limits, ParameterAdvice, Priority, advise
from vibes.settings import AspectRatio, Stage, Tier
from vibes.workflows import Constants

from .requests import ImageRequest

GIB = 2**30
NO_LIMITS = Limits()
DECIDABLE = ("width", "height", "steps", "cfg", "sampler", "scheduler")


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """The advice for one grid, worked out once for each checkpoint with its LoRAs.

    ``constants`` is what the grid's workflow decides itself.
    """

    analysis: PromptAnalysis
    tier: Tier
    stage: Stage
    aspect_ratio: AspectRatio
    catalog: Catalog
    habits: Habits | None
    measured: Estimates | None
    constants: Constants
    priority: Priority = "balanced"
    limits: Limits = NO_LIMITS
    decided: Mapping[str, Any] = field(default_factory=dict)
    _known: dict[Candidate, ParameterAdvice] = field(default_factory=dict)

    def advice(self, candidate: Candidate) -> ParameterAdvice:
        """With what the user decided in it, and by his habits."""
        if candidate not in self._known:
            self._known[candidate] = self._advise(candidate)
        return self._known[candidate]

    def _advise(self, candidate: Candidate) -> ParameterAdvice:
        loras = [self.catalog.loras.get(use.name) for use in candidate.loras]
        return advise(
            self.analysis,
            tier=self.tier,
            stage=self.stage,
            aspect_ratio=self.aspect_ratio,
            checkpoint=self.catalog.checkpoints.get(candidate.checkpoint),
            loras=[record for record in loras if record is not None],
            priority=self.priority,
            limits=self.limits,
            measured=self.measured,
            habits=self.habits,
            decided=self.decided,
            constants=self.constants.by_name,
        )


def decided_by(request: ImageRequest) -> dict[str, Any]:
    """The parameters the user set, by name."""
    return request.overrides.model_dump(include=set(DECIDABLE), exclude_none=True)


def limits_of(request: ImageRequest) -> Limits:
    """What one image may cost."""
    vram = None if request.max_vram_gb is None else round(request.max_vram_gb * GIB)
    return Limits(max_seconds=request.max_seconds, max_vram=vram)


def decided(recipe: Recipe, request: ImageRequest) -> Recipe:
    """The recipe with what the user decided: it outweighs priority and variation."""
    return replace(recipe, **decided_by(request))


def asked_by(request: ImageRequest) -> dict[str, Any]:
    """What a request says of sampling."""
    return {
        "priority": request.priority,
        "limits": limits_of(request),
        "decided": decided_by(request),
    }
