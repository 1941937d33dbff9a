"""Files that other tools leave beside a model: what they say about it, and its preview picture.

``x.civitai.info`` is a site's answer about the model, ``x.metadata.json`` is LoRA Manager's and
``x.safetensors.rgthree-info.json`` rgthree's. All of it is foreign data: what is malformed or too
large counts as absent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from .foreign import LONGEST, count, inner, items, json_object, line, number, sha256, strength

MAX_BYTES = 4 * 1024 * 1024
MAX_PREVIEW = 8 * 1024 * 1024
"""Bytes of a preview picture; larger ones are not shown."""

_MOST_WORDS = 50
_PICTURES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What such files say; ``triggers`` and ``tags`` are as written there.

    ``size`` in bytes is of the file that ``sha256`` belongs to, where it is told. ``tag_counts``
    has the pictures of each tag, or nothing.
    """

    base_model: str | None = None
    name: str | None = None
    triggers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    tag_counts: Mapping[str, int] | None = None
    sha256: str | None = None
    size: int | None = None
    popularity: int | None = None
    strength: float | None = None
    has_preview: bool = False


def sidecar_names(name: str, beside: Collection[str]) -> tuple[str, ...]:
    """The names among those ``beside`` a model file that are its sidecars, the best first."""
    stem = name.rpartition(".")[0] or name
    wanted = [f"{name}.rgthree-info.json", f"{stem}.metadata.json", f"{stem}.civitai.info"]
    return tuple(other for other in (*wanted, *preview_names(name)) if other in beside)


def preview_names(name: str) -> tuple[str, ...]:
    """What a model file's preview picture may be called."""
    stem = name.rpartition(".")[0] or name
    return tuple(stem + middle + end for middle in (".preview", "") for end in _PICTURES)


def is_preview(name: str) -> bool:
    """Whether a sidecar of that name is a picture."""
    return name.endswith(_PICTURES)


def read_sidecars(folder: Path, names: Collection[str]) -> Sidecar | None:
    """What the sidecars of one model file say together; None where it has none."""
    found: Sidecar | None = None
    for name in names:
        if is_preview(name):
            found = replace(found or Sidecar(), has_preview=True)
        elif data := _read(folder / name):
            told = _reader(name)(data)
            found = _merged(found, told) if found else told
    return found


def _merged(first: Sidecar, second: Sidecar) -> Sidecar:
    """What the first says; the second where the first is silent."""
    return Sidecar(*(a or b for a, b in zip(_values(first), _values(second), strict=True)))


def _values(sidecar: Sidecar) -> Iterator[Any]:
    return (getattr(sidecar, name) for name in Sidecar.__slots__)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError:
        return {}
    return json_object(data) if len(data) <= MAX_BYTES else {}


def _reader(name: str) -> Callable[[dict[str, Any]], Sidecar]:
    if name.endswith(".rgthree-info.json"):
        return _rgthree
    return _lora_manager if name.endswith(".metadata.json") else _civitai


def _civitai(data: dict[str, Any]) -> Sidecar:
    """One version of a model, as the site's REST answers."""
    files = [file for file in items(data, "files") if isinstance(file, dict)]
    file = next((file for file in files if file.get("primary") is True), files[0] if files else {})
    kilobytes = number(file.get("sizeKB"))
    model = inner(data, "model")
    return Sidecar(
        base_model=line(data.get("baseModel")),
        name=line(model.get("name")),
        triggers=_words(items(data, "trainedWords")),
        tags=_words(items(model, "tags")),
        sha256=sha256(inner(file, "hashes").get("SHA256")),
        size=round(1024 * kilobytes) if kilobytes is not None else None,
        popularity=count(inner(data, "stats").get("downloadCount")),
    )


def _lora_manager(data: dict[str, Any]) -> Sidecar:
    own = Sidecar(
        base_model=line(data.get("base_model")),
        name=line(data.get("model_name")),
        tags=_words(items(data, "tags")),
        sha256=sha256(data.get("sha256")),
        size=count(data.get("size")),
        strength=strength(json_object(str(data.get("usage_tips"))).get("strength")),
    )
    site = _civitai(inner(data, "civitai"))
    return _merged(own, replace(site, sha256=None, size=None))


def _rgthree(data: dict[str, Any]) -> Sidecar:
    """Its trained words are triggers where the site or the user says so, else counted tags."""
    words = [word for word in items(data, "trainedWords") if isinstance(word, dict)]
    triggers = (word.get("word") for word in words if word.get("civitai") or word.get("user"))
    counts = {
        text: pictures
        for word in words
        if (text := line(word.get("word"))) and (pictures := count(word.get("count")))
    }
    low, high = strength(data.get("strengthMin")), strength(data.get("strengthMax"))
    own = Sidecar(
        base_model=line(data.get("baseModel")),
        name=line(data.get("name")),
        triggers=_words(list(triggers)),
        tag_counts=dict(islice(counts.items(), _MOST_WORDS)) or None,
        sha256=sha256(data.get("sha256")),
        strength=(low + high) / 2 if low is not None and high is not None else None,
    )
    return _merged(own, replace(_civitai(inner(inner(data, "raw"), "civitai")), sha256=None))


def _words(found: list[Any]) -> tuple[str, ...]:
    """Phrases; one entry may hold several with commas between them."""
    texts = (text.split(",") for text in found if isinstance(text, str))
    phrases = (" ".join(phrase.split()) for phrase in chain.from_iterable(texts))
    kept = (phrase for phrase in phrases if 0 < len(phrase) <= LONGEST and phrase.isprintable())
    return tuple(islice(dict.fromkeys(kept), _MOST_WORDS))
