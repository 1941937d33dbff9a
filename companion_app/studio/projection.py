"""What a history of events adds up to: statistics and a policy per profile, and over all."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from vibes.preferences import (
    Event,
    GridRejected,
    GridSubmitted,
    Policy,
    Statistics,
    new_policy,
    outcome_of,
    without_superseded,
)
from vibes.settings import PolicyName

EVERYONE = None
"""Stands where a profile's name could: all profiles together."""


class Projection:
    """Rebuildable from the events at any time; fed with each once, in the order of appending."""

    def __init__(self, policy: PolicyName, new_rng: Callable[[], np.random.Generator]):
        self._policy_name = policy
        self._new_rng = new_rng
        self._everyone = new_policy(policy, new_rng())
        self._policies: dict[str, Policy] = {}
        self._statistics: dict[str | None, Statistics] = {EVERYONE: Statistics()}

    def fold(self, events: Iterable[Event]) -> None:
        """Add a whole history; only a projection that has seen nothing can take one."""
        for event in without_superseded(events):
            self.add(event)

    def supersedes(self, event: Event) -> bool:
        """Whether the event replaces one that was added, so that only a new fold helps."""
        return self._statistics[EVERYONE].supersedes(event)

    def add(self, event: Event) -> None:
        """Add one event; Conflict where it ``supersedes`` another."""
        for owner in (EVERYONE, event.profile):
            self._statistics.setdefault(owner, Statistics()).add(event)
        if isinstance(event, GridSubmitted | GridRejected):
            outcome = outcome_of(event)
            self._everyone.update(outcome)
            self.policy(event.profile).update(outcome)

    def policy(self, profile: str) -> Policy:
        """The profile's policy; where it knows little, it follows all profiles."""
        if profile not in self._policies:
            self._policies[profile] = new_policy(
                self._policy_name, self._new_rng(), prior=self._everyone
            )
        return self._policies[profile]

    def statistics(self, profile: str | None) -> Statistics:
        """The profile's counts, or those of all profiles together."""
        return self._statistics.get(profile) or Statistics()
