"""ComfyUI's WebSocket messages as values; whatever cannot be understood is None, never an error."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

#: First message after connecting: asks for previews that say which prompt they belong to.
FEATURE_FLAGS = json.dumps({"type": "feature_flags", "data": {"supports_preview_metadata": True}})

_PREVIEW, _PREVIEW_WITH_METADATA = 1, 4  # binary events, a big-endian uint32
#: Frequent events that say nothing the others do not: not worth reading to their end.
_PASSED_OVER = ('{"type": "progress_state"', '{"type": "executed"', '{"type": "status"')
_LARGEST = 1e9  # steps
_PREVIEW_FORMATS = {1: "image/jpeg", 2: "image/png"}


@dataclass(frozen=True, slots=True)
class NodeStarted:
    """A node of the prompt is running now; ``prompt_id`` is None after some reconnects."""

    prompt_id: str | None
    node: str


@dataclass(frozen=True, slots=True)
class SamplerStep:
    """Step ``value`` of ``maximum`` is done in a node of the prompt."""

    prompt_id: str
    value: float
    maximum: float


@dataclass(frozen=True, slots=True)
class PromptEnded:
    """The prompt is over, one way or another; history says how."""

    prompt_id: str
    how: Literal["success", "error", "interrupted", "done"]


@dataclass(frozen=True, slots=True)
class Preview:
    """An unfinished picture; without metadata nobody can tell whose (``prompt_id`` None)."""

    prompt_id: str | None
    mime: str
    data: bytes


Message = NodeStarted | SamplerStep | PromptEnded | Preview


def parse(message: str | bytes) -> Message | None:
    """Understand one WebSocket message; None for unknown kinds and for garbage."""
    return _parse_binary(message) if isinstance(message, bytes) else _parse_text(message)


def _parse_text(message: str) -> Message | None:
    if message.startswith(_PASSED_OVER):
        return None
    try:
        event = json.loads(message)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not isinstance(event.get("data"), dict):
        return None
    return _parse_event(event.get("type"), event["data"])


def _parse_event(kind: object, data: Mapping[str, Any]) -> Message | None:
    prompt_id = data.get("prompt_id")
    if kind == "executing" and isinstance(data.get("node"), str):
        return NodeStarted(prompt_id if isinstance(prompt_id, str) else None, data["node"])
    if not isinstance(prompt_id, str):
        return None
    if kind == "executing":
        return PromptEnded(prompt_id, "done")
    if kind == "progress":
        return _sampler_step(prompt_id, data.get("value"), data.get("max"))
    if kind == "execution_success":
        return PromptEnded(prompt_id, "success")
    if kind == "execution_error":
        return PromptEnded(prompt_id, "error")
    if kind == "execution_interrupted":
        return PromptEnded(prompt_id, "interrupted")
    return None


def _sampler_step(prompt_id: str, value: object, maximum: object) -> SamplerStep | None:
    if not (_is_number(value) and _is_number(maximum)):
        return None
    return SamplerStep(prompt_id, value, maximum) if maximum > 0 else None


def _is_number(value: object) -> TypeGuard[float]:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    return -_LARGEST < value < _LARGEST  # neither infinite nor no number at all


def _parse_binary(message: bytes) -> Message | None:
    try:
        event, head = struct.unpack_from(">II", message)
    except struct.error:
        return None
    if event == _PREVIEW and head in _PREVIEW_FORMATS:
        return Preview(None, _PREVIEW_FORMATS[head], message[8:])
    if head > len(message) - 8:
        return None
    label, payload = message[8 : 8 + head], message[8 + head :]
    if event == _PREVIEW_WITH_METADATA:
        return _preview(label, payload)
    return None


def _preview(label: bytes, picture: bytes) -> Preview | None:
    try:
        metadata = json.loads(label)
    except (ValueError, RecursionError):
        return None
    if not isinstance(metadata, dict):
        return None
    prompt_id, mime = metadata.get("prompt_id"), metadata.get("image_type")
    if isinstance(prompt_id, str) and isinstance(mime, str) and mime in _PREVIEW_FORMATS.values():
        return Preview(prompt_id, mime, picture)
    return None
