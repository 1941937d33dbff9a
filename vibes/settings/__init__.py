"""Settings: what the YAML files in ``config/`` and ``VIBES_*`` variables may say."""

from __future__ import annotations

from .access import without_credentials
from .added import AddedServers, load_added, server_config
from .loading import load_settings
from .models import (
    ASPECT_RATIOS,
    MAX_STEPS,
    AspectRatio,
    LoraWeights,
    PolicyName,
    ServerConfig,
    Settings,
    Stage,
    Tier,
)
from .problems import typed
from .root import data_root
from .scoring import Scoring, ScoringModel, Thresholds
from .studio import StudioAccess

__all__ = [
    "ASPECT_RATIOS",
    "MAX_STEPS",
    "AddedServers",
    "AspectRatio",
    "LoraWeights",
    "PolicyName",
    "Scoring",
    "ScoringModel",
    "ServerConfig",
    "Settings",
    "Stage",
    "StudioAccess",
    "Thresholds",
    "Tier",
    "data_root",
    "load_added",
    "load_settings",
    "server_config",
    "typed",
    "without_credentials",
]
