"""The embedded render server: speaks ComfyUI's protocol and paints without a model.

The demo, the tests and the benchmarks talk to it through the same client as to real ComfyUI.
"""

from .app import create_app
from .machine import Scorer
from .models import FULL_LIBRARY, PARTIAL_LIBRARY, ModelFile, Models
from .process import run_embedded

__all__ = [
    "FULL_LIBRARY",
    "PARTIAL_LIBRARY",
    "ModelFile",
    "Models",
    "Scorer",
    "create_app",
    "run_embedded",
]
