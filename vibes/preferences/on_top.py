"""What a policy and the events it has not heard of yet add up to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .events import Event
from .lessons import lesson
from .outcomes import without_superseded
from .policy import Policy

STRIDE = 100
"""After so many events each, how far it was is kept: one that is superseded undoes no more."""


class OnTop:
    """A base policy with events folded on top: a value, of which nothing ever changes.

    A policy it gives out goes its own way, whatever is proposed from it or taught to it.
    """

    def __init__(self, base: Policy):
        self._folded: list[str] = []  # ids of events
        self._sums = [(0, base)]  # with the lessons of so many of ``_folded``; in the last, of all

    def following(self, events: Sequence[Event], *, base: Policy | None = None) -> OnTop:
        """The same with these events on top, in order, or (``base``) with them on another one.

        Of several that settle the same the last one counts. What they have in common with those on
        top already, from the first one on, is not folded again.
        """
        made = OnTop(base or self._sums[0][1])
        standing = without_superseded(events)
        made._folded = [event.id for event in standing]
        if base is None:
            same = _common(self._folded, made._folded)
            made._sums = [(count, policy) for count, policy in self._sums if count <= same]
        made._fold(standing)
        return made

    def _fold(self, standing: Sequence[Event]) -> None:
        """Go on to the last of these from what is summed up already."""
        count, policy = self._sums[-1]
        while count < len(standing):
            end = count - count % STRIDE + STRIDE
            policy = _taught(policy, standing[count:end])
            if count % STRIDE:
                self._sums.pop()
            count = min(end, len(standing))
            self._sums.append((count, policy))

    def policy(self, rng: np.random.Generator) -> Policy:
        """All of it as one policy, which draws from ``rng``."""
        return self._sums[-1][1].copy(rng)

    def dump(self) -> bytes:
        """The whole state, as the policy's."""
        return self._sums[-1][1].dump()


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many are the same from the first one on."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _taught(policy: Policy, events: Sequence[Event]) -> Policy:
    """A policy that learned from the events, too; the given one stays as it is."""
    lessons = [taught for event in events if (taught := lesson(event)) is not None]
    if not lessons:
        return policy
    pupil = policy.copy(np.random.default_rng())
    for taught in lessons:
        pupil.update(taught)
    return pupil
