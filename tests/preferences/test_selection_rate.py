from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from tests.preferences.samples import judged, teach
from vibes.preferences import (
    Candidate,
    GridOutcome,
    LoraUse,
    Pool,
    new_policy,
    recommend_checkpoint,
)

EPIC, DREAM, TOON = "epicrealism.safetensors", "dreamshaper_8.safetensors", "toonyou.ckpt"
POOL = Pool((EPIC, DREAM, TOON))
QUICK = replace(POOL, max_checkpoints=1)
WIDE = Pool(tuple(f"model_{i}" for i in range(8)), max_checkpoints=3)
LORAS = Pool((EPIC, DREAM), ("sunset", "grain", "neon"), relevance={"sunset": 1.0, "grain": 0.4})


@pytest.fixture
def policy():
    return new_policy("selection_rate", np.random.default_rng(7))


def checkpoints(proposals):
    return Counter(proposal.candidate.checkpoint for proposal in proposals)


def lora_sets(proposals):
    return Counter(
        frozenset(use.name for use in proposal.candidate.loras) for proposal in proposals
    )


def test_explore_spreads_a_grid_over_at_most_the_checkpoints_allowed(policy):
    assert len(checkpoints(policy.propose(["beach"], WIDE, 20))) == 3
    assert len(checkpoints(policy.propose(["beach"], replace(WIDE, max_checkpoints=2), 20))) == 2


@pytest.mark.parametrize("count", [1, 2, 3, 8, 20, 200])
def test_a_grid_has_as_many_proposals_as_asked_for(policy, count):
    assert len(policy.propose(["beach"], LORAS, count)) == count


def test_a_grid_of_nothing_is_empty(policy):
    assert policy.propose(["beach"], POOL, 0) == []


def test_every_checkpoint_in_a_grid_gets_at_least_two_images(policy):
    teach(policy, "beach", {EPIC: (60, 60), DREAM: (0, 60), TOON: (0, 60)})
    assert min(checkpoints(policy.propose(["beach"], POOL, 20)).values()) >= 2


def test_unseen_checkpoints_get_their_turn(policy):
    shown = set()
    for _ in range(6):
        proposals = policy.propose(["beach"], WIDE, 20)
        shown |= set(checkpoints(proposals))
        policy.update(judged(proposals, "beach", ["model_0"]))
    assert shown == set(WIDE.checkpoints)


def test_quick_shows_one_checkpoint_the_one_always_picked(policy):
    for _ in range(5):
        policy.update(judged(policy.propose(["beach"], POOL, 20), "beach", [DREAM]))
    assert checkpoints(policy.propose(["beach"], QUICK, 20)) == {DREAM: 20}


def test_explore_favours_what_is_always_picked_but_goes_on_showing_others(policy):
    for _ in range(5):
        policy.update(judged(policy.propose(["beach"], POOL, 20), "beach", [DREAM]))
    shown = checkpoints(policy.propose(["beach"], POOL, 20))
    assert shown[DREAM] > 10
    assert len(shown) > 1


def test_taste_differs_from_keyword_to_keyword(policy):
    for _ in range(5):
        policy.update(judged(policy.propose(["beach"], POOL, 20), "beach", [DREAM]))
        policy.update(judged(policy.propose(["city"], POOL, 20), "city", [TOON]))
    assert checkpoints(policy.propose(["beach"], QUICK, 4)) == {DREAM: 4}
    assert checkpoints(policy.propose(["city"], QUICK, 4)) == {TOON: 4}


def test_a_checkpoint_whose_images_were_all_rejected_is_shown_less(policy):
    before = policy.propose(["beach"], POOL, 20)
    policy.update(judged(before, "beach", [EPIC, TOON]))
    after = policy.propose(["beach"], POOL, 20)
    assert checkpoints(after)[DREAM] < checkpoints(before)[DREAM]


@pytest.mark.parametrize("seed", range(10))
def test_rejecting_a_whole_grid_turns_the_next_one_to_other_checkpoints(seed):
    policy = new_policy("selection_rate", np.random.default_rng(seed))
    pool = Pool(("a", "b", "c", "d"), max_checkpoints=2)
    rejected = policy.propose(["beach"], pool, 20)
    policy.update(judged(rejected, "beach", []))
    fresh = checkpoints(policy.propose(["beach"], pool, 20)) - checkpoints(rejected)
    assert sum(fresh.values()) >= 10


def test_among_equals_the_one_tried_less_gets_more_images(policy):
    teach(policy, "beach", {EPIC: (20, 40), DREAM: (2, 4)})
    shown = checkpoints(policy.propose(["beach"], Pool((EPIC, DREAM)), 20))
    assert shown[DREAM] > 6  # its rate alone is believed lower, as the usual rate is


