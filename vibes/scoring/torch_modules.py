"""Torch and open_clip, loaded when first needed: everything else works without them."""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from vibes.errors import ScoringUnavailable

INSTALL = "`vibes scoring install` installs them"
NEEDED = ("torch", "torchvision", "open_clip", "transformers")


def missing_modules() -> tuple[str, ...]:
    """The names of what scoring needs and is not installed; nothing is imported to find out."""
    return tuple(name for name in NEEDED if find_spec(name) is None)


@cache
def load_modules() -> tuple[Any, Any]:
    """Torch and open_clip, untyped: neither is installed where types are checked.

    Raises ScoringUnavailable where one is missing. The first call takes some seconds.
    """
    if missing := missing_modules():
        raise ScoringUnavailable(
            f"Scoring needs {', '.join(missing)}, not installed here: {INSTALL}."
        )
    torch = import_module("torch")
    _make_vision_importable()
    return torch, import_module("open_clip")


@cache
def _make_vision_importable() -> object:
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
