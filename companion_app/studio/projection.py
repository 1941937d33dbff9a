"""What a history of events adds up to: statistics and a policy per profile, and over all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import overload

import numpy as np

from vibes.preferences import (
    TYPES,
    Event,
    GridOutcome,
    GridRejected,
    GridSubmitted,
    Habits,
    ImageActed,
    ImageRated,
    ParametersChanged,
    Policy,
    Statistics,
    lesson,
    new_policy,
    without_superseded,
)
from vibes.preferences.chronicle import Chronicle
from vibes.preferences.taste import Prior, Taste
from vibes.settings import PolicyName

EVERYONE = None
"""Stands where a profile's name could: all profiles together."""


class Projection:
    """Rebuildable from the events at any time; fed with each once, in the order of appending.

    Where a profile knows little its policy follows the others: policy "taste" starts from what
    the other profiles' policies learned, and they all from ``prior``; "selection_rate" from
    everybody's picks together.
    """

    def __init__(
        self,
        policy: PolicyName,
        new_rng: Callable[[], np.random.Generator],
        *,
        clusters: Mapping[str, str],
        prior: Prior | None = None,
        probes: int = 1,
    ):
        self._clusters = clusters
        self._policy_name = policy
        self._new_rng = new_rng
        self._prior = prior
        self._probes = probes
        self._everyone = new_policy(policy, new_rng()) if policy == "selection_rate" else None
        self._policies: dict[str, Policy] = {}  # of profiles that were taught, in that order
        self._untaught: dict[str, Policy] = {}
        self._statistics: dict[str | None, Statistics] = {EVERYONE: Statistics()}
        self._chronicles: dict[str | None, Chronicle] = {EVERYONE: Chronicle()}
        self._habits: dict[str, Habits] = {}
        self._taught_by_rating: set[str] = set()  # ids of images
        self._taught_by_deed: set[tuple[str, str]] = set()  # ids of images, what was done

    def fold(self, events: Iterable[Event]) -> None:
        """Add a whole history; only a projection that has seen nothing can take one."""
        for event in without_superseded(events):
            self.add(event)

    def supersedes(self, event: Event) -> bool:
        """Whether the event replaces what was learned from another: only a new fold helps."""
        if isinstance(event, ImageRated):
            return event.image in self._taught_by_rating
        return self._statistics[EVERYONE].supersedes(event)

    def add(self, event: Event) -> None:
        """Add one event; Conflict where it ``supersedes`` another."""
        if isinstance(event, ParametersChanged):
            self._habits.setdefault(event.profile, Habits()).add(event)
        taught = lesson(event)
        outcome = taught if isinstance(event, GridSubmitted | GridRejected) else None
        for statistics in self._statistics_of(event.profile):
            statistics.add(event, outcome)
        for owner in (EVERYONE, event.profile):
            self._chronicles.setdefault(owner, Chronicle()).add(event, outcome)
        if taught is not None and self._is_new(event):
            self._teach(event.profile, taught)

    def policy(self, profile: str) -> Policy:
        """The profile's policy; where it knows little, it follows all profiles."""
        known = self._policies.get(profile) or self._untaught.get(profile)
        if known is None:
            known = self._untaught[profile] = self._new_policy(profile)
        return known

    def habits(self, profile: str) -> Habits:
        """How the profile changes suggested parameters."""
        return self._habits.get(profile) or Habits()

    def statistics(self, profile: str | None) -> Statistics:
        """The profile's counts, or those of all profiles together."""
        return self._statistics.get(profile) or Statistics()

    def chronicle(self, profile: str | None) -> Chronicle:
        """The profile's past, or that of all profiles together."""
        return self._chronicles.get(profile) or Chronicle()

    def rehearse(self) -> None:
        """Make ready what the first question for the best rows would otherwise wait for."""
        for statistics in self._statistics.values():
            for kind in TYPES:
                statistics.rows(kind, 1)

    def fingerprint(self) -> str:
        """The same for the same lessons, bit for bit: a SHA-256 over all that was learned."""
        digest = hashlib.sha256()
        for profile, policy in self._policies.items():
            for part in (profile.encode(), policy.dump()):
                digest.update(len(part).to_bytes(8, "big") + part)
        return digest.hexdigest()

    def _statistics_of(self, profile: str) -> list[Statistics]:
        """Those of the profile and of everyone; one and the same while there is no other profile.

        Counting is much of the work of a fold, and most studios have one user.
        """
        everyone = self._statistics[EVERYONE]
        if profile not in self._statistics:
            others = len(self._statistics) - 1
            if others == 1:
                everyone = self._statistics[EVERYONE] = everyone.copy()
            self._statistics[profile] = Statistics() if others else everyone
        own = self._statistics[profile]
        return [own] if own is everyone else [everyone, own]

    def _is_new(self, event: Event) -> bool:
        """Whether it teaches; a deed done to an image again says nothing new."""
        if isinstance(event, ImageRated):
            self._taught_by_rating.add(event.image)
        elif isinstance(event, ImageActed):
            deed = (event.image, event.action)
            known = deed in self._taught_by_deed
            self._taught_by_deed.add(deed)
            return not known
        return True

    def _teach(self, profile: str, outcome: GridOutcome) -> None:
        if self._everyone is not None:
            self._everyone.update(outcome)
        policy = self.policy(profile)
        self._untaught.pop(profile, None)
        self._policies[profile] = policy
        policy.update(outcome)

    def _new_policy(self, profile: str) -> Policy:
        if self._policy_name != "taste":
            return new_policy(self._policy_name, self._new_rng(), prior=self._everyone)
        others = _Others(self._policies, profile)
        return new_policy(
            "taste",
            self._new_rng(),
            self._clusters,
            prior=self._prior,
            others=others,
            probes=self._probes,
        )


class _Others(Sequence[Taste]):
    """The policies of the other profiles, in the order in which they were first taught."""

    def __init__(self, policies: Mapping[str, Policy], profile: str):
        self._policies = policies
        self._profile = profile

    def __iter__(self) -> Iterator[Taste]:
        for profile, policy in self._policies.items():
            if profile != self._profile and isinstance(policy, Taste):
                yield policy

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @overload
    def __getitem__(self, place: int) -> Taste: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Taste]: ...
    def __getitem__(self, place: int | slice) -> Taste | Sequence[Taste]:
        return list(self)[place]
