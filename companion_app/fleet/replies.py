"""What ComfyUI's HTTP replies mean, as values; no network in here.

Every function takes decoded JSON of any shape: a shape that ComfyUI does not send reads as
"nothing there", so that a strange server can do no more harm than an empty one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from vibes.catalog import FileEntry, facts_from_dict
from vibes.recipes import Ran

from .ran import checkpoints, ran

#: ``memory`` is an error too: the server had too little of it.
Ending = Literal["success", "error", "memory", "interrupted"]
_LONGEST = 600  # characters of a message; a traceback or a tensor dump helps nobody on a card
_LONGEST_NAME = 1000  # characters, of a path within a model folder
_MOST_NAMES = 100_000  # of one list
PAGE = 500
"""Files asked for at once of a server with the node pack."""
_MOST_LORAS = 100  # of one prompt
_LONGEST_SCORE = 256 * 1024  # characters
_MEMORY_WORDS = ("out of memory", "outofmemory", "allocation on device", "not enough memory")


@dataclass(frozen=True, slots=True)
class QueueState:
    """The prompt ids a server has accepted and not finished."""

    running: frozenset[str] = frozenset()
    pending: frozenset[str] = frozenset()

    def __contains__(self, prompt_id: str) -> bool:
        return prompt_id in self.running or prompt_id in self.pending

    def without(self, prompt_id: str) -> QueueState:
        """The same when that prompt is done."""
        return QueueState(self.running - {prompt_id}, self.pending - {prompt_id})


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file on the server, as ``/view`` wants it named."""

    filename: str
    subfolder: str = ""
    type: str = "output"


@dataclass(frozen=True, slots=True)
class Finished:
    """How a prompt ended; ``message`` is the server's own words when it went wrong.

    ``lora_keys``: how many weights each LoRA changed, in the server's spelling; None where no node
    counts them. ``score``: what a node that scores says of the first picture, as it says it.
    ``ran``: the models that made it, and ``checkpoints``: all that were loaded, in the server's
    spelling, where nodes tell.
    """

    how: Ending
    message: str = ""
    files: Mapping[str, tuple[FileRef, ...]] = field(default_factory=dict)  # by output node
    lora_keys: Mapping[str, int] | None = None
    score: str | None = None
    ran: Ran | None = None
    checkpoints: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Device:
    """The one device ``/system_stats`` reports; memory in bytes, None where it says nothing."""

    name: str = ""
    version: str = ""  # of ComfyUI
    vram_total: int | None = None
    vram_free: int | None = None


@dataclass(frozen=True, slots=True)
class ModelFile:
    """What a server tells of one model file; ``modified`` in seconds, None where it says nothing.

    ``path_index`` is the number of the folder it lies in, of those the server looks in.
    """

    size: int | None = None
    modified: float | None = None
    path_index: int = 0


@dataclass(frozen=True, slots=True)
class CatalogPage:
    """Some of the files a server with the node pack has in one folder, and how many there are.

    Equal versions mean that nothing changed.
    """

    total: int
    version: str
    files: tuple[FileEntry, ...]


def queue_state(reply: object) -> QueueState:
    """``GET /queue``."""
    return QueueState(
        frozenset(_prompt_ids(_get(reply, "queue_running"))),
        frozenset(_prompt_ids(_get(reply, "queue_pending"))),
    )


def is_queue(reply: object) -> bool:
    """Whether this is an answer of ``GET /queue``: by it a server is believed to be ComfyUI."""
    return all(isinstance(_get(reply, f"queue_{part}"), list) for part in ("running", "pending"))


def finished(reply: object, prompt_id: str) -> Finished | None:
    """``GET /history/{id}``; None while the prompt is unknown or not finished."""
    entry = _get(reply, prompt_id)
    if not isinstance(entry, dict):
        return None
    how, message = _ending(_get(entry, "status"))
    outputs = _get(entry, "outputs")
    nodes = outputs if isinstance(outputs, dict) else {}
    files = {node: tuple(_files(shown)) for node, shown in nodes.items()}
    told = nodes.values()
    models = ran(told), checkpoints(told)
    return Finished(how, message, files, _lora_keys(told), _score(told), *models)


def device(reply: object) -> Device:
    """``GET /system_stats``."""
    devices = _get(reply, "devices")
    first = devices[0] if isinstance(devices, list) and devices else None
    total, free = _get(first, "vram_total"), _get(first, "vram_free")
    return Device(
        plain(_get(first, "name") or ""),
        plain(_get(_get(reply, "system"), "comfyui_version") or ""),
        _count(total),
        _count(free),
    )


def is_system_stats(reply: object) -> bool:
    """Whether this is ComfyUI speaking: the one reply no other software gives by accident."""
    return isinstance(_get(reply, "system"), dict) and isinstance(_get(reply, "devices"), list)


def options(node_info: object, name: str) -> tuple[str, ...]:
    """The choices of input ``name`` in one node's ``/object_info``, in either notation.

    V1 nodes write ``[[choices], {…}]``, V3 nodes ``["COMBO", {"options": [choices]}]``.
    """
    inputs = _get(node_info, "input")
    spec = _get(_get(inputs, "required"), name) or _get(_get(inputs, "optional"), name)
    if not isinstance(spec, list) or not spec:
        return ()
    choices = spec[0] if isinstance(spec[0], list) else _get(spec[-1], "options")
    return strings(choices)


