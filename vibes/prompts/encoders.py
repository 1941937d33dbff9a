"""Text encoders: what turns words into vectors, so that like meanings lie near each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vibes.errors import ConfigError

Vectors = npt.NDArray[np.float32]

REMEMBERED = 1 << 17  # texts; at 256 numbers each about 130 MB


class TextEncoder(Protocol):
    """Encodes texts; the same text gives the same vector."""

    name: str

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row of unit length for each text; of a text it knows nothing about, zeros."""
        ...


class Model2VecEncoder:
    """Static word vectors of a folder that model2vec wrote; nothing is ever downloaded.

    Raises ConfigError where model2vec is not installed or the folder holds no such model.
    """

    def __init__(self, folder: Path):
        if not (folder / "model.safetensors").is_file():
            raise ConfigError(
                "There is no model.safetensors in the folder `text_encoder` names: give the folder "
                "of a model2vec model.",
                path=folder,
            )
        try:
            from model2vec import StaticModel
        except ModuleNotFoundError as error:
            raise ConfigError(
                "The folder `text_encoder` names needs model2vec: `pip install model2vec`.",
                path=folder,
            ) from error
        try:
            self._model = StaticModel.from_pretrained(folder, force_download=False)
        except Exception as error:
            raise ConfigError(f"This is no model2vec model: {error}", path=folder) from error
        self.name = f"model2vec {folder.name}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As TextEncoder says."""
        if not texts:  # which model2vec cannot encode
            return np.zeros((0, self._model.dim), dtype=np.float32)
        found = self._model.encode(list(texts), use_multiprocessing=False)
        return unit_rows(np.asarray(found, dtype=np.float32).reshape(len(texts), -1))


class RememberingEncoder:
    """Another encoder that is asked only once for each text: catalogs change little."""

    def __init__(self, encoder: TextEncoder):
        self.name = encoder.name
        self._encoder = encoder
        self._known: dict[str, Vectors] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As TextEncoder says."""
        known = self._known
        new = [text for text in dict.fromkeys(texts) if text not in known]
        found = dict(zip(new, self._encoder.encode(new), strict=True)) if new else {}
        rows = [found[text] if text in found else known[text] for text in texts]
        if len(known) + len(found) > REMEMBERED:
            self._known = found
        else:
            known.update(found)
        return np.stack(rows) if rows else self._encoder.encode([])


def unit_rows(vectors: Vectors) -> Vectors:
    """The rows at length 1; rows of zeros, and of no numbers, as zeros."""
    wide = np.nan_to_num(vectors.astype(np.float64), posinf=0.0, neginf=0.0)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    found: Vectors = np.divide(wide, lengths, out=np.zeros_like(wide), where=lengths > 0).astype(
        np.float32
    )
    return found
