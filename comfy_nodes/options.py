"""Choices from a list, which ComfyUI itself does not check."""

from __future__ import annotations

from collections.abc import Iterable

from vibes.errors import InvalidInput
from vibes.settings.models import did_you_mean


def check_option(kind: str, value: str | None, options: Iterable[str]) -> None:
    """Raise InvalidInput with the nearest option where the value is none; None is a link."""
    known = tuple(options)
    if value is not None and value not in known:
        raise InvalidInput(
            f"There is no {kind} '{value}'{did_you_mean(value, known)}"
            f" There are {', '.join(known)}."
        )
