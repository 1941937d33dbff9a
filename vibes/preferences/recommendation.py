"""Which models to use for a prompt, and how well that is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vibes.recipes import Candidate

from .policy import Policy, Pool
from .sentences import spoken_reason
from .statistics import Statistics, StatRow

ENOUGH_IMAGES = 5  # of a LoRA on one checkpoint, to say more than its images on all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointRecommendation:
    """A checkpoint with the evidence for it; the fields mean what they mean in Explanation."""

    checkpoint: str
    confidence: float
    selection_rate: float
    interval: tuple[float, float]
    evidence: int
    reason: str


def recommend_checkpoint(
    policy: Policy, keywords: Sequence[str], pool: Pool
) -> CheckpointRecommendation:
    """The checkpoint of the pool the policy values most; the first of equals."""
    believed = {name: policy.explain(keywords, Candidate(name), pool) for name in pool.checkpoints}
    best = max(believed, key=lambda name: believed[name].value)
    why = believed[best]
    return CheckpointRecommendation(
        checkpoint=best,
        confidence=why.confidence,
        selection_rate=why.selection_rate,
        interval=why.interval,
        evidence=why.evidence,
        reason=spoken_reason(why),
    )


def lora_evidence(
    statistics: Statistics, keywords: Sequence[str], checkpoint: str, loras: Iterable[str]
) -> dict[str, StatRow]:
    """Of each LoRA ever shown with one of these keywords: the count that says most about it.

    It is the keyword's with most images, on this checkpoint where those are enough, else on all.
    """
    found = {}
    for lora in loras:
        anywhere = statistics.strongest("keyword_lora", keywords, lora)
        if anywhere:
            here = statistics.strongest("keyword_checkpoint_lora", keywords, checkpoint, lora)
            found[lora] = here if here and here.total >= ENOUGH_IMAGES else anywhere
    return found