def test_before_any_evidence_relevance_decides(policy):
    pool = replace(QUICK, relevance={TOON: 0.9, EPIC: 0.2})
    assert checkpoints(policy.propose(["cartoon"], pool, 5)) == {TOON: 5}


def test_evidence_outweighs_relevance(policy):
    teach(policy, "cartoon", {EPIC: (18, 20), TOON: (1, 20)})
    pool = replace(QUICK, relevance={TOON: 1.0})
    assert checkpoints(policy.propose(["cartoon"], pool, 5)) == {EPIC: 5}


def test_images_of_a_checkpoint_are_scattered_over_the_grid(policy):
    first_places = {policy.propose(["beach"], POOL, 20)[0].candidate.checkpoint for _ in range(30)}
    assert first_places == set(POOL.checkpoints)


def test_every_grid_lets_loras_be_compared_alone_together_and_without(policy):
    for _ in range(20):
        sets = lora_sets(policy.propose(["beach"], LORAS, 20))
        assert {frozenset(), frozenset({"sunset"}), frozenset({"grain"})} <= set(sets)
        assert any({"sunset", "grain"} <= loras for loras in sets)


def test_a_single_image_gets_the_loras_that_fit(policy):
    [only] = policy.propose(["beach"], LORAS, 1)
    assert {use.name for use in only.candidate.loras} == {"sunset", "grain"}


def test_loras_that_do_not_fit_are_left_out_until_they_prove_themselves(policy):
    assert "neon" not in {n for s in lora_sets(policy.propose(["beach"], LORAS, 20)) for n in s}
    liked = tuple([Candidate(EPIC, (LoraUse("neon", 0.7),))] * 10 + [Candidate(EPIC)] * 10)
    policy.update(GridOutcome(("beach",), 0, liked, frozenset(range(10))))
    assert "neon" in {n for s in lora_sets(policy.propose(["beach"], LORAS, 20)) for n in s}


def test_a_lora_loved_for_one_subject_is_not_put_into_another(policy):
    liked = tuple([Candidate(EPIC, (LoraUse("neon", 0.7),))] * 10 + [Candidate(EPIC)] * 10)
    policy.update(GridOutcome(("city",), 0, liked, frozenset(range(10))))
    assert "neon" not in {n for s in lora_sets(policy.propose(["cat"], LORAS, 40)) for n in s}


def test_a_lora_that_is_never_picked_is_used_less(policy):
    pool = Pool((EPIC,), ("sunset",), relevance={"sunset": 1.0})
    before = lora_sets(policy.propose(["beach"], pool, 40))
    shown = tuple([Candidate(EPIC, (LoraUse("sunset", 0.7),))] * 20 + [Candidate(EPIC)] * 20)
    policy.update(GridOutcome(("beach",), 0, shown, frozenset(range(20, 40))))
    after = lora_sets(policy.propose(["beach"], pool, 40))
    assert after[frozenset({"sunset"})] < before[frozenset({"sunset"})] / 2


def test_no_image_gets_more_loras_than_the_pool_allows(policy):
    pool = Pool((EPIC,), tuple(f"lora_{i}" for i in range(9)), max_loras=2)
    assert max(map(len, lora_sets(policy.propose(["beach"], pool, 50)))) == 2
    assert set(lora_sets(policy.propose(["beach"], replace(pool, max_loras=0), 9))) == {frozenset()}


def test_strengths_come_from_the_pool_vary_and_follow_relevance(policy):
    used = {"sunset": [], "grain": []}
    for proposal in policy.propose(["beach"], LORAS, 60):
        for use in proposal.candidate.loras:
            used[use.name].append(use.strength)
    assert set(used["sunset"]) | set(used["grain"]) <= set(LORAS.strengths)
    assert len(set(used["sunset"])) > 1
    assert np.mean(used["sunset"]) > np.mean(used["grain"])


def test_a_profile_that_knows_nothing_follows_everybody():
    everyone = new_policy("selection_rate", np.random.default_rng(1))
    teach(everyone, "beach", {EPIC: (2, 20), DREAM: (16, 20)})
    mine = new_policy("selection_rate", np.random.default_rng(2), prior=everyone)
    proposals = mine.propose(["beach"], QUICK, 5)
    assert checkpoints(proposals) == {DREAM: 5}
    assert "all profiles together picked dreamshaper_8 in 16 of 20" in proposals[0].reason


