"""Names of saved pictures from a pattern: ``%date:yyyy-MM-dd%/%model%_%seed%``.

A name made here is one on every system: of what a prompt or a model's name holds, the characters
and words that some system does not take are replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from vibes.errors import InvalidInput
from vibes.settings.models import did_you_mean

COUNTER = "counter"
"""Stands for the number that makes a name the only one in its folder."""

PLACEHOLDERS = (
    *("model", "seed", "steps", "cfg", "sampler", "scheduler", "width", "height", "prompt"),
    *(COUNTER, "batch_num", "date", "year", "month", "day", "hour", "minute", "second"),
)
UNKNOWN = "unknown"
"""Stands where a value is not known."""

_PLACEHOLDER = re.compile(r"%(?P<name>[a-z_]+)(?::(?P<form>[^%]*))?%")
_DATE = re.compile(r"yyyy|yy|MM?|dd?|hh?|mm?|ss?")
_DATE_PARTS = {
    "yyyy": "%Y",
    "yy": "%y",
    "MM": "%m",
    "dd": "%d",
    "hh": "%H",
    "mm": "%M",
    "ss": "%S",
}
_WHOLE_DATE = "yyyy-MM-dd"
_ONE_PART = {
    "year": "yyyy",
    "month": "MM",
    "day": "dd",
    "hour": "hh",
    "minute": "mm",
    "second": "ss",
}

_FORBIDDEN = re.compile(r'[<>:"|?*%\x00-\x1f\x7f\u0080-\u009f\u2028\u2029\ud800-\udfff]')
_FOLDERS = re.compile(r"[/\\]+")
_RESERVED = re.compile(r"^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)", re.IGNORECASE)
_LONGEST_VALUE = 80  # characters
_LONGEST_PART = 180  # bytes of a folder's or a file's name; the number and the ending come to it
_MARK = "\0"  # where the number goes; no pattern holds one


def check_pattern(pattern: str) -> None:
    """Raise InvalidInput where a pattern names no file inside a folder, or an unknown value."""
    for found in _PLACEHOLDER.finditer(pattern):
        if found["name"] not in PLACEHOLDERS:
            raise InvalidInput(
                f"File names know no %{found['name']}%{did_you_mean(found['name'], PLACEHOLDERS)}"
                f" They know {', '.join(f'%{name}%' for name in PLACEHOLDERS)}."
            )
    folders = _FOLDERS.split(pattern)
    if pattern.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", pattern) or ".." in folders:
        raise InvalidInput(
            f"The name '{pattern}' leads out of the output folder; begin it with a folder's or"
            " a file's own name, without '..'."
        )
    if not folders[-1].strip(". "):
        raise InvalidInput(f"The name '{pattern}' ends without a file's name; add one.")


def file_name(pattern: str, values: Mapping[str, object], *, now: datetime) -> tuple[str, str, str]:
    """Folder, and what stands before and after the number in the name of a file in it.

    The folder has forward slashes and is empty for the output folder itself. A pattern without
    ``%counter%`` gets its number at the end, as ComfyUI's own files do. Raises InvalidInput as
    ``check_pattern`` does.
    """
    check_pattern(pattern)
    text = _PLACEHOLDER.sub(
        lambda found: _value(found["name"], found["form"], values, now), pattern
    )
    *folders, name = _FOLDERS.split(text)
    before, mark, after = _part(name).partition(_MARK)
    if not mark:
        before, after = f"{before}_", "_"
    return "/".join(_numberless(folders)), before, after


def _numberless(folders: Iterable[str]) -> Iterator[str]:
    """Names for folders, which get no number; none is empty or leads elsewhere."""
    names = (folder.replace(_MARK, "") for folder in folders)
    return (_part(name) for name in names if name.strip(". "))


def _value(name: str, form: str | None, values: Mapping[str, object], now: datetime) -> str:
    if name == COUNTER:
        return _MARK
    if name == "date":
        return _cleaned(_dated(form or _WHOLE_DATE, now))
    if name in _ONE_PART:
        return _dated(_ONE_PART[name], now)
    value = values.get(name)
    if value is None or value == "":
        return UNKNOWN
    return _cleaned(f"{value:g}" if isinstance(value, float) else str(value))


def _dated(form: str, now: datetime) -> str:
    """The form with its parts replaced; one letter is the same number without a leading zero."""

    def part(found: re.Match[str]) -> str:
        code = found[0]
        if code in _DATE_PARTS:
            return now.strftime(_DATE_PARTS[code])
        return str(int(now.strftime(_DATE_PARTS[code * 2])))

    return _DATE.sub(part, form)


def _cleaned(value: str) -> str:
    """A value as a part of a name: no folder of its own, and of a length that reads well."""
    text = _FOLDERS.sub("-", _FORBIDDEN.sub(" ", value.replace("\n", " ")))
    return " ".join(text.split())[:_LONGEST_VALUE].strip(" .") or UNKNOWN


def _part(name: str) -> str:
    """A folder's or a file's name that every system takes."""
    pieces = [_FORBIDDEN.sub("_", piece) for piece in name.split(_MARK, 1)]
    text = _MARK.join(pieces).strip(" ")
    cut = text.encode()[:_LONGEST_PART].decode(errors="ignore").rstrip(" .")
    if _MARK in text and _MARK not in cut:
        cut += _MARK
    return _RESERVED.sub(r"\g<0>_", cut)
