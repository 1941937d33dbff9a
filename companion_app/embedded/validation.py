"""Whether a graph can run here, answered in the words of ComfyUI 0.3.64."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from .folders import Folders, OutsideFolder
from .models import Models
from .node_table import ANYTHING, Node, resolved_inputs

Graph = dict[str, Any]
Problem = dict[str, Any]  # one error: type, message, details, extra_info

_LONGEST_LIST_ECHOED = 20
_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "INT": int,
    "FLOAT": float,
    "STRING": str,
    "BOOLEAN": bool,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """``error`` is None when at least one output can run; ``outputs`` are those that can."""

    error: Problem | None = None
    outputs: list[str] = field(default_factory=list)
    node_errors: dict[str, Any] = field(default_factory=dict)


def check_graph(
    graph: Graph,
    nodes: Mapping[str, Node],
    models: Models,
    folders: Folders,
    *,
    targets: Collection[str] | None = None,
) -> Verdict:
    """Check the nodes its output nodes stand on; values are converted to their types in place.

    ``nodes`` are the classes there are, ``targets`` limits the output nodes. A graph that is not
    even a graph raises TypeError or AttributeError, which the server answers with 500, as ComfyUI
    does.
    """
    outputs = []
    for node_id in graph:
        node = graph[node_id]
        if "class_type" not in node:
            return Verdict(
                problem(
                    "invalid_prompt",
                    "Cannot execute because a node is missing the class_type property.",
                    f"Node ID '#{node_id}'",
                )
            )
        if node["class_type"] not in nodes:
            message = f"Cannot execute because node {node['class_type']} does not exist."
            return Verdict(problem("invalid_prompt", message, f"Node ID '#{node_id}'"))
        if nodes[node["class_type"]].is_output and (targets is None or node_id in targets):
            outputs.append(node_id)
    if not outputs:
        return Verdict(problem("prompt_no_outputs", "Prompt has no outputs", ""))
    return _Check(graph, nodes, models, folders).verdict(outputs)


class _Check:
    """One validation: remembers what it found about each node."""

    def __init__(self, graph: Graph, nodes: Mapping[str, Node], models: Models, folders: Folders):
        self._graph = graph
        self._nodes = nodes
        self._models = models
        self._folders = folders
        self._valid: dict[str, bool] = {}
        self._problems: dict[str, list[Problem]] = {}
        self._dependents: dict[str, list[str]] = {}

    def verdict(self, outputs: list[str]) -> Verdict:
        """Validate every output; the verdict is bad when none is fit to run."""
        good = [output for output in outputs if self._output_is_valid(output)]
        node_errors = {
            node_id: {
                "errors": problems,
                "dependent_outputs": self._dependents[node_id],
                "class_type": self._graph[node_id]["class_type"],
            }
            for node_id, problems in self._problems.items()
            if problems
        }
        if good:
            return Verdict(None, good, node_errors)
        own = [found for output in outputs for found in self._problems.get(output, ())]
        details = "\n".join(f"{found['message']}: {found['details']}" for found in own)
        failed = "prompt_outputs_failed_validation"
        return Verdict(
            problem(failed, "Prompt outputs failed validation", details), [], node_errors
        )

    def _output_is_valid(self, output: str) -> bool:
        try:
            valid = self._is_valid(output)
        except (KeyError, IndexError, TypeError) as error:
            valid = False
            about = {"exception_type": type(error).__name__, "traceback": []}
            message = "Exception when validating node"
            self._add(output, problem("exception_during_validation", message, str(error), about))
        if not valid:
            self._note_dependent(output)
        return valid

    def _note_dependent(self, output: str) -> None:
        """Every faulty node above ``output`` names it; found by walking up its links."""
        seen, ahead = set(), [output]
        while ahead:
            node_id = ahead.pop()
            if node_id in seen or node_id not in self._graph:
                continue
            seen.add(node_id)
            if self._problems.get(node_id):
                self._dependents.setdefault(node_id, []).append(output)
            inputs = self._graph[node_id].get("inputs", {}).values()
            ahead += [value[0] for value in inputs if isinstance(value, list) and value]

    def _is_valid(self, node_id: str) -> bool:
        """Check one node and what it stands on; a node on a cycle counts as invalid."""
        if node_id in self._valid:
            return self._valid[node_id]
        self._valid[node_id] = False
        node = self._nodes[self._graph[node_id]["class_type"]]
        given = self._graph[node_id]["inputs"]
        valid = True
        for name, config in resolved_inputs(node, self._models, self._folders).items():
            found: Problem | None
            if name not in given and name in node.optional:
                continue
            if name not in given:
                missing = "Required input is missing"
                found = problem("required_input_missing", missing, name, {"input_name": name})
            elif isinstance(given[name], list):
                found, above_is_valid = self._check_link(given[name], name, config)
                valid = valid and above_is_valid
            else:
                found = self._check_value(given, name, config)
            if found:
                self._add(node_id, found)
                valid = False
        self._valid[node_id] = valid
        return valid

    def _check_link(
        self, link: list[Any], name: str, config: list[Any]
    ) -> tuple[Problem | None, bool]:
        """What is wrong with a link itself, and whether the node it comes from is valid."""
        about = {"input_name": name, "input_config": config}
        if len(link) != 2:
            message = "Bad linked input, must be a length-2 list of [node_id, slot_index]"
            return problem(
                "bad_linked_input", message, name, {**about, "received_value": link}
            ), False
        source, slot = link
        received = self._nodes[self._graph[source]["class_type"]].outputs[slot]
        if received != config[0] and ANYTHING not in (received, config[0]):
            message = "Return type mismatch between linked nodes"
            details = f"{name}, received_type({received}) mismatch input_type({config[0]})"
            more = {**about, "received_type": received, "linked_node": link}
            return problem("return_type_mismatch", message, details, more), False
        try:
            return None, self._is_valid(source)
        except (KeyError, IndexError, TypeError) as error:
            more = {
                **about,
                "exception_message": str(error),
                "exception_type": type(error).__name__,
                "traceback": [],
                "linked_node": link,
            }
            message = "Exception when validating inner node"
            self._add(
                source, problem("exception_during_inner_validation", message, str(error), more)
            )
            return None, False

    def _check_value(self, given: dict[str, Any], name: str, config: list[Any]) -> Problem | None:
        """What is wrong with a constant; converts it to its type in place."""
        kind, options = config
        value = given[name]
        if isinstance(value, dict) and "__value__" in value:
            value = given[name] = value["__value__"]
        about = {"input_name": name, "input_config": config, "received_value": value}
        if isinstance(kind, str) and kind in _CONVERSIONS:
            try:
                value = given[name] = _CONVERSIONS[kind](value)
            except (ValueError, TypeError) as error:
                message = f"Failed to convert an input value to a {kind} value"
                details = f"{name}, {value}, {error}"
                more = {**about, "exception_message": str(error)}
                return problem("invalid_input_type", message, details, more)
        about["received_value"] = value
        if options.get("image_upload"):
            return self._check_upload(name, value)
        return _check_limits(value, name, options, about) or _check_choice(value, kind, about)

    def _check_upload(self, name: str, value: Any) -> Problem | None:
        """A picture by name must be there; the list of names is not consulted."""
        try:
            if self._folders.annotated(str(value)).is_file():
                return None
        except OutsideFolder:
            pass  # told as invalid, like a missing file
        details = f"{name} - Invalid image file: {value}"
        about = {"input_name": name}
        message = "Custom validation failed for node"
        return problem("custom_validation_failed", message, details, about)

    def _add(self, node_id: str, found: Problem) -> None:
        self._problems.setdefault(node_id, []).append(found)


def _check_limits(
    value: Any, name: str, options: dict[str, Any], about: dict[str, Any]
) -> Problem | None:
    if "min" in options and value < options["min"]:
        message = f"Value {value} smaller than min of {options['min']}"
        return problem("value_smaller_than_min", message, name, about)
    if "max" in options and value > options["max"]:
        message = f"Value {value} bigger than max of {options['max']}"
        return problem("value_bigger_than_max", message, name, about)
    return None


def _check_choice(value: Any, kind: Any, about: dict[str, Any]) -> Problem | None:
    """A long list is not echoed. Choices of nodes of the newer interface are not checked."""
    if not isinstance(kind, list) or value in kind:
        return None
    too_long = len(kind) > _LONGEST_LIST_ECHOED
    told = f"(list of length {len(kind)})" if too_long else str(kind)
    details = f"{about['input_name']}: '{value}' not in {told}"
    more = {**about, "input_config": None} if too_long else about
    return problem("value_not_in_list", "Value not in list", details, more)


def problem(
    kind: str, message: str, details: str, extra_info: dict[str, Any] | None = None
) -> Problem:
    """One error as the protocol tells it."""
    return {
        "type": kind,
        "message": message,
        "details": details,
        "extra_info": extra_info or {},
    }