def test_own_evidence_outweighs_everybody():
    everyone = new_policy("selection_rate", np.random.default_rng(1))
    teach(everyone, "beach", {EPIC: (10, 200), DREAM: (160, 200)})
    mine = new_policy("selection_rate", np.random.default_rng(2), prior=everyone)
    teach(mine, "beach", {EPIC: (15, 20), DREAM: (2, 20)})
    assert checkpoints(mine.propose(["beach"], QUICK, 5)) == {EPIC: 5}


def test_a_prior_that_goes_on_learning_is_followed():
    everyone = new_policy("selection_rate", np.random.default_rng(1))
    mine = new_policy("selection_rate", np.random.default_rng(2), prior=everyone)
    teach(everyone, "beach", {TOON: (20, 20), EPIC: (0, 20)})
    assert checkpoints(mine.propose(["beach"], QUICK, 5)) == {TOON: 5}


def test_a_recommendation_carries_the_evidence_for_the_prompts_keyword(policy):
    teach(policy, "beach", {EPIC: (15, 20), DREAM: (3, 20)})
    advice = recommend_checkpoint(policy, ["beach"], POOL)
    assert advice.checkpoint == EPIC
    assert (advice.confidence, advice.selection_rate, advice.evidence) == (1.0, 0.75, 20)
    assert advice.interval[0] < 0.75 < advice.interval[1]
    assert advice.reason == (
        "High confidence: you picked epicrealism in 15 of 20 images for 'beach'."
    )


def test_a_recommendation_names_only_checkpoints_of_the_pool(policy):
    teach(policy, "beach", {EPIC: (20, 20)})
    assert recommend_checkpoint(policy, ["beach"], Pool((DREAM,))).checkpoint == DREAM


def test_a_recommendation_without_evidence_says_so(policy):
    advice = recommend_checkpoint(policy, ["beach"], replace(POOL, relevance={TOON: 0.8}))
    assert advice.checkpoint == TOON
    assert (advice.confidence, advice.evidence, advice.interval) == (0, 0, (0, 1))
    assert advice.reason == (
        "Exploring: toonyou has not been shown for 'beach' yet, "
        "but its description fits the prompt."
    )


def test_an_explanation_lists_the_counts_behind_it(policy):
    teach(policy, "beach", {EPIC: (15, 20)})
    teach(policy, "city", {EPIC: (0, 20)})
    terms = policy.explain(["beach"], Candidate(EPIC)).terms
    assert [(term.label, term.value, term.grids) for term in terms] == [
        ("epicrealism for 'beach'", 0.75, 1),
        ("epicrealism overall", 0.375, 2),
    ]
    assert all(term.interval[0] < term.value < term.interval[1] for term in terms)


@pytest.mark.parametrize(
    ("counts", "keywords", "sentence"),
    [
        ({}, ["beach"], "Exploring: dreamshaper_8 has not been shown for 'beach' yet."),
        (
            {},
            ["beach", "city"],
            "Exploring: dreamshaper_8 has not been shown for any of these keywords yet.",
        ),
        ({}, [], "Exploring: dreamshaper_8 has not been shown yet."),
        (
            {DREAM: (1, 1)},
            ["beach"],
            "Exploring: dreamshaper_8 has been shown only once for 'beach'.",
        ),
        (
            {DREAM: (0, 2)},
            ["beach"],
            "Exploring: dreamshaper_8 has been shown only 2 times for 'beach'.",
        ),
        (
            {DREAM: (1, 20), EPIC: (9, 20)},
            ["beach"],
            "Exploring: dreamshaper_8 for comparison; you picked it in 1 of 20 images for 'beach'.",
        ),
        (
            {DREAM: (9, 10)},
            ["city", "beach"],
            "High confidence: you picked dreamshaper_8 in 9 of 10 images for 'beach'.",
        ),
        ({DREAM: (9, 10)}, [], "High confidence: you picked dreamshaper_8 in 9 of 10 images."),
    ],
)
def test_reasons_say_what_is_known_in_a_whole_sentence(policy, counts, keywords, sentence):
    if counts:
        teach(policy, "beach", counts)
    assert policy.explain(keywords, Candidate(DREAM)).reason == sentence


def test_reasons_name_the_loras_and_what_speaks_for_them(policy):
    shown = (Candidate(EPIC, (LoraUse("grain.safetensors", 0.7),)),)
    policy.update(GridOutcome(("beach",), 0, shown, frozenset({0})))
    pool = replace(POOL, loras=("new.pt",), relevance={"new.pt": 1.0})
    both = Candidate(EPIC, (LoraUse("grain.safetensors", 0.7), LoraUse("new.pt", 0.5)))
    assert policy.explain(["beach"], both, pool).reason == (
        "Exploring: epicrealism has been shown only once for 'beach'. "
        "With grain (picked in 1 of 1 image for 'beach'), new (fits the prompt)."
    )
