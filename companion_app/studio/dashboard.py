"""The dashboards: what was learned, as people look at it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from companion_app.fleet import Fleet
from vibes.preferences import TYPES, offpolicy
from vibes.preferences.offpolicy import Comparison, Rate
from vibes.preferences.terms import plural
from vibes.prompts import keywords

from .changes import recent_changes
from .curves import pairs_together, strength_curves
from .findings import findings
from .heatmaps import MapKind, heat_map
from .intentions import Mode, intention
from .leanings import leanings
from .phrases import percent, reading_view, span, told
from .planning import Planner
from .readings import Readings
from .taste import Taste
from .views import View

TABLES = ("checkpoint", "lora")
ROWS = 12
NARROW = 0.05  # half an interval's width, from which "no difference" can be told
FEW = 10  # grids; fewer decide nothing, however they came out

assert set(TABLES) <= set(TYPES)


class Dashboard:
    """Use cases that show what was learned; None for a profile means all of them together.

    Every view is worked out once for as long as nothing is learned, beside the event loop.
    """

    def __init__(self, *, taste: Taste, planner: Planner, fleet: Fleet):
        self._taste = taste
        self._planner = planner
        self._fleet = fleet
        self._version = -1
        self._known: dict[str | None, Readings] = {}
        self._views: dict[Hashable, Any] = {}

    async def overview(self, profile: str | None) -> View:
        """How much was learned, what stands out in sentences, and the models shown most."""
        return await self._seen("overview", profile, self._overview)

    async def heat_map(self, kind: MapKind, profile: str | None) -> View:
        """Every pairing of the best known words and models."""
        return await self._seen(kind, profile, lambda known: heat_map(known, kind))

    async def strengths(self, profile: str | None) -> View:
        """LoRAs by strength, and pairs of them alone and together."""

        def view(known: Readings) -> View:
            chronicle = self._taste.chronicle(profile)
            return {"loras": strength_curves(known), "pairs": pairs_together(known, chronicle)}

        return await self._seen("strengths", profile, view)

    async def recent(self, profile: str | None) -> View:
        """What the last grids changed."""

        def view(known: Readings) -> View:
            return recent_changes(known, self._taste.chronicle(profile))

        return await self._seen("recent", profile, view)

    async def effect(self, profile: str | None) -> View:
        """What learning is worth: images the policy chose beside those drawn uniformly."""

        def view(_: Readings) -> View:
            return effect_view(offpolicy.compared(self._taste.chronicle(profile).trials))

        return await self._seen("effect", profile, view)

    async def style(self, profile: str | None) -> View:
        """Style tendencies; models new to the fleet may change them, so nothing is kept."""
        await self._check(profile)
        catalog = self._fleet.catalog
        statistics = self._taste.statistics(profile)
        return {"axes": await self._taste.look_through(lambda: leanings(statistics, catalog))}

    async def would_choose(self, prompt: str, tier: str | None, mode: Mode, profile: str) -> View:
        """What a grid would be made with; raises NotFound, InvalidInput, NoServerCan."""
        await self._check(profile)
        pool = self._planner.pool_for(prompt, tier)
        words = keywords(prompt)
        policy = self._taste.policy(profile)
        view = await self._taste.look_through(lambda: intention(policy, words, pool, mode))
        return {"prompt": prompt, "tier": tier, "mode": mode, **view}

    def rating(self, image_id: str) -> View:
        """The last rating of an image, None where it has none."""
        rating = self._taste.chronicle().rating(image_id)
        fields = ("overall", "quality", "accuracy", "aesthetics", "flaws", "tags", "comment")
        told = {name: getattr(rating, name) for name in fields} if rating else None
        return {"image_id": image_id, "rating": told}

    async def _check(self, profile: str | None) -> None:
        if profile is not None:
            await self._taste.check(profile)

    async def _seen(self, name: str, profile: str | None, view: Callable[[Readings], View]) -> View:
        """The view of what is known now; raises NotFound for a profile nobody made."""
        await self._check(profile)
        found: View = await self._taste.look_through(lambda: self._kept(name, profile, view))
        return found

    def _kept(self, name: str, profile: str | None, view: Callable[[Readings], View]) -> View:
        """Runs while nothing is learned, so that what is kept is of one version."""
        if self._version != self._taste.version:
            self._known.clear()
            self._views.clear()
            self._version = self._taste.version
        key = (name, profile)
        if key not in self._views:
            self._views[key] = view(self._readings(profile))
        kept: View = self._views[key]
        return kept

    def _readings(self, profile: str | None) -> Readings:
        if profile not in self._known:
            policy = None if profile is None else self._taste.policy(profile)
            self._known[profile] = Readings(self._taste.statistics(profile), policy)
        return self._known[profile]

    def _overview(self, known: Readings) -> View:
        return {
            **known.statistics.totals(),
            "usual": known.usual,
            "findings": findings(known),
            "tables": {kind: _table(known, kind) for kind in TABLES},
        }


def effect_view(found: Comparison | None) -> View:
    """A comparison in words; it is decided when its interval leaves no doubt, or no room."""
    if found is None:
        return {
            "decided": False,
            "grids": 0,
            "sentence": "Too early to tell: no two grids yet had a picture drawn at random.",
        }
    low, high = map(float, found.difference_interval)
    clear = low > 0 or high < 0 or max(high, -low) <= NARROW
    decided = clear and found.grids >= FEW
    return {
        "decided": decided,
        "grids": found.grids,
        "chosen": _rate(found.chosen),
        "probes": _rate(found.probes),
        "difference": float(found.difference),
        "difference_interval": [low, high],
        "sentence": _effect_sentence(found, decided),
    }


def _effect_sentence(found: Comparison, decided: bool) -> str:
    rates = (
        f"you picked {percent(found.chosen.rate)} of the chosen pictures and "
        f"{percent(found.probes.rate)} of those drawn at random, in {plural(found.grids, 'grid')}"
    )
    low, high = found.difference_interval
    if not decided:
        return f"Too early to tell: {rates}."
    if low > 0:
        return f"Learning pays: {rates}."
    return f"Learning does harm: {rates}." if high < 0 else f"Learning changes little: {rates}."


def _rate(rate: Rate) -> View:
    return {
        "rate": rate.rate,
        "interval": list(rate.interval),
        "selected": rate.picked,
        "total": rate.shown,
        "sentence": f"{percent(rate.rate)}, likely {span(rate.interval)}",
    }


def _table(known: Readings, kind: str) -> list[View]:
    """The models shown most, the best of them first."""
    readings = known.of(kind, [(name,) for name in known.most_known(kind, ROWS)])
    readings.sort(key=lambda reading: (-reading.mean, reading.parts))
    return [{**reading_view(one), "sentence": told(kind, one)} for one in readings]
