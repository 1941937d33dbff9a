"""What always holds of the policy "taste", whatever it is fed with."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.preferences.samples import candidates, keywords, outcomes
from vibes.errors import InvalidInput
from vibes.preferences import GridOutcome, Pool, Prior, Taste, load_policy

POOL = Pool(
    ("epic.safetensors", "dreamshaper_8.safetensors", "sd15/toon", "new"),
    ("beach_sunset", "film grain", "anime:2", "neon"),
    relevance={"beach_sunset": 0.9, "film grain": 0.4, "new": 0.5},
)
CLUSTERS = {"beach": "sea", "海": "sea", "sunset": "sky"}


@st.composite
def rich_outcomes(draw: st.DrawFn) -> GridOutcome:
    """With scores, relevance and weights, some of them extreme."""
    grid = draw(outcomes())
    number = st.floats(allow_nan=False, allow_infinity=False)
    scores = st.dictionaries(st.sampled_from(["clip", "sharp"]), number, max_size=2)
    names = ["beach_sunset", "film grain", "epic.safetensors"]
    return replace(
        grid,
        features=tuple(draw(scores) for _ in grid.candidates) if draw(st.booleans()) else (),
        relevance=draw(st.dictionaries(st.sampled_from(names), st.floats(0, 1))),
        weight=draw(st.floats(0.01, 1)),
    )


grids_of = st.lists(rich_outcomes(), max_size=5)


def taught(grids, seed=3, **more) -> Taste:
    policy = Taste(np.random.default_rng(seed), clusters=CLUSTERS, **more)
    for grid in grids:
        policy.update(grid)
    return policy


def shuffled(grid: GridOutcome, chance) -> GridOutcome:
    order = list(range(len(grid.candidates)))
    chance.shuffle(order)
    words = list(grid.keywords)
    chance.shuffle(words)
    return replace(
        grid,
        keywords=tuple(words),
        candidates=tuple(
            replace(grid.candidates[i], loras=tuple(reversed(grid.candidates[i].loras)))
            for i in order
        ),
        picked=frozenset(new for new, old in enumerate(order) if old in grid.picked),
        features=tuple(grid.features[i] for i in order) if grid.features else (),
    )


@given(grids_of, st.randoms(use_true_random=False))
def test_the_order_of_images_loras_and_keywords_changes_not_a_bit(grids, chance):
    assert taught(grids).dump() == taught([shuffled(grid, chance) for grid in grids]).dump()


@given(grids_of, grids_of, keywords, st.integers(0, 12))
def test_a_dump_comes_back_exactly_with_others_and_prior(grids, theirs, asked, count):
    prior = Prior(
        {("checkpoint", "new"): (0.3, 0.1), ("keyword_lora", "beach", "neon"): (1.0, 0.2)}
    )
    one = taught(grids, others=[taught(theirs)], prior=prior)
    again = load_policy(one.dump(), np.random.default_rng(3))
    assert again.dump() == one.dump()
    assert again.propose(asked, POOL, count) == one.propose(asked, POOL, count)
    assert again.explain(asked, one.propose(asked, POOL, 1)[0].candidate, POOL) is not None
    for grid in theirs:
        one.update(grid)
        again.update(grid)
    assert again.dump() == one.dump()


@given(grids_of, keywords, candidates)
def test_beliefs_are_finite_and_chances_add_up(grids, asked, made):
    policy = taught(grids)
    why = policy.explain(asked, made, POOL)
    numbers = [why.value, *(x for term in why.terms for x in (term.value, *term.interval))]
    assert all(map(math.isfinite, [*numbers, policy.usual]))
    assert 0 <= why.value <= 1
    assert 0 <= why.confidence <= 1
    ranking = policy.ranking(asked, POOL)
    assert sum(verdict.chance_best for verdict in ranking) == pytest.approx(1)
    assert all(verdict.sd > 0 for verdict in ranking)
    for verdict in policy.lora_ranking(asked, POOL, "new"):
        assert 0 <= verdict.chance_helps <= 1
        assert 0 <= verdict.confidence <= 1


@given(grids_of)
def test_evidence_only_makes_surer(grids):
    policy = taught(grids)
    for kind in ("checkpoint", "keyword_lora", "score", "relevance", "outside"):
        unknown = taught([]).effects(kind, [effect.parts for effect in policy.effects(kind)])
        for effect, before in zip(policy.effects(kind), unknown, strict=True):
            assert 0 < effect.sd <= before.sd + 1e-12


@given(
    grids_of,
    keywords,
    st.integers(0, 200),
    st.none() | st.integers(1, 5),
    st.integers(0, 4),
    st.integers(0, 3),
)
def test_a_grid_keeps_to_the_count_the_pool_and_its_limits(
    grids, asked, count, spread, loras, probes
):
    pool = replace(POOL, max_checkpoints=spread, max_loras=loras, strengths=(0.5, 0.8))
    proposals = taught(grids, probes=probes).propose(asked, pool, count)
    assert len(proposals) == count
    used = [proposal.candidate.checkpoint for proposal in proposals]
    assert set(used) <= set(pool.checkpoints)
    assert spread is None or len(set(used)) <= spread
    for proposal in proposals:
        names = [use.name for use in proposal.candidate.loras]
        assert len(names) == len(set(names)) <= loras
        assert set(names) <= set(pool.loras)
        assert all(use.strength in pool.strengths for use in proposal.candidate.loras)
    explores = count >= 8 and spread != 1
    assert sum(proposal.probe for proposal in proposals) == (probes if explores else 0)
    if count >= 4:
        chosen = [p.candidate.checkpoint for p in proposals if not p.probe]
        assert min(chosen.count(name) for name in set(chosen)) >= 2


@settings(max_examples=12)
@given(grids_of, keywords)
def test_propensities_are_those_of_the_whole_grid(grids, asked):
    policy = taught(grids)
    proposals = policy.propose(asked, POOL, 40)
    chances = policy.propensities(asked, POOL, proposals[:20])
    by_name = {
        proposal.candidate.checkpoint: chance.checkpoint
        for proposal, chance in zip(proposals[:20], chances, strict=True)
    }
    assert sum(by_name.values()) <= 1 + 1e-9


def test_a_probe_may_be_anything_the_grid_could_hold():
    policy = taught([])
    seen = [p.candidate for _ in range(300) for p in policy.propose([], POOL, 9) if p.probe]
    assert {candidate.checkpoint for candidate in seen} == set(POOL.checkpoints)
    assert {len(candidate.loras) for candidate in seen} == {0, 1, 2}  # two of the four fit
    without = sum(not candidate.loras for candidate in seen) / len(seen)
    assert without == pytest.approx(1 / 4, abs=0.08)


def test_reading_leaves_no_trace():
    one, two = taught([]), taught([])
    one.explain(["beach"], one.propose(["beach"], POOL, 1)[0].candidate, POOL)
    two.propose(["beach"], POOL, 1)
    one.ranking(["moon"], POOL)
    one.lora_ranking(["moon"], POOL, "new")
    one.utilities("lora", ["moon"], POOL.loras)
    one.shareable(1)
    assert one.dump() == two.dump()
    assert one.propose(["beach"], POOL, 20) == two.propose(["beach"], POOL, 20)


def test_effects_can_be_asked_for_by_name_and_by_weight():
    rng = np.random.default_rng(0)
    policy = taught([])
    for _ in range(10):
        shown = tuple(p.candidate for p in policy.propose(["beach"], POOL, 20))
        picked = frozenset(rng.permutation(20)[:5].tolist())
        policy.update(GridOutcome(("beach",), 0, shown, picked))
    everything = policy.effects("lora")
    assert [effect.parts for effect in everything] == sorted(effect.parts for effect in everything)
    asked = policy.effects("lora", [("neon",), ("unseen",)])
    assert [effect.parts for effect in asked] == [("neon",), ("unseen",)]
    assert (asked[1].grids, asked[1].total) == (0, 0)
    (surest,) = policy.effects("lora", limit=1)
    assert abs(surest.mean) - surest.sd == max(abs(e.mean) - e.sd for e in everything)


def damaged(**changes) -> bytes:
    policy = taught([])
    shown = tuple(p.candidate for p in policy.propose(["beach"], POOL, 4))
    scores = ({"clip": 1.0}, {"clip": 2.0}, {}, {})
    policy.update(GridOutcome(("beach",), 0, shown, frozenset({1}), scores))
    return json.dumps({**json.loads(policy.dump()), **changes}).encode()


NUMBERS = [0.0, 1.0, 0.5, 1.0, 1.0, 2.0]


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"clock": "1"},
        {"clock": math.nan},
        {"clock": 10**400},
        {"clusters": ["beach"]},
        {"probes": -1},
        {"others": [{}]},
        {"prior": [["checkpoint"]]},
        {"prior": [[["checkpoint", "a"], 0.0, -1.0]]},
        {"scales": {"clip": [0, 0, 0, 0]}},
        {"scales": []},
        {"features": {}},
        {"features": [["checkpoint", *NUMBERS]]},
        {"features": [[["no such kind", "a"], *NUMBERS]]},
        {"features": [[["strength", "strong"], *NUMBERS]]},
        {"features": [[["checkpoint", "a"], *NUMBERS[:5]]]},
        {"features": [[["checkpoint", "a"], 0.0, -1.0, 0.5, 1.0, 1.0, 2.0]]},
        {"features": [[["checkpoint", "a"], 0.0, 1.0, 1e9, 1.0, 1.0, 2.0]]},
        {"features": [[["checkpoint", "a"], math.inf, 1.0, 0.5, 1.0, 1.0, 2.0]]},
        {"features": [[["checkpoint", "a"], *NUMBERS], [["checkpoint", "a"], *NUMBERS]]},
        {"features": [[["checkpoint", 1], *NUMBERS]]},
    ],
)
def test_a_damaged_dump_is_refused(changes):
    with pytest.raises(InvalidInput):
        load_policy(damaged(**changes), np.random.default_rng(0))


def test_a_negative_number_of_probes_is_refused():
    with pytest.raises(InvalidInput, match="probes"):
        Taste(np.random.default_rng(0), probes=-1)


def test_a_ranking_on_a_checkpoint_outside_the_pool_is_refused():
    with pytest.raises(InvalidInput, match="no checkpoint 'other'"):
        taught([]).lora_ranking(["beach"], POOL, "other")
