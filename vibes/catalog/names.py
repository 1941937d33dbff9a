"""Model file names: one spelling for all servers, and the words in them."""

from __future__ import annotations

import re

_EXTENSION = re.compile(r"\.(?:safetensors|ckpt|pth?|bin|sft|gguf)$", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")


def canonical(name: str) -> str:
    """The catalog's spelling of a server's spelling: forward slashes."""
    return name.replace("\\", "/")


def without_extension(name: str) -> str:
    """The name without a model file's extension; other dots stay."""
    return _EXTENSION.sub("", name)


def stem(name: str) -> str:
    """The file's own name, without folders and extension."""
    return without_extension(canonical(name).rsplit("/", 1)[-1])


def words(name: str) -> tuple[str, ...]:
    """Lower-case words of a file's own name: "neonCity_v2.safetensors" has neon, city.

    Split at punctuation, digits and camel case; single letters are dropped.
    """
    return tuple(word.casefold() for word in _WORD.findall(stem(name)) if len(word) > 1)
