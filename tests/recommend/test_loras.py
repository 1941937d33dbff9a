from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.recommend.samples import library, lora
from vibes.catalog import Catalog, FileEntry, Listing, ModelRecord, build_catalog
from vibes.errors import NotFound
from vibes.preferences import Proposal
from vibes.recipes import Candidate, LoraUse
from vibes.recommend import (
    ModelLibrary,
    Target,
    drop_unrenderable,
    fit_loras,
    lora_clause,
    recommend_loras,
    strength_for,
    typed_loras,
)
from vibes.recommend.strengths import MAX_TOTAL

SD15 = Target(family="sd15")
DREAM = "dreamshaper.safetensors"
BEACH = LoraUse("beach_sunset.safetensors", 0.8)
BEACH_RECORD = lora("beach_sunset")
FILM = LoraUse("film_grain.safetensors", 0.8)
FOREST = LoraUse("misty_forest.safetensors", 0.8)  # only on server "one"
NEON = LoraUse("neon_city.safetensors", 0.8)  # only on server "two"


def propose(*loras: LoraUse) -> Proposal:
    return Proposal(Candidate(DREAM, loras), "A try.")


def test_the_best_three_are_recommended_with_strength_and_reason(catalog: Catalog) -> None:
    terms = ("beach", "sunset", "film", "grain", "forest", "city")
    advice = recommend_loras(terms, ModelLibrary(catalog.loras), SD15)
    assert [lora.lora for lora in advice[:2]] == [FILM.name, BEACH.name]
    assert len(advice) == 3
    assert all(0.5 <= lora.strength <= 0.8 and lora.confidence == 0 for lora in advice)
    assert advice[1].reason == "beach_sunset at 0.8: its name says 'beach', 'sunset'."


def test_evidence_takes_the_place_of_relevance_as_it_grows(catalog: Catalog) -> None:
    evidence = {BEACH.name: (0.0, 1.0), NEON.name: (0.9, 1.0), "mystery_beach": (1.0, 1.0)}
    advice = recommend_loras(
        ("beach", "sunset"), ModelLibrary(catalog.loras), SD15, evidence=evidence
    )
    assert [(lora.lora, lora.score, lora.confidence) for lora in advice] == [(NEON.name, 0.9, 1.0)]
    assert advice[0].reason == "neon_city at 0.8: it did well for prompts like this."


@pytest.mark.parametrize(("fit", "strength"), [(0, 0.5), (0.4, 0.6), (0.7, 0.7), (1, 0.8)])
def test_strength_follows_relevance(fit: float, strength: float) -> None:
    assert strength_for(fit) == strength


def test_a_clause_cites_name_else_trigger_else_tags() -> None:
    def clause(**fields: tuple[str, ...]) -> str:
        record = ModelRecord("lora", "styles/np_v3.safetensors", "sd15", **fields)
        return lora_clause(("neonpunk", "alley"), record.name, 0.7, library(record))

    assert clause(triggers=("neonpunk style",)) == "np_v3 at 0.7: it answers to 'neonpunk style'."
    assert clause(tags=("sky", "alleys")) == "np_v3 at 0.7: it was trained on 'alleys'."


def test_typed_loras_get_their_catalog_names_and_add_up(catalog: Catalog) -> None:
    typed = [LoraUse("film_grain", 0.5), LoraUse("beach_su", 1), LoraUse("Film_Grain", 0.25)]
    assert typed_loras(typed, catalog) == (LoraUse(FILM.name, 0.75), LoraUse(BEACH.name, 1))
    with pytest.raises(NotFound):
        typed_loras([LoraUse("nowhere", 1)], catalog)


def test_typed_loras_come_first_unaltered_and_only_once(catalog: Catalog) -> None:
    typed = (LoraUse(FILM.name, 1.3),)
    (fitted,) = fit_loras([propose(BEACH, FILM)], typed, catalog=catalog, servers=["one"])
    assert fitted.candidate.loras == (typed[0], BEACH)
    assert fitted.reason == "A try."


