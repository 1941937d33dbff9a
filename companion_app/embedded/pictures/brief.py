"""What a prompt asks to see, read from its words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

# The first of several matching words wins for a time of day; places and subjects add up.
_TIMES = {
    "night": "night midnight moon moonlit moonlight stars starry nocturnal neon cyberpunk",
    "space": "space galaxy nebula cosmos cosmic universe planet astronaut",
    "sunset": "sunset sundown evening afterglow crimson fire lava volcano",
    "dawn": "dawn sunrise morning mist misty pastel spring",
    "golden": "golden hour warm autumn fall desert dunes amber",
    "dusk": "dusk twilight blue purple violet",
    "storm": "storm stormy rain rainy thunder overcast gloomy grey gray",
    "day": "day noon sunny summer bright clear",
}
_PLACES = {
    "sea": "sea ocean beach coast shore island waves wave harbor harbour lighthouse boat ship "
    "sailboat surf lagoon tropical",
    "lake": "lake river pond reflection fjord waterfall bay",
    "mountains": "mountain mountains peak peaks alps alpine cliff cliffs canyon volcano fjord "
    "himalaya summit dragon",
    "hills": "hill hills valley countryside village farm vineyard castle tuscany",
    "forest": "forest woods woodland tree trees jungle pine pines taiga grove blossom sakura deer "
    "fox wolf",
    "city": "city skyline street town downtown urban skyscraper skyscrapers tokyo york cyberpunk "
    "metropolis building buildings",
    "desert": "desert dunes dune sand sahara oasis pyramid camel",
    "meadow": "meadow field flower flowers grass garden wildflower wildflowers lavender poppies "
    "tulips wheat sunflowers prairie picnic",
}
_SUBJECTS = {
    "figure": "woman man girl boy person portrait lady knight samurai wizard witch princess "
    "warrior traveler traveller hiker astronaut king queen face model elf child couple",
    "cat": "cat kitten cats fox wolf dog puppy",
    "castle": "castle fortress palace tower cathedral temple",
    "lighthouse": "lighthouse",
    "boat": "boat sailboat ship yacht sailing pirate",
    "cabin": "cabin cottage house hut farm village home",
    "birds": "bird birds seagull seagulls crow eagle dragon",
}
_WEATHER = {
    "mist": "mist misty fog foggy haze hazy steam ethereal dreamy",
    "snow": "snow snowy winter ice frozen arctic glacier christmas",
    "rain": "rain rainy storm stormy thunder",
    "aurora": "aurora northern borealis",
    "clouds": "cloud clouds cloudy sky dramatic cumulus",
    "autumn": "autumn fall leaves october maple",
    "blossom": "blossom blossoms cherry sakura spring petals",
}
_USUAL_TIMES = ("day", "golden", "sunset", "dawn", "dusk")
_USUAL_PLACES = (("mountains", "lake"), ("hills", "meadow"), ("forest", "mountains"), ("sea",))


@dataclass(frozen=True, slots=True)
class Brief:
    """What to paint: a time of day, places, weather and subjects."""

    time: str
    places: frozenset[str]
    weather: frozenset[str]
    subjects: frozenset[str]

    @property
    def is_dark(self) -> bool:
        """Whether lamps would be lit."""
        return self.time in {"night", "dusk", "space"}


def read_brief(prompt: str, rng: np.random.Generator) -> Brief:
    """What the prompt names; the rest is left to ``rng``, so that seeds differ."""
    words = re.findall(r"[a-z]+", prompt.lower())
    usual_time = str(rng.choice(_USUAL_TIMES))
    usual_places = _USUAL_PLACES[int(rng.integers(len(_USUAL_PLACES)))]
    times = _named(words, _TIMES)
    places = frozenset(_named(words, _PLACES))
    weather = frozenset(_named(words, _WEATHER))
    if "aurora" in weather:
        times = ["night"]
    return Brief(
        times[0] if times else usual_time,
        places or frozenset(usual_places),
        weather,
        frozenset(_named(words, _SUBJECTS)),
    )


def _named(words: list[str], groups: Mapping[str, str]) -> list[str]:
    """The groups whose words occur, in the order of the groups."""
    return [group for group, members in groups.items() if set(members.split()) & set(words)]
