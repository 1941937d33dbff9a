"""Templates: graphs with named slots, as ``workflows/api/<name>.json`` holds them.

A slot names one input of one node, for a recipe to fill. ``loras`` and ``loras_clip`` name linked
inputs: they mark the model and the clip edge into which LoRA loaders are chained.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from pydantic import BaseModel, ConfigDict, ValidationError

from vibes.errors import InvalidInput, NotFound
from vibes.settings import data_root

REQUIRED_SLOTS = frozenset({"checkpoint", "prompt", "seed", "filename_prefix"})
EDGE_SLOTS = frozenset({"loras", "loras_clip"})
SLOTS = (
    REQUIRED_SLOTS
    | EDGE_SLOTS
    | {"negative_prompt", "width", "height", "steps", "cfg", "sampler", "scheduler", "denoise"}
    | {"source"}
)
OUTPUTS = frozenset({"image"})


class Slot(NamedTuple):
    """One input of one node of a template's graph."""

    node: str
    input: str


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelFile(_Strict):
    """A model file a template names itself, outside its slots."""

    kind: str
    name: str


class Needs(_Strict):
    """What a server must have to run a template: node classes, and model files by kind."""

    nodes: frozenset[str]
    models: tuple[ModelFile, ...] = ()


class Template(_Strict):
    """A graph in API format with the places a recipe fills; ``outputs`` names nodes that save."""

    name: str
    graph: dict[str, dict[str, Any]]
    slots: dict[str, Slot]
    outputs: dict[str, str]
    needs: Needs

    @property
    def upscale_models(self) -> tuple[str, ...]:
        """The upscalers it names itself."""
        return tuple(model.name for model in self.needs.models if model.kind == "upscale_models")


def load_template(name: str, folder: Path | None = None) -> Template:
    """The template of that name; ``folder`` defaults to the shipped ``workflows/api``.

    Raises NotFound for an unknown name and InvalidInput for a file that is not a template.
    """
    folder = folder or data_root() / "workflows" / "api"
    path = folder / f"{name}.json"
    if not re.fullmatch(r"[\w-]+", name) or not path.is_file():
        raise NotFound(no_template(name, template_names(folder)))
    return parse_template(name, path.read_text(encoding="utf-8"), place=str(path))


def template_names(folder: Path | None = None) -> tuple[str, ...]:
    """Names of the templates in ``folder``, sorted."""
    folder = folder or data_root() / "workflows" / "api"
    return tuple(sorted(path.stem for path in folder.glob("*.json")))


def to_template(name: str, compiled: Mapping[str, Any]) -> Template:
    """What ``compile_workflow`` made, as the template of that name; raises InvalidInput."""
    return parse_template(name, json.dumps(compiled), place=name)


def parse_template(name: str, text: str, *, place: str) -> Template:
    """The template a file's text holds; InvalidInput begins with ``place``."""
    try:
        template = Template.model_validate({"name": name, **json.loads(text)})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise InvalidInput(f"{place}: '{where}' is wrong: {first['msg']}.") from error
    except (ValueError, TypeError, RecursionError) as error:  # not JSON, or not an object
        raise InvalidInput(f"{place}: a template is a JSON object, and this is not.") from error
    for fault in _faults(template):
        raise InvalidInput(f"{place}: {fault}")
    return template


def required_nodes(template: Template) -> frozenset[str]:
    """Node classes a server must offer to run the template."""
    return template.needs.nodes


def no_template(name: str, names: tuple[str, ...]) -> str:
    """The sentence for a name that is none of these, with the nearest of them."""
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(names) or 'none'}."
    return f"There is no workflow template '{name}'; {hint}"


def _faults(template: Template) -> Iterator[str]:
    graph = template.graph
    for node_id, node in graph.items():
        if not isinstance(node.get("class_type"), str) or not isinstance(node.get("inputs"), dict):
            yield f"node {node_id} lacks its class_type or its inputs."
            continue
        for name, value in node["inputs"].items():
            if is_link(value) and value[0] not in graph:
                yield f"input '{name}' of node {node_id} is linked to node {value[0]}, not there."
    for name, slot in template.slots.items():
        if name not in SLOTS:
            yield f"there is no slot '{name}'; slots are {', '.join(sorted(SLOTS))}."
        elif slot.node not in graph or slot.input not in graph[slot.node]["inputs"]:
            yield f"slot '{name}' points at input '{slot.input}' of node {slot.node}, not there."
        elif (name in EDGE_SLOTS) != is_link(graph[slot.node]["inputs"][slot.input]):
            yield f"slot '{name}' must be a {'linked' if name in EDGE_SLOTS else 'free'} input."
    for name in sorted(REQUIRED_SLOTS - template.slots.keys()):
        yield f"the slot '{name}' is missing."
    if len(EDGE_SLOTS & template.slots.keys()) == 1:
        yield "the slots 'loras' and 'loras_clip' go together; one is missing."
    if template.outputs.keys() != OUTPUTS or template.outputs["image"] not in graph:
        yield "'outputs' must name the one node that saves the picture, as 'image'."


def is_link(value: object) -> TypeGuard[list[Any]]:
    """Whether an input's value is a link: ``[node id, index of its output]``."""
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], int)
    )