def test_loras_that_no_server_has_together_are_left_out_and_named(catalog: Catalog) -> None:
    servers = ["one", "two"]
    (fitted,) = fit_loras([propose(BEACH, FOREST, NEON)], (), catalog=catalog, servers=servers)
    assert fitted.candidate.loras == (BEACH, FOREST)
    assert fitted.reason.startswith("A try. neon_city is left out: no server has it")
    assert catalog.servers_for(fitted.candidate) == ("one",)


def test_proposed_loras_beyond_the_total_strength_are_weakened_alike(catalog: Catalog) -> None:
    typed = (LoraUse(FILM.name, -2.0),)
    (fitted,) = fit_loras([propose(BEACH, FOREST)], typed, catalog=catalog, servers=["one"])
    weaker = LoraUse(BEACH.name, 0.5), LoraUse(FOREST.name, 0.5)
    assert fitted.candidate.loras == (*typed, *weaker)
    assert fitted.reason.endswith(
        "beach_sunset is at 0.5 instead of 0.8, misty_forest is at 0.5 instead of 0.8: "
        "all strengths together stay within 3."
    )


def test_the_last_is_left_out_where_all_would_become_too_weak(catalog: Catalog) -> None:
    typed = (LoraUse(FILM.name, 2.5),)
    (fitted,) = fit_loras([propose(BEACH, FOREST)], typed, catalog=catalog, servers=["one"])
    assert fitted.candidate.loras == (*typed, LoraUse(BEACH.name, 0.5))
    assert "misty_forest is left out: all strengths together" in fitted.reason


def test_typed_loras_beyond_the_total_stay_and_nothing_is_added(catalog: Catalog) -> None:
    typed = (LoraUse(FILM.name, 3.5),)
    (fitted,) = fit_loras([propose(BEACH)], typed, catalog=catalog, servers=["one"])
    assert fitted.candidate.loras == typed
    assert fitted.reason.endswith("beach_sunset is left out: all strengths together stay within 3.")


def test_strengths_that_add_up_to_the_limit_are_allowed(catalog: Catalog) -> None:
    typed = (LoraUse(FILM.name, 2.3),)
    beach = LoraUse(BEACH.name, 0.7)
    (fitted,) = fit_loras([propose(beach)], typed, catalog=catalog, servers=["one"])
    assert fitted.candidate.loras == (*typed, beach)


def test_a_probe_stays_one_whatever_is_left_out_of_it(catalog: Catalog) -> None:
    probe = replace(propose(BEACH, NEON), probe=True)
    (fitted,) = fit_loras([probe], (), catalog=catalog, servers=["one"])
    assert fitted.probe
    assert fitted.candidate.loras == (BEACH,)


def test_a_candidate_whose_checkpoint_is_nowhere_is_left_as_it_is(catalog: Catalog) -> None:
    candidate = Candidate("gone.safetensors", (BEACH, NEON))
    assert drop_unrenderable(candidate, catalog, ["one", "two"]) == candidate
    assert drop_unrenderable(Candidate(DREAM, (NEON,)), catalog, ["one"]) == Candidate(DREAM)


LORAS = [f"lora_{letter}" for letter in "abcde"]
has = st.lists(st.sampled_from(LORAS), unique=True)
strengths = st.floats(-4, 4, allow_nan=False)
uses = st.lists(
    st.builds(LoraUse, st.sampled_from(LORAS), strengths), unique_by=lambda use: use.name
)


@given(has, has, uses)
def test_what_is_left_can_be_made_by_a_server_with_the_checkpoint(
    first: list[str], second: list[str], loras: list[LoraUse]
) -> None:
    def listing(names: list[str]) -> Listing:
        return Listing(checkpoints=(FileEntry("c"),), loras=tuple(map(FileEntry, names)))

    catalog = build_catalog({"one": listing(first), "two": listing(second)})
    wanted = Candidate("c", tuple(loras))
    kept = drop_unrenderable(wanted, catalog, ["one", "two"])
    assert catalog.servers_for(kept)
    if catalog.servers_for(wanted):
        assert kept == wanted


