"""CLIP's text tower as a text encoder, by open_clip; torch is loaded when one is made."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from vibes.errors import ConfigError
from vibes.prompts.encoders import (
    Model2VecEncoder,
    RememberingEncoder,
    TextEncoder,
    Vectors,
    unit_rows,
)

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
        self._torch, open_clip = _modules(weights)
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


def _modules(weights: Path) -> tuple[Any, Any]:
    """Torch and open_clip, by name: neither is installed where types are checked."""
    try:
        torch = import_module("torch")
        make_vision_importable()
        return torch, import_module("open_clip")
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"CLIP weights need {error.name}, which is not installed: "
            "`pip install torch open_clip_torch`, or use a model2vec model.",
            path=weights,
        ) from error


@cache
def make_vision_importable() -> object:
    """Import torchvision, which open_clip does, also where its compiled parts do not load.

    That is so beside a torch without CUDA: published torchvision wheels then miss two operators,
    which nothing here calls, and declaring them is enough. What is returned declares them, for as
    long as it is kept.
    """
    try:
        return import_module("torchvision")
    except RuntimeError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        declared = import_module("torch").library.Library("torchvision", "FRAGMENT")
        declared.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        declared.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import_module("torchvision")
        return declared
