"""Whether pictures can be scored here, found out when somebody first wants to know."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from vibes.errors import ConfigError, ScoringUnavailable
from vibes.scoring.alternatives_lexicon import alternatives
from vibes.scoring.clip import fingerprint, weights_in
from vibes.scoring.weights import model_folder, scoring_state
from vibes.settings import Settings

from .desk import Equipment

LOOK_AGAIN_SECONDS = 30
"""Weights may be installed while the studio runs."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What pictures are scored with, and the beginning of the model's key."""

    equipment: Equipment
    key: str


class Readiness:
    """Looks for torch and the settings' model, in a thread; what was found once stays found."""

    def __init__(self, settings: Settings):
        self._scoring = settings.scoring
        self._models = settings.scoring_models
        self._lexicons = settings.lexicons
        self._looking = asyncio.Lock()
        self._looked = float("-inf")
        self.ready: Ready | None = None
        self.why = ""
        """Why not, and what to do."""

    async def find(self) -> Ready | None:
        """The model; None where there is none, ``why`` then says so."""
        async with self._looking:
            if self.ready is None and time.monotonic() - self._looked > LOOK_AGAIN_SECONDS:
                found = await asyncio.to_thread(self._look)
                self._looked = time.monotonic()
                self.ready, self.why = (found, "") if isinstance(found, Ready) else (None, found)
        return self.ready

    async def demand(self) -> Ready:
        """The model; raises ScoringUnavailable where there is none."""
        found = await self.find()
        if found is None:
            raise ScoringUnavailable(self.why)
        return found

    @property
    def name(self) -> str:
        """What people call the model."""
        known = self._models.get(self._scoring.model)
        return known.architecture if known else Path(self._scoring.model).name

    @property
    def licence(self) -> str | None:
        """Under which the model's weights may be used, where that is known."""
        known = self._models.get(self._scoring.model)
        return known.licence if known else None

    def _look(self) -> Ready | str:
        why = scoring_state(self._scoring, self._models)
        if why is not None:
            return why
        try:
            alternatives(self._lexicons)  # the process that scores could not tell what is wrong
            equipment = self._equipment()
            return Ready(equipment, fingerprint(weights_in(equipment.model)))
        except (ScoringUnavailable, ConfigError) as error:
            return str(error)
        except OSError as error:
            return f"The scoring model cannot be read: {error.strerror or error}."

    def _equipment(self) -> Equipment:
        second = self._scoring.permissive
        return Equipment(
            model=model_folder(self._scoring.model, self._models),
            name=self.name,
            permissive=model_folder(second, self._models) if second else None,
            device=self._scoring.device,
            plugins=self._scoring.plugins,
            lexicons=self._lexicons,
        )
