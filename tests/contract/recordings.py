"""What a real ComfyUI replied, kept as JSON with everything that varies between runs taken out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

DIRECTORY = Path(__file__).parents[1] / "data" / "comfyui"
HEX_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
COUNTER = re.compile(r"_\d{5}_(?=\.png)")
VARYING = {"timestamp": 0, "traceback": []}
PROSE = {"tooltip", "description", "display_name", "output_tooltips"}  # for people, not clients


@dataclass(frozen=True)
class Recordings:
    """Compares replies with the recorded ones, or writes them when asked to."""

    writing: bool

    def check(self, file: str, key: str, value: Any) -> None:
        """Assert that *value* is what the real ComfyUI said, up to ids, times and prose."""
        path = DIRECTORY / f"{file}.json"
        recorded = json.loads(path.read_text()) if path.is_file() else {}
        value = plain(value)
        if self.writing:
            recorded[key] = value
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n")
        if key not in recorded:
            pytest.fail(f"{key} is not in {path}: run pytest tests/contract --record-comfyui")
        assert value == recorded[key]


def plain(value: Any) -> Any:
    """Return *value* as JSON holds it, without what varies and without texts for people."""
    if isinstance(value, str):
        return COUNTER.sub("_00001_", HEX_ID.sub("ID", value))
    if isinstance(value, Mapping):
        return {
            plain(key): VARYING.get(key, plain(item))
            for key, item in value.items()
            if key not in PROSE
        }
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
