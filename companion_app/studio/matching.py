"""What matches prompts with models: the fleet's libraries, word lists, and a text encoder."""

from __future__ import annotations

import asyncio
import logging
from importlib.util import find_spec
from pathlib import Path

from companion_app.fleet import Fleet
from vibes.catalog import Catalog
from vibes.errors import ConfigError
from vibes.prompts import PromptAnalysis, analyse, topics
from vibes.prompts.concepts import concept_lexicon
from vibes.prompts.encoders import TextEncoder
from vibes.prompts.synonyms import with_own_synonyms
from vibes.recommend import Clusters, Libraries
from vibes.scoring.text_tower import load_text_encoder
from vibes.settings import Settings, data_root

log = logging.getLogger(__name__)


class Matching:
    """The libraries of what the fleet has now; made anew, beside the event loop, when that changes.

    Raises ConfigError for word lists or a text encoder of the user's that are not such.
    """

    def __init__(self, settings: Settings, *, fleet: Fleet):
        self._fleet = fleet
        self._weights = settings.lora_weights
        _check(settings.lexicons)
        self._lexicon = concept_lexicon(settings.lexicons)
        self._synonyms = with_own_synonyms(settings.lexicons)
        self.encoder = _encoder(settings)
        self.clusters = Clusters(topics(), self.encoder)
        self._made: tuple[Catalog, Libraries] | None = None
        self._making = asyncio.Lock()

    async def ready(self) -> None:
        """Return once the libraries are those of the present catalog."""
        async with self._making:
            catalog = self._fleet.catalog
            if self._made is None or self._made[0] is not catalog:
                self._made = catalog, await asyncio.to_thread(self._libraries, catalog)

    @property
    def libraries(self) -> Libraries:
        """Those of the present catalog; made now where nobody was ``ready`` since it changed."""
        catalog = self._fleet.catalog
        if self._made is None or self._made[0] is not catalog:
            self._made = catalog, self._libraries(catalog)
        return self._made[1]

    @property
    def matcher(self) -> str:
        """How meaning is matched: "words" alone, or the name of a text encoder."""
        return self.encoder.name if self.encoder else "words"

    def analyse(self, prompt: str) -> PromptAnalysis:
        """What a prompt says, by the shipped word lists and the user's own."""
        return analyse(prompt, self._lexicon)

    def _libraries(self, catalog: Catalog) -> Libraries:
        return Libraries(
            catalog, synonyms=self._synonyms, encoder=self.encoder, weights=self._weights
        )


def _check(lexicons: Path | None) -> None:
    if lexicons is not None and not lexicons.is_dir():
        raise ConfigError(
            "There is no folder where `lexicons` points: make it, or leave the setting out.",
            path=lexicons,
        )


def _encoder(settings: Settings) -> TextEncoder | None:
    """The user's own, else the one that comes with Vibes where model2vec is installed."""
    if settings.lora_weights.semantic == 0:
        return None
    path: Path | None = settings.text_encoder
    if path is None and find_spec("model2vec") is not None:
        path = data_root() / "config" / "meaning"
    return load_text_encoder(path)
