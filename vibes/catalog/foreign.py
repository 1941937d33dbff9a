"""Values that other programs wrote, checked: each function gives None for what is no such value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

LARGEST = 2**53
"""No count is this large: beyond it, not every reader of JSON keeps whole numbers apart."""

LONGEST = 200
"""Characters of a line."""

STRONGEST = 4.0
"""No LoRA is meant to be used more strongly."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


def line(value: object, longest: int = LONGEST) -> str | None:
    """A text in one printable line, cut where it is too long."""
    text = " ".join(value[: 4 * longest].split()) if isinstance(value, str) else ""
    return "".join(filter(str.isprintable, text))[:longest].strip() or None


def count(value: object) -> int | None:
    """A whole number from 0 to below ``LARGEST``."""
    return value if type(value) is int and 0 <= value < LARGEST else None


def number(value: object) -> float | None:
    """A number whose size is below ``LARGEST``."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value if -LARGEST < value < LARGEST else None


def strength(value: object) -> float | None:
    """A LoRA's strength; 0 is what tools write for none."""
    found = number(value) or 0
    return float(found) if 0 < abs(found) <= STRONGEST else None


def sha256(value: object) -> str | None:
    """A digest in lower case."""
    folded = value.lower() if isinstance(value, str) else ""
    return folded if _SHA256.fullmatch(folded) else None


def json_object(text: str | bytes) -> dict[str, Any]:
    """The object in a JSON text in UTF-8; empty where there is none."""
    try:
        found = json.loads(text if isinstance(text, str) else str(text, "utf-8"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def inner(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The object under a key; empty where there is none."""
    found = data.get(key)
    return found if isinstance(found, dict) else {}


def items(data: Mapping[str, Any], key: str) -> list[Any]:
    """The list under a key; empty where there is none."""
    found = data.get(key)
    return found if isinstance(found, list) else []
