from __future__ import annotations

from vibes.preferences import Proposal
from vibes.recipes import Candidate, LoraUse
from vibes.recommend import lora_arms

A, B, C = LoraUse("a", 0.7), LoraUse("b", 0.6), LoraUse("c", 0.5)


def propose(checkpoint: str, *loras: LoraUse) -> Proposal:
    return Proposal(Candidate(checkpoint, loras), "A try.")


def test_the_two_best_loras_are_compared_alone_together_and_with_none() -> None:
    proposals = [propose("dream", A, B), propose("dream", A), propose("toon", B, C)]
    arms = lora_arms(proposals, 6)
    assert [one.candidate.loras for one in arms] == [(A,), (B,), (A, B), (), (A,), (B,)]
    assert {one.candidate.checkpoint for one in arms} == {"dream"}
    assert arms[2].reason == "Arm A+B of a comparison: a at 0.7 and b at 0.6 on dream."


def test_a_single_lora_is_compared_at_two_strengths_and_with_none() -> None:
    arms = lora_arms([propose("dream", A)], 4)
    weaker = LoraUse("a", 0.42)
    assert [one.candidate.loras for one in arms] == [(A,), (weaker,), (), (A,)]


def test_without_a_lora_there_is_nothing_to_compare() -> None:
    assert [one.candidate.loras for one in lora_arms([propose("dream")], 2)] == [(), ()]
    assert lora_arms([], 3) == []
