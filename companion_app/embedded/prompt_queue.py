"""Prompts waiting, the one running, and the history; in memory only, as in ComfyUI."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

HISTORY_LIMIT = 10_000


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """One prompt in the queue; the smaller number runs first, then the smaller id."""

    number: float
    prompt_id: str
    graph: dict[str, Any]
    extra_data: dict[str, Any]
    outputs: list[str]

    def to_list(self) -> list[Any]:
        """The five fields as ``/queue`` and ``/history`` show them."""
        return [self.number, self.prompt_id, self.graph, self.extra_data, self.outputs]


class PromptQueue:
    """A heap of items served one at a time; ``changed`` is called when its length may differ."""

    def __init__(self, changed: Callable[[], None]):
        self._changed = changed
        self._pending: list[Item] = []
        self._arrived = asyncio.Event()
        self._history: dict[str, dict[str, Any]] = {}
        self.running: Item | None = None

    @property
    def remaining(self) -> int:
        """Running and pending prompts together."""
        return len(self._pending) + (self.running is not None)

    def put(self, item: Item) -> None:
        """Add a prompt.

        Two prompts of the same number and id are compared by their graphs: a TypeError then, with
        the prompt in the queue all the same, as in ComfyUI.
        """
        self._pending.append(item)
        self._arrived.set()
        heapq.heapify(self._pending)
        self._changed()

    async def take(self) -> Item:
        """Wait for the next prompt and make it the running one."""
        while not self._pending:
            self._arrived.clear()
            await self._arrived.wait()
        self.running = heapq.heappop(self._pending)
        self._changed()
        return self.running

    def finish(self, item: Item, entry: dict[str, Any]) -> None:
        """Move the running prompt into the history."""
        self.running = None
        self._history.pop(item.prompt_id, None)
        while len(self._history) >= HISTORY_LIMIT:
            del self._history[next(iter(self._history))]
        self._history[item.prompt_id] = {"prompt": item.to_list(), **entry}
        self._changed()

    def drop(self, prompt_ids: Collection[str]) -> None:
        """Remove pending prompts, one per id; unknown and running ids are ignored."""
        for prompt_id in prompt_ids:
            found = next((item for item in self._pending if item.prompt_id == prompt_id), None)
            if found is not None:
                self._pending.remove(found)
                heapq.heapify(self._pending)
                self._changed()

    def clear(self) -> None:
        """Remove everything that is pending."""
        self._pending.clear()
        self._changed()

    def to_dict(self) -> dict[str, Any]:
        """The reply of ``GET /queue``; pending prompts in heap order, which is not sorted."""
        return {
            "queue_running": [self.running.to_list()] if self.running else [],
            "queue_pending": [item.to_list() for item in self._pending],
        }

    def history(self, *, max_items: int | None = None, offset: int = -1) -> dict[str, Any]:
        """Finished prompts, oldest first; ``max_items`` alone means the newest ones."""
        ids = list(self._history)
        if offset < 0:
            offset = max(0, len(ids) - max_items) if max_items is not None else 0
        stop = None if max_items is None else offset + max_items
        return {prompt_id: self._history[prompt_id] for prompt_id in ids[offset:stop]}

    def history_of(self, prompt_id: str) -> dict[str, Any]:
        """The entry under its id; empty when unknown or unfinished."""
        entry = self._history.get(prompt_id)
        return {} if entry is None else {prompt_id: entry}

    def forget(self, prompt_ids: Collection[str] | None = None) -> None:
        """Delete history entries; all of them when no ids are given."""
        for prompt_id in list(self._history) if prompt_ids is None else prompt_ids:
            self._history.pop(prompt_id, None)
