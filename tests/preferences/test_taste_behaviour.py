"""What a user notices of the policy "taste": directions and margins, averaged over many grids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from vibes.errors import InvalidInput
from vibes.preferences import Candidate, GridOutcome, LoraUse, Pool, Prior, Proposal, Taste
from vibes.preferences.sentences import HIGH_CONFIDENCE

Likes = Callable[[Candidate], bool]

SEEDS = range(5)
CHECKPOINTS = ("epic", "dream", "toon", "pony")
POOL = Pool(CHECKPOINTS)
LORAS = ("grain", "neon", "mist", "halo", "wool", "rust", "silk", "lace")
STYLED = Pool(("epic", "dream"), LORAS, max_loras=1)


def taste(seed: int = 7, **more: object) -> Taste:
    return Taste(np.random.default_rng(seed), **more)


def on(checkpoint: str) -> Likes:
    return lambda candidate: candidate.checkpoint == checkpoint


def having(lora: str) -> Likes:
    return lambda candidate: lora in {use.name for use in candidate.loras}


def nothing(_: Candidate) -> bool:
    return False


def judged(
    proposals: Sequence[Proposal], likes: Likes, keyword: str = "beach", pool: Pool = POOL
) -> GridOutcome:
    shown = tuple(proposal.candidate for proposal in proposals)
    picked = frozenset(i for i, candidate in enumerate(shown) if likes(candidate))
    return GridOutcome((keyword,), 0, shown, picked, relevance=pool.relevance)


def live(
    policy: Taste, likes: Likes, grids: int, keyword: str = "beach", pool: Pool = POOL
) -> Taste:
    for _ in range(grids):
        policy.update(judged(policy.propose([keyword], pool, 20), likes, keyword, pool))
    return policy


def share(policy: Taste, wanted: Likes, keyword: str = "beach", pool: Pool = POOL) -> float:
    """Of the images of ten more grids, how many are as wanted."""
    shown = [p.candidate for _ in range(10) for p in policy.propose([keyword], pool, 20)]
    return sum(map(wanted, shown)) / len(shown)


def average(measure: Callable[[int], float]) -> float:
    return float(np.mean([measure(seed) for seed in SEEDS]))


def mean(policy: Taste, kind: str, *parts: str) -> float:
    return policy.effects(kind, [parts])[0].mean


def utility(policy: Taste, checkpoint: str, keyword: str = "beach") -> float:
    return policy.utilities("checkpoint", [keyword], [checkpoint])[0][0]


def once(checkpoint: str, picked: bool, weight: float = 1.0, images: int = 1) -> GridOutcome:
    shown = (Candidate(checkpoint, (LoraUse("mist", 0.7),)),) * images
    return GridOutcome(
        ("beach",), 0, shown, frozenset(range(images if picked else 0)), weight=weight
    )


# LoRAs


def fond_of_mist_at_the_beach(seed: int, grids: int = 12) -> Taste:
    policy = taste(seed)
    for _ in range(grids):
        live(policy, having("mist"), 1, "beach", STYLED)
        live(policy, having("rust"), 1, "city", STYLED)
    return policy


def test_a_lora_liked_for_a_word_comes_more_often_for_it_and_not_for_another_word():
    mist = having("mist")
    new = average(lambda seed: share(taste(seed), mist, "beach", STYLED))
    policies = [fond_of_mist_at_the_beach(seed) for seed in SEEDS]
    here = np.mean([share(policy, mist, "beach", STYLED) for policy in policies])
    elsewhere = np.mean([share(policy, mist, "city", STYLED) for policy in policies])
    assert here > new + 0.3
    assert elsewhere < new + 0.05


def test_a_lora_liked_for_one_word_stays_out_of_other_pictures_that_it_does_not_fit():
    pool = replace(STYLED, relevance={"halo": 0.6, "grain": 0.3})
    for seed in SEEDS:
        policy = live(taste(seed), having("mist"), 15, "beach", STYLED)
        assert share(policy, having("mist"), "beach", pool) > 0.3
        assert share(policy, having("mist"), "spaceship", pool) == 0


@pytest.mark.parametrize(("keyword", "shown"), [("beach", True), ("harbour", True), ("oak", False)])
def test_a_lora_that_does_not_fit_needs_evidence_of_the_word_or_its_cluster(keyword, shown):
    clusters = {"beach": "sea", "harbour": "sea", "oak": "woods"}
    pool = replace(STYLED, relevance={"halo": 0.6})
    policy = live(taste(clusters=clusters), having("mist"), 25, "beach", STYLED)
    listed = {verdict.lora for verdict in policy.lora_ranking([keyword], pool, "epic")}
    assert ("mist" in listed) == shown


def test_loras_that_do_not_fit_are_left_out_while_nothing_is_known():
    pool = replace(STYLED, relevance={"halo": 0.6, "grain": 0.3})
    for seed in SEEDS:
        policy = taste(seed, probes=0)
        shown = {use.name for p in policy.propose(["fog"], pool, 100) for use in p.candidate.loras}
        assert shown <= {"halo", "grain"}


@pytest.mark.parametrize("liked", [0.5, 0.8])
def test_the_liked_strength_is_found(liked):
    def likes(candidate: Candidate) -> bool:
        return any(use.strength == liked for use in candidate.loras)

    def at_it(policy: Taste) -> float:
        shown = [p.candidate for _ in range(10) for p in policy.propose(["beach"], STYLED, 20)]
        uses = [use.strength for candidate in shown for use in candidate.loras]
        return uses.count(liked) / len(uses)

    before = average(lambda seed: at_it(taste(seed)))
    after = average(lambda seed: at_it(live(taste(seed), likes, 25, pool=STYLED)))
    assert after > before + 0.2
    assert after > 0.5


# Grids, ratings, time


def test_a_checkpoint_whose_whole_grid_was_rejected_is_shown_less_in_the_very_next_grid():
    def change(seed: int) -> float:
        policy = taste(seed)
        before = share(policy, on("epic"))
        policy.update(once("epic", False, images=20))
        return share(policy, on("epic")) - before

    assert average(change) < -0.1


def test_a_checkpoint_rejected_beside_one_that_was_picked_is_shown_less_too():
    def change(seed: int) -> float:
        policy = taste(seed)
        before = share(policy, on("epic"))
        shown = tuple(Candidate(name) for name in ("epic", "dream") for _ in range(10))
        policy.update(GridOutcome(("beach",), 0, shown, frozenset(range(10, 16))))
        return share(policy, on("epic")) - before

    assert average(change) < -0.1


def test_a_rating_moves_in_its_direction_and_less_than_a_grid():
    moved = {}
    for picked in (True, False):
        for weight, images in ((0.5, 1), (1.0, 20)):
            policy = taste()
            policy.update(once("epic", picked, weight, images))
            moved[picked, images] = utility(policy, "epic")
    assert 0 < moved[True, 1] < moved[True, 20]
    assert 0 > moved[False, 1] > moved[False, 20]


def test_a_stronger_rating_moves_more():
    moved = []
    for weight in (0.25, 0.5, 1.0):
        policy = taste()
        policy.update(once("epic", True, weight))
        moved.append(utility(policy, "epic"))
    assert 0 < moved[0] < moved[1] < moved[2]


def test_grids_of_later_stages_count_less():
    shown = tuple(Candidate(name) for name in CHECKPOINTS for _ in range(3))
    moved = []
    for stage in (0, 1):
        policy = taste()
        policy.update(GridOutcome(("beach",), stage, shown, frozenset({0, 1, 2})))
        moved.append(utility(policy, "epic"))
    assert moved[0] > 1.1 * moved[1] > 0


def test_old_evidence_fades_while_other_things_are_asked_for():
    policy = live(taste(), on("dream"), 10)
    before = policy.effects("keyword_checkpoint", [("beach", "dream")])[0]
    live(policy, nothing, 60, "city", Pool(("pony",)))
    after = policy.effects("keyword_checkpoint", [("beach", "dream")])[0]
    assert 0 < after.mean < before.mean
    assert after.sd > before.sd
    assert (after.grids, after.selected) == (before.grids, before.selected)


def test_a_changed_taste_is_followed_in_the_time_the_old_one_took():
    def turned(seed: int) -> float:
        policy = live(taste(seed), on("dream"), 12)
        live(policy, on("toon"), 24)
        return share(policy, on("toon")) - share(policy, on("dream"))

    assert average(turned) > 0.3


# Metadata and scores


def picking_by_relevance(policy: Taste, best: bool, kind: str) -> None:
    names = tuple(f"model-{i}" for i in range(12))
    rng = np.random.default_rng(1)
    for grid in range(25):
        fits = dict(zip(names, rng.permutation(np.linspace(0.05, 1, 12)).tolist(), strict=True))
        shown = rng.permutation(names).tolist()
        order = sorted(range(12), key=lambda i: fits[shown[i]])
        made = tuple(
            Candidate("epic", (LoraUse(name, 0.6),)) if kind == "lora" else Candidate(name)
            for name in shown
        )
        picked = frozenset(order[-4:] if best else order[:4])
        policy.update(GridOutcome((f"word-{grid}",), 0, made, picked, relevance=fits))


@pytest.mark.parametrize("kind", ["lora", "checkpoint"])
def test_relevance_counts_more_where_what_fits_is_picked_and_less_where_it_is_not(kind):
    before = mean(taste(), "relevance", kind)
    believer, doubter = taste(), taste()
    picking_by_relevance(believer, True, kind)
    picking_by_relevance(doubter, False, kind)
    assert mean(believer, "relevance", kind) > before + 0.1
    assert mean(doubter, "relevance", kind) < before - 0.1


def test_what_relevance_is_worth_shows_in_the_next_grid():
    pool = replace(STYLED, relevance={"halo": 0.9, "grain": 0.2, "neon": 0.2})
    believer, doubter = taste(), taste()
    picking_by_relevance(believer, True, "lora")
    picking_by_relevance(doubter, False, "lora")
    shares = [share(policy, having("halo"), "fog", pool) for policy in (believer, doubter)]
    assert shares[0] > shares[1] + 0.1


def test_a_score_gets_the_weight_its_user_gives_it():
    rng = np.random.default_rng(3)
    policy = taste()
    for _ in range(20):
        scores = rng.normal(5, 2, (20, 3))
        liked = scores[:, 0] - scores[:, 1]
        features = tuple(
            {"clip": float(a), "grain": float(b), "noise": float(c)} for a, b, c in scores
        )
        picked = frozenset(np.argsort(-liked)[:5].tolist())
        policy.update(GridOutcome(("beach",), 0, (Candidate("epic"),) * 20, picked, features))
    weights = {effect.parts[0]: effect.mean for effect in policy.effects("score")}
    assert weights["clip"] > 0.3
    assert weights["grain"] < -0.3
    assert abs(weights["noise"]) < 0.25
    assert all(effect.grids == 20 for effect in policy.effects("score"))


# Others, priors, clusters


def giver(seed: int = 1) -> Taste:
    return live(taste(seed), on("dream"), 12)


@pytest.mark.parametrize("way", ["others", "prior"])
def test_what_another_profile_learned_helps_a_new_one_and_personal_picks_soon_outweigh_it(way):
    source = giver()
    more = {"others": [source]} if way == "others" else {"prior": source.shareable(1)}
    alone = average(lambda seed: share(taste(seed), on("dream")))
    helped = average(lambda seed: share(taste(seed, **more), on("dream")))
    assert helped > alone + 0.2

    def outweighed(seed: int) -> float:
        policy = taste(seed, **more)
        live(policy, on("toon"), 8, pool=replace(POOL, max_checkpoints=4))
        return share(policy, on("toon")) - share(policy, on("dream"))

    assert average(outweighed) > 0.3


def test_a_few_personal_picks_outweigh_even_many_profiles_that_agree():
    others = [giver(seed) for seed in range(6)]
    shown = tuple(Candidate(name) for name in CHECKPOINTS for _ in range(5))
    toons = frozenset(i for i, candidate in enumerate(shown) if on("toon")(candidate))

    def outweighed(seed: int) -> float:
        policy = taste(seed, others=others)
        for _ in range(8):
            policy.update(GridOutcome(("beach",), 0, shown, toons))
        return share(policy, on("toon")) - share(policy, on("dream"))

    assert average(outweighed) > 0.3


def test_neither_others_nor_a_prior_are_ever_changed():
    other, root = giver(), giver(2).shareable(1)
    before, features = other.dump(), dict(root.features)
    policy = live(taste(others=[other], prior=root), on("toon"), 4)
    policy.explain(["beach"], Candidate("toon"), POOL)
    assert other.dump() == before
    assert dict(root.features) == features


def test_what_is_shared_leaves_out_what_is_rare_and_holds_only_features():
    policy = giver()
    live(policy, on("epic"), 2, "a secret wish")
    for min_grids in (1, 3, 12):
        prior = policy.shareable(min_grids)
        assert isinstance(prior, Prior)
        for (kind, *parts), (_, variance) in prior.features.items():
            (effect,) = [e for e in policy.effects(kind) if e.parts == tuple(parts)]
            assert effect.grids >= min_grids
            assert variance > 0
    assert any("a secret wish" in key for key in policy.shareable(1).features)
    assert not any("a secret wish" in key for key in policy.shareable(3).features)
    assert policy.shareable(3).features.keys() >= policy.shareable(12).features.keys()
    assert not policy.shareable(1000).features


def test_a_new_word_profits_from_a_word_of_its_cluster():
    clusters = {"beach": "sea", "harbour": "sea", "oak": "woods"}

    def profit(seed: int) -> float:
        policy = live(taste(seed, clusters=clusters), on("dream"), 4)
        live(policy, on("toon"), 4, "oak")
        return share(policy, on("dream"), "harbour") - share(policy, on("dream"), "oak")

    assert average(profit) > 0.2
    policy = live(taste(clusters=clusters), on("dream"), 4)
    assert utility(policy, "dream", "beach") > utility(policy, "dream", "harbour")
    assert utility(policy, "dream", "harbour") > utility(policy, "dream", "unheard")


# Quick and Explore


def test_quick_takes_the_best_checkpoint_alone_and_no_probe():
    quick = replace(POOL, max_checkpoints=1)
    for seed in SEEDS:
        policy = live(taste(seed, probes=3), on("toon"), seed)
        proposals = policy.propose(["beach"], quick, 20)
        assert not any(proposal.probe for proposal in proposals)
        (checkpoint,) = {proposal.candidate.checkpoint for proposal in proposals}
        best = policy.ranking(["beach"], quick)
        assert next(v.mean for v in best if v.checkpoint == checkpoint) == best[0].mean


@pytest.mark.parametrize("probes", [0, 1, 3])
@pytest.mark.parametrize("limit", [None, 3])
def test_explore_has_its_probes_inside_the_checkpoints_of_the_grid(probes, limit):
    pool = replace(STYLED, checkpoints=CHECKPOINTS, max_checkpoints=limit)
    policy = taste(probes=probes)
    for count in (8, 9, 20, 60):
        proposals = policy.propose(["beach"], pool, count)
        chosen = {p.candidate.checkpoint for p in proposals if not p.probe}
        probed = [p.candidate.checkpoint for p in proposals if p.probe]
        assert len(probed) == probes
        assert set(probed) <= chosen
        policy.update(judged(proposals, on("epic")))


@pytest.mark.parametrize("count", range(1, 8))
def test_a_small_grid_has_no_image_to_spare_for_a_probe(count):
    policy = taste(probes=2)
    assert not any(p.probe for _ in range(10) for p in policy.propose(["beach"], STYLED, count))


def test_probes_show_what_nobody_believes_in():
    policy = live(taste(probes=2), having("mist"), 20, pool=STYLED)
    proposals = [p for _ in range(60) for p in policy.propose(["beach"], STYLED, 20)]
    probed = {use.name for p in proposals if p.probe for use in p.candidate.loras}
    assert probed == set(LORAS)


# Words about it


def test_high_confidence_is_said_only_of_what_is_likely_the_best():
    said = set()
    for seed in SEEDS:
        policy = taste(seed)
        for _ in range(10):
            proposals = policy.propose(["beach"], POOL, 20)
            chances = {v.checkpoint: v.chance_best for v in policy.ranking(["beach"], POOL)}
            for proposal in proposals:
                sure = "high confidence" in proposal.reason.lower()
                likely = chances[proposal.candidate.checkpoint] >= HIGH_CONFIDENCE
                assert sure == (likely and not proposal.probe)
                said.add(sure)
            why = policy.explain(["beach"], proposals[0].candidate, POOL)
            assert why.chance_best == chances[proposals[0].candidate.checkpoint]
            assert ("high confidence" in why.reason.lower()) == (why.chance_best >= HIGH_CONFIDENCE)
            policy.update(judged(proposals, on("dream")))
    assert said == {True, False}


def test_without_a_pool_nothing_is_said_to_be_sure():
    why = live(taste(), on("dream"), 15).explain(["beach"], Candidate("dream"))
    assert why.chance_best is None
    assert "high confidence" not in why.reason.lower()


def test_the_terms_of_an_explanation_name_the_features_and_the_grids_behind_them():
    pool = replace(STYLED, relevance={"mist": 0.8, "epic": 0.5})
    policy = live(taste(), having("mist"), 6, pool=pool)
    made = Candidate("epic", (LoraUse("mist", 0.6),))
    terms = {(term.kind, *term.parts): term for term in policy.explain(["beach"], made, pool).terms}
    for key in (
        ("checkpoint", "epic"),
        ("keyword_checkpoint", "beach", "epic"),
        ("lora", "mist"),
        ("keyword_lora", "beach", "mist"),
        ("checkpoint_lora", "epic", "mist"),
        ("lora_strength", "mist", "0.6"),
    ):
        (effect,) = policy.effects(key[0], [key[1:]])
        assert terms[key].value == pytest.approx(effect.mean)
        assert terms[key].grids == effect.grids > 0
        assert terms[key].interval[0] < terms[key].value < terms[key].interval[1]
        assert key[1] in terms[key].label
    assert terms["relevance", "lora", "mist"].grids > 0
    assert terms["relevance", "checkpoint", "epic"].grids > 0


def test_a_liked_candidate_is_worth_more_than_a_disliked_one():
    policy = live(taste(), on("dream"), 8)
    values = [policy.explain(["beach"], Candidate(name), POOL).value for name in ("dream", "epic")]
    assert values[0] > values[1] + 0.1


@pytest.mark.parametrize("taught", [False, True])
@pytest.mark.parametrize("strengths", [(), (0.6,)])
def test_a_pool_without_loras_is_a_pool_like_any_other(taught, strengths):
    pool = Pool(CHECKPOINTS, (), strengths, relevance={"epic": 0.7, "mist": 0.9})
    policy = live(taste(probes=3), on("epic"), 5, pool=STYLED if taught else pool)
    proposals = policy.propose(["beach"], pool, 20)
    assert not any(proposal.candidate.loras for proposal in proposals)
    assert sum(proposal.probe for proposal in proposals) == 3
    assert all(not p.loras for p in policy.propensities(["beach"], pool, proposals))
    assert policy.lora_ranking(["beach"], pool, "epic") == []
    assert {verdict.checkpoint for verdict in policy.ranking(["beach"], pool)} == set(CHECKPOINTS)
    assert 0 < policy.explain(["beach"], proposals[0].candidate, pool).value < 1
    assert policy.utilities("lora", ["beach"], []) == []
    assert policy.effects("lora", []) == []


# The strength a LoRA starts at


def strengths_of(policy: Taste, lora: str, pool: Pool) -> list[float]:
    proposals = [p for _ in range(10) for p in policy.propose(["beach"], pool, 20)]
    uses = [use for p in proposals if not p.probe for use in p.candidate.loras]
    return [use.strength for use in uses if use.name == lora]


@pytest.mark.parametrize("start", [0.3, 0.5, 0.6, 0.8, 1.0])
def test_a_lora_nobody_knows_is_tried_at_the_strength_it_starts_at(start: float):
    strengths = tuple(sorted({*POOL.strengths, start}))
    relevance = {"mist": 0.8, "rust": 0.8}
    pool = replace(STYLED, strengths=strengths, relevance=relevance, start={"mist": start})
    found = strengths_of(taste(), "mist", pool)
    assert np.mean([strength == start for strength in found]) > 0.9
    assert len(set(strengths_of(taste(), "rust", pool))) > 1


def test_picks_move_a_lora_away_from_the_strength_it_starts_at():
    def faint(candidate: Candidate) -> bool:
        return any(use.name == "mist" and use.strength == 0.5 for use in candidate.loras)

    pool = replace(STYLED, relevance={"mist": 0.8, "rust": 0.8}, start={"mist": 0.6, "rust": 0.6})
    policies = [live(taste(seed), faint, 40, "beach", pool) for seed in SEEDS]
    moved = [strength for policy in policies for strength in strengths_of(policy, "mist", pool)]
    assert np.mean([strength == 0.5 for strength in moved]) > 0.6


def test_where_a_lora_starts_changes_neither_how_often_it_comes_nor_what_is_kept():
    pool = replace(STYLED, relevance={"mist": 0.3, "rust": 0.3})
    told = replace(pool, start={"mist": 0.7})
    plain = average(lambda seed: share(taste(seed), having("mist"), "beach", pool))
    started = average(lambda seed: share(taste(seed), having("mist"), "beach", told))
    assert started == pytest.approx(plain, abs=0.1)
    policy, other = taste(), taste()
    policy.propose(["beach"], told, 20)
    other.propose(["beach"], pool, 20)
    assert policy.dump() == other.dump()


def test_the_same_start_gives_the_same_grid_and_honest_propensities():
    pool = replace(STYLED, relevance={"mist": 0.8}, start={"mist": 0.6})
    proposals = taste(3).propose(["beach"], pool, 20)
    assert proposals == taste(3).propose(["beach"], pool, 20)
    chances = taste(3).propensities(["beach"], pool, proposals)
    assert all(0 < one.checkpoint <= 1 for one in chances)


def test_a_pool_refuses_a_start_that_is_no_number():
    with pytest.raises(InvalidInput, match="strength 'mist' starts at is nan"):
        replace(STYLED, start={"mist": float("nan")})
