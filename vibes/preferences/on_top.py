"""What a policy and the events it has not heard of yet add up to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .events import Event
from .lessons import lesson
from .outcomes import without_superseded
from .policy import Policy


class OnTop:
    """A base policy with events folded on top: a value, of which nothing ever changes.

    A policy it gives out goes its own way, whatever is proposed from it or taught to it.
    """

    def __init__(self, base: Policy):
        self._base = base
        self._sum = base  # with the lessons of all in ``_folded``
        self._folded: list[str] = []  # ids of events

    def following(self, events: Sequence[Event], *, base: Policy | None = None) -> OnTop:
        """The same with these events on top, in order, or (``base``) with them on another one.

        Of several that settle the same the last one counts. Where they go on from those on top
        already, only the new ones are folded.
        """
        made = OnTop(base or self._base)
        standing = without_superseded(events)
        made._folded = [event.id for event in standing]
        known = len(self._folded)
        if base is None and made._folded[:known] == self._folded:
            made._sum = _taught(self._sum, standing[known:])
        else:
            made._sum = _taught(made._base, standing)
        return made

    def policy(self, rng: np.random.Generator) -> Policy:
        """All of it as one policy, which draws from ``rng``."""
        return self._sum.copy(rng)

    def dump(self) -> bytes:
        """The whole state, as the policy's."""
        return self._sum.dump()


def _taught(policy: Policy, events: Sequence[Event]) -> Policy:
    """A policy that learned from the events, too; the given one stays as it is."""
    lessons = [taught for event in events if (taught := lesson(event)) is not None]
    if not lessons:
        return policy
    pupil = policy.copy(np.random.default_rng())
    for taught in lessons:
        pupil.update(taught)
    return pupil
