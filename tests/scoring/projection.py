"""A model without torch, for processes that have to be there in a moment: it sees, but badly."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from vibes.prompts.encoders import unit_rows
from vibes.scoring.pictures import Fit
from vibes.scoring.readers import ReadFile, read_file

DIMENSIONS = 16


class Projection:
    """Pixels, and the bytes of texts, each by a matrix of random numbers; all as Clip has it."""

    key = "projection"
    fit = Fit(8)
    dimensions = DIMENSIONS
    scale = 20.0

    def encode_images(self, pixels):
        """Rows of unit length."""
        return _projected(pixels.reshape(len(pixels), -1).astype(np.float32) - 127)

    def encode_texts(self, texts):
        """Rows of unit length."""
        counts = [np.bincount(np.frombuffer(t.encode(), np.uint8), minlength=256) for t in texts]
        return _projected(np.array(counts, np.float32))


def _projected(rows):
    matrix = np.random.default_rng(0).normal(size=(rows.shape[1], DIMENSIONS))
    return unit_rows((rows @ matrix).astype(np.float32))


def read_or_die(path: Path, fit: Fit) -> ReadFile:
    """As read_file, but one file ends the process, as a fault in a library may."""
    if path.name == "0013.png":
        os._exit(1)
    return read_file(path, fit)


def read_all_or_die(paths: list[Path], fit: Fit) -> list[ReadFile]:
    """As read_files, in the same way."""
    return [read_or_die(path, fit) for path in paths]
