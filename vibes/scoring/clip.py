"""A CLIP model by open_clip: pictures and texts become vectors one can compare."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vibes.errors import ScoringUnavailable
from vibes.prompts.encoders import Vectors, unit_rows

from .pictures import Fit
from .torch_modules import load_modules

Pixels = npt.NDArray[np.uint8]

CONFIG = "open_clip_config.json"
WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin", "model.safetensors")
"""The names weights may have; of several, open_clip loads the first in this order."""
TEXTS_AT_ONCE = 256
PICTURES_AT_ONCE = {"cuda": 256, "mps": 64, "cpu": 64}
_SAMPLE = 1 << 16  # bytes
_SAMPLES = 64
_LONGEST = 240  # characters quoted of an error


@dataclass(frozen=True, slots=True)
class Colours:
    """Mean and standard deviation of each channel, in 0..1, as the model was trained with."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


class Clip:
    """A loaded model. ``key`` names model, weights and preprocessing: equal keys, equal vectors.

    ``scale`` and ``bias`` turn a cosine into the logit the model was trained on; ``bias`` is None
    for a model trained by softmax.
    """

    def __init__(self, model: Any, tokenize: Any, *, key: str, device: str, name: str):
        self._torch, open_clip = load_modules()
        model = model.eval().requires_grad_(False)
        settings = open_clip.get_model_preprocess_cfg(model)
        self.name = name
        self.fit = _fit(settings)
        self.key = f"{key}:{self.fit.side}{self.fit.mode}"
        self.scale = model.logit_scale.exp().item()
        bias = getattr(model, "logit_bias", None)
        self.bias = None if bias is None else bias.item()
        self.device = device
        self._colours = Colours(tuple(settings["mean"]), tuple(settings["std"]))
        self._precision = _precision(self._torch, device)
        layout = self._torch.channels_last
        self._model = model.to(device=device, memory_format=layout)
        self._tokenize = tokenize
        self.dimensions = self._read(["a picture"]).shape[1]

    @property
    def module(self) -> Any:
        """The torch module, for who manages its memory: it has to be on ``device`` when used."""
        return self._model

    def encode_images(self, pixels: Pixels) -> Vectors:
        """Pictures (n, side, side, 3), fitted by ``fit``, as n rows of unit length."""
        size = PICTURES_AT_ONCE[self.device.split(":")[0]]
        parts = [self._seen(pixels[i : i + size]) for i in range(0, len(pixels), size)]
        return _joined(parts, self.dimensions)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Texts as rows of unit length; what exceeds the model's context is cut off."""
        starts = range(0, len(texts), TEXTS_AT_ONCE)
        parts = [self._read(list(texts[i : i + TEXTS_AT_ONCE])) for i in starts]
        return _joined(parts, self.dimensions)

    def _seen(self, pixels: Pixels) -> Vectors:
        torch = self._torch
        with torch.inference_mode():
            batch = torch.from_numpy(np.require(pixels, requirements=["C", "W"])).to(self.device)
            batch = batch.permute(0, 3, 1, 2).float().div_(255)  # this stays channels_last
            mean, std = (
                torch.tensor(values, device=self.device).view(1, 3, 1, 1)
                for values in (self._colours.mean, self._colours.std)
            )
            with self._autocast():
                found = self._model.encode_image(batch.sub_(mean).div_(std))
            return _rows(found)

    def _read(self, texts: list[str]) -> Vectors:
        """In full precision: there are few texts, and each is compared with every picture."""
        with self._torch.inference_mode():
            return _rows(self._model.encode_text(self._tokenize(texts).to(self.device)))

    def _autocast(self) -> AbstractContextManager[Any]:
        kind = self.device.split(":")[0]
        wanted = self._precision is not None
        made: AbstractContextManager[Any] = self._torch.autocast(
            kind, dtype=self._precision or self._torch.bfloat16, enabled=wanted
        )
        return made


def load_clip(folder: Path, *, device: str = "auto", name: str | None = None) -> Clip:
    """The model of a folder that holds ``open_clip_config.json`` and weights; no network is used.

    ``name`` is what people call it, by itself the folder's. Raises ScoringUnavailable where torch
    or open_clip are missing, or the folder holds no such model.
    """
    key = fingerprint(weights_in(folder))
    torch, open_clip = load_modules()
    device = chosen_device(torch, device)
    place = f"local-dir:{folder}"
    try:
        model = open_clip.create_model(place, device=device)
        tokenize = open_clip.get_tokenizer(place)
        return Clip(model, tokenize, key=key, device=device, name=name or folder.name)
    except Exception as error:  # whatever torch, open_clip and tokenizers raise over wrong files
        raise ScoringUnavailable(
            f"{folder} holds no CLIP model that works: {_sentence(error)}"
        ) from error


def weights_in(folder: Path) -> Path:
    """The file of weights in a model's folder; raises ScoringUnavailable where it lacks a part."""
    if not (folder / CONFIG).is_file():
        raise ScoringUnavailable(f"{folder} is no folder of an open_clip model: no {CONFIG} there.")
    found = next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)
    if found is None:
        raise ScoringUnavailable(f"{folder} holds no weights: {WEIGHTS[0]} is missing.")
    return found


def fingerprint(weights: Path) -> str:
    """12 hex digits that tell weights apart: of size, both ends and samples between.

    A hash of all of it would take seconds at every start.
    """
    digest = hashlib.sha256((weights.parent / CONFIG).read_bytes())
    size = weights.stat().st_size
    digest.update(str(size).encode())
    with weights.open("rb") as file:
        for at in _places(size):
            file.seek(at)
            digest.update(file.read(_SAMPLE))
    return digest.hexdigest()[:12]


def chosen_device(torch: Any, wanted: str) -> str:
    """``auto`` is the first accelerator; raises ScoringUnavailable for one that is not there."""
    if wanted == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, number = wanted.partition(":")
    there = {"cpu": 1, "mps": int(torch.backends.mps.is_available())}
    if int(number or 0) >= there.get(kind, torch.cuda.device_count()):
        raise ScoringUnavailable(
            f"There is no device '{wanted}' that torch can use here; `device: auto` takes what is."
        )
    return wanted


def _sentence(error: Exception) -> str:
    """The beginning of what can be pages about every weight, in one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = " ".join(lines[:2]) or type(error).__name__
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]} …"


def _places(size: int) -> Iterator[int]:
    step = max((size - _SAMPLE) / _SAMPLES, 1)
    return (math.floor(step * n) for n in range(_SAMPLES + 1))


def _precision(torch: Any, device: str) -> Any | None:
    """What pictures are computed in; None = as the weights are.

    Halves the memory and doubles the speed or more. A processor without bfloat16 instructions
    would only emulate it.
    """
    if device.startswith("cuda"):
        return torch.float16
    native = {"amx_bf16", "avx512_bf16", "bf16"} & _processor_flags()
    return torch.bfloat16 if device == "cpu" and native else None


def _processor_flags() -> set[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # no Linux
        return set()
    found = (line for line in lines if line.lower().startswith(("flags", "features")))
    return set(next(found, "").split())


def _fit(settings: dict[str, Any]) -> Fit:
    size = settings["size"]
    side = size if isinstance(size, int) else size[-1]
    return Fit(side, settings["resize_mode"], settings["interpolation"])


def _rows(found: Any) -> Vectors:
    return unit_rows(np.asarray(found.float().cpu().numpy(), dtype=np.float32))


def _joined(parts: list[Vectors], dimensions: int) -> Vectors:
    return np.concatenate(parts) if parts else np.zeros((0, dimensions), dtype=np.float32)
