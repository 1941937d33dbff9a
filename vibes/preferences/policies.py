"""The policies by name: made new, or read back from their dumps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vibes.errors import InvalidInput

from .policy import Policy
from .random_choice import RandomChoice
from .selection_rate import SelectionRate
from .taste import Prior, Taste

POLICIES = ("taste", "selection_rate", "random")
_DAMAGED = "This is no saved policy, or it is damaged."


def new_policy(
    name: str,
    rng: np.random.Generator,
    clusters: Mapping[str, str] | None = None,
    prior: Policy | Prior | None = None,
    *,
    others: Sequence[Taste] = (),
    probes: int = 1,
) -> Policy:
    """A policy that has seen nothing.

    ``prior`` is, for "selection_rate", the same policy fed with every profile's grids; for
    "taste" an imported Prior. ``clusters`` (keywords to groups that share evidence), ``others``
    (policies of other profiles, a live list) and ``probes`` are taste's alone.
    """
    if name == "random":
        return RandomChoice(rng)
    if name == "taste":
        return _taste(rng, clusters, prior, others, probes)
    if name != "selection_rate":
        raise InvalidInput(f"There is no policy '{name}'; choose one of {', '.join(POLICIES)}.")
    if prior is not None and not isinstance(prior, SelectionRate):
        raise InvalidInput(f"{_named(prior)} cannot be the prior of 'selection_rate'.")
    return SelectionRate(rng, prior=prior)


def _taste(
    rng: np.random.Generator,
    clusters: Mapping[str, str] | None,
    prior: Policy | Prior | None,
    others: Sequence[Taste],
    probes: int,
) -> Taste:
    if prior is not None and not isinstance(prior, Prior):
        raise InvalidInput(f"{_named(prior)} cannot be the prior of 'taste'.")
    return Taste(rng, clusters=clusters, others=others, prior=prior, probes=probes)


def _named(prior: Policy | Prior) -> str:
    return "An imported prior" if isinstance(prior, Prior) else f"A '{prior.name}' policy"


def load_policy(data: bytes, rng: np.random.Generator) -> Policy:
    """Inverse of ``dump``; the stream of chance goes on with ``rng``."""
    try:
        state = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(_DAMAGED) from error
    return policy_from(state, rng)


def policy_from(state: Any, rng: np.random.Generator) -> Policy:
    """The policy whose ``dump`` is this, once decoded; InvalidInput where it is none."""
    try:
        if state["policy"] == "random":
            return RandomChoice(rng)
        if (state["policy"], state["version"]) == (Taste.name, Taste.version):
            return Taste.from_state(state, rng)
        if (state["policy"], state["version"]) == ("selection_rate", 1):
            return SelectionRate.from_state(state, rng)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInput(_DAMAGED) from error
    raise InvalidInput(f"The saved policy '{state['policy']}' is from another version of Vibes.")
