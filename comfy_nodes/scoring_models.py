"""The scoring models on this machine; looking for them loads none of what scores."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from vibes.errors import ConfigError, ScoringUnavailable
from vibes.scoring.clip import weights_in
from vibes.scoring.torch_modules import missing_modules
from vibes.scoring.weights import model_folder
from vibes.settings import Settings
from vibes.workflows import NO_SCORE_MODEL as NONE

LOOK_AGAIN_SECONDS = 5.0
"""ComfyUI asks for the choices several times in every run, and looking takes a millisecond."""

_INSTALL = "pip install 'open_clip_torch>=3.3,<4' transformers"


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model whose weights are on this machine; ``name`` is what people call it."""

    folder: Path
    name: str

    @property
    def size(self) -> int:
        """Of the weights, in bytes."""
        return weights_in(self.folder).stat().st_size

    @property
    def state(self) -> str:
        """Changes with the weights."""
        found = weights_in(self.folder).stat()
        return f"{self.folder}|{found.st_mtime_ns}|{found.st_size}"


class LocalModels:
    """The scoring models on this machine, those the settings name first."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._looked = float("-inf")
        self._found: dict[str, LocalModel] = {}

    def choices(self) -> list[str]:
        """Their names in the settings, or of their folders; ``NONE`` where there is none."""
        return list(self._models()) or [NONE]

    def get(self, choice: str) -> LocalModel:
        """The model of this name; raises ScoringUnavailable where it is not here."""
        found = self._models().get(choice)
        if found is None:
            raise ScoringUnavailable(self._why_not(choice))
        return found

    def is_known(self, choice: str) -> bool:
        """Whether there is such a choice, if not here then where its weights are."""
        return choice == NONE or choice in self._named()

    def state(self, choice: str) -> str:
        """Changes when this choice would be answered by other weights than before."""
        try:
            return self.get(choice).state
        except (ScoringUnavailable, OSError) as error:
            return str(error)

    def _models(self) -> dict[str, LocalModel]:
        if time.monotonic() - self._looked > LOOK_AGAIN_SECONDS:
            self._found = dict(self._look())
            self._looked = time.monotonic()
        return self._found

    def _look(self) -> Iterator[tuple[str, LocalModel]]:
        known = self._settings.scoring_models
        for choice, name in self._named().items():
            with suppress(ScoringUnavailable, ConfigError):
                folder = model_folder(name, known)
                people_say = known[choice].architecture if choice in known else choice
                yield choice, LocalModel(folder, people_say)

    def _named(self) -> dict[str, str]:
        """Choices and what the settings say for them; a folder goes by its last name."""
        wanted, known = self._settings.scoring, self._settings.scoring_models
        names = filter(None, [wanted.model, wanted.permissive, *known])
        named: dict[str, str] = {}
        for name in names:
            named.setdefault(name if name in known else Path(name).name, name)
        return named

    def _why_not(self, choice: str) -> str:
        known = self._settings.scoring_models
        if missing := missing_modules():
            return f"ComfyUI's Python lacks {', '.join(missing)}. Install into it: {_INSTALL}."
        if self._models():
            chosen = "No scoring model is chosen" if choice == NONE else f"'{choice}' is not here"
            return f"{chosen}; there are: {', '.join(self._models())}."
        model = known.get(choice) or next(iter(known.values()), None)
        fetch = f"`hf download {model.repository}` fetches one, or " if model else ""
        return (
            f"No weights of a scoring model are on this machine: {fetch}name the folder of one in "
            "VIBES_SCORING__MODEL and restart ComfyUI."
        )
