"""What ComfyUI's HTTP replies mean, as values; no network in here.

Every function takes decoded JSON of any shape: a shape that ComfyUI does not send reads as
"nothing there", so that a strange server can do no more harm than an empty one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class QueueState:
    """The prompt ids a server has accepted and not finished."""

    running: frozenset[str] = frozenset()
    pending: frozenset[str] = frozenset()

    def __contains__(self, prompt_id: str) -> bool:
        return prompt_id in self.running or prompt_id in self.pending


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file on the server, as ``/view`` wants it named."""

    filename: str
    subfolder: str = ""
    type: str = "output"


@dataclass(frozen=True, slots=True)
class Finished:
    """How a prompt ended; ``message`` is the server's own words when it went wrong."""

    how: Literal["success", "error", "interrupted"]
    message: str = ""
    files: Mapping[str, tuple[FileRef, ...]] = field(default_factory=dict)  # by output node


@dataclass(frozen=True, slots=True)
class Device:
    """The one device ``/system_stats`` reports; memory in bytes, None where it says nothing."""

    name: str = ""
    vram_total: int | None = None
    vram_free: int | None = None


def queue_state(reply: object) -> QueueState:
    """``GET /queue``."""
    return QueueState(
        frozenset(_prompt_ids(_get(reply, "queue_running"))),
        frozenset(_prompt_ids(_get(reply, "queue_pending"))),
    )


def finished(reply: object, prompt_id: str) -> Finished | None:
    """``GET /history/{id}``; None while the prompt is unknown or not finished."""
    entry = _get(reply, prompt_id)
    if not isinstance(entry, dict):
        return None
    how, message = _ending(_get(entry, "status"))
    outputs = _get(entry, "outputs")
    nodes = outputs.items() if isinstance(outputs, dict) else ()
    return Finished(how, message, {node: tuple(_files(shown)) for node, shown in nodes})


def device(reply: object) -> Device:
    """``GET /system_stats``."""
    devices = _get(reply, "devices")
    first = devices[0] if isinstance(devices, list) and devices else None
    total, free = _get(first, "vram_total"), _get(first, "vram_free")
    return Device(
        str(_get(first, "name") or ""),
        total if isinstance(total, int) else None,
        free if isinstance(free, int) else None,
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
    """The strings of a list, as ``/models/{folder}`` and ``/embeddings`` send it."""
    return tuple(s for s in reply if isinstance(s, str)) if isinstance(reply, list) else ()


def sizes(reply: object) -> dict[str, int]:
    """``GET /experiment/models/{folder}``: file sizes in bytes by name."""
    entries = reply if isinstance(reply, list) else ()
    named = ((_get(entry, "name"), _get(entry, "size")) for entry in entries)
    return {n: size for n, size in named if isinstance(n, str) and isinstance(size, int)}


def refusal(reply: object) -> str:
    """Why ``POST /prompt`` was refused: the server's messages in one line."""
    error = _get(reply, "error")
    general = error if isinstance(error, str) else _words(error)
    return "; ".join(dict.fromkeys(node_faults(reply))) or general or "it does not say why"


def node_faults(reply: object) -> Iterator[str]:
    """One sentence per fault a ``POST /prompt`` reply lists under ``node_errors``."""
    nodes = _get(reply, "node_errors")
    for node in nodes.values() if isinstance(nodes, dict) else ():
        errors = _get(node, "errors")
        for error in errors if isinstance(errors, list) else ():
            yield f"{_get(node, 'class_type') or 'a node'}: {_words(error)}"


def _ending(status: object) -> tuple[Literal["success", "error", "interrupted"], str]:
    messages = _get(status, "messages")
    events = [m for m in messages if _is_event(m)] if isinstance(messages, list) else []
    kind, data = events[-1] if events else ("", None)
    if kind == "execution_interrupted":
        return "interrupted", "it was interrupted there"
    if kind == "execution_error" or _get(status, "status_str") == "error":
        what = str(_get(data, "exception_message") or "it does not say why").strip()
        node = _get(data, "node_type")
        return "error", f"{node}: {what}" if node else what
    return "success", ""


def _is_event(message: object) -> bool:
    return isinstance(message, list) and len(message) == 2


def _files(shown: object) -> Iterator[FileRef]:
    images = _get(shown, "images")
    for image in images if isinstance(images, list) else ():
        name, subfolder = _get(image, "filename"), _get(image, "subfolder")
        if isinstance(name, str):
            yield FileRef(name, str(subfolder or ""), str(_get(image, "type") or "output"))


def _prompt_ids(items: object) -> Iterator[str]:
    for item in items if isinstance(items, list) else ():
        if isinstance(item, list) and len(item) > 1 and isinstance(item[1], str):
            yield item[1]


def _words(error: object) -> str:
    message, details = _get(error, "message"), _get(error, "details")
    return " – ".join(str(part) for part in (message, details) if part)


def _get(value: object, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None
