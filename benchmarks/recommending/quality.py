"""How often what is recommended is what a person would accept, by words and by plain names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from vibes.catalog.names import stem
from vibes.prompts import keywords
from vibes.recommend import ModelLibrary, Target, recommend_loras

from .library import FAMILIES, Ask, Labelled

BEST = 3  # LoRAs recommended for a prompt

Recommend = Callable[[Ask, str], Sequence[str]]
"""A prompt and a family to names of LoRAs, best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Shares, 0..1, over all prompts and families.

    ``precision`` is of what is proposed, ``recall`` of what could be proposed and accepted,
    ``coverage`` how often anything is proposed, ``silence`` how often nothing is where nothing
    would be accepted. ``wrong_family`` counts LoRAs.
    """

    precision: float
    recall: float
    coverage: float
    silence: float
    wrong_family: int


def quality(library: Labelled, asked: Iterable[Ask], recommend: Recommend) -> Quality:
    """Ask for every prompt in every family."""
    proposed = accepted = reachable = spoke = quiet = foreign = count = hopeless = 0
    for ask in asked:
        for family in FAMILIES:
            names = recommend(ask, family)
            fit = library.accepted(ask, family)
            proposed += len(names)
            accepted += len(fit.intersection(names))
            reachable += min(len(fit), BEST)
            foreign += sum(library.records[name].family != family for name in names)
            count += 1
            spoke += bool(names)
            hopeless += not fit
            quiet += not fit and not names
    return Quality(
        precision=round(accepted / max(proposed, 1), 3),
        recall=round(accepted / max(reachable, 1), 3),
        coverage=round(spoke / max(count, 1), 3),
        silence=round(quiet / max(hopeless, 1), 3),
        wrong_family=foreign,
    )


def by_recommender(index: ModelLibrary) -> Recommend:
    """What the studio would recommend."""

    def recommend(ask: Ask, family: str) -> Sequence[str]:
        target = Target(family=family)
        advice = recommend_loras(keywords(ask.prompt), index, target, count=BEST)
        return [one.lora for one in advice]

    return recommend


def by_name(library: Labelled) -> Recommend:
    """What a plain match finds: names that contain the most words of the prompt."""

    def recommend(ask: Ask, family: str) -> Sequence[str]:
        said = {word.strip(".,").casefold() for word in ask.prompt.split()}
        said = {word for word in said if len(word) > 2}
        found = {
            name: sum(word in stem(name).casefold() for word in said)
            for name, record in library.records.items()
            if record.family == family
        }
        best = sorted(filter(found.__getitem__, found), key=lambda name: (-found[name], name))
        return best[:BEST]

    return recommend
