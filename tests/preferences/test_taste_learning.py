"""What the policy "taste" learns, as behaviour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from vibes.errors import InvalidInput
from vibes.preferences import (
    Candidate,
    GridOutcome,
    LoraUse,
    Pool,
    Prior,
    Proposal,
    Taste,
    new_policy,
)

CHECKPOINTS = ("epic", "dream", "toon", "pony")
POOL = Pool(CHECKPOINTS)
LORAS = Pool(("epic", "dream"), ("grain", "neon", "mist", "halo", "wool", "rust", "silk"))
SINGLE = replace(LORAS, max_loras=1)


def taste(seed: int = 7, **more: object) -> Taste:
    return Taste(np.random.default_rng(seed), **more)


def judged(
    proposals: Sequence[Proposal],
    likes: Callable[[Candidate], bool],
    keyword: str = "beach",
    **more: object,
) -> GridOutcome:
    shown = tuple(proposal.candidate for proposal in proposals)
    picked = frozenset(i for i, candidate in enumerate(shown) if likes(candidate))
    return GridOutcome((keyword,), more.pop("stage", 0), shown, picked, **more)


def live(
    policy: Taste,
    likes: Callable[[Candidate], bool],
    grids: int,
    keyword: str = "beach",
    pool: Pool = POOL,
) -> None:
    for _ in range(grids):
        proposals = policy.propose([keyword], pool, 20)
        policy.update(judged(proposals, likes, keyword, relevance=pool.relevance))


def with_lora(name: str) -> Callable[[Candidate], bool]:
    return lambda candidate: name in {use.name for use in candidate.loras}


def on(checkpoint: str) -> Callable[[Candidate], bool]:
    return lambda candidate: candidate.checkpoint == checkpoint


def never(_: Candidate) -> bool:
    return False


def shares(policy: Taste, keyword: str = "beach", pool: Pool = POOL) -> dict[str, float]:
    """Of many images that might come next, how many use each checkpoint."""
    shown = Counter(p.candidate.checkpoint for p in policy.propose([keyword], pool, 200))
    return {name: shown[name] / 200 for name in pool.checkpoints}


def lora_share(policy: Taste, lora: str, keyword: str = "beach", pool: Pool = LORAS) -> float:
    proposals = policy.propose([keyword], pool, 200)
    return sum(with_lora(lora)(p.candidate) for p in proposals) / 200


def mean(policy: Taste, kind: str, *parts: str) -> float:
    return policy.effects(kind, [parts])[0].mean


def test_a_checkpoint_that_is_always_picked_comes_more_often():
    policy = taste()
    live(policy, on("dream"), 10)
    assert shares(policy)["dream"] > 0.6


def test_a_lora_liked_for_a_keyword_comes_for_it_more_than_for_others():
    policy = taste()
    for _ in range(12):
        live(policy, with_lora("mist"), 1, "beach", SINGLE)
        live(policy, with_lora("rust"), 1, "city", SINGLE)
    for lora, here, elsewhere in (("mist", "beach", "city"), ("rust", "city", "beach")):
        assert lora_share(policy, lora, here, SINGLE) > 0.8
        assert lora_share(policy, lora, elsewhere, SINGLE) < 0.2


def test_what_is_liked_for_one_keyword_counts_for_unknown_ones_too_but_less():
    policy = taste()
    live(policy, on("dream"), 10)
    known, unknown = policy.ranking(["beach"], POOL)[0], policy.ranking(["moon"], POOL)[0]
    assert known.checkpoint == unknown.checkpoint == "dream"
    assert 0 < unknown.mean < known.mean


def test_a_keyword_shares_evidence_with_its_cluster():
    clusters = {"beach": "sea", "harbour": "sea", "forest": "woods"}
    policy = taste(clusters=clusters)
    live(policy, on("dream"), 6)
    assert policy.ranking(["harbour"], POOL)[0].mean > policy.ranking(["forest"], POOL)[0].mean


def test_the_best_strength_of_a_lora_is_learned():
    policy = taste()
    live(policy, lambda c: any(use.strength == 0.8 for use in c.loras), 25, pool=SINGLE)
    assert mean(policy, "strength", "0.8") > mean(policy, "strength", "0.5") + 0.1
    best = policy.lora_ranking(["beach"], SINGLE, "epic")[0]
    assert best.strength == 0.8


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("limit", [None, 3])
def test_a_checkpoint_rejected_as_a_whole_comes_less_in_the_very_next_grid(seed, limit):
    policy = taste(seed)
    pool = replace(POOL, max_checkpoints=limit)
    before = sum(shares(policy, pool=pool)["epic"] for _ in range(10))
    proposals = policy.propose(["beach"], Pool(("epic",)), 20)
    policy.update(judged(proposals, never))
    after = sum(shares(policy, pool=pool)["epic"] for _ in range(10))
    assert after < before


def test_rejecting_everything_lowers_what_was_shown_and_raises_none_of_these():
    policy = taste()
    usual = policy.usual
    live(policy, never, 3)
    assert policy.usual < usual
    assert all(effect.mean < 0 for effect in policy.effects("checkpoint"))


def test_picking_everything_of_a_grid_speaks_for_it():
    policy = taste()
    policy.update(judged(policy.propose(["beach"], Pool(("epic",)), 20), on("epic")))
    assert mean(policy, "checkpoint", "epic") > 0.1


def test_one_rated_image_teaches_a_little():
    liked, disliked = taste(), taste()
    one = (Candidate("epic", (LoraUse("mist", 0.7),)),)
    liked.update(GridOutcome(("beach",), 0, one, frozenset({0}), weight=0.5))
    disliked.update(GridOutcome(("beach",), 0, one, frozenset(), weight=0.5))
    assert mean(disliked, "checkpoint", "epic") < 0 < mean(liked, "checkpoint", "epic")
    assert mean(disliked, "lora", "mist") < -0.1 < mean(liked, "lora", "mist")


def test_how_many_are_picked_says_little_about_a_checkpoint():
    generous, strict = taste(), taste()
    for policy, picks in ((generous, 4), (strict, 1)):
        shown = tuple(Candidate(name) for name in CHECKPOINTS for _ in range(5))
        picked = frozenset(i for i in range(20) if i % 5 < picks)
        for _ in range(5):
            policy.update(GridOutcome(("beach",), 0, shown, picked))
    for name in CHECKPOINTS:
        assert abs(mean(generous, "checkpoint", name)) < 0.05
        assert abs(mean(strict, "checkpoint", name)) < 0.05
    assert generous.usual > strict.usual


def test_a_later_stage_and_a_lighter_grid_teach_less():
    shown = tuple(Candidate(name) for name in CHECKPOINTS for _ in range(2))
    learned = []
    for more in ({}, {"stage": 1}, {"weight": 0.25}):
        policy = taste()
        grid = GridOutcome(("beach",), more.pop("stage", 0), shown, frozenset({0, 1}), **more)
        policy.update(grid)
        learned.append(mean(policy, "checkpoint", "epic"))
    assert learned[0] > learned[1] > learned[2] > 0


def test_a_changed_mind_is_followed():
    policy = taste()
    live(policy, on("dream"), 15)
    live(policy, on("toon"), 25)
    assert policy.ranking(["beach"], POOL)[0].checkpoint == "toon"


def test_old_evidence_fades_gently():
    policy = taste()
    live(policy, on("dream"), 10)
    before = mean(policy, "keyword_checkpoint", "beach", "dream")
    live(policy, never, 100, "city", Pool(("pony",)))
    after = mean(policy, "keyword_checkpoint", "beach", "dream")
    assert 0.8 * before < after < before


@pytest.mark.parametrize(("means_something", "change"), [(True, 1), (False, -1)])
def test_how_much_metadata_count_is_learned(means_something, change):
    policy = taste()
    names = tuple(f"lora-{i}" for i in range(12))
    before = mean(policy, "relevance", "lora")
    rng = np.random.default_rng(1)
    for grid in range(30):
        fits = dict(zip(names, rng.permutation(np.linspace(0.05, 1, 12)).tolist(), strict=True))
        shown = tuple(
            Candidate("epic", (LoraUse(name, 0.6),)) for name in rng.permutation(names).tolist()
        )
        best = sorted(range(12), key=lambda i: fits[shown[i].loras[0].name])
        picked = best[-4:] if means_something else best[:4]
        policy.update(GridOutcome((f"word-{grid}",), 0, shown, frozenset(picked), relevance=fits))
    assert change * (mean(policy, "relevance", "lora") - before) > 0.2


def test_before_any_evidence_the_best_fitting_loras_are_shown_most():
    pool = replace(LORAS, relevance={"mist": 1.0, "rust": 0.2})
    shown = Counter(
        use.name for p in taste().propose(["fog"], pool, 200) for use in p.candidate.loras
    )
    assert set(shown) == {"mist", "rust"}
    assert shown["mist"] > 150


def test_a_lora_that_does_not_fit_is_shown_where_evidence_speaks_for_it():
    policy = taste()
    live(policy, with_lora("neon"), 8, pool=LORAS)
    pool = replace(LORAS, relevance={"mist": 0.3})
    assert lora_share(policy, "neon", pool=pool) > 0.5
    assert lora_share(policy, "grain", pool=pool) == 0


def test_a_score_the_user_goes_by_gets_a_weight():
    policy = taste()
    rng = np.random.default_rng(3)
    for _ in range(20):
        scores = rng.normal(50, 10, 20)
        grid = GridOutcome(
            ("beach",),
            0,
            (Candidate("epic"),) * 20,
            frozenset(np.argsort(-scores)[:5].tolist()),
            tuple({"clip": float(score), "noise": float(rng.normal())} for score in scores),
        )
        policy.update(grid)
    weights = {effect.parts[0]: effect.mean for effect in policy.effects("score")}
    assert weights["clip"] > 0.5
    assert abs(weights["noise"]) < 0.3


def test_a_new_profile_starts_from_what_others_like_and_is_less_sure_than_they_are():
    other = taste(1)
    live(other, on("dream"), 15)
    newcomer = taste(2, others=[other])
    theirs, own = other.ranking(["beach"], POOL)[0], newcomer.ranking(["beach"], POOL)[0]
    assert own.checkpoint == "dream"
    assert 0 < own.mean < theirs.mean
    assert own.sd > theirs.sd
    assert newcomer.explain(["beach"], Candidate("dream"), POOL).confidence == 0


def test_personal_evidence_soon_outweighs_the_others():
    others = []
    for seed in range(5):
        others.append(taste(seed))
        live(others[-1], on("dream"), 8)
    mine = taste(9, others=others)
    live(mine, on("toon"), 8, pool=replace(POOL, max_checkpoints=3))
    assert mine.ranking(["beach"], POOL)[0].checkpoint == "toon"


def test_others_are_read_live_and_never_changed():
    others: list[Taste] = []
    mine = taste(others=others)
    assert mean(mine, "checkpoint", "dream") == 0
    others.append(taste(1))
    live(others[0], on("dream"), 5)
    before = others[0].dump()
    assert mean(mine, "checkpoint", "dream") > 0
    live(mine, on("toon"), 2)
    assert others[0].dump() == before


def test_a_prior_made_of_one_profile_helps_another_one():
    giver = taste(1)
    live(giver, on("dream"), 10)
    prior = giver.shareable(min_grids=3)
    taker = taste(2, prior=prior)
    assert taker.ranking(["beach"], POOL)[0].checkpoint == "dream"
    live(taker, on("toon"), 8)
    assert taker.ranking(["beach"], POOL)[0].checkpoint == "toon"


def test_a_prior_tells_only_of_what_was_seen_often_and_of_no_scores():
    giver = taste(1)
    live(giver, on("dream"), 3)
    scored = GridOutcome(("moon",), 0, (Candidate("epic"),) * 2, frozenset({0}), ({"x": 1.0},) * 2)
    giver.update(scored)
    shared = giver.shareable(min_grids=3).features
    assert ("keyword_checkpoint", "beach", "dream") in shared
    assert not any("moon" in key or key[0] == "score" for key in shared)


@pytest.mark.parametrize("belief", [(np.nan, 1.0), (0.0, 0.0), (0.0, np.inf)])
def test_a_prior_that_is_none_is_refused(belief):
    with pytest.raises(InvalidInput, match="checkpoint/epic"):
        Prior({("checkpoint", "epic"): belief})


def test_only_an_imported_prior_is_one_for_taste():
    with pytest.raises(InvalidInput, match="'random' policy cannot be the prior of 'taste'"):
        new_policy(
            "taste",
            np.random.default_rng(0),
            prior=new_policy("random", np.random.default_rng(0)),
        )