@given(uses, uses)
def test_typed_loras_stay_and_the_others_keep_within_the_total(
    typed: list[LoraUse], proposed: list[LoraUse]
) -> None:
    entries = tuple(map(FileEntry, LORAS))
    catalog = build_catalog({"one": Listing(checkpoints=(FileEntry("c"),), loras=entries)})
    proposal = Proposal(Candidate("c", tuple(proposed)), "A try.")
    (fitted,) = fit_loras([proposal], tuple(typed), catalog=catalog, servers=["one"])
    loras = fitted.candidate.loras
    assert loras[: len(typed)] == tuple(typed)
    assert len({use.name for use in loras}) == len(loras)
    if len(loras) > len(typed):
        assert sum(abs(use.strength) for use in loras) <= MAX_TOTAL + 1e-6


def test_advice_shows_its_parts_its_strength_and_the_words_to_add() -> None:
    record = lora(
        "neonpunk", triggers=("npnk", "neon alley"), tags=("alley",), popularity=50, strength=0.92
    )
    loras = library(record, lora("old", popularity=5_000))
    (advice,) = recommend_loras(("neonpunk", "alley"), loras, SD15)
    assert advice.parts["semantic"] is None
    assert advice.parts["history"] is None
    assert 0.4 < advice.parts["popularity"] < 0.6
    assert advice.score == pytest.approx(
        (0.3 * advice.parts["keyword"] + 0.2 * advice.parts["popularity"]) / 0.5
    )
    assert advice.strength == 0.9
    assert advice.triggers == ("npnk",)
    said = recommend_loras(("neonpunk", "alley"), loras, SD15, prompt="Neonpunk, NPNK alley")
    assert said[0].triggers == ()


@pytest.mark.parametrize(("stated", "strength"), [(0.1, 0.3), (0.45, 0.5), (1.4, 1.0), (None, 0.7)])
def test_what_the_maker_advises_goes_before_relevance(
    stated: float | None, strength: float
) -> None:
    assert strength_for(0.7, lora("x", strength=stated)) == pytest.approx(strength, abs=0.051)


def test_a_complex_prompt_starts_loras_weaker() -> None:
    assert [strength_for(1, complexity=much) for much in (0, 0.5, 1)] == [0.8, 0.8, 0.7]
    assert strength_for(0, complexity=1) == 0.4


def test_history_counts_by_its_weight_before_its_confidence_grows() -> None:
    loras = library(BEACH_RECORD)
    plain, liked, known = (
        recommend_loras(("beach", "sunset"), loras, SD15, evidence=evidence)[0].score
        for evidence in ({}, {BEACH.name: (0.1, 0.0)}, {BEACH.name: (0.1, 1.0)})
    )
    assert plain > liked > known
    assert liked == pytest.approx((0.3 * plain + 0.1 * 0.1) / 0.4)
    assert known == pytest.approx(0.1)


def test_a_clause_says_how_a_word_was_read() -> None:
    loras = library(lora("ghibli"), lora("sunset"), synonyms={"dusk": ("sunset",)})
    reasons = [one.reason for one in recommend_loras(("ghiblli", "dusk"), loras, SD15)]
    assert reasons == [
        "ghibli at 0.8: its name says 'ghibli' for your 'ghiblli'.",
        "sunset at 0.7: its name says 'sunset' for your 'dusk'.",
    ]


def test_loras_that_exclude_each_other_are_never_proposed_together() -> None:
    records = (
        lora("photo_beach", triggers=("phbch",)),
        lora("anime_beach"),
        lora("beach_two", triggers=("phbch",)),
    )
    catalog = Catalog(
        checkpoints={"c": ModelRecord("checkpoint", "c", spellings={"here": "c"})},
        loras={record.name: record for record in records},
    )
    uses = tuple(LoraUse(record.name, 0.7) for record in records)
    proposal = Proposal(Candidate("c", uses), "A try.")
    (fitted,) = fit_loras([proposal], (), catalog=catalog, servers=["here"])
    assert fitted.candidate.loras == uses[:1]
    assert fitted.reason == (
        "A try. anime_beach is left out: its style, anime, excludes photo of photo_beach. "
        "beach_two is left out: photo_beach answers to 'phbch' too, and goes before it."
    )
    inert = {"c": {records[0].name}}
    (fitted,) = fit_loras([proposal], (), catalog=catalog, servers=["here"], inert=inert)
    assert fitted.candidate.loras == uses[1:]
    assert "photo_beach is left out: it changed nothing beside c." in fitted.reason
