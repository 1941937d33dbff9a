"""One prompt under execution, as its nodes see it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from .machine import Machine
from .sockets import Sockets


class Interrupted(Exception):
    """Somebody asked to stop the running prompt."""


@dataclass(slots=True)
class Run:
    """The running prompt: what its nodes may ask for and tell the listeners.

    Events go to ``client_id``; a prompt sent without one has its progress broadcast.
    """

    prompt_id: str
    graph: Mapping[str, Any]
    extra_data: Mapping[str, Any]
    machine: Machine
    sockets: Sockets
    interrupted: asyncio.Event = field(default_factory=asyncio.Event)
    node: str = ""  # id of the node being executed
    states: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def client_id(self) -> str | None:
        """Whom events of this prompt are for."""
        client = self.extra_data.get("client_id")
        return None if client is None else str(client)

    async def in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Run blocking ``work`` off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(None, work, *arguments)

    async def sleep_until(self, deadline: float) -> None:
        """Wait until the loop's clock shows ``deadline``; raises Interrupted when asked to stop."""
        left = deadline - asyncio.get_running_loop().time()
        if left > 0:
            try:
                await asyncio.wait_for(self.interrupted.wait(), left)
            except asyncio.TimeoutError:
                return
        self.check_interrupted()

    def check_interrupted(self) -> None:
        """Raise Interrupted when somebody asked to stop."""
        if self.interrupted.is_set():
            raise Interrupted

    def tell(self, event: str, **data: Any) -> None:
        """Send an event to the prompt's own client; without one nobody hears it."""
        if self.client_id is not None:
            self.sockets.send(event, {**data, "prompt_id": self.prompt_id}, to=self.client_id)

    def state(self, value: float, maximum: float, state: str) -> None:
        """Record and send how far the current node is."""
        self.states[self.node] = {
            "value": value,
            "max": maximum,
            "state": state,
            "node_id": self.node,
            "prompt_id": self.prompt_id,
            **self._place(),
        }
        report = {"prompt_id": self.prompt_id, "nodes": dict(self.states)}
        self.sockets.send("progress_state", report, to=self.client_id)

    def progress(self, value: int, maximum: int, preview: Image.Image | None = None) -> None:
        """Send one sampling step, with a small picture of what is there so far."""
        self.state(value, maximum, "running")
        if preview is not None:
            self._send_preview(preview)
        step = {"value": value, "max": maximum, "prompt_id": self.prompt_id, "node": self.node}
        self.sockets.send("progress", step, to=self.client_id)

    def _place(self) -> dict[str, Any]:
        return {"display_node_id": self.node, "parent_node_id": None, "real_node_id": self.node}

    def _send_preview(self, picture: Image.Image) -> None:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=80)
        about = {"node_id": self.node, "prompt_id": self.prompt_id, **self._place()}
        self.sockets.send_preview(buffer.getvalue(), about, to=self.client_id)
