"""CLIP's text tower as a text encoder, by open_clip; torch is loaded when one is made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vibes.errors import ConfigError, ScoringUnavailable
from vibes.prompts.encoders import (
    Model2VecEncoder,
    RememberingEncoder,
    TextEncoder,
    Vectors,
    unit_rows,
)

from .torch_modules import load_modules

MODEL = "ViT-B-32"
AT_ONCE = 256  # texts


class OpenClipEncoder:
    """The text half of a CLIP model; the weights are a file, nothing is ever downloaded.

    ``model`` is open_clip's name of the architecture. Raises ConfigError where open_clip is not
    installed or the file holds other weights.
    """

    def __init__(self, weights: Path, model: str = MODEL):
        if not weights.is_file():
            raise ConfigError("There is no file of CLIP weights here.", path=weights)
        try:
            self._torch, open_clip = load_modules()
        except ScoringUnavailable as error:
            raise ConfigError(f"{error} Or use a model2vec model.", path=weights) from error
        try:
            whole = open_clip.create_model(model, pretrained=str(weights))
            self._tokenize = open_clip.get_tokenizer(model)
        except Exception as error:
            raise ConfigError(
                f"These are no weights of the CLIP model {model}: {error}", path=weights
            ) from error
        whole.eval()
        whole.visual = None  # the larger half, which sees pictures
        self._model = whole
        self.name = f"open_clip {model} {weights.stem}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As TextEncoder says."""
        if not texts:
            return np.zeros((0, 0), dtype=np.float32)
        starts = range(0, len(texts), AT_ONCE)
        return np.concatenate([self._some(list(texts[i : i + AT_ONCE])) for i in starts])

    def _some(self, texts: list[str]) -> Vectors:
        with self._torch.inference_mode():
            found = self._model.encode_text(self._tokenize(texts)).float().cpu().numpy()
        return unit_rows(np.asarray(found, dtype=np.float32))


def load_text_encoder(path: Path | None) -> TextEncoder | None:
    """The encoder of a folder (model2vec) or a file (CLIP weights); None where none is named.

    Raises ConfigError for a path that leads to neither, or to a broken one.
    """
    if path is None:
        return None
    if path.is_dir():
        return RememberingEncoder(Model2VecEncoder(path))
    if path.is_file():
        return RememberingEncoder(OpenClipEncoder(path))
    raise ConfigError(
        "There is nothing where `text_encoder` points: name the folder of a model2vec model, or a "
        "file of CLIP weights.",
        path=path,
    )
