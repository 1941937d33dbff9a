"""The prompt a picture was made from: what its file tells of itself, or a file beside it.

Read are our own record, the parameters of AUTOMATIC1111 and its kin, and ComfyUI's graphs. Nothing
that stands there is an error: it gives a prompt, or a reason for which there is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from vibes.prompts.graphs import api_graph, graph_prompt

from .embedded_texts import MAX_TEXT, PARAMETERS, embedded_texts

MAX_PROMPT = 20_000
"""Characters of a prompt that are kept."""

_MOST_PARTS = 200_000  # values in a JSON document; more would fill the memory when decoded
_SETTINGS = re.compile(r"^Steps: *\d", re.MULTILINE)
_NEGATIVE = re.compile(r"^Negative prompt:", re.MULTILINE)
_PROMPTS = ("prompt", "positive_prompt", "positive", "caption")
"""Keys of a JSON object that may hold the prompt; the first that does counts."""


class FoundPrompt(NamedTuple):
    """A prompt and what told it; or None, and a sentence that says why there is none."""

    text: str | None
    source: str | None = None
    reason: str | None = None


def embedded_prompt(data: bytes) -> FoundPrompt:
    """The prompt that a picture's own file tells."""
    texts = embedded_texts(data)
    told = [name for name in _READERS if name in texts]
    for name in told:
        if prompt := _cleaned(_READERS[name](texts[name])):
            return FoundPrompt(prompt, name)
    if told:
        return FoundPrompt(None, reason=f"No prompt is found in its {' and '.join(told)}.")
    return FoundPrompt(None, reason="Its file does not tell how it was made.")


def sidecar_prompt(path: Path) -> FoundPrompt:
    """The prompt in a file beside a picture: ``boat.txt`` or ``boat.png.txt``, or ``.json``."""
    for place in _sidecars(path):
        try:
            with place.open("rb") as file:
                text = file.read(MAX_TEXT + 1)
        except FileNotFoundError:
            continue
        except OSError as error:
            return FoundPrompt(None, reason=f"{place.name} cannot be read: {error.strerror}.")
        if len(text) > MAX_TEXT:
            return FoundPrompt(None, reason=f"{place.name} is too long for a prompt.")
        prompt = _cleaned(_parameters(text.decode("utf-8-sig", "replace")))
        if prompt:
            return FoundPrompt(prompt, place.name)
        return FoundPrompt(None, reason=f"No prompt is found in {place.name}.")
    return FoundPrompt(None, reason=f"There is no {path.stem}.txt or {path.stem}.json beside it.")


def _sidecars(path: Path) -> list[Path]:
    stems = (path.with_suffix(""), path)
    return [stem.with_name(stem.name + end) for end in (".txt", ".json") for stem in stems]


def _record(text: str) -> str | None:
    """Our own record, an object with the prompt as the graph received it."""
    return _told(_json(text))


def _parameters(text: str) -> str | None:
    """The prompt comes first, then ``Negative prompt:``, then a line of settings.

    Some write JSON instead; a prompt may begin with a brace, too.
    """
    if text.lstrip().startswith("{") and (found := _json(text)):
        return _told(found) or _from_graph(found)
    ends = [place.start() for mark in (_NEGATIVE, _SETTINGS) if (place := mark.search(text))]
    return text[: min(ends, default=None)]


def _graph(text: str) -> str | None:
    return _from_graph(_json(text))


def _from_graph(found: Mapping[str, Any]) -> str | None:
    return graph_prompt(api_graph(found) if "nodes" in found else found)


def _told(found: Mapping[str, Any]) -> str | None:
    texts = (found.get(name) for name in _PROMPTS)
    return next((text for text in texts if isinstance(text, str) and text.strip()), None)


def _json(text: str) -> Mapping[str, Any]:
    """An object, empty where the text is none or has too many parts."""
    if sum(map(text.count, ",[{")) > _MOST_PARTS:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _cleaned(prompt: str | None) -> str:
    """Without what no database takes: half characters, and the zero byte."""
    text = (prompt or "")[:MAX_PROMPT].replace("\0", "")
    return text.encode("utf-8", "replace").decode("utf-8").strip()


_READERS: dict[str, Callable[[str], str | None]] = {
    "vibes": _record,
    PARAMETERS: _parameters,
    "prompt": _graph,
    "workflow": _graph,
}
"""Texts in a file that may tell the prompt; the first that does is believed."""
