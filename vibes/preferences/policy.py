"""The values a policy works with, and the contract every policy keeps.

A *pool* goes in, *proposals* come out; the *outcome* of a submitted grid goes back in.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from vibes.errors import InvalidInput
from vibes.recipes import Candidate


@dataclass(frozen=True, slots=True)
class Pool:
    """What may be chosen for one prompt and tier; names are catalog names.

    ``relevance`` says how well a checkpoint's or LoRA's metadata fits the prompt, 0..1: prior
    information, outweighed by evidence. A LoRA missing from it while others are named does not
    fit; where it names no LoRA at all, nothing is known and every LoRA is as good as another.
    ``max_checkpoints`` 1 asks for the best known one, None leaves the spread to the policy.
    ``start`` is the strength a LoRA is tried at while nothing is known of it: prior information
    too. A LoRA missing from it starts at any.
    """

    checkpoints: tuple[str, ...]
    loras: tuple[str, ...] = ()
    strengths: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8)
    max_loras: int = 3
    max_checkpoints: int | None = None
    relevance: Mapping[str, float] = field(default_factory=dict)
    start: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for fault in _pool_faults(self):
            raise InvalidInput(fault)


def _pool_faults(pool: Pool) -> Iterator[str]:
    if not pool.checkpoints:
        yield "A pool needs at least one checkpoint."
    for kind, names in (("checkpoint", pool.checkpoints), ("LoRA", pool.loras)):
        if len(set(names)) < len(names):
            yield f"A pool names each {kind} once; got {list(names)}."
    if pool.loras and not pool.strengths:
        yield "A pool with LoRAs needs at least one strength."
    if not all(math.isfinite(strength) for strength in pool.strengths):
        yield f"LoRA strengths are finite numbers; got {list(pool.strengths)}."
    if pool.max_loras < 0:
        yield f"max_loras is {pool.max_loras}; expected 0 or more."
    if pool.max_checkpoints is not None and pool.max_checkpoints < 1:
        yield f"max_checkpoints is {pool.max_checkpoints}; expected 1 or more, or None."
    for name, strength in pool.start.items():
        if not math.isfinite(strength):
            yield f"The strength '{name}' starts at is {strength}; expected a finite number."
    yield from _relevance_faults(pool.relevance)


def _relevance_faults(relevance: Mapping[str, float]) -> Iterator[str]:
    for name, value in relevance.items():
        if not 0 <= value <= 1:
            yield f"The relevance of '{name}' is {value}; expected 0 to 1."


@dataclass(frozen=True, slots=True)
class Proposal:
    """A candidate the policy chose; ``reason`` is a whole sentence for the image's card.

    A ``probe`` was drawn uniformly, whatever is believed: what learning is measured against.
    """

    candidate: Candidate
    reason: str
    probe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Propensity:
    """How likely the policy was to choose this image's parts: marginals, not the joint."""

    checkpoint: float
    loras: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class GridOutcome:
    """What became of a submitted grid: who was shown, who was picked.

    ``picked`` holds positions in ``candidates``; empty means the whole grid was rejected.
    ``features`` is empty, or one mapping per candidate (scores of the image by name).
    ``relevance`` is that of the pool it was chosen from, as far as it concerns the models shown.
    ``weight``, above 0 and at most 1, is how much it counts beside a first grid's outcome.
    """

    keywords: tuple[str, ...]
    stage: int
    candidates: tuple[Candidate, ...]
    picked: frozenset[int]
    features: tuple[Mapping[str, float], ...] = ()
    relevance: Mapping[str, float] = field(default_factory=dict)
    weight: float = 1.0

    def __post_init__(self) -> None:
        for fault in _outcome_faults(self):
            raise InvalidInput(fault)


def _outcome_faults(outcome: GridOutcome) -> Iterator[str]:
    count = len(outcome.candidates)
    if not count:
        yield "A grid without images has no outcome."
    for position in sorted(outcome.picked):
        if not 0 <= position < count:
            yield f"Image {position} was picked, but the grid's positions are 0 to {count - 1}."
    for position, candidate in enumerate(outcome.candidates):
        for fault in _candidate_faults(candidate):
            yield f"The image at position {position} {fault}."
    if outcome.features and len(outcome.features) != count:
        yield f"The grid has {count} images but {len(outcome.features)} sets of features."
    for position, scores in enumerate(outcome.features):
        for name, value in scores.items():
            if not math.isfinite(value):
                yield f"The image at position {position} has the score {name} = {value}."
    yield from _relevance_faults(outcome.relevance)
    if not 0 < outcome.weight <= 1:
        yield f"The grid's weight is {outcome.weight}; expected more than 0 and at most 1."


def _candidate_faults(candidate: Candidate) -> Iterator[str]:
    names = [lora.name for lora in candidate.loras]
    if not candidate.checkpoint:
        yield "names no checkpoint"
    if not all(names):
        yield "has a LoRA without a name"
    if len(set(names)) < len(names):
        yield "names the same LoRA twice"
    if not all(math.isfinite(lora.strength) for lora in candidate.loras):
        yield "has a LoRA whose strength is not a finite number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One piece of what the policy believes, with its 95 % interval and the grids behind it.

    ``kind`` and ``parts`` say what it is about, as in statistics ("keyword_lora", ("beach", "x")).
    """

    label: str
    value: float
    interval: tuple[float, float]
    grids: int
    kind: str = ""
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What the policy believes about a candidate for some keywords, and why.

    ``value`` is what the policy maximises. ``selection_rate`` and its 95 % ``interval`` are
    observed in ``evidence`` images (0 and (0, 1) without any); ``confidence`` 0..1 is how much
    that evidence outweighs the prior. ``reason`` is a whole sentence. ``chance_best`` is the
    probability that no other checkpoint of the pool suits the keywords better, None where the
    policy cannot tell.
    """

    value: float
    confidence: float
    selection_rate: float
    interval: tuple[float, float]
    evidence: int
    reason: str
    terms: tuple[Term, ...] = ()
    chance_best: float | None = None


class Policy(Protocol):
    """Chooses what to show and learns from what is picked.

    ``version`` grows when the same events would teach it something else.
    """

    name: str
    version: int

    def propose(self, keywords: Sequence[str], pool: Pool, count: int) -> list[Proposal]:
        """``count`` candidates from the pool, in the order in which to show them."""
        ...

    def propensities(
        self, keywords: Sequence[str], pool: Pool, proposals: Sequence[Proposal]
    ) -> list[Propensity]:
        """How likely each proposal's parts were; disturbs no random stream, may run later."""
        ...

    def update(self, outcome: GridOutcome) -> None:
        """Learn from one submitted grid; the order of its images does not matter."""
        ...

    def explain(
        self, keywords: Sequence[str], candidate: Candidate, pool: Pool | None = None
    ) -> Explanation:
        """What is believed about ``candidate``; with a pool, its relevance counts as prior."""
        ...

    def copy(self, rng: np.random.Generator) -> Policy:
        """The same knowledge, which goes its own way from here on, with chance of its own."""
        ...

    def dump(self) -> bytes:
        """The whole state as JSON; ``load_policy`` inverts it exactly."""
        ...
