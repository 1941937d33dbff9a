"""The policies by name: made new, or read back from their dumps."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from vibes.errors import InvalidInput

from .policy import Policy
from .random_choice import RandomChoice
from .selection_rate import SelectionRate

POLICIES = ("selection_rate", "random")


def new_policy(
    name: str,
    rng: np.random.Generator,
    clusters: Mapping[str, str] | None = None,
    prior: Policy | None = None,
) -> Policy:
    """A policy that has seen nothing; ``prior`` is the policy of the same name for all profiles.

    ``clusters`` maps keywords to groups that share evidence; neither of the policies uses it.
    """
    if name == "random":
        return RandomChoice(rng)
    if name != "selection_rate":
        raise InvalidInput(f"There is no policy '{name}'; choose one of {', '.join(POLICIES)}.")
    if prior is not None and not isinstance(prior, SelectionRate):
        raise InvalidInput(f"A '{prior.name}' policy cannot be the prior of 'selection_rate'.")
    return SelectionRate(rng, prior=prior)


def load_policy(data: bytes, rng: np.random.Generator) -> Policy:
    """Inverse of ``dump``; the stream of chance goes on with ``rng``."""
    try:
        state = json.loads(data)
        if state["policy"] == "random":
            return RandomChoice(rng)
        if (state["policy"], state["version"]) == ("selection_rate", 1):
            return SelectionRate.from_state(state, rng)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidInput("This is no saved policy, or it is damaged.") from error
    raise InvalidInput(f"The saved policy '{state['policy']}' is from another version of Vibes.")
