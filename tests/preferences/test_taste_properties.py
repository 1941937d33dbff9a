"""What holds of the policy "taste" whatever it is taught and asked."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.preferences.samples import candidates, keywords, lora_names, names, strengths
from vibes.errors import InvalidInput
from vibes.preferences import (
    Candidate,
    GridOutcome,
    LoraUse,
    Pool,
    Prior,
    Proposal,
    Taste,
    load_policy,
)

few = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
handful = settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow])

CLUSTERS = {"beach": "sea", "sunset": "sky", "海": "sea"}
KINDS = (
    "checkpoint",
    "keyword_checkpoint",
    "cluster_checkpoint",
    "lora",
    "keyword_lora",
    "cluster_lora",
    "checkpoint_lora",
    "lora_strength",
    "strength",
    "relevance",
    "score",
    "outside",
)

shares = st.floats(0, 1)
relevances = st.dictionaries(names | lora_names, shares, max_size=4)
scores = st.dictionaries(
    st.sampled_from(["clip", "ü"]), st.floats(allow_nan=False, allow_infinity=False), max_size=2
)


@st.composite
def outcomes(draw: st.DrawFn, made: st.SearchStrategy[Candidate] = candidates) -> GridOutcome:
    """Grids with everything that can be said about them."""
    shown = draw(st.lists(made, min_size=1, max_size=8))
    picked = draw(st.sets(st.integers(0, len(shown) - 1)))
    scored = draw(st.booleans())
    return GridOutcome(
        draw(keywords),
        draw(st.integers(0, 3)),
        tuple(shown),
        frozenset(picked),
        tuple(draw(scores) for _ in shown) if scored else (),
        draw(relevances),
        draw(st.floats(0, 1, exclude_min=True)),
    )


grids = st.lists(outcomes(), max_size=4)


@st.composite
def pools(draw: st.DrawFn) -> Pool:
    return Pool(
        tuple(draw(st.lists(names, min_size=1, unique=True))),
        tuple(draw(st.lists(lora_names, unique=True))),
        tuple(draw(st.lists(strengths, min_size=1, max_size=4))),
        draw(st.integers(0, 4)),
        draw(st.none() | st.integers(1, 5)),
        draw(relevances),
    )


def taught(outcomes: Sequence[GridOutcome], seed: int = 3, **more: object) -> Taste:
    policy = Taste(np.random.default_rng(seed), clusters=CLUSTERS, **more)
    for outcome in outcomes:
        policy.update(outcome)
    return policy


def numbers(policy: Taste, asked: Sequence[str], pool: Pool, count: int) -> Iterator[float]:
    """Everything a policy says as a number."""
    yield policy.usual
    for kind in KINDS:
        for effect in policy.effects(kind):
            yield from (effect.mean, effect.sd)
    for verdict in policy.ranking(asked, pool):
        yield from (verdict.mean, verdict.sd, verdict.chance_best)
    for about in policy.lora_ranking(asked, pool, pool.checkpoints[0]):
        yield from (about.mean, about.sd, about.chance_helps, about.confidence, about.strength)
    for proposal in policy.propose(asked, pool, count):
        why = policy.explain(asked, proposal.candidate, pool)
        yield from (why.value, why.confidence, why.selection_rate, *why.interval)
        for term in why.terms:
            yield from (term.value, *term.interval)
    for mean, variance in policy.shareable(0).features.values():
        yield from (mean, variance)


# Order


@few
@given(grids, st.randoms(use_true_random=False))
def test_no_order_of_images_loras_or_keywords_makes_a_difference_to_the_last_bit(grids, chance):
    def shuffled(grid: GridOutcome) -> GridOutcome:
        order = list(range(len(grid.candidates)))
        chance.shuffle(order)
        return replace(
            grid,
            keywords=tuple(chance.sample(grid.keywords, len(grid.keywords))),
            candidates=tuple(
                replace(made, loras=tuple(chance.sample(made.loras, len(made.loras))))
                for made in (grid.candidates[i] for i in order)
            ),
            picked=frozenset(new for new, old in enumerate(order) if old in grid.picked),
            features=tuple(grid.features[i] for i in order) if grid.features else (),
            relevance=dict(reversed(list(grid.relevance.items()))),
        )

    one, two = taught(grids), taught([shuffled(grid) for grid in grids])
    assert one.dump() == two.dump()
    pool = Pool(("epic.safetensors", "ü:1"), ("film grain", "anime:2"))
    assert one.propose(["beach"], pool, 9) == two.propose(["beach"], pool, 9)


@few
@given(st.randoms(use_true_random=False))
def test_a_zero_is_a_zero_whatever_its_sign(chance):
    shown = [
        (Candidate("epic", (LoraUse("mist", strength),)), {"clip": score})
        for strength in (0.0, -0.0, 0.7)
        for score in (0.0, -0.0, 1.0)
    ]

    def grid(order: Sequence[tuple[Candidate, dict[str, float]]]) -> GridOutcome:
        made, scored = zip(*order, strict=True)
        return GridOutcome(("beach",), 0, made, frozenset(), scored)

    one, two = taught([grid(shown)]), taught([grid(chance.sample(shown, len(shown)))])
    assert one.dump() == two.dump()


# Saving


@few
@given(grids, grids, grids, keywords, pools())
def test_a_dump_with_others_and_a_prior_is_exact_and_both_go_on_alike(
    own, theirs, later, asked, pool
):
    root = taught([*theirs, *own]).shareable(1)
    policy = taught(own, others=[taught(theirs), taught([])], prior=root, probes=2)
    again = load_policy(policy.dump(), np.random.default_rng(3))
    assert again.dump() == policy.dump()
    assert again.ranking(asked, pool) == policy.ranking(asked, pool)
    assert {k: again.effects(k) for k in KINDS} == {k: policy.effects(k) for k in KINDS}
    for outcome in later:
        policy.update(outcome)
        again.update(outcome)
    assert again.dump() == policy.dump()
    for count in (3, 12):
        assert again.propose(asked, pool, count) == policy.propose(asked, pool, count)


def lesson() -> GridOutcome:
    made = (Candidate("epic", (LoraUse("mist", 0.7),)), Candidate("dream"))
    return GridOutcome(
        ("beach",), 0, made, frozenset({0}), ({"clip": 1.0}, {"clip": 2.0}), {"mist": 0.5}
    )


def damaged(change: Callable[[dict[str, Any]], object]) -> bytes:
    state = json.loads(taught([lesson()]).dump())
    change(state)
    return json.dumps(state).encode()


@pytest.mark.parametrize("key", json.loads(Taste(np.random.default_rng(0)).dump()))
def test_a_dump_without_one_of_its_parts_is_refused(key):
    with pytest.raises(InvalidInput):
        load_policy(damaged(lambda state: state.pop(key)), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", 0),
        ("version", "1"),
        ("probes", -1),
        ("probes", "many"),
        ("probes", math.inf),
        ("probes", math.nan),
        ("probes", None),
        ("clock", math.nan),
        ("clock", "1"),
        ("clock", 10**400),
        ("clusters", "x"),
        ("clusters", [1]),
        ("clusters", None),
        ("prior", 1),
        ("prior", [[["lora", "x"], 0.0]]),
        ("prior", [[["lora", "x"], 0.0, 0.0]]),
        ("prior", [[["lora", "x"], math.nan, 1.0]]),
        ("prior", [[["nonsense", "x"], 0.0, 1.0]]),
        ("others", [{}]),
        ("others", [7]),
        ("others", None),
        ("features", None),
        ("features", [[]]),
        ("scales", {"clip": [0, 0, 0, 0]}),
        ("scales", {"clip": [0, 1, 0]}),
        ("scales", {"clip": [0, 1, math.inf, 0]}),
        ("scales", []),
    ],
)
def test_a_dump_with_a_damaged_part_is_refused(key, value):
    with pytest.raises(InvalidInput):
        load_policy(damaged(lambda state: state.update({key: value})), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("name", "row"),
    [
        (["lora", "new"], []),
        (["lora", "new"], [0, 0, 0, 0, 0]),
        (["lora", "new"], [0, 0, 0, 0, 0, 0, 0]),
        (["lora", "new"], [math.inf, 0, 0, 0, 0, 0]),
        (["lora", "new"], [0, -1, 0, 0, 0, 0]),
        (["lora", "new"], [0, 0, 1e9, 0, 0, 0]),  # seen in the future
        (["lora", "new"], [True, 0, 0, 0, 0, 0]),
        (["lora", "mist"], [0, 0, 0, 0, 0, 0]),  # for the second time
        (["lora", 3], [0, 0, 0, 0, 0, 0]),
        (["nonsense", "new"], [0, 0, 0, 0, 0, 0]),
        ([], [0, 0, 0, 0, 0, 0]),
        ("lora", [0, 0, 0, 0, 0, 0]),
        (["strength", "strong"], [0, 0, 0, 0, 0, 0]),
        (["strength", "nan"], [0, 0, 0, 0, 0, 0]),
        (["strength"], [0, 0, 0, 0, 0, 0]),
        (["keyword_checkpoint", "beach"], [0, 0, 0, 0, 0, 0]),
        (["checkpoint"], [0, 0, 0, 0, 0, 0]),
    ],
)
def test_a_dump_with_a_damaged_feature_is_refused(name, row):
    with pytest.raises(InvalidInput):
        load_policy(
            damaged(lambda state: state["features"].append([name, *row])), np.random.default_rng(0)
        )


@few
@given(st.data())
def test_whatever_is_cut_or_changed_in_a_dump_is_refused_or_read(data):
    dump = taught([lesson()]).dump()
    at = data.draw(st.integers(0, len(dump) - 1))
    cut = data.draw(st.integers(0, 3))
    other = dump[:at] + data.draw(st.binary(max_size=3)) + dump[at + cut :]
    try:
        policy = load_policy(other, np.random.default_rng(0))
    except InvalidInput:
        return
    assert load_policy(policy.dump(), np.random.default_rng(0)).dump() == policy.dump()


# Numbers


wild_strengths = st.floats(allow_nan=False, allow_infinity=False) | strengths
wild = st.builds(
    Candidate,
    names,
    st.lists(
        st.builds(LoraUse, lora_names, wild_strengths), unique_by=lambda use: use.name, max_size=3
    ).map(tuple),
)


@few
@given(
    st.lists(outcomes(wild), max_size=5),
    keywords,
    pools(),
    st.lists(wild_strengths, min_size=1, max_size=3).map(tuple),
    st.integers(0, 12),
)
def test_every_number_is_one_however_extreme_what_was_taught(grids, asked, pool, strengths, count):
    policy = taught(grids)
    for number in numbers(policy, asked, replace(pool, strengths=strengths), count):
        assert math.isfinite(number)


@pytest.mark.parametrize("value", [0.0, 5e-324, 1e-300, 1.0])
@pytest.mark.parametrize("picked", [frozenset(), frozenset({0}), frozenset(range(20))])
def test_every_number_is_one_with_two_hundred_keywords_and_relevance_at_its_ends(value, picked):
    asked = tuple(f"word {i}" for i in range(200))
    fits = dict.fromkeys(("epic", "mist", "rust"), value)
    pool = Pool(("epic", "dream"), ("mist", "rust", "halo"), relevance=fits)
    policy = Taste(np.random.default_rng(1), clusters={word: word[-1] for word in asked})
    for _ in range(4):
        shown = tuple(proposal.candidate for proposal in policy.propose(asked, pool, 20))
        features = tuple({"clip": (-1) ** i * 1e308} for i in range(20))
        policy.update(GridOutcome(asked, 0, shown, picked, features, fits))
    for words in (asked, ()):
        assert all(map(math.isfinite, numbers(policy, words, pool, 12)))


def test_the_same_lesson_a_thousand_times_stays_a_number():
    shown = tuple(Candidate(name, (LoraUse("mist", 0.7),)) for name in ("epic", "dream"))
    policy = taught([GridOutcome((), 0, shown, frozenset({0}))] * 1000)
    assert all(map(math.isfinite, numbers(policy, (), Pool(("epic", "dream"), ("mist",)), 12)))
    assert policy.ranking((), Pool(("dream", "epic")))[0].checkpoint == "epic"


@few
@given(grids, st.dictionaries(names, st.tuples(st.floats(-1e300, 1e300), st.floats(1e-300, 1e300))))
def test_an_imported_prior_may_claim_anything(grids, claims):
    prior = Prior({("checkpoint", name): claim for name, claim in claims.items()})
    pool = Pool(("epic.safetensors", "ü:1"), ("film grain",))
    policy = taught(grids, prior=prior)
    assert all(map(math.isfinite, numbers(policy, ("beach",), pool, 9)))


@few
@given(grids, keywords, pools())
def test_chances_are_chances_and_those_of_a_ranking_sum_to_one(grids, asked, pool):
    policy = taught(grids)
    ranking = policy.ranking(asked, pool)
    assert {verdict.checkpoint for verdict in ranking} == set(pool.checkpoints)
    assert math.isclose(sum(verdict.chance_best for verdict in ranking), 1.0, abs_tol=1e-9)
    assert [v.mean for v in ranking] == sorted((v.mean for v in ranking), reverse=True)
    for verdict in policy.lora_ranking(asked, pool, pool.checkpoints[-1]):
        assert 0 <= verdict.chance_helps <= 1
        assert 0 <= verdict.confidence <= 1
        assert verdict.lora in pool.loras
        assert verdict.strength in pool.strengths


# Grids


@few
@given(grids, keywords, pools(), st.integers(0, 200), st.integers(0, 12))
def test_a_grid_keeps_every_limit_of_its_pool(grids, asked, pool, count, probes):
    proposals = taught(grids, probes=probes).propose(asked, pool, count)
    assert len(proposals) == count
    spread = Counter(proposal.candidate.checkpoint for proposal in proposals)
    assert len(spread) <= (pool.max_checkpoints or len(pool.checkpoints))
    assert set(spread) <= set(pool.checkpoints)
    assert all(images >= min(2, count) for images in spread.values())
    assert sum(proposal.probe for proposal in proposals) <= probes
    for proposal in proposals:
        used = [use.name for use in proposal.candidate.loras]
        assert len(used) <= pool.max_loras
        assert len(set(used)) == len(used)
        assert set(used) <= set(pool.loras)
        assert all(use.strength in pool.strengths for use in proposal.candidate.loras)
        assert proposal.reason.endswith(".")


@pytest.mark.parametrize("count", range(0, 201, 3))
def test_any_count_is_given_exactly(count):
    policy = Taste(np.random.default_rng(count), probes=count % 12)
    pool = Pool(tuple(f"model-{i}" for i in range(30)), tuple(f"lora-{i}" for i in range(40)))
    spread = Counter(p.candidate.checkpoint for p in policy.propose(["beach"], pool, count))
    assert spread.total() == count
    assert min(spread.values(), default=2) >= min(2, max(count, 1))


@handful
@given(grids, keywords, pools(), st.integers(1, 20))
def test_a_propensity_is_a_probability_above_zero(grids, asked, pool, count):
    policy = taught(grids)
    proposals = policy.propose(asked, pool, count)
    found = policy.propensities(asked, pool, proposals)
    assert len(found) == count
    for proposal, chance in zip(proposals, found, strict=True):
        assert 0 < chance.checkpoint <= 1
        assert set(chance.loras) == {use.name for use in proposal.candidate.loras}
        assert all(0 < propensity <= 1 for propensity in chance.loras.values())


@handful
@given(grids, keywords, pools())
def test_the_propensities_of_all_checkpoints_sum_to_one(grids, asked, pool):
    policy = taught(grids)
    each = [Proposal(Candidate(name), "Asked.") for name in pool.checkpoints] * 4
    chances = policy.propensities(asked, pool, each)[: len(pool.checkpoints)]
    # one that never came counts as once in hundreds of grids
    assert sum(chance.checkpoint for chance in chances) == pytest.approx(1, abs=0.005)


# Reading


@handful
@given(grids, grids, keywords, pools(), candidates)
def test_reading_changes_neither_what_is_known_nor_what_chance_brings(
    own, theirs, asked, pool, made
):
    def policy() -> Taste:
        return taught(own, others=[taught(theirs)])

    read, silent = policy(), policy()
    proposals = read.propose(asked, pool, 9)
    assert silent.propose(asked, pool, 9) == proposals
    before = read.dump()
    read.propensities(asked, pool, proposals)
    read.explain(asked, made, pool)
    read.explain(asked, made)
    read.ranking(asked, pool)
    read.lora_ranking(asked, pool, pool.checkpoints[0])
    read.utilities("lora", asked, pool.loras)
    for kind in KINDS:
        read.effects(kind)
        read.effects(kind, limit=2)
    read.shareable(1)
    assert read.usual == silent.usual
    assert read.dump() == before == silent.dump()
    assert read.propose(asked, pool, 12) == silent.propose(asked, pool, 12)
