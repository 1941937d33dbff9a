"""What is wrong with a setting, as one sentence with its file and line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from vibes.errors import ConfigError

from .lines import Document, Place
from .models import Settings, did_you_mean
from .variables import variable_of

Typed = TypeVar("Typed", bound=BaseModel)

_EXPECTED = {
    "dict_type": "a table of settings is expected",
    "dict_attributes_type": "a table of settings is expected",
    "finite_number": "a number is expected",
    "float_parsing": "a number is expected",
    "float_type": "a number is expected",
    "int_from_float": "a whole number is expected",
    "int_parsing": "a whole number is expected",
    "int_type": "a whole number is expected",
    "model_type": "a table of settings is expected",
    "string_pattern_mismatch": "only letters, digits, '.', '_' and '-' are allowed",
    "too_long": "at most {max_length} allowed",
    "too_short": "at least {min_length} needed",
    "path_type": "a path is expected",
    "string_too_short": "at least {min_length} character needed",
    "string_type": "text is expected",
    "tuple_type": "a list is expected",
}
"""Our words where pydantic's speak of Python types, by its error type."""

_SECRET = frozenset({"headers", "studio_token", "token"})
"""What is wrong with these is told without what was given for them."""


def config_error(
    invalid: ValidationError,
    documents: Sequence[Document],
    environment: Mapping[str, Any],
    *,
    given: Mapping[str, Any],
    model: type[BaseModel] = Settings,
) -> ConfigError:
    """The most telling problem: where it was written, what it is, the nearest valid name.

    A misspelt key is told before the key then missing. ``environment`` are the values that came
    from variables, ``given`` those from the caller, which have no file; ``model`` is what all of
    them make up.
    """
    errors = sorted(invalid.errors(), key=lambda error: error["type"] != "extra_forbidden")
    place = errors[0].get("ctx", {}).get("place", errors[0]["loc"])
    sentence = _sentence(errors[0], place, model)
    if place[0] in given:
        return ConfigError(sentence)
    document = next((d for d in reversed(documents) if place[0] in d.data), None)
    if variable := variable_of(place, environment, below=document.data if document else {}):
        return ConfigError(f"{variable}: {sentence}")
    if document is None:
        return ConfigError(sentence)
    return ConfigError(sentence, path=document.path, line=document.line(place))


def typed(model: type[Typed], **values: Any) -> Typed:
    """A table of settings out of what somebody typed; ConfigError tells what is wrong with it."""
    try:
        return model(**values)
    except ValidationError as error:
        raise config_error(error, [], {}, given={}, model=model) from error


def _sentence(error: ErrorDetails, place: Place, model: type[BaseModel]) -> str:
    if error["type"] == "disagreement":
        return f"{_written(place)}: {error['msg']}"
    if error["type"] == "missing":
        return f"{_lacking(place[-1])} is missing{_within(place)}."
    if error["type"] == "extra_forbidden":
        return _unknown_key(place, _names_at(place, model))
    if place[-1] == "[key]":
        return _unknown_key(place[:-1], _valid_values(error))
    message = _message(error)
    value = error["input"]
    if error["type"].startswith("url_"):
        return f"{_written(place)}: {_no_address(value)}"
    secret = not _SECRET.isdisjoint(place)
    shown = f", not {value!r}" if isinstance(value, (str, int, float)) and not secret else ""
    return f"{_written(place)}: {message}{shown}{did_you_mean(str(value), _valid_values(error))}"


def _no_address(value: object) -> str:
    if isinstance(value, str) and value and "/" not in value and "@" not in value:
        return f"an address begins with http:// or https://; write http://{value}."
    if isinstance(value, str) and "@" in value:
        value = f"…@{value.rpartition('@')[2]}"  # before it a password may stand
    return f"an address as in http://192.168.1.20:8188 is expected, not {str(value)[:200]!r}."


def _message(error: ErrorDetails) -> str:
    if error["type"] in _EXPECTED:
        return _EXPECTED[error["type"]].format(**error.get("ctx", {}))
    return error["msg"][0].lower() + error["msg"][1:]


def _lacking(key: str | int) -> str:
    return f"item {key + 1}" if isinstance(key, int) else f"'{key}'"


def _unknown_key(place: Place, valid: Sequence[str]) -> str:
    return f"unknown key '{place[-1]}'{_within(place)}{did_you_mean(str(place[-1]), valid)}"


def _within(place: Place) -> str:
    return f" in {_written(place[:-1])}" if len(place) > 1 else ""


def _names_at(place: Place, model: type[BaseModel]) -> list[str]:
    for key in place[:-1]:
        if field := model.model_fields.get(str(key)):  # else a name or number within it
            model = _table_in(field.annotation) or model
    return list(model.model_fields)


def _table_in(annotation: Any) -> type[BaseModel] | None:
    """The table a setting's type holds, as in ``dict[str, Tier]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_table_in, get_args(annotation))), None)


def _valid_values(error: ErrorDetails) -> list[str]:
    """The values a literal may have, from ``'a', 'b' or 'c'``."""
    return re.findall(r"'([^']+)'", str(error.get("ctx", {}).get("expected", "")))


def _written(place: Sequence[str | int]) -> str:
    """``("servers", 0, "url")`` as ``servers[0].url``."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place)
    return text.lstrip(".")
