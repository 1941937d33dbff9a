"""Where the weights of scoring models are: on this machine, or on a hub, fetched on request."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vibes.errors import ConfigError, ScoringUnavailable
from vibes.settings import Scoring, ScoringModel

from .clip import Clip, load_clip, weights_in
from .torch_modules import missing_modules

PARTS = (
    "open_clip_config.json",
    "open_clip_model.safetensors",
    "tokenizer*",
    "special_tokens_map.json",
    "vocab.json",
    "merges.txt",
)
"""What of a repository is fetched: never a pickled file."""


def load_model(name: str, models: Mapping[str, ScoringModel], *, device: str = "auto") -> Clip:
    """The model of this name, or in this folder, from this machine alone.

    Raises ConfigError for a name that is none, ScoringUnavailable for weights that are not here.
    """
    shown = name if name in models else None
    return load_clip(model_folder(name, models), device=device, name=shown)


def model_folder(name: str, models: Mapping[str, ScoringModel]) -> Path:
    """The folder of a model on this machine; raises as ``load_model`` does."""
    if missing := missing_modules():
        raise ScoringUnavailable(
            f"Scoring needs {', '.join(missing)}: `vibes scoring install` installs what is missing."
        )
    if name not in models:
        return _own_folder(name, models)
    found = cached(models[name])
    if found is None:
        raise ScoringUnavailable(
            f"The weights of the scoring model '{name}' are not here: "
            f"`vibes scoring install --model {name}` fetches them ({models[name].megabytes} MB)."
        )
    return found


def cached(model: ScoringModel) -> Path | None:
    """The folder of a model in the hub's cache on this machine; None where it is not complete."""
    try:
        found = _hub().snapshot_download(
            model.repository, allow_patterns=list(PARTS), local_files_only=True
        )
        folder = Path(found)
        weights_in(folder)
    except (OSError, ValueError, ScoringUnavailable):  # the hub's errors are of the first two
        return None
    return folder


def fetch(model: ScoringModel) -> Path:
    """Fetch a model's weights from its hub, showing progress; goes on where it was stopped.

    Raises ScoringUnavailable when the hub cannot be reached or does not have it.
    """
    try:
        folder = _hub().snapshot_download(model.repository, allow_patterns=list(PARTS))
    except Exception as error:  # whatever the hub's library and the network below it raise
        reason = str(error).strip().split("\n")[0].rstrip(".")
        raise ScoringUnavailable(
            f"{model.repository} could not be fetched ({reason}). What has arrived is kept: run "
            "the same command again, or copy the folder from another machine and name it in "
            "`scoring: {model: …}`."
        ) from error
    weights_in(Path(folder))
    return Path(folder)


def scoring_state(scoring: Scoring, models: Mapping[str, ScoringModel]) -> str | None:
    """Why nothing can be scored here, and what to do; None where everything is in place."""
    if not scoring.enabled:
        return "Scoring is switched off in the settings (`scoring: {enabled: true}`)."
    try:
        model_folder(scoring.model, models)
    except (ScoringUnavailable, ConfigError) as error:
        return str(error)
    return None


def _own_folder(name: str, models: Mapping[str, ScoringModel]) -> Path:
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise ConfigError(
            f"'{name}' is neither a scoring model ({', '.join(models)}) nor the folder of one."
        )
    weights_in(folder)
    return folder


def _hub() -> Any:
    """The hub's library, told before it loads to send no statistics."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    import huggingface_hub

    return huggingface_hub
