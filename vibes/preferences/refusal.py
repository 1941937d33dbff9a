"""Pydantic's findings as one whole sentence for the person at the screen."""

from __future__ import annotations

from pydantic import ValidationError

from vibes.errors import InvalidInput

_LONGEST = 60  # characters of a foreign value worth quoting
_WANTED = {  # where pydantic speaks of Python rather than of the document
    "dataclass_type": "expected an object",
    "int_parsing_size": "expected a smaller number",
    "invalid_key": "expected keys that are strings",
    "string_too_short": "expected some text",
    "too_short": "expected at least one entry",
    "tuple_type": "expected a list",
}


def refusal(error: ValidationError, place: str) -> InvalidInput:
    """The first fault, as "preferences[17].action is 'liked'; expected 'a' or 'b'."."""
    fault = error.errors(include_url=False, include_context=False)[0]
    where = place + "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault["loc"]
    )
    if fault["type"] == "missing":
        return InvalidInput(f"{where} is missing.")
    wanted = _WANTED.get(fault["type"]) or fault["msg"].replace("Input should be", "expected")
    return InvalidInput(f"{where} is {_shown(fault['input'])}; {wanted}.")


def _shown(value: object) -> str:
    """Scalars quoted, containers only named: a foreign value may be deep or huge."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, int) and abs(value) > 10**18:
        return "a very large number"
    text = repr(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
