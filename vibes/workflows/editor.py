"""The graph editor's own files, read as the graph the editor would send to a server.

Which values belong to which inputs stands nowhere in such a file: the order of a class's widgets
comes from what a server tells of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from vibes.errors import FaultyWorkflow

from .template import Slot

ANNOTATIONS = frozenset({"MarkdownNote", "Note"})
"""Nodes that exist in the editor only."""

REROUTE = "Reroute"
PRIMITIVE = "PrimitiveNode"
"""Nodes the editor itself looks through: one passes a link on, one holds a value for others."""

EDITOR_ONLY = None
"""A widget value of the editor itself: "control after generate", the upload button."""

EXPORT = "or bring what Workflow → Export (API) of the graph editor saves"

Widgets = Mapping[str, tuple[str | None, ...]]
"""Which inputs ``widgets_values`` holds, in its order, by node class."""

_WIDGET_TYPES = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"})
_SEEDS = frozenset({"seed", "noise_seed"})
_UPLOADS = ("image_upload", "video_upload", "animated_image_upload")
_MUTED, _BYPASSED = 2, 4


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Socket(_Part):
    name: str
    link: int | None = None


class EditorNode(_Part):
    """A node as the editor saves it, as far as it matters here."""

    id: int | str
    type: str
    mode: int = 0
    title: str | None = None
    inputs: list[_Socket] | None = None
    properties: dict[str, Any] = {}
    widgets_values: list[Any] | dict[str, Any] | None = None

    @property
    def shown(self) -> str:
        """How a person finds it in the editor."""
        return f"Node '{self.title or self.type}' ({self.id})"


class EditorWorkflow(_Part):
    """A file of the graph editor; links are lists, in newer files objects."""

    nodes: list[EditorNode]
    links: list[list[Any] | dict[str, Any] | None] = []

    def marked(self) -> Iterator[tuple[str, Slot]]:
        """The slots that stand in nodes' property ``vibes_slots``, as ``seed sampler=name``."""
        for node in self.nodes:
            for item in str(node.properties.get("vibes_slots", "")).split():
                name, _, input_name = item.partition("=")
                yield name, Slot(str(node.id), input_name or name)

    def outputs(self) -> list[str]:
        """Ids of the nodes whose property ``vibes_output`` says that they save the picture."""
        return [str(node.id) for node in self.nodes if node.properties.get("vibes_output")]


def read_editor(workflow: Mapping[str, Any]) -> EditorWorkflow:
    """The file, checked; raises FaultyWorkflow."""
    try:
        return EditorWorkflow.model_validate(workflow)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors(include_url=False)[0]["loc"])
        raise FaultyWorkflow(
            [f"This is no file of the graph editor: '{place}' is not as it writes it."]
        ) from error


def editor_graph(workflow: EditorWorkflow, widgets: Widgets) -> dict[str, dict[str, Any]]:
    """The graph in API format, nodes in the order of their ids.

    Raises FaultyWorkflow with a sentence for every node that cannot be read.
    """
    faults = (fault for node in workflow.nodes if (fault := _fault(node, widgets)))
    if problems := list(islice(faults, FaultyWorkflow.most + 1)):
        raise FaultyWorkflow(problems)
    origins = _Origins(workflow)
    nodes = [node for node in workflow.nodes if node.type not in _VIRTUAL]
    nodes.sort(key=lambda node: (isinstance(node.id, str), node.id))
    return {str(node.id): _api_node(node, widgets[node.type], origins) for node in nodes}


def widget_order(definition: Mapping[str, Any]) -> tuple[str | None, ...]:
    """The widgets of a class, as ``/object_info`` defines it."""
    return tuple(
        widget
        for group in ("required", "optional")
        for name, told in _ordered(definition, group)
        for widget in _widget(name, told)
    )


_VIRTUAL = ANNOTATIONS | {REROUTE, PRIMITIVE}


def _ordered(definition: Mapping[str, Any], group: str) -> list[tuple[str, Any]]:
    """A group's inputs in the order the editor shows them in."""
    inputs, order = (_group(definition, key, group) for key in ("input", "input_order"))
    if not isinstance(inputs, dict):
        return []
    names = order if isinstance(order, list) else list(inputs)
    return [(name, inputs[name]) for name in names if isinstance(name, str) and name in inputs]


def _group(definition: Mapping[str, Any], key: str, group: str) -> Any:
    groups = definition.get(key)
    return groups.get(group) if isinstance(groups, dict) else None


