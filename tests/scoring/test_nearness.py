"""What lies near a text or a picture is found, and so are pictures that are nearly the same."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.scoring import nearness
from vibes.scoring.nearness import differing_bits, near_duplicates, nearest


def unit_rows(rows: int, size: int = 16, seed: int = 0) -> np.ndarray:
    found = np.random.default_rng(seed).standard_normal((rows, size), dtype=np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def hashes(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.uint64)


@given(rows=st.integers(1, 60), count=st.integers(1, 80), seed=st.integers(0, 1000))
def test_the_nearest_are_those_of_the_largest_cosines_in_their_order(rows, count, seed):
    vectors = unit_rows(rows, seed=seed)
    found, cosines = nearest(vectors, vectors[0], count)
    expected = np.sort(vectors @ vectors[0])[::-1][:count]
    assert cosines.tolist() == expected.tolist()
    assert found[0] == 0
    assert len(set(found.tolist())) == min(rows, count)


def test_nothing_lies_near_where_nothing_is():
    found, cosines = nearest(np.zeros((0, 0), np.float32), np.zeros(4, np.float32), 5)
    assert (len(found), len(cosines)) == (0, 0)


@given(st.lists(st.tuples(*[st.integers(0, 2**64 - 1)] * 2), min_size=1, max_size=20))
def test_differing_bits_are_counted(pairs):
    ones, others = (hashes(*side) for side in zip(*pairs, strict=True))
    expected = [(one ^ other).bit_count() for one, other in pairs]
    assert differing_bits(ones, others).tolist() == expected


def slow_groups(vectors, phashes, cosine, bits) -> set[tuple[int, ...]]:
    """As near_duplicates, pair by pair."""
    groups = [{n} for n in range(len(vectors))]
    for one, other in combinations(range(len(vectors)), 2):
        near = float(vectors[one] @ vectors[other]) > cosine
        if near and (int(phashes[one]) ^ int(phashes[other])).bit_count() <= bits:
            joined = [group for group in groups if group & {one, other}]
            groups = [group for group in groups if group not in joined] + [set().union(*joined)]
    return {tuple(sorted(group)) for group in groups if len(group) > 1}


@given(
    picks=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2**7 - 1)), max_size=40),
    block=st.integers(1, 12),
)
def test_groups_are_those_found_pair_by_pair_whatever_the_blocks(picks, block):
    base = unit_rows(6)
    rows = [base[which] for which, _ in picks]
    vectors = np.array(rows, np.float32).reshape(len(rows), base.shape[1])
    phashes = hashes(*(bits << 30 for _, bits in picks))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearness, "_BLOCK", block)
        found = near_duplicates(vectors, phashes, bits=2)
    assert found == sorted(found)
    assert set(found) == slow_groups(vectors, phashes, nearness.SAME_COSINE, 2)


def test_pictures_alike_by_one_measure_alone_are_no_duplicates():
    same = np.tile(unit_rows(1), (2, 1))
    assert near_duplicates(same, hashes(0, 0)) == [(0, 1)]
    assert near_duplicates(same, hashes(0, 2**7 - 1)) == []
    assert near_duplicates(unit_rows(2), hashes(0, 0)) == []


def test_a_chain_of_neighbours_is_one_group():
    angles = np.arange(30) * 0.2  # cosine of neighbours .98, of the next but one .92
    chain = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert near_duplicates(chain, np.zeros(30, np.uint64)) == [tuple(range(30))]


def test_many_copies_of_one_picture_are_one_group():
    copies = np.tile(unit_rows(1), (3000, 1))
    (group,) = near_duplicates(copies, np.zeros(3000, np.uint64))
    assert len(group) == 3000
