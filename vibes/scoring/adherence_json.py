"""Adherence as JSON: exact, versioned, refused where it is damaged."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError

from vibes.errors import InvalidInput

from .adherence import Adherence

VERSION = 1

_ADAPTER = TypeAdapter(Adherence)


def to_json(adherence: Adherence) -> str:
    """One line of JSON; ``from_json`` gives an equal adherence."""
    return f'{{"version":{VERSION},{_ADAPTER.dump_json(adherence).decode()[1:]}'


def from_json(text: str) -> Adherence:
    """Inverse of ``to_json``; InvalidInput for anything that it cannot have written."""
    try:
        data: Any = json.loads(text, parse_constant=_refused)
        version = data.pop("version")
        if version != VERSION:
            raise InvalidInput(
                f"This adherence has version {version}; this studio reads version {VERSION}. "
                "Score the picture again."
            )
        return _ADAPTER.validate_python(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(map(str, fault["loc"]))
        raise InvalidInput(
            f"This adherence is damaged at {place}: {fault['msg']}. Score the picture again."
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInput(
            f"This adherence is damaged ({error}). Score the picture again."
        ) from error


def _refused(number: str) -> float:
    raise ValueError(f"{number} is no number of a score")
