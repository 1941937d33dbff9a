"""Word lists as data: YAML files whose faults are told by file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from vibes.errors import ConfigError


def read_lists(path: Path, what: str) -> dict[Any, Any]:
    """The mapping in a file of ``what`` ("styles"); ConfigError when it holds none."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The {what} cannot be read: {error.strerror}.", path=path) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        raise ConfigError(f"The {what} are not valid YAML.", path=path, line=line) from error
    if not isinstance(data, dict):
        raise ConfigError(f"The {what} are no mapping of names to words.", path=path)
    return data


def entries(text: str) -> list[str]:
    """The entries of a list, which commas separate."""
    return [entry for entry in (" ".join(part.split()) for part in text.split(",")) if entry]
