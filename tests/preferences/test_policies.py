"""What every policy keeps, whatever it learns."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.preferences.samples import candidates, keywords, outcomes, teach
from vibes.errors import InvalidInput
from vibes.preferences import (
    POLICIES,
    Candidate,
    GridOutcome,
    LoraUse,
    Pool,
    load_policy,
    new_policy,
)

POOL = Pool(
    ("epic.safetensors", "dreamshaper_8.safetensors", "sd15/toon", "new"),
    ("beach_sunset", "film grain"),
    relevance={"beach_sunset": 0.9},
)


@pytest.fixture(params=POLICIES, scope="module")
def name(request):
    return request.param


def taught(name, grids, seed=3, prior=None):
    policy = new_policy(name, np.random.default_rng(seed), prior=prior)
    for grid in grids:
        policy.update(grid)
    return policy


@pytest.mark.parametrize("name", POLICIES)
@given(grids=st.lists(outcomes(), max_size=5), asked=keywords)
def test_a_dumped_policy_comes_back_exactly(name, grids, asked):
    policy = taught(name, grids)
    again = load_policy(policy.dump(), np.random.default_rng(9))
    assert again.dump() == policy.dump()
    same = taught(name, grids, seed=9)
    assert again.propose(asked, POOL, 7) == same.propose(asked, POOL, 7)


def test_a_dump_holds_the_prior_too():
    everyone = new_policy("selection_rate", np.random.default_rng(1))
    teach(everyone, "beach", {"new": (20, 20)})
    mine = new_policy("selection_rate", np.random.default_rng(2), prior=everyone)
    again = load_policy(mine.dump(), np.random.default_rng(3))
    assert again.dump() == mine.dump()
    assert again.explain(["beach"], Candidate("new")) == mine.explain(["beach"], Candidate("new"))


@given(st.lists(outcomes(), max_size=4), st.randoms(use_true_random=False))
def test_neither_the_order_of_images_nor_of_grids_matters(grids, chance):
    def shuffled(grid):
        order = list(range(len(grid.candidates)))
        chance.shuffle(order)
        return GridOutcome(
            grid.keywords,
            grid.stage,
            tuple(grid.candidates[i] for i in order),
            frozenset(new for new, old in enumerate(order) if old in grid.picked),
        )

    other = [shuffled(grid) for grid in grids]
    chance.shuffle(other)
    one, two = taught("selection_rate", grids), taught("selection_rate", other)
    assert one.dump() == two.dump()
    assert one.propose(["beach"], POOL, 9) == two.propose(["beach"], POOL, 9)


@pytest.mark.parametrize("name", POLICIES)
@given(grids=st.lists(outcomes(), max_size=4), asked=keywords, made=candidates)
def test_beliefs_are_finite_and_rates_stay_rates(name, grids, asked, made):
    why = taught(name, grids).explain(asked, made, POOL)
    assert math.isfinite(why.value)
    for rate in (why.value, why.confidence, why.selection_rate, *why.interval):
        assert 0 <= rate <= 1
    assert why.reason.endswith(".")
    sure = why.reason.startswith("High confidence: ") or "; high confidence." in why.reason
    assert sure or why.reason.startswith("Exploring: ")


@given(st.lists(outcomes(), max_size=4), keywords, st.integers(1, 30), st.integers(1, 5))
def test_proposals_stay_inside_the_pool(grids, asked, count, spread):
    pool = Pool(POOL.checkpoints, POOL.loras, (0.5, 0.8), max_loras=1, max_checkpoints=spread)
    for name in POLICIES:
        proposals = taught(name, grids).propose(asked, pool, count)
        assert len(proposals) == count
        assert len({p.candidate.checkpoint for p in proposals}) <= spread
        for proposal in proposals:
            assert proposal.candidate.checkpoint in pool.checkpoints
            assert len(proposal.candidate.loras) <= 1
            for use in proposal.candidate.loras:
                assert use.name in pool.loras
                assert use.strength in pool.strengths


def test_the_same_seed_gives_the_same_grid(name):
    one, two = taught(name, [], seed=5), taught(name, [], seed=5)
    assert one.propose(["beach"], POOL, 20) == two.propose(["beach"], POOL, 20)


def test_asking_for_propensities_changes_no_later_proposal(name):
    one, two = taught(name, [], seed=5), taught(name, [], seed=5)
    proposals = one.propose(["beach"], POOL, 20)
    two.propose(["beach"], POOL, 20)
    one.propensities(["beach"], POOL, proposals)
    assert one.propose(["beach"], POOL, 20) == two.propose(["beach"], POOL, 20)


def test_propensities_match_how_often_parts_are_really_proposed(name):
    policy = taught(name, [])
    grids = [policy.propose(["beach"], POOL, 10) for _ in range(300)]
    images = [proposal for grid in grids for proposal in grid]
    for proposal, chance in zip(
        grids[0], policy.propensities(["beach"], POOL, grids[0]), strict=True
    ):
        made = proposal.candidate
        same = [p for p in images if p.candidate.checkpoint == made.checkpoint]
        assert chance.checkpoint == pytest.approx(len(same) / len(images), abs=0.05)
        assert set(chance.loras) == {use.name for use in made.loras}
        for lora, propensity in chance.loras.items():
            having = [p for p in images if lora in {use.name for use in p.candidate.loras}]
            assert propensity == pytest.approx(len(having) / len(images), abs=0.05)


def test_what_was_proposed_never_has_a_propensity_of_zero(name):
    policy = taught(name, [])
    teach(policy, "beach", {"epic.safetensors": (500, 500), "new": (0, 500)})
    proposals = [*policy.propose(["beach"], POOL, 3)]
    for chance in policy.propensities(["beach"], POOL, proposals):
        assert 0 < chance.checkpoint <= 1
        assert all(0 < propensity <= 1 for propensity in chance.loras.values())


def test_an_unknown_policy_is_refused_with_the_names_that_exist():
    with pytest.raises(InvalidInput, match=r"'best'; choose one of taste, selection_rate, random"):
        new_policy("best", np.random.default_rng(0))


def test_a_prior_of_another_policy_is_refused():
    with pytest.raises(InvalidInput, match="'random' policy cannot be the prior"):
        new_policy(
            "selection_rate",
            np.random.default_rng(0),
            prior=new_policy("random", np.random.default_rng(0)),
        )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x04pickle",
        b"[]",
        b"{}",
        b'{"policy":"selection_rate","version":2}',
        b'{"policy":"selection_rate","version":1,"prior":null,"tally":"x"}',
        b'{"policy":"selection_rate","version":1,"prior":null,"tally":{"overall":[5,1,1]}}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_dump_is_refused(data):
    with pytest.raises(InvalidInput):
        load_policy(data, np.random.default_rng(0))


GRAIN = LoraUse("grain", 0.7)


@pytest.mark.parametrize(
    ("shown", "picked", "features", "message"),
    [
        ((), set(), (), "without images"),
        ((Candidate("a"),), {1}, (), "Image 1 was picked"),
        ((Candidate("a"),), {-1}, (), "Image -1 was picked"),
        ((Candidate(""),), set(), (), "names no checkpoint"),
        ((Candidate("a", (GRAIN, GRAIN)),), set(), (), "the same LoRA twice"),
        ((Candidate("a", (LoraUse("", 1.0),)),), set(), (), "LoRA without a name"),
        ((Candidate("a", (LoraUse("x", math.nan),)),), set(), (), "not a finite number"),
        ((Candidate("a"),), set(), ({}, {}), "1 images but 2 sets"),
        ((Candidate("a"),), set(), ({"clip": math.inf},), "the score clip = inf"),
    ],
)
def test_an_impossible_outcome_is_refused(shown, picked, features, message):
    with pytest.raises(InvalidInput, match=message):
        GridOutcome(("beach",), 0, shown, frozenset(picked), features)


@pytest.mark.parametrize(
    "wrong",
    [
        {"checkpoints": ()},
        {"checkpoints": ("a", "a")},
        {"loras": ("x", "x")},
        {"loras": ("x",), "strengths": ()},
        {"strengths": (math.nan,)},
        {"max_loras": -1},
        {"max_checkpoints": 0},
        {"relevance": {"a": 1.5}},
        {"relevance": {"a": math.nan}},
    ],
)
def test_a_pool_nothing_can_be_chosen_from_is_refused(wrong):
    with pytest.raises(InvalidInput):
        Pool(**{"checkpoints": ("a",), **wrong})
