"""Models for the tests of scoring."""

from __future__ import annotations

from pathlib import Path

import pytest

from vibes.scoring.clip import Clip, load_clip
from vibes.scoring.torch_modules import load_modules, missing_modules

TINY_CLIP = Path(__file__).parents[1] / "assets" / "tiny_clip"


@pytest.fixture(scope="session")
def tiny_clip() -> Clip:
    """The trained model of ``tests/assets``, in the precision that scoring picks here."""
    if missing := missing_modules():
        pytest.skip(f"{missing[0]} is not installed here")
    torch, _ = load_modules()
    # Threads that wait for each other on a busy machine are many times slower than one alone.
    torch.set_num_threads(1)
    return load_clip(TINY_CLIP, device="cpu")
