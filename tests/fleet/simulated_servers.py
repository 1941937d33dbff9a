"""ComfyUI servers made of timers, with faults that can be switched, in time that only they move.

No socket, no thread, no waiting: ``VirtualLoop`` skips from timer to timer, so that a minute of a
fleet's life takes a few milliseconds and the same calls always lead to the same events.
"""

from __future__ import annotations

import asyncio
import json
import selectors
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from companion_app.fleet.replies import FileRef, Finished

_INTERRUPTIBLE_EVERY = 0.2  # seconds between two steps, at which an interrupt is seen
_LONG = 15  # seconds of a render that may well look stalled


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock stands still while anything is to be done, and then jumps."""

    def __init__(self) -> None:
        self._now = 1000.0
        super().__init__(_Skipping(self._skip))

    def time(self) -> float:
        """Seconds."""
        return self._now

    def run_for(self, seconds: float) -> None:
        """Let time pass; at its end nothing is left to do before it goes on."""
        self.call_later(seconds + 1e-6, self.stop)
        self.run_forever()

    def _skip(self, seconds: float) -> None:
        self._now += seconds


class _Skipping(selectors.DefaultSelector):
    def __init__(self, skip: Callable[[float], None]):
        super().__init__()
        self._skip = skip

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing will ever happen again"
        if timeout > 0:
            self._skip(timeout)
        return []


@dataclass(eq=False)
class Prompt:
    """A graph somebody queued; ``job_id`` is None for other people's."""

    id: str
    client_id: str
    job_id: str | None
    checkpoint: str
    pixels: int
    outputs: tuple[str, ...]
    is_interrupted: bool = False
    is_stuck: bool = False  # until it is interrupted


@dataclass
class Faults:
    """What is wrong with a server at the moment."""

    away: Literal["", "refusing", "silent"] = ""  # no connection; no answer
    slow: bool = False  # its answers
    crawls: bool = False  # its renders
    hangs: bool = False  # its renders, those that run and those that begin
    deaf: bool = False  # a hanging render does not see an interrupt
    renders: Literal["", "error", "empty"] = ""  # how they end
    refuses: bool = False  # every graph
    memory: int | None = None  # pixels that are too many
    pictures: Literal["", "garbage", "gone"] = ""
    mute: bool = False  # its socket tells nothing
    no_socket: bool = False