def _widget(name: str, told: object) -> list[str | None]:
    """The input's place among the widgets, with the editor's own one after it where it has one."""
    if not isinstance(told, list) or not told:
        return []
    kind = told[0]
    options = told[1] if len(told) > 1 and isinstance(told[1], dict) else {}
    is_choice = isinstance(kind, list) or kind == "COMBO"
    is_value = isinstance(kind, str) and kind in _WIDGET_TYPES
    if options.get("forceInput") or not (is_choice or is_value):
        return []
    controlled = options.get("control_after_generate") or (kind == "INT" and name in _SEEDS)
    uploads = is_choice and any(options.get(upload) for upload in _UPLOADS)
    return [name, EDITOR_ONLY] if controlled or uploads else [name]


def _fault(node: EditorNode, widgets: Widgets) -> str | None:
    if node.type in _VIRTUAL:
        return None
    if node.mode in (_MUTED, _BYPASSED):
        how = "muted" if node.mode == _MUTED else "bypassed"
        return f"{node.shown} is {how}: remove it or switch it on, {EXPORT}."
    if node.type not in widgets:
        return _unknown(node)
    values = node.widgets_values or []
    if isinstance(values, list) and len(values) != len(widgets[node.type]):
        return (
            f"{node.shown} holds {len(values)} values where {len(widgets[node.type])} were "
            f"expected of a {node.type}: save it with the version your servers have, {EXPORT}."
        )
    return None


def _unknown(node: EditorNode) -> str:
    if ("-" in node.type and len(node.type) == 36) or node.type.startswith("workflow"):
        return f"{node.shown} is a group of nodes: unpack it, {EXPORT}."
    return (
        f"{node.shown}: no server here tells what a {node.type} is. "
        f"Start one that has it, {EXPORT}."
    )


class _Origins:
    """Where links come from, seen through the editor's own nodes."""

    def __init__(self, workflow: EditorWorkflow):
        self._nodes = {str(node.id): node for node in workflow.nodes}
        self._links = dict(ends for link in workflow.links if (ends := _ends(link)))
        self._values: dict[int, Any] = {}  # found already: chains may be long, and shared

    def value(self, link: int) -> Any:
        """The link [node, output] in API format, or the constant it stands for.

        None for a link that leads nowhere, as the editor leaves some behind.
        """
        passed: set[int] = set()
        while link not in self._values and link not in passed:  # or round in a circle
            passed.add(link)
            further = self._before(link)
            if further is None:
                self._values[link] = self._origin(link)
            else:
                link = further
        found = self._values.get(link)
        self._values.update(dict.fromkeys(passed, found))
        return found

    def _before(self, link: int) -> int | None:
        """The link that leads to the node it comes from, where that only passes it on."""
        node = self._node(link)
        return node.inputs[0].link if node and node.type == REROUTE and node.inputs else None

    def _origin(self, link: int) -> Any:
        node = self._node(link)
        if node is None or node.type == REROUTE:
            return None
        if node.type == PRIMITIVE:
            values = node.widgets_values
            return values[0] if isinstance(values, list) and values else None
        return self._links[link]

    def _node(self, link: int) -> EditorNode | None:
        """The node it comes from, where there is one."""
        return self._nodes.get(self._links[link][0]) if link in self._links else None


def _ends(link: list[Any] | dict[str, Any] | None) -> tuple[int, list[Any]] | None:
    """The link's id, and where it comes from; None for what is no link."""
    if isinstance(link, dict):
        link = [link.get("id"), link.get("origin_id"), link.get("origin_slot")]
    if not link or len(link) < 3 or type(link[0]) is not int or type(link[2]) is not int:
        return None
    return link[0], [str(link[1]), link[2]]


def _api_node(
    node: EditorNode, widgets: tuple[str | None, ...], origins: _Origins
) -> dict[str, Any]:
    inputs = _values(node, widgets)
    for socket in node.inputs or ():
        if socket.link is not None and (value := origins.value(socket.link)) is not None:
            inputs[socket.name] = value
    return {
        "class_type": node.type,
        "inputs": inputs,
        "_meta": {"title": node.title or node.type},
    }


def _values(node: EditorNode, widgets: tuple[str | None, ...]) -> dict[str, Any]:
    """What stands in the node's widgets, by input."""
    if isinstance(node.widgets_values, dict):
        names = {name for name in widgets if name is not EDITOR_ONLY}
        return {name: value for name, value in node.widgets_values.items() if name in names}
    values = zip(widgets, node.widgets_values or (), strict=False)
    return {name: value for name, value in values if name is not EDITOR_ONLY}
