from __future__ import annotations

from tests.stages.samples import make_grid
from vibes.stages import back, forward, one_stage_back, path_to

DRAFTS = make_grid(1, id="drafts", visit=1)
REFINED = make_grid(1, id="refined", parent="drafts", stage=1, visit=2)
POLISHED = make_grid(1, id="polished", parent="refined", stage=2, visit=3)
BRANCH = make_grid(1, id="branch", parent="drafts", stage=1, visit=4)
REDRAFTED = make_grid(1, id="redrafted", visit=5)
TREE = [DRAFTS, REFINED, POLISHED, BRANCH, REDRAFTED]


def test_the_path_leads_from_the_root_to_where_the_user_stands():
    assert path_to(TREE, "polished") == [DRAFTS, REFINED, POLISHED]
    assert path_to(TREE, None) == []


def test_back_walks_to_the_parent_and_from_a_root_to_the_one_before_it():
    assert back(TREE, "polished") == REFINED
    assert back(TREE, "redrafted") == DRAFTS
    assert back(TREE, "drafts") is None


def test_forward_follows_the_branch_visited_last():
    assert forward(TREE, "drafts") == BRANCH
    assert forward(TREE, "refined") == POLISHED
    assert forward(TREE, "branch") is None


def test_a_root_without_children_leads_forward_to_the_next_root():
    lonely = [make_grid(1, id="first", visit=1), make_grid(1, id="second", visit=2)]
    assert forward(lonely, "first") == lonely[1]


def test_from_nowhere_back_leads_to_the_root_visited_last():
    assert back(TREE, None) == REDRAFTED
    assert forward(TREE, None) is None


def test_a_rejection_leads_to_the_nearest_earlier_stage_past_refined_grids():
    again = make_grid(1, id="again", parent="refined", stage=1, visit=6)
    assert one_stage_back([*TREE, again], again) == DRAFTS
    assert one_stage_back(TREE, DRAFTS) is None