class SimulatedServer:
    """A render server as ComfyUI is one: no de-duplication, queue and history gone at a restart.

    ``troubled`` gathers the ids of prompts that something went wrong with, ``refused`` jobs that it
    would not or could not make, ``violations`` sentences about what nobody may do to it.
    ``on_post`` is told of each prompt id when its client begins to post it, ``on_interrupt`` of
    each running one that is interrupted by its id.
    """

    def __init__(
        self,
        name: str,
        loop: VirtualLoop,
        *,
        seconds: float,
        checkpoints: set[str],
        violations: list[str],
    ):
        self.name = name
        self.faults = Faults()
        self.checkpoints = checkpoints
        self.lacked: set[str] = set()  # checkpoints it did not have at some time
        self.lost_requests: Counter[str] = Counter()  # by method: how many will not arrive
        self.lost_replies: Counter[str] = Counter()  # by method: how many take effect unanswered
        self.troubled: set[str] = set()
        self.refused: set[str] = set()
        self.pending: deque[Prompt] = deque()
        self.running: Prompt | None = None
        self.history: dict[str, Finished] = {}
        self.sockets: dict[str, asyncio.Queue[str | None]] = {}
        self.starts = 1
        self.on_post: Callable[[str, str], None] = lambda server, prompt_id: None
        self.on_interrupt: Callable[[str, str], None] = lambda server, prompt_id: None
        self._loop = loop
        self._seconds = seconds
        self._loaded: str | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._violations = violations

    # --- what is there -----------------------------------------------------------------------

    @property
    def queue(self) -> list[Prompt]:
        """Everything accepted and not finished, the running one first."""
        return [*([self.running] if self.running else []), *self.pending]

    def ours(self) -> set[str]:
        """Ids of the studio's prompts in the queue."""
        return {prompt.id for prompt in self.queue if prompt.job_id is not None}

    @property
    def latency(self) -> float:
        """Seconds a request needs to get there, or a reply back."""
        return 1.5 if self.faults.slow else 0.004

    # --- the queue ---------------------------------------------------------------------------

    def post(self, prompt: Prompt) -> None:
        """Queue it, whether or not it is there already."""
        self.pending.append(prompt)
        self._begin_next()

    def delete(self, prompt_id: str) -> None:
        """Take the first waiting prompt of that id out."""
        self._touched(prompt_id)
        found = next((p for p in self.pending if p.id == prompt_id), None)
        if found is not None:
            self.pending.remove(found)

    def interrupt(self, prompt_id: str) -> None:
        """Have the running prompt stop at its next step, if it is that one."""
        self._touched(prompt_id)
        if self.running is not None and self.running.id == prompt_id:
            self.on_interrupt(self.name, prompt_id)
            self.running.is_interrupted = True
            self._loop.call_later(_INTERRUPTIBLE_EVERY, self._see_interrupt, self.running)

    def _touched(self, prompt_id: str) -> None:
        if any(prompt.id == prompt_id and prompt.job_id is None for prompt in self.queue):
            self._violations.append(f"{self.name}: somebody else's {prompt_id} was touched")

    def _begin_next(self) -> None:
        if self.running is None and self.pending:
            self.running = self.pending.popleft()
            self._tell(self.running, "executing", node="1")
            self._schedule()

    def _schedule(self) -> None:
        """Let the running prompt take its time, from now on; for ever while renders hang."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.running is None:
            return
        self.running.is_stuck = self.running.is_stuck or self.faults.hangs
        if self.running.is_stuck:
            self._mark(self.running)
            return
        switch = 3 if self.running.checkpoint != self._loaded else 0
        seconds = self._seconds * (1 + switch) * (30 if self.faults.crawls else 1)
        self._loaded = self.running.checkpoint
        if seconds > _LONG:
            self._mark(self.running)
        self._loop.call_later(seconds / 2, self._step, self.running)
        self._timer = self._loop.call_later(seconds, self._end)

    def _step(self, prompt: Prompt) -> None:
        if self.running is prompt and not prompt.is_stuck:
            self._tell(prompt, "progress", value=2, max=4)

    def _see_interrupt(self, prompt: Prompt) -> None:
        if self.running is prompt and not (prompt.is_stuck and self.faults.deaf):
            self._finish(Finished("interrupted", "it was interrupted there"), "interrupted")

    def _end(self) -> None:
        prompt = self.running
        assert prompt is not None
        faults = self.faults
        if faults.memory is not None and prompt.pixels >= faults.memory:
            self._refuse(prompt)
            self._finish(Finished("memory", "Allocation on device"), "error")
        elif faults.renders == "error":
            self._mark(prompt)
            self._finish(Finished("error", "KSampler: it went wrong"), "error")
        else:
            files = {node: (FileRef(prompt.id),) for node in prompt.outputs}
            if faults.renders == "empty":
                self._mark(prompt)
            self._finish(Finished("success", files={} if faults.renders else files), "success")

    def _finish(self, how: Finished, event: str) -> None:
        prompt, self.running = self.running, None
        assert prompt is not None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._tell(prompt, f"execution_{event}")
        self.history[prompt.id] = how
        self._tell(prompt, "executing", node=None)
        self._begin_next()

    def _refuse(self, prompt: Prompt) -> None:
        if prompt.job_id is not None:
            self.refused.add(prompt.job_id)

    def _mark(self, *prompts: Prompt | None) -> None:
        self.troubled.update(prompt.id for prompt in prompts if prompt is not None)

    def _tell(self, prompt: Prompt, kind: str, **data: object) -> None:
        socket = self.sockets.get(prompt.client_id)
        if socket is not None and not self.faults.mute:
            socket.put_nowait(json.dumps({"type": kind, "data": {**data, "prompt_id": prompt.id}}))

    # --- what happens to it ------------------------------------------------------------------

    def set_faults(self, **changes: Any) -> None:
        """Switch faults; a running prompt notices at once whether renders hang."""
        hung = self.faults.hangs
        for name, value in changes.items():
            assert hasattr(self.faults, name)
            setattr(self.faults, name, value)
        if self.faults.away == "refusing" or self.faults.no_socket:
            self.drop_sockets()
        if self.faults.hangs != hung:
            self._schedule()
        if self.running is not None and self.running.is_interrupted:
            self._see_interrupt(self.running)

    def heal(self) -> None:
        """Nothing is wrong any more, but what is stuck stays so; others free what is theirs."""
        self.lost_requests.clear()
        self.lost_replies.clear()
        sound = Faults()
        self.set_faults(**{name: getattr(sound, name) for name in vars(sound)})
        if self.running is not None and self.running.job_id is None:
            self.release()

    def release(self) -> None:
        """Let a render go on that is stuck."""
        if self.running is not None and self.running.is_stuck:
            self.running.is_stuck = False
            self._schedule()

    def restart(self) -> None:
        """Lose queue, history, connections and what was loaded."""
        self.starts += 1
        self._mark(*self.queue)
        self.troubled.update(self.history)
        self.running, self._loaded = None, None
        self.pending.clear()
        self.history.clear()
        self._schedule()
        self.drop_sockets()

    def drop_sockets(self) -> None:
        """End all connections that wait for events."""
        for socket in self.sockets.values():
            socket.put_nowait(None)
        self.sockets.clear()

    def clear_pending(self) -> None:
        """Somebody clears the queue."""
        self._mark(*self.pending)
        self.pending.clear()

    def clear_history(self) -> None:
        """Somebody clears the history."""
        self.troubled.update(self.history)
        self.history.clear()

    def somebody_interrupts(self) -> None:
        """Somebody stops whatever runs."""
        if self.running is not None:
            self._mark(self.running)
            self.running.is_interrupted = True
            self._see_interrupt(self.running)

    def install(self, checkpoint: str, *, there: bool) -> None:
        """Put a checkpoint on its disk, or take it off."""
        (self.checkpoints.add if there else self.checkpoints.discard)(checkpoint)
        if not there:
            self.lacked.add(checkpoint)
