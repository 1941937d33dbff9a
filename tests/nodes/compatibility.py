"""Whether graphs saved with released nodes still open and run with the present ones.

A saved graph names its nodes by id, its links by the place of an output, its widget values by
their order. So what is new comes last and is optional, and what is there stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Definition = Mapping[str, Any]
"""A node as ComfyUI tells of it in ``/object_info``."""

SEEDS = ("seed", "noise_seed")  # the editor gives these "control after generate" by itself


def breaks(released: Mapping[str, Definition], present: Mapping[str, Definition]) -> list[str]:
    """A sentence on each change that breaks a saved graph; empty where none does."""
    found: list[str] = []
    for node, before in released.items():
        if node not in present:
            found.append(f"The node {node} is gone.")
            continue
        found += _inputs(node, before, present[node])
        found += _outputs(node, before, present[node])
    return found


def _inputs(node: str, before: Definition, after: Definition) -> Iterator[str]:
    old, new = _all_inputs(before), _all_inputs(after)
    for name in old:
        if name not in new:
            yield f"{node}: the input '{name}' is gone or called otherwise."
        else:
            yield from _input(node, name, old[name], new[name])
            if _is_required(after, name) and not _is_required(before, name):
                yield f"{node}: the input '{name}' was optional and is required."
    kept = [name for name in new if name in old]
    if kept != [name for name in old if name in new]:
        yield f"{node}: the inputs come in another order: {', '.join(kept)}."
    yield from _added(node, [name for name in new if name not in old], after, last=kept)


def _added(node: str, names: list[str], after: Definition, *, last: list[str]) -> Iterator[str]:
    order = list(_all_inputs(after))
    for name in names:
        if _is_required(after, name):
            yield f"{node}: the new input '{name}' is required; saved graphs lack it."
        if last and order.index(name) < order.index(last[-1]):
            yield f"{node}: the new input '{name}' stands before '{last[-1]}', not at the end."


def _input(node: str, name: str, before: list[Any], after: list[Any]) -> Iterator[str]:
    was, now = _type(before[0]), _type(after[0])
    if was != now:
        yield f"{node}: the input '{name}' was {was} and is {now}."
        return
    if _widget_values(name, before) != _widget_values(name, after):
        yield f"{node}: the input '{name}' stores another number of widget values."
    for option in _options(before):
        if (offered := _options(after)) and option not in offered:
            yield f"{node}: the input '{name}' no longer offers '{option}'."
    yield from _range(node, name, _extra(before), _extra(after))


def _range(
    node: str, name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[str]:
    for bound, sign in (("min", 1), ("max", -1)):
        if bound in after and (bound not in before or sign * after[bound] > sign * before[bound]):
            yield f"{node}: the input '{name}' refuses what it took: {bound} is {after[bound]}."


def _outputs(node: str, before: Definition, after: Definition) -> Iterator[str]:
    old, new = before["output_name"], after["output_name"]
    if [name for name in new if name in old] != [name for name in old if name in new]:
        yield f"{node}: the outputs come in another order: {', '.join(new)}."
        return
    for place, name in enumerate(old):
        if place >= len(new):
            yield f"{node}: the output '{name}' is gone."
            continue
        was, now = _type(before["output"][place]), _type(after["output"][place])
        if was != now:
            yield f"{node}: the output '{name}' was {was} and is {now}."
        if before["output_is_list"][place] != after["output_is_list"][place]:
            yield f"{node}: the output '{name}' was one value and is a list, or the reverse."


def _all_inputs(definition: Definition) -> dict[str, list[Any]]:
    """Name to type and options, in the order the editor stores them."""
    groups, order = definition["input"], definition["input_order"]
    return {
        name: groups[group][name]
        for group in ("required", "optional")
        for name in order.get(group, ())
    }


def _is_required(definition: Definition, name: str) -> bool:
    return name in definition["input"].get("required", {})


def _type(declared: Any) -> str:
    """A list of options is a combo, as in older nodes."""
    return "COMBO" if isinstance(declared, list) else str(declared)


def _extra(declared: list[Any]) -> Mapping[str, Any]:
    return declared[1] if len(declared) > 1 else {}


def _options(declared: list[Any]) -> list[Any]:
    """What a combo offers; empty where that was not recorded."""
    return declared[0] if isinstance(declared[0], list) else _extra(declared).get("options", [])


def _widget_values(name: str, declared: list[Any]) -> int:
    """How many values the editor stores for an input."""
    kind, extra = _type(declared[0]), _extra(declared)
    if kind not in {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"} or extra.get("forceInput"):
        return 0
    controlled = extra.get("control_after_generate") or (kind == "INT" and name in SEEDS)
    return 1 + bool(controlled) + bool(extra.get("image_upload"))
