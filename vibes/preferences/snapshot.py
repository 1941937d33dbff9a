"""What a studio hands out to nodes: a profile's policy, and the checkpoints picked most surely."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vibes.errors import InvalidInput

from .policies import policy_from
from .policy import Policy
from .tally import Count

VERSION = 1
CHECKPOINTS = 50
"""How many checkpoints a snapshot tells of."""

CheckpointCounts = Sequence[tuple[str, Count]]


@dataclass(frozen=True, slots=True)
class PolicySnapshot:
    """A policy, and its profile's counts of images by checkpoint, the best first."""

    policy: Policy
    checkpoints: CheckpointCounts


def snapshot_document(profile: str, policy: Policy, checkpoints: CheckpointCounts) -> bytes:
    """As JSON; equal states give equal bytes."""
    head = {"version": VERSION, "profile": profile, "checkpoints": list(_rows(checkpoints))}
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":"))
    return b'%s,"policy":%s}' % (text[:-1].encode(), policy.dump())


def read_snapshot(body: bytes, rng: np.random.Generator) -> PolicySnapshot:
    """Inverse of ``snapshot_document``; the policy draws from ``rng``. InvalidInput for others."""
    try:
        document = json.loads(body)
        if document["version"] != VERSION:
            raise InvalidInput("The studio's snapshot is of another version of Vibes.")
        checkpoints = [_counted(**row) for row in document["checkpoints"]]
        state = document["policy"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidInput("This is no snapshot of a studio, or it is damaged.") from error
    return PolicySnapshot(policy_from(state, rng), checkpoints)


def _rows(checkpoints: CheckpointCounts) -> Iterable[dict[str, Any]]:
    for name, count in checkpoints:
        numbers = {"selected": count.selected, "total": count.total, "grids": count.grids}
        yield {"checkpoint": name, **numbers}


def _counted(checkpoint: str, selected: int, total: int, grids: int) -> tuple[str, Count]:
    return str(checkpoint), Count(int(selected), int(total), int(grids))
