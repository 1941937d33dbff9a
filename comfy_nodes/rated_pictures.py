"""Pictures that can be rated: what a rating of each will be about."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from vibes.errors import StorageError
from vibes.prompts.graphs import Graph
from vibes.storage.node_store import ShownPicture

from .local_files import local_catalog
from .makers import about, in_catalog, making_at
from .memory import timestamp
from .process import memory, running_prompt

log = logging.getLogger(__name__)

_UNKNOWN = "Which models made this picture is not known, so rating it teaches nothing."


def show(
    count: int, *, graph: Graph | None, node_id: str | None, prompt: str = ""
) -> list[dict[str, Any]]:
    """Give so many pictures that arrive at a node an id each, and tell what is known of them.

    ``prompt`` is what they were made for, where the graph is not to be asked.
    """
    making = making_at(graph, node_id)
    candidate = making.candidate
    if candidate is not None:
        candidate = in_catalog(candidate, local_catalog("checkpoint", "lora"))
    batch, now = running_prompt() or uuid4().hex, timestamp()
    shown = [
        ShownPicture(
            image=uuid4().hex,
            prompt=prompt or making.prompt or "",
            candidate=candidate,
            batch=batch,
            time=now,
        )
        for _ in range(count)
    ]
    detail = _kept(shown) or ("" if candidate else _UNKNOWN)
    told = {
        "overall": None,
        "about": about(candidate) if candidate else "",
        "teaches": not detail,
        "detail": detail,
    }
    return [{"image": picture.image, **told} for picture in shown]


def _kept(shown: Sequence[ShownPicture]) -> str:
    """Why these cannot be rated, "" where they can; what was rendered is shown in any case."""
    try:
        memory().shown(shown)
    except StorageError as error:
        log.error("Pictures are shown that cannot be rated: %s", error)
        return str(error)
    return ""
