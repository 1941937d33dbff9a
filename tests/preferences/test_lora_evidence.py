from __future__ import annotations

from tests.preferences.samples import submitted
from vibes.preferences import Statistics, lora_evidence


def evidence(*grids, keywords=("city",), loras=("neon", "grain")):
    return lora_evidence(Statistics.fold(grids), keywords, "epic", loras)


def grid(batch, picks, total, *, checkpoint="epic", keyword="city", lora="neon"):
    shown = [(checkpoint, position < picks) for position in range(total)]
    return submitted(batch, shown, keywords=(keyword,), loras=(lora,))


def test_only_loras_shown_with_one_of_the_keywords_have_evidence():
    shown = grid("b1", 20, 20)
    assert set(evidence(shown)) == {"neon"}
    assert evidence(shown, keywords=("beach", "sunset")) == {}


def test_evidence_is_the_loras_own_and_not_its_checkpoints():
    found = evidence(grid("b1", 9, 10), grid("b2", 0, 10, lora="grain"))
    assert (found["neon"].selection_rate, found["grain"].selection_rate) == (0.9, 0.0)


def test_a_checkpoint_speaks_for_itself_once_it_has_shown_the_lora_often_enough():
    elsewhere = grid("b1", 0, 20, checkpoint="toon")
    assert evidence(elsewhere, grid("b2", 4, 4))["neon"].key == "city:neon"
    assert evidence(elsewhere, grid("b2", 5, 5))["neon"].key == "city:epic:neon"
