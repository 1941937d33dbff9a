"""What a recipe takes over from the pick it grew out of, where workflows decide for themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace

from vibes.errors import NotFound
from vibes.recipes import Candidate, Recipe
from vibes.recommend import Parameters
from vibes.workflows import Templates, constants_of
from vibes.workflows.constants import SAMPLED


class Heritage:
    """``advice`` is how pictures of the next grid are sampled, by their models."""

    def __init__(self, templates: Templates, advice: Callable[[Candidate], Parameters]):
        self._templates = templates
        self._advice = advice

    def settled(self, pick: Recipe, recipe: Recipe) -> Recipe:
        """The recipe that grew out of the pick's, as its own workflow will really carry it out.

        How the pick's workflow sampled by itself stays there: another one may lack its samplers,
        or what made so few steps enough.
        """
        left = self._decided_by(pick.template)
        if left:
            advised = asdict(self._advice(recipe.candidate))
            recipe = replace(recipe, **{name: advised[name] for name in left})
        return constants_of(self._templates.get(recipe.template)).within(recipe)

    def _decided_by(self, template: str) -> list[str]:
        """What is sampled by a workflow's own values: anything may be, of one that is gone."""
        try:
            slots = self._templates.get(template).slots
        except NotFound:
            return list(SAMPLED)
        return [name for name in SAMPLED if name not in slots]
