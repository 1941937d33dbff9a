"""From files, environment and arguments to ``Settings``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource, SettingsError

from vibes.errors import ConfigError

from .lines import read_document
from .models import Settings
from .problems import config_error
from .root import data_root
from .variables import refuse_misspelt

_FILES = ("gpus.yaml", "pools.yaml", "scoring.yaml", "stages.yaml")


def load_settings(config: Path | None = None, **overrides: Any) -> Settings:
    """Settings from ``config/*.yaml``, then ``config``, then ``VIBES_*``, then ``overrides``.

    ``config`` may hold any settings; each replaces the whole of what the shipped files say under
    that name. Overrides that are None count as not given. ConfigError names the file and line.
    """
    paths = [data_root() / "config" / name for name in _FILES]
    documents = [read_document(path) for path in [*paths, *([config] if config else [])]]
    given = {name: value for name, value in overrides.items() if value is not None}
    values: dict[str, Any] = {}
    for document in documents:
        values.update(document.data)
    environment = _environment()
    try:
        return Settings(**{**_merged(values, environment), **given})
    except ValidationError as error:
        raise config_error(error, documents, environment, given=given) from error


def _environment() -> dict[str, Any]:
    refuse_misspelt()
    try:
        return EnvSettingsSource(Settings)()
    except SettingsError as error:
        field = re.search(r'field "(\w+)"', str(error))
        name = f"VIBES_{field[1].upper()}" if field else "A VIBES_* variable"
        raise ConfigError(f"{name}: a list or table is given as JSON, and this is not.") from error


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with the leaves of ``over`` laid on it."""
    merged = dict(base)
    for name, value in over.items():
        below = merged.get(name)
        nested = isinstance(value, dict) and isinstance(below, dict)
        merged[name] = _merged(below or {}, value) if nested else value
    return merged
