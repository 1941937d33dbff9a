"""Runs prompts one after the other and remembers what the previous one computed."""

from __future__ import annotations

import hashlib
import inspect
import json
import time
import traceback
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .machine import Machine
from .pack import known_nodes
from .prompt_queue import Item
from .run import Interrupted, Run
from .sockets import Sockets
from .values import Result

Graph = Mapping[str, Any]


class NodeFailed(Exception):
    """A node raised; carries which one and what it raised."""

    def __init__(self, node: str, error: Exception):
        super().__init__(str(error))
        self.node = node
        self.error = error


@dataclass(slots=True)
class _Record:
    """What one execution leaves for the history."""

    messages: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    outputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    executed: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        success = self.messages[-1][0] == "execution_success"
        meta = {
            node: {
                "node_id": node,
                "display_node": node,
                "parent_node": None,
                "real_node_id": node,
            }
            for node in self.outputs
        }
        status = {
            "status_str": "success" if success else "error",
            "completed": success,
            "messages": self.messages,
        }
        return {"outputs": self.outputs, "status": status, "meta": meta}


class Executor:
    """Executes graphs; a node whose inputs are those of the last prompt is not run again."""

    def __init__(
        self, machine: Machine, sockets: Sockets, *, clock: Callable[[], float] = time.time
    ):
        self._machine = machine
        self._nodes = known_nodes(machine)
        self._sockets = sockets
        self._clock = clock
        self._cache: dict[str, Result] = {}
        self.current: Run | None = None

    def interrupt(self) -> None:
        """Stop the running prompt at its next step; without one nothing happens."""
        if self.current is not None:
            self.current.interrupted.set()

    def free(self, *, models: bool, memory: bool) -> None:
        """Forget the loaded checkpoint, or everything computed."""
        if models or memory:
            self._machine.loaded_checkpoint = None
        if memory:
            self._cache.clear()

    async def execute(self, item: Item) -> dict[str, Any]:
        """Run one prompt to its end and return its history entry; failures are told, not raised."""
        run = Run(item.prompt_id, item.graph, item.extra_data, self._machine, self._sockets)
        record = _Record()
        self.current = run
        try:
            await self._execute(run, record, item.outputs)
        except Interrupted:
            self._end_interrupted(run, record)
        except NodeFailed as failure:
            self._end_failed(run, record, failure)
        else:
            self._note(run, record, "execution_success")
        finally:
            self.current = None
        return record.to_dict()

    async def _execute(self, run: Run, record: _Record, outputs: list[str]) -> None:
        order = list(self._ancestors_first(run.graph, outputs))
        keys = self._keys(run.graph, order)
        self._cache = {key: self._cache[key] for key in keys.values() if key in self._cache}
        cached = [node for node in order if keys[node] in self._cache]
        self._note(run, record, "execution_start")
        self._note(run, record, "execution_cached", nodes=cached)
        for node in self._ancestors_first(run.graph, outputs, stop=set(cached)):
            result = self._cache.get(keys[node])
            fresh = result is None
            if result is None:
                result = self._cache[keys[node]] = await self._execute_node(run, node, keys)
                record.executed.append(node)
            if result.shown is not None:
                record.outputs[node] = result.shown
                run.tell("executed", node=node, display_node=node, output=result.shown)
            if fresh or node in outputs:
                run.node = node
                run.state(*_finished(run), "finished")
        for node in cached:  # what it showed when it ran is still true
            if (shown := self._cache[keys[node]].shown) is not None:
                record.outputs[node] = shown

    async def _execute_node(self, run: Run, node: str, keys: Mapping[str, str]) -> Result:
        """Run one node on the results of the nodes before it."""
        run.check_interrupted()
        run.node = node
        run.state(0.0, 1.0, "running")
        run.tell("executing", node=node, display_node=node)
        spec = self._nodes[run.graph[node]["class_type"]]
        given = run.graph[node]["inputs"]
        inputs = {n: self._value(given[n], keys) for n in spec.inputs if n in given}
        try:
            if inspect.iscoroutinefunction(spec.run):
                values = await spec.run(run, **inputs)
            else:
                values = await run.in_thread(lambda: spec.run(run, **inputs))
        except Interrupted:
            raise
        except Exception as error:  # whatever a node raises is told to the client
            raise NodeFailed(node, error) from error
        if isinstance(values, Result):
            return values
        return Result((), values) if spec.is_output else Result(values)

    def _value(self, given: Any, keys: Mapping[str, str]) -> Any:
        if _is_link(given) and given[0] in keys:
            return self._cache[keys[given[0]]].values[given[1]]
        return given

    def _keys(self, graph: Graph, order: list[str]) -> dict[str, str]:
        """Name what each node computes: its class, its constants and, through links, its ancestors.

        Ids do not matter.
        """
        keys: dict[str, str] = {}
        for node in order:
            given = graph[node]["inputs"]
            described: list[Any] = [graph[node]["class_type"]]
            for name, (_, options) in self._nodes[graph[node]["class_type"]].inputs.items():
                value = given.get(name)
                if _is_link(value):
                    value = [keys[value[0]], value[1]]
                elif options.get("image_upload"):
                    value = self._fingerprint(value)
                described.append(value)
            keys[node] = hashlib.sha256(json.dumps(described).encode()).hexdigest()
        return keys

    def _links(self, graph: Graph, node: str) -> Iterator[str]:
        given = graph[node]["inputs"]
        values = (given.get(name) for name in self._nodes[graph[node]["class_type"]].inputs)
        return (value[0] for value in values if _is_link(value))

    def _ancestors_first(
        self, graph: Graph, outputs: list[str], *, stop: Collection[str] = ()
    ) -> Iterator[str]:
        """The outputs and what they stand on, each node after those it needs.

        Nodes in ``stop`` come without what they stand on.
        """
        done: set[str] = set()

        def visit(node: str) -> Iterator[str]:
            if node in done:
                return
            done.add(node)
            if node not in stop:
                for above in self._links(graph, node):
                    yield from visit(above)
            yield node

        for output in outputs:
            yield from visit(output)

    def _fingerprint(self, upload: str) -> str:
        """An uploaded file counts by its content; one that vanished never equals anything."""
        try:
            return hashlib.sha256(self._machine.folders.annotated(upload).read_bytes()).hexdigest()
        except OSError:
            return uuid.uuid4().hex

    def _note(self, run: Run, record: _Record, event: str, **data: Any) -> None:
        """Send an event that the history keeps."""
        message = {**data, "prompt_id": run.prompt_id, "timestamp": int(self._clock() * 1000)}
        record.messages.append((event, message))
        if run.client_id is not None:
            self._sockets.send(event, message, to=run.client_id)

    def _end_interrupted(self, run: Run, record: _Record) -> None:
        kind = run.graph[run.node]["class_type"] if run.node else ""
        data = {"node_id": run.node, "node_type": kind, "executed": record.executed}
        self._note(run, record, "execution_interrupted", **data)

    def _end_failed(self, run: Run, record: _Record, failure: NodeFailed) -> None:
        """The event clients know a failure by; its inputs and outputs are private and left out."""
        self._note(
            run,
            record,
            "execution_error",
            node_id=failure.node,
            node_type=run.graph[failure.node]["class_type"],
            executed=record.executed,
            exception_message=f"{failure.error}\n",
            exception_type=_class_name(failure.error),
            traceback=traceback.format_tb(failure.error.__traceback__),
            current_inputs={},
            current_outputs=[],
        )


def _is_link(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2


def _finished(run: Run) -> tuple[float, float]:
    """The last known maximum of the current node as (value, max)."""
    maximum = run.states.get(run.node, {}).get("max", 1)
    return maximum, maximum


def _class_name(error: BaseException) -> str:
    """The name of the error's class, with its module unless that is Python's own."""
    name = type(error).__name__
    module = type(error).__module__
    return name if module == "builtins" else f"{module}.{name}"
