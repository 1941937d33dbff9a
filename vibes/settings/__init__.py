"""Settings: what the YAML files in ``config/`` and ``VIBES_*`` variables may say."""

from __future__ import annotations

from .loading import load_settings
from .models import (
    ASPECT_RATIOS,
    MAX_STEPS,
    AspectRatio,
    PolicyName,
    ServerConfig,
    Settings,
    Stage,
    Tier,
)
from .root import data_root

__all__ = [
    "ASPECT_RATIOS",
    "MAX_STEPS",
    "AspectRatio",
    "PolicyName",
    "ServerConfig",
    "Settings",
    "Stage",
    "Tier",
    "data_root",
    "load_settings",
]
