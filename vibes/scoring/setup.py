"""What scoring needs installed, from where, and how much of it: for ``vibes scoring install``."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vibes.settings import data_root

Accelerator = Literal["cuda", "rocm", "mps", "cpu"]
ACCELERATORS: tuple[Accelerator, ...] = ("cuda", "rocm", "mps", "cpu")

PACKAGES = ("torch", "torchvision", "open_clip_torch", "transformers")
_INDEX = "https://download.pytorch.org/whl"
_BUILDS = {"cuda": "cu130", "rocm": "rocm7.2", "cpu": "cpu"}
_MEGABYTES = {"cuda": 2600, "rocm": 3900, "mps": 250, "cpu": 350}


@dataclass(frozen=True, slots=True)
class Build:
    """A build of torch: for what, from which index (None = pip's own), and roughly how large."""

    accelerator: Accelerator
    index_url: str | None
    megabytes: int

    def command(self, python: str = sys.executable) -> list[str]:
        """What installs it, and the rest scoring needs, into the environment of ``python``."""
        pins = data_root() / "config" / "constraints-scoring.txt"
        place = ["--extra-index-url", self.index_url] if self.index_url else []
        pip = [python, "-m", "pip", "install", "--disable-pip-version-check"]
        return [*pip, "--constraint", str(pins), *place, *PACKAGES]


def build_for(accelerator: Accelerator, system: str = sys.platform) -> Build:
    """Where the build for an accelerator is.

    What pip installs by itself is the CUDA build on Linux and the processor's elsewhere, on a Mac
    with the graphics chip's support. Every other build has an index of its own.
    """
    usual = {"linux": "cuda", "darwin": "mps"}.get(system, "cpu")
    own = accelerator != usual and accelerator in _BUILDS
    index = f"{_INDEX}/{_BUILDS[accelerator]}" if own else None
    return Build(accelerator, index, _MEGABYTES[accelerator])


def find_accelerator() -> Accelerator:
    """What this machine computes with, as far as can be told without torch."""
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return "mps"
    if shutil.which("nvidia-smi"):
        return "cuda"
    return "rocm" if shutil.which("rocminfo") or Path("/dev/kfd").exists() else "cpu"


def sizes(build: Build | None, weights: Sequence[tuple[str, int]]) -> list[str]:
    """One line for each thing that would be fetched: the build, and models with megabytes."""
    parts = [] if build is None else [f"torch for {build.accelerator}: {_shown(build.megabytes)}"]
    return [*parts, *(f"weights of {name}: {_shown(size)}" for name, size in weights)]


def _shown(megabytes: int) -> str:
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes} MB"
