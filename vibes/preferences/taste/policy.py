"""The policy "taste": learns from every grid what this user likes, and says how sure it is."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from vibes.errors import InvalidInput
from vibes.preferences.policy import Explanation, GridOutcome, Pool, Propensity, Proposal
from vibes.preferences.propensity import estimate
from vibes.recipes import Candidate

from .belief import Beliefs, faded, with_evidence
from .design import design
from .drawing import Drawing
from .effects import Effect, LoraVerdict, Verdict
from .evidence import ETA, GRIDS, LAM, SEEN, SELECTED, TOTAL, Block, Evidence
from .inference import learned
from .insight import Insight
from .listing import listed
from .model import BAR_FADE, LATER_STAGE, OUTSIDE, TOUCH_FADE, USUAL_IMAGES, USUAL_RATE
from .outlook import Outlook, outlook, utilities
from .prior import Prior
from .saved import (
    evidence_from,
    evidence_to_dict,
    prior_from,
    prior_to_rows,
    scales_from,
    scales_to_dict,
    whole,
)
from .scales import Moments, learn_scales
from .words import Words

_OF_KEYWORDS = (("keyword_checkpoint",), ("keyword_lora",))


class Taste:
    """A Bayesian choice model over features of checkpoints and LoRAs.

    ``others`` are policies of other profiles, a live list read at every call: what they learned,
    widened by what differs between users, is what this one starts from. ``prior`` is an imported
    one, below all of them. Neither is ever changed here. ``clusters`` maps keywords to groups that
    share evidence, and may know more of them than it lists; ``probes`` is how many images of a grid
    are drawn uniformly. Reading changes nothing but the stream of chance that ``propose`` draws
    from.
    """

    name = "taste"
    version = 1

    def __init__(
        self,
        rng: np.random.Generator,
        *,
        clusters: Mapping[str, str] | None = None,
        others: Sequence[Taste] = (),
        prior: Prior | None = None,
        probes: int = 1,
    ):
        if probes < 0:
            raise InvalidInput(f"The number of probes in a grid is {probes}; expected 0 or more.")
        self._rng = rng
        self._clusters = clusters or {}
        self._others = others
        self._prior = prior
        self._probes = probes
        self._evidence = Evidence()
        self._scales: dict[str, Moments] = {}

    def propose(self, keywords: Sequence[str], pool: Pool, count: int) -> list[Proposal]:
        """``count`` candidates from the pool, in the order in which to show them."""
        if not count:
            return []
        drawn = Drawing(self._outlook(keywords, pool), self._probes).draw(count, self._rng)
        reason = self._insight(keywords).reasons(pool)
        return [Proposal(made, reason(made, probe), probe) for made, probe in drawn]

    def propensities(
        self, keywords: Sequence[str], pool: Pool, proposals: Sequence[Proposal]
    ) -> list[Propensity]:
        """How likely each proposal's parts were; disturbs no random stream, may run later."""
        drawing = Drawing(self._outlook(keywords, pool), self._probes)
        return estimate(
            lambda rng: [made for made, _ in drawing.draw(len(proposals), rng)], proposals
        )

    def update(self, outcome: GridOutcome) -> None:
        """Learn from one submitted grid; the order of its images does not matter."""
        evidence = self._evidence
        weight = outcome.weight * (LATER_STAGE if outcome.stage else 1.0)
        evidence.clock += weight
        learn_scales(self._scales, outcome.features)
        made = design(outcome, self._clusters, self._scales)
        positions = evidence.intern(made.blocks)
        numbers = faded(evidence, evidence.read(positions))
        lesson = learned(made, with_evidence(self._beliefs().before(made.blocks), numbers), weight)
        left = np.full(len(positions), TOUCH_FADE**weight)
        left[-1] = BAR_FADE**weight  # the design's last feature
        numbers[:, ETA] = numbers[:, ETA] * left + lesson.eta
        numbers[:, LAM] = numbers[:, LAM] * left + lesson.lam
        numbers[:, SEEN] = evidence.clock
        if outcome.weight == 1:  # a rating is no image that was shown and picked once more
            numbers[:, GRIDS] += 1
            numbers[:, SELECTED] += lesson.selected
            numbers[:, TOTAL] += lesson.total
        evidence.write(positions, numbers)

    def explain(
        self, keywords: Sequence[str], candidate: Candidate, pool: Pool | None = None
    ) -> Explanation:
        """What is believed about ``candidate``; with a pool, its relevance counts as prior.

        ``value`` is the chance that such an image is picked. Rate, interval and evidence are those
        of the keyword with most grids behind the checkpoint; ``confidence`` is how much of the
        doubt about the checkpoint for these keywords this profile's evidence took away.
        """
        return self._insight(keywords).explanation(candidate, pool)

    @property
    def usual(self) -> float:
        """The pick rate of the images shown, as a logit; where few were, near that of a quarter."""
        bar = Block((), [OUTSIDE])
        (counts,) = self._evidence.read(self._evidence.find([bar]))
        picked = counts[SELECTED] + USUAL_RATE * USUAL_IMAGES
        return math.log(picked / (counts[TOTAL] + USUAL_IMAGES - picked))

    def effects(
        self,
        kind: str,
        among: Sequence[tuple[str, ...]] | None = None,
        *,
        limit: int | None = None,
    ) -> list[Effect]:
        """Every feature of a kind that was seen, by name; or those ``among`` it, in their order.

        Of a feature that was never seen, what is believed beforehand. With a ``limit`` only so
        many: those that surely matter most, first.
        """
        if among is not None:
            blocks = [Block((kind, *parts)[:-1], [(kind, *parts)[-1]]) for parts in among]
        else:
            blocks = [Block((), [OUTSIDE])] if kind == OUTSIDE else self._evidence.blocks(kind)
        return listed(self._beliefs(), blocks, limit)

    def utilities(
        self, kind: str, keywords: Sequence[str], names: Sequence[str]
    ) -> list[tuple[float, float]]:
        """Mean and standard deviation of items' utilities for these keywords, metadata apart.

        ``kind`` is "checkpoint" or "lora". Of an item never seen, what is believed beforehand.
        """
        words = Words.of(keywords, self._clusters)
        items = utilities(self._beliefs(), words, kind, tuple(names))
        return list(zip(items.mean.tolist(), np.sqrt(items.variance).tolist(), strict=True))

    def ranking(self, keywords: Sequence[str], pool: Pool) -> list[Verdict]:
        """The pool's checkpoints for these keywords, best first."""
        return self._insight(keywords).ranking(pool)

    def lora_ranking(
        self, keywords: Sequence[str], pool: Pool, checkpoint: str
    ) -> list[LoraVerdict]:
        """The LoRAs of the pool that may be shown, on one of its checkpoints, best first."""
        if checkpoint not in pool.checkpoints:
            raise InvalidInput(f"The pool has no checkpoint '{checkpoint}'.")
        return self._insight(keywords).lora_ranking(self._outlook(keywords, pool), checkpoint)

    def shareable(self, min_grids: int) -> Prior:
        """What is believed of each feature seen in at least so many grids: no prompts, no times.

        Weights of scores are left out: what a scorer's number means is a studio's own.
        """
        blocks = self._evidence.blocks()
        belief = self._beliefs().after(blocks)
        grids = self._evidence.read(self._evidence.find(blocks))[:, GRIDS]
        keys = [key for block in blocks for key in block.keys]
        return Prior(
            {
                keys[i]: (float(belief.mean[i]), float(belief.variance[i]))
                for i in np.flatnonzero(grids >= min_grids).tolist()
                if keys[i][0] != "score"
            }
        )

    def copy(self, rng: np.random.Generator) -> Taste:
        """The same knowledge, which goes its own way from here on; the others go on as before."""
        twin = Taste(
            rng,
            clusters=self._clusters,
            others=self._others,
            prior=self._prior,
            probes=self._probes,
        )
        twin._evidence = self._evidence.copy()
        twin._scales = {name: replace(scale) for name, scale in self._scales.items()}
        return twin

    def dump(self) -> bytes:
        """The whole state as JSON, what others taught included; equal states give equal bytes."""
        state = {
            "policy": self.name,
            "version": self.version,
            "probes": self._probes,
            "clusters": self._told_clusters(),
            "prior": None if self._prior is None else prior_to_rows(self._prior),
            "others": [evidence_to_dict(other._evidence) for other in self._others],
            "scales": scales_to_dict(self._scales),
            **evidence_to_dict(self._evidence),
        }
        return json.dumps(state, ensure_ascii=False, separators=(",", ":")).encode()

    def _told_clusters(self) -> dict[str, str]:
        """All that can be listed, and those of the words that something was learned for."""
        heads = [block.head for block in self._evidence.blocks()]
        words = {head[1] for head in heads if head[:1] in _OF_KEYWORDS}
        learned = {word: self._clusters[word] for word in words if word in self._clusters}
        return dict(sorted({**self._clusters, **learned}.items()))

    @classmethod
    def from_state(cls, state: Mapping[str, Any], rng: np.random.Generator) -> Taste:
        """Inverse of ``dump``'s JSON; ValueError, TypeError or KeyError where it is damaged.

        The others come back as they were: from then on they learn no more.
        """
        taste = cls(
            rng,
            clusters={str(k): str(v) for k, v in dict(state["clusters"]).items()},
            others=[cls._of(evidence_from(other), rng) for other in state["others"]],
            prior=None if state["prior"] is None else prior_from(state["prior"]),
            probes=whole(state["probes"]),
        )
        taste._evidence = evidence_from(state)
        taste._scales = scales_from(state["scales"])
        return taste

    @classmethod
    def _of(cls, evidence: Evidence, rng: np.random.Generator) -> Taste:
        taste = cls(rng)
        taste._evidence = evidence
        return taste

    def _beliefs(self) -> Beliefs:
        return Beliefs(self._evidence, [other._evidence for other in self._others], self._prior)

    def _outlook(self, keywords: Sequence[str], pool: Pool) -> Outlook:
        return outlook(self._beliefs(), Words.of(keywords, self._clusters), pool)

    def _insight(self, keywords: Sequence[str]) -> Insight:
        return Insight(self._beliefs(), Words.of(keywords, self._clusters))
