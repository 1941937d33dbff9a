from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.preferences.samples import candidates, keywords, outcomes, teach
from vibes.preferences import (
    POLICIES,
    Candidate,
    Choice,
    Explanation,
    LoraUse,
    Pool,
    Term,
    new_policy,
)
from vibes.preferences.sentences import HIGH_CONFIDENCE, sentences, split

EPIC, SUNSET, GRAIN = "epicrealism.safetensors", "beach_sunset", "film_grain"
MADE = Candidate(EPIC, (LoraUse(SUNSET, 0.7), LoraUse(GRAIN, 0.5)))


def term(kind: str, *parts: str, value: float = 0.5, sd: float = 0.1, grids: int = 2) -> Term:
    around = (value - 1.96 * sd, value + 1.96 * sd)
    return Term(label="", value=value, interval=around, grids=grids, kind=kind, parts=parts)


def believed(*terms: Term, chance: float | None = None, picks: int = 15, shown: int = 20):
    return Explanation(
        value=0.4,
        confidence=0.5,
        selection_rate=picks / shown if shown else 0.0,
        interval=(0.5, 0.9),
        evidence=shown,
        reason="",
        terms=terms,
        chance_best=chance,
    )


BEACH = term("keyword_checkpoint", "beach", EPIC, grids=6)


def test_high_confidence_is_said_from_its_threshold_on():
    sure = sentences(believed(BEACH, chance=HIGH_CONFIDENCE), "minimal")
    assert sure == ["Chosen for your 15 'beach' picks; high confidence."]
    unsure = sentences(believed(BEACH, chance=HIGH_CONFIDENCE - 0.01), "minimal")
    assert unsure == ["Exploring: you picked this checkpoint in 15 of 20 'beach' images."]


def test_who_learned_from_others_only_says_so():
    assert sentences(believed(chance=1.0, picks=0, shown=0), "minimal") == [
        "Chosen over the others, by what is known of them; high confidence."
    ]
    assert sentences(believed(chance=0.3, picks=0, shown=0), "minimal") == [
        "Exploring: you have not seen this checkpoint for a prompt like this."
    ]


def test_the_second_sentence_is_about_the_loras():
    known = term("keyword_lora", "beach", SUNSET, grids=12)
    new = term("lora", GRAIN, value=0.1, sd=0.5, grids=2)
    _, loras = sentences(believed(BEACH, known, new), "standard", candidate=MADE)
    assert loras == (
        "With beach_sunset (high confidence after 12 grids for 'beach') "
        "and film_grain (exploring: only 2 grids with this LoRA)."
    )


def test_a_lora_nothing_is_known_of_is_named_too():
    fits = Choice(policy="taste", version=1, relevance={SUNSET: 0.8, GRAIN: 0.0})
    _, loras = sentences(believed(BEACH), "standard", candidate=MADE, choice=fits)
    assert loras == (
        "With beach_sunset (fits the prompt) and film_grain (exploring: no grid with it yet)."
    )


def test_what_the_user_decided_needs_no_reason():
    own = Choice(policy="taste", version=1, decided=("loras",))
    why = sentences(believed(BEACH), "standard", candidate=MADE, choice=own, reason="Yours.")
    assert why == ["Yours."]


def test_what_was_said_when_it_was_chosen_comes_first():
    why = sentences(believed(BEACH), "standard", reason="Exploring: as said then. With more.")
    assert why == ["Exploring: as said then.", "With more."]


def test_detailed_says_what_speaks_for_and_against_each_model():
    about = believed(
        BEACH,
        term("checkpoint", EPIC, value=-0.5, grids=9),
        term("lora", SUNSET, value=0.1, sd=0.5, grids=1),
        term("checkpoint_lora", EPIC, SUNSET, value=0.5, grids=3),
        term("lora_strength", SUNSET, "0.7", value=0.6, grids=3),
        term("lora_count", "2", value=-0.4),
    )
    counts = {("keyword_checkpoint", ("beach", EPIC)): (15, 20), ("lora", (SUNSET,)): (1, 1)}
    why = sentences(
        about,
        "detailed",
        candidate=MADE,
        reason="So it was.",
        alternatives=[("dream", 0.12), ("toon", 0.002), ("other", None)],
        counts=lambda kind, parts: counts.get((kind, parts), (0, 0)),
    )
    assert why[2:] == [
        "epicrealism: for it: 'beach' (6 grids, 15 of 20 images picked); "
        "against it: all prompts (9 grids).",
        "beach_sunset: for it: with epicrealism (3 grids) and at strength 0.7 (3 grids); "
        "not sure yet: all prompts (1 grid, 1 of 1 image picked).",
        "film_grain: nothing is known of it yet.",
        "Besides: against it: lora_count 2 (2 grids).",
        "Also considered: dream (12 % likely to be the best), "
        "toon (under 1 % likely to be the best) and other.",
    ]


def test_technical_gives_every_number_and_who_chose():
    choice = Choice(
        policy="taste",
        version=1,
        probe=True,
        decided=("loras",),
        checkpoint_propensity=0.412,
    )
    why = sentences(believed(BEACH, chance=0.93), "technical", candidate=MADE, choice=choice)
    assert "'beach': +0.50 ± 0.10; 6 grids." in why
    assert "Chance that no other checkpoint suits the prompt better: 93 %." in why
    assert why[-4:] == [
        "Chosen by policy taste, version 1.",
        "A probe: drawn at random, to measure what learning is worth.",
        "You chose the LoRAs.",
        "How likely it was to be chosen: its checkpoint 41 %.",
    ]


def test_what_is_not_known_of_a_choice_is_said():
    assert "It is not known how its models came to be chosen." in sentences(
        believed(), "technical", choice=None
    )


@pytest.mark.parametrize("name", POLICIES)
@given(history=st.lists(outcomes(), max_size=3), asked=keywords, made=candidates)
def test_every_level_is_whole_sentences_and_holds_the_one_above(name, history, asked, made):
    policy = new_policy(name, np.random.default_rng(1))
    for outcome in history:
        policy.update(outcome)
    pool = Pool((made.checkpoint, "rival"), ("beach_sunset", "film grain"))
    why = policy.explain(asked, made, pool)
    levels = [
        sentences(why, level, candidate=made)
        for level in ("minimal", "standard", "detailed", "technical")
    ]
    for upper, lower in pairwise(levels):
        assert lower[: len(upper)] == upper
    assert len(levels[0]) == 1
    assert len(levels[1]) <= 2
    assert all(sentence.endswith(".") for sentence in levels[-1])


def test_a_file_name_with_dots_does_not_end_a_sentence():
    assert split("Exploring: v1.5 of dream.2 is new. With more. ") == [
        "Exploring: v1.5 of dream.2 is new.",
        "With more.",
    ]


def test_a_card_and_its_explanation_use_the_confident_words_alike():
    policy = new_policy("taste", np.random.default_rng(1))
    pool = Pool(("loved", "other"))
    said = set()
    for _ in range(25):
        why = policy.explain(["beach"], Candidate("loved"), pool)
        sure = why.chance_best >= HIGH_CONFIDENCE
        assert ("high confidence" in why.reason.lower()) == sure
        assert ("high confidence" in sentences(replace(why, reason=""), "minimal")[0]) == sure
        said.add(sure)
        teach(policy, "beach", {"loved": (6, 10), "other": (1, 10)})
    assert said == {True, False}
