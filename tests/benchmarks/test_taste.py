"""The benchmark of learning must measure what it says it does."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from benchmarks import learning_cost, taste
from benchmarks.tastes import contest, coverage, peers
from benchmarks.tastes.history import prior_of_others
from benchmarks.tastes.long_history import Studio
from benchmarks.tastes.players import PLAYERS
from benchmarks.tastes.regret import VARIANTS
from benchmarks.tastes.runs import Variant, judged, run_user, scenes_of
from benchmarks.tastes.users import (
    COUNT,
    PICKS,
    Habits,
    User,
    random_candidate,
    whole_pool,
)
from benchmarks.tastes.world import CHECKPOINTS, LORAS, Prompt, World
from vibes.preferences import Candidate, GridOutcome, LoraUse, event_from_dict

SEED = contest.TUNING[-1]


@pytest.fixture(scope="module")
def world() -> World:
    return World(SEED)


@pytest.fixture(scope="module")
def user(world: World) -> User:
    return User(world, 0)


def prompt_of(world: World, number: int = 0) -> Prompt:
    return world.prompt(np.random.default_rng(number))


def test_nobody_is_tuned_on_and_reported() -> None:
    assert not set(contest.TUNING) & set(contest.REPORTING)


def test_relevance_is_half_right(world: World) -> None:
    rng = np.random.default_rng(0)
    assert abs(world.relevance_correlation(rng) - 0.5) <= 0.05
    named = [world.relevance(prompt_of(world, number)) for number in range(50)]
    assert all(0.2 <= value <= 1 for pool in named for value in pool.values())
    assert 4 <= np.mean([len(pool) for pool in named]) <= 16


def test_the_pools_relevance_follows_what_the_population_likes(world: World) -> None:
    values, effects = [], []
    for number in range(300):
        prompt = prompt_of(world, number)
        named = world.relevance(prompt)
        by_word = world.shared.word_lora[prompt.words].sum(0) / np.sqrt(len(prompt.words))
        values.append([named.get(name, 0.0) for name in LORAS])
        effects.append(world.shared.lora + by_word)
    assert abs(np.corrcoef(np.ravel(values), np.ravel(effects))[0, 1] - 0.5) <= 0.05


def test_two_fifths_of_a_taste_are_the_users_own(world: World) -> None:
    shared, own = world.shared.word_lora.ravel(), User(world, 1).tastes.word_lora.ravel()
    other = User(world, 2).tastes.word_lora.ravel()
    assert np.corrcoef(own, other)[0, 1] == pytest.approx(0.6, abs=0.1)
    assert own.var() == pytest.approx(shared.var(), rel=0.2)


def test_most_keywords_are_told_their_cluster_rightly() -> None:
    right = []
    for seed in contest.TUNING[:8]:
        told = World(seed)
        clusters = np.array([int(name.split("-")[1]) for name in told.clusters.values()])
        right.append(np.mean(clusters == told.topic))
    assert 0.8 <= np.mean(right) <= 0.93  # of the wrong ones, one in eight is right by chance


def test_prompts_stay_mostly_within_two_topics(world: World) -> None:
    inside = []
    for number in range(200):
        words = prompt_of(world, number).words
        assert 3 <= len(set(words.tolist())) == len(words) <= 6
        topics = np.bincount(world.topic[words])
        inside.append(np.sort(topics)[-2:].sum() / len(words))
    assert np.mean(inside) > 0.85


def test_nothing_beats_the_best_candidate(user: User, world: World) -> None:
    rng = np.random.default_rng(0)
    values = user.values(prompt_of(world))
    best, candidate = values.best(whole_pool(), 1)[0]
    assert values.of(candidate) == pytest.approx(best)
    assert all(values.of(random_candidate(rng)) <= best for _ in range(500))
    neighbours = [
        Candidate(checkpoint, (*candidate.loras[:count], LoraUse(lora, 0.6)))
        for checkpoint in CHECKPOINTS
        for count in (0, 1, 2)
        for lora in LORAS
        if lora not in {use.name for use in candidate.loras[:count]}
    ]
    assert all(values.of(neighbour) <= best for neighbour in neighbours)


def test_the_best_candidates_come_in_order(user: User, world: World) -> None:
    found = user.values(prompt_of(world)).best(whole_pool(), 5)
    worths = [worth for worth, _ in found]
    assert worths == sorted(worths, reverse=True)
    assert len({candidate for _, candidate in found}) == 5


def test_users_pick_a_few_or_reject_everything(user: User) -> None:
    rng = np.random.default_rng(0)
    low, high = PICKS
    for shift, expected in ((-30.0, {0}), (30.0, set(range(low, high + 1)))):
        seen = user.threshold + shift + rng.normal(size=COUNT)
        assert {len(user.looks(seen, rng)) for _ in range(100)} == expected


def test_some_random_grids_are_rejected_and_good_ones_hardly_ever() -> None:
    players = {name: PLAYERS[name] for name in ("random", "oracle")}
    runs = [run_user(seed, players, grids=40) for seed in contest.TUNING[:4]]
    assert 0.01 <= np.mean([run["random"].rejected.mean() for run in runs]) <= 0.3
    assert np.mean([run["oracle"].rejected.mean() for run in runs]) < 0.01


def test_careful_users_pick_the_best_and_careless_ones_slip(world: World) -> None:
    worth = np.linspace(0, 40, COUNT)
    careful, careless = (User(world, 0, Habits(lapses=lapses)) for lapses in (0.0, 0.9))
    rng = np.random.default_rng(0)
    assert set(careful.looks(worth, rng, 3).tolist()) == {17, 18, 19}
    slips = [set(careless.looks(worth, rng, 3).tolist()) - {17, 18, 19} for _ in range(50)]
    assert np.mean([len(slip) for slip in slips]) > 2


def test_a_user_who_changes_likes_other_things_from_then_on() -> None:
    scenes = scenes_of(SEED, Variant(converted_at=3), 5)
    before, after = scenes[2].user.tastes.word_lora, scenes[3].user.tastes.word_lora
    assert abs(np.corrcoef(before.ravel(), after.ravel())[0, 1]) < 0.1
    assert scenes[3].user is scenes[4].user


def test_a_funnel_tells_of_three_stages() -> None:
    (scene,) = scenes_of(SEED, Variant(funnel=True), 1)
    shown = [random_candidate(np.random.default_rng(i)) for i in range(COUNT)]
    worth = np.full(COUNT, scene.user.threshold + 10)
    outcomes = judged(scene, shown, worth)
    assert [(len(o.candidates), o.stage) for o in outcomes] == [(20, 0), (8, 1), (3, 2)]
    assert [len(o.picked) for o in outcomes[1:]] == [3, 1]
    assert set(outcomes[1].candidates) <= {shown[i] for i in outcomes[0].picked}


def test_a_run_comes_out_the_same_again() -> None:
    players = {name: PLAYERS[name] for name in ("taste", "oracle")}
    one, again = (run_user(SEED, players, grids=4) for _ in range(2))
    assert np.array_equal(one["taste"].regret, again["taste"].regret)
    assert one["oracle"].regret.mean() < one["taste"].regret.mean()


def test_all_players_of_a_variant_meet_the_same_grids() -> None:
    for variant in VARIANTS.values():
        one, again = (scenes_of(SEED, variant, 3) for _ in range(2))
        assert [scene.highest for scene in one] == [scene.highest for scene in again]
        assert all(bool(scene.pool.relevance) == variant.relevance for scene in one)


def test_a_prior_tells_of_models_and_keywords(world: World) -> None:
    features = prior_of_others(world).features
    kinds = {key[0] for key in features}
    assert {"checkpoint", "lora", "keyword_lora"} <= kinds
    assert all(variance > 0 for _, variance in features.values())


def test_the_intervals_are_held_against_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, few in (("LEARNED", 2), ("PROMPTS", 2), ("PROPOSED", 10), ("LOGGED", 20)):
        monkeypatch.setattr(coverage, name, few)
    held = coverage._held(5, SEED)
    assert {"difference", "ratio", "uniform", "checkpoint"} == set(held[0])
    assert np.mean([list(log.values()) for log in held]) > 0.6


def test_a_missing_peer_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "mabwiser.mab", None)
    with pytest.raises(SystemExit, match=r"pip install '\.\[benchmarks\]'"):
        peers.check_installed()


@pytest.mark.parametrize("kind", ["LinTS", "LinUCB"])
def test_peers_come_to_prefer_what_is_picked(kind: peers.Kind, world: World) -> None:
    pytest.importorskip("mabwiser", exc_type=ImportError)
    player = peers.PeerPerItem(world, np.random.default_rng(0), kind)
    words = prompt_of(world).keywords
    favourite = CHECKPOINTS[4]
    for _ in range(15):
        shown = [p.candidate for p in player.propose(words, whole_pool(), COUNT)]
        shown[:4] = [Candidate(favourite)] * 4
        picked = np.flatnonzero([candidate.checkpoint == favourite for candidate in shown])
        player.update(GridOutcome(words, 0, tuple(shown), frozenset(picked.tolist())))
    made = [p.candidate.checkpoint for p in player.propose(words, whole_pool(), COUNT)]
    assert made.count(favourite) >= COUNT / 2


def test_what_was_never_claimed_is_not_right() -> None:
    assert taste.verdict({"high_confidence_right": None}) == {"high_confidence_right": False}


@pytest.mark.parametrize(
    ("figure", "value", "met"),
    [
        ("regret_vs_selection_rate_10", 0.75, True),
        ("regret_vs_selection_rate_100", 0.56, False),
        ("better_than_lints_30", 0.0, False),
        ("offpolicy_coverage", 90.0, True),
    ],
)
def test_a_goal_is_met_or_missed(figure: str, value: float, met: bool) -> None:
    assert taste.verdict({figure: value, "something_else": 7}) == {figure: met}


def test_contests_of_ones_own_are_for_tuning_users() -> None:
    with pytest.raises(SystemExit):
        taste.main(["--policies", "taste"])


def test_the_long_history_is_made_of_events_that_can_be_stored() -> None:
    studio = Studio()
    events = list(studio.events(60))
    assert [event_from_dict(event.to_dict()) for event in events] == events
    assert len({event.batch for event in events}) == 60
    assert {type(event).__name__ for event in events} == {"GridSubmitted", "GridRejected"}


def test_costs_are_measured_on_what_was_learned(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        learning_cost.main(["--json", "--grids", "20", "--only", "statistics", "write"])
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["outcomes"] == 400
    assert {"rebuild_grids_per_second", "statistics_ms", "write_ms"} <= set(found["goals"])
