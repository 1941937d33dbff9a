"""The header of a safetensors file: its metadata and the names, types and shapes of its tensors.

Nothing is believed before it is checked: how long the header says it is, what is in it, and that
its tensors fill the file exactly, one after the other. What passes here, the ``safetensors``
library opens too. It is not asked itself, because it maps files into memory, and a file that is cut
short while it is mapped ends the whole process.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from vibes.errors import InvalidInput

MAX_HEADER = 16 * 1024 * 1024
"""Bytes; the largest models need a tenth of it."""

_LENGTH = 8  # bytes before the header that say how long it is
_MOST_PARTS = 1_000_000  # values in it; more would fill the memory when decoded
_MOST_DIMENSIONS = 16
_METADATA = re.compile(r'[ \t\r\n]*\{[ \t\r\n]*"__metadata__"[ \t\r\n]*:[ \t\r\n]*')
_SEPARATOR = re.compile(r"[ \t\r\n]*([,}])")
_DECODER = json.JSONDecoder()
_LARGEST = 2**63  # as a size or an offset
_BITS = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 8),
    **dict.fromkeys(("F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    "F4": 4,
}
_RENEW = "download or copy it again, or remove it"


class Tensor(NamedTuple):
    """One tensor without its numbers."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the weights."""

    metadata: Mapping[str, str]
    tensors: Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Outline:
    """A header whose list of tensors is not decoded yet; ``size`` are the bytes of the weights.

    LoRAs that one trainer made with the same options have the same list, letter by letter.
    """

    name: str
    metadata: Mapping[str, str]
    listing: str
    size: int

    @property
    def digest(self) -> bytes:
        """Equal for files whose tensors have the same names, types, shapes and places."""
        return hashlib.sha1(f"{self.size} {self.listing}".encode(), usedforsecurity=False).digest()

    def tensors(self) -> dict[str, Tensor]:
        """The tensors; raises InvalidInput where they contradict each other or the file's size."""
        entries = _decoded(self.listing, self.name)
        tensors, end = _tensors(entries, self.name)
        if end > self.size:
            _refuse(self.name, f"is not complete, {end - self.size} bytes are missing: {_RENEW}")
        if end < self.size:
            _refuse(self.name, f"has {self.size - end} bytes that are no tensor's: {_RENEW}")
        return tensors


def read_outline(path: Path) -> Outline:
    """The beginning of a file; InvalidInput says in a sentence what is wrong with it.

    Raises OSError where the file cannot be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise InvalidInput(f"{path.name} is no file: remove it from the model folder.")
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        length = _length(file.read(_LENGTH), size, path.name)
        return _outline(file.read(length), length, size=size, name=path.name)


def read_header(path: Path) -> Header:
    """The whole header of a file; raises as ``read_outline`` does."""
    outline = read_outline(path)
    return Header(outline.metadata, outline.tensors())


def parse_outline(data: bytes, *, size: int, name: str) -> Outline:
    """The outline at the start of ``data``, of a file of that size and name."""
    length = _length(data[:_LENGTH], size, name)
    return _outline(data[_LENGTH : _LENGTH + length], length, size=size, name=name)


def _outline(encoded: bytes, length: int, *, size: int, name: str) -> Outline:
    if len(encoded) < length:
        _refuse(name, f"ends within its header: {_RENEW}")
    # Shorter ones cannot have so many parts.
    if length > _MOST_PARTS and sum(map(encoded.count, (b",", b"[", b"{"))) > _MOST_PARTS:
        _refuse(name, "has a header of more parts than any model: remove it")
    try:  # as text: from bytes, other encodings than UTF-8 would be taken, too
        metadata, listing = _split(str(encoded, "utf-8"))
    except (ValueError, RecursionError):
        _refuse(name, f"has a header that cannot be read: {_RENEW}")
    return Outline(name, _texts(metadata, name), listing, size - _LENGTH - length)


def parse_header(data: bytes, *, size: int, name: str) -> Header:
    """The whole header at the start of ``data``; raises InvalidInput."""
    outline = parse_outline(data, size=size, name=name)
    return Header(outline.metadata, outline.tensors())


def _split(text: str) -> tuple[object, str]:
    """The metadata, and the rest as a JSON object of its own."""
    if not (first := _METADATA.match(text)):
        entries = json.loads(text)
        metadata = entries.pop("__metadata__", None) if isinstance(entries, dict) else None
        return metadata, text if metadata is None else json.dumps(entries)
    metadata, end = _DECODER.raw_decode(text, first.end())
    rest = _SEPARATOR.match(text, end)
    if not rest:
        raise ValueError(text[end : end + 1])
    return metadata, "{" + text[rest.end() - (rest[1] == "}") :]


def _length(start: bytes, size: int, name: str) -> int:
    if len(start) < _LENGTH:
        _refuse(name, f"is too short for a safetensors file: {_RENEW}")
    length = int.from_bytes(start, "little")
    if length > size - _LENGTH:
        _refuse(name, f"says that its header is longer than the file: {_RENEW}")
    if length > MAX_HEADER:
        _refuse(name, f"has a header of {length} bytes, {MAX_HEADER} are read at most: remove it")
    return length


def _decoded(listing: str, name: str) -> dict[str, Any]:
    try:
        found = json.loads(listing, parse_float=_no_float, parse_constant=_no_float)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        _refuse(name, f"has a header that cannot be read: {_RENEW}")
    return found


def _no_float(text: str) -> NoReturn:
    raise ValueError(text)


def _texts(metadata: object, name: str) -> dict[str, str]:
    if metadata is None:
        return {}
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        _refuse(name, f"has metadata that is no text: {_RENEW}")
    return metadata


def _tensors(entries: Mapping[str, Any], name: str) -> tuple[dict[str, Tensor], int]:
    """The tensors, and where in the data the last of them ends."""
    tensors, spans = {}, []
    known: dict[tuple[str, ...], tuple[Tensor, int]] = {}  # most tensors look like another one
    try:
        for key, entry in entries.items():
            dtype, shape, (start, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
            look = (dtype, *map(repr, shape))
            tensor, size = known.get(look) or known.setdefault(look, _sized(dtype, shape))
            if type(start) is not int or type(end) is not int or end - start != size:
                _refuse(name, f"contradicts itself about its tensor {key[:80]!r}: {_RENEW}")
            spans.append((start, end))
            tensors[key] = tensor
    except (TypeError, KeyError, ValueError):
        _refuse(name, f"has a header that describes no tensors: {_RENEW}")
    at = 0
    for start, end in sorted(spans):
        if start != at:
            _refuse(name, f"has tensors that overlap or leave gaps: {_RENEW}")
        at = end
    return tensors, at


def _sized(dtype: str, shape: list[int]) -> tuple[Tensor, int]:
    """A tensor and the bytes it takes; ValueError where there is none of this type and shape."""
    if type(shape) is not list or len(shape) > _MOST_DIMENSIONS:
        raise ValueError(shape)
    if not all(type(n) is int and 0 <= n < _LARGEST for n in shape):
        raise ValueError(shape)
    size, rest = divmod(math.prod(shape) * _BITS[dtype], 8)
    if rest:
        raise ValueError(shape)
    return Tensor(dtype, tuple(shape)), size


def _refuse(name: str, what: str) -> NoReturn:
    raise InvalidInput(f"{name} {what}.")