def strings(reply: object) -> tuple[str, ...]:
    """The names in a list, as ``/models/{folder}`` and ``/embeddings`` send it."""
    names = islice(filter(_is_name, reply), _MOST_NAMES) if isinstance(reply, list) else ()
    return tuple(names)


def model_files(reply: object) -> dict[str, ModelFile]:
    """``GET /experiment/models/{folder}``: what is told of each file, by name."""
    entries = reply[:_MOST_NAMES] if isinstance(reply, list) else ()
    return {
        name: ModelFile(
            _count(_get(entry, "size")),
            _moment(_get(entry, "modified")),
            _count(_get(entry, "pathIndex")) or 0,
        )
        for entry in entries
        if _is_name(name := _get(entry, "name"))
    }


def catalog_page(reply: object) -> CatalogPage | None:
    """``GET /vibes/catalog/{folder}``, a route of the node pack; None for anything else."""
    total, version, files = (_get(reply, key) for key in ("total", "version", "files"))
    if _count(total) is None or not _is_name(version) or not isinstance(files, list):
        return None
    entries = (
        FileEntry(
            name,
            _count(_get(file, "size")),
            facts_from_dict(_get(file, "facts")),
            _moment(_get(file, "modified")),
        )
        for file in files[:PAGE]
        if _is_name(name := _get(file, "name"))
    )
    return CatalogPage(min(total, _MOST_NAMES), version, tuple(entries))


def boot(reply: object) -> str | None:
    """``GET /vibes/health``, a route of the node pack: the name of this run of the server."""
    name = _get(reply, "boot")
    return name if _is_name(name) else None


def refusal(reply: object) -> str:
    """Why ``POST /prompt`` was refused: the server's messages in one line."""
    error = _get(reply, "error")
    general = plain(error) if isinstance(error, str) else _words(error)
    return plain("; ".join(dict.fromkeys(node_faults(reply)))) or general or "it does not say why"


def node_faults(reply: object) -> Iterator[str]:
    """One sentence per fault a ``POST /prompt`` reply lists under ``node_errors``."""
    nodes = _get(reply, "node_errors")
    for node in nodes.values() if isinstance(nodes, dict) else ():
        errors = _get(node, "errors")
        for error in errors if isinstance(errors, list) else ():
            yield f"{plain(_get(node, 'class_type') or 'a node')}: {_words(error)}"


def plain(text: object) -> str:
    """A server's words in one printable line of bounded length."""
    line = " ".join(str(text)[: 2 * _LONGEST].split())
    return "".join(filter(str.isprintable, line))[:_LONGEST]


def _ending(status: object) -> tuple[Ending, str]:
    messages = _get(status, "messages")
    events = [m for m in messages if _is_event(m)] if isinstance(messages, list) else []
    kind, data = events[-1] if events else ("", None)
    if kind == "execution_interrupted":
        return "interrupted", "it was interrupted there"
    if kind == "execution_error" or _get(status, "status_str") == "error":
        what = plain(_get(data, "exception_message") or "it does not say why")
        node = plain(_get(data, "node_type") or "")
        kind = f"{_get(data, 'exception_type')} {what}".casefold()
        how: Ending = "memory" if any(words in kind for words in _MEMORY_WORDS) else "error"
        return how, f"{node}: {what}" if node else what
    return "success", ""


def _is_name(value: object) -> bool:
    """Whether it may be a file's name: nothing in it that a page or a terminal would obey."""
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and value.isprintable()


def _count(value: object) -> int | None:
    """A number of things, of bytes for instance, if it may be one."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < 2**63 else None


def _moment(value: object) -> float | None:
    """A time in seconds since 1970, if it may be one."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 <= value < 2**40 else None


def _is_event(message: object) -> bool:
    return isinstance(message, list) and len(message) == 2


def _files(shown: object) -> Iterator[FileRef]:
    images = _get(shown, "images")
    for image in images if isinstance(images, list) else ():
        name, subfolder = _get(image, "filename"), _get(image, "subfolder")
        if isinstance(name, str):
            yield FileRef(name, str(subfolder or ""), str(_get(image, "type") or "output"))


def _lora_keys(shown: Iterable[object]) -> dict[str, int] | None:
    """What the node pack's node reports under ``vibes_loras``; None where none does."""
    reports = [_get(one, "vibes_loras") for one in shown]
    lists = [report for report in reports if isinstance(report, list)]
    counted = (
        (_get(lora, "name"), _count(_get(lora, "keys")))
        for report in lists
        for lora in report[:_MOST_LORAS]
    )
    keys = {name: count for name, count in counted if _is_name(name) and count is not None}
    return keys if lists else None


def _score(shown: Iterable[object]) -> str | None:
    """The first report under ``vibes_scores``; None where no node scores, or not in reason."""
    reports = (_get(one, "vibes_scores") for one in shown)
    told = next((report[0] for report in reports if isinstance(report, list) and report), None)
    return told if isinstance(told, str) and len(told) <= _LONGEST_SCORE else None


def _prompt_ids(items: object) -> Iterator[str]:
    for item in items if isinstance(items, list) else ():
        if isinstance(item, list) and len(item) > 1 and isinstance(item[1], str):
            yield item[1]


def _words(error: object) -> str:
    message, details = _get(error, "message"), _get(error, "details")
    return " – ".join(plain(part) for part in (message, details) if part)


def _get(value: object, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None
