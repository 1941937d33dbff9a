"""What a workflow leaves a request to decide: it may have no place for everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vibes.errors import InvalidInput
from vibes.stages import Slot
from vibes.workflows import Template

from .requests import ImageRequest
from .wishes import Wish

_OVERRIDES = ("steps", "cfg", "sampler", "scheduler", "width", "height")
_VARIES = {"params": frozenset({"steps", "cfg"}), "loras": frozenset({"loras"})}


def check_first(template: Template) -> None:
    """Raise InvalidInput for a workflow that no picture from noise can be made with."""
    if "source" in template.slots:
        raise InvalidInput(
            f"The workflow '{template.name}' starts from a picture: it can render a later stage, "
            "named in stages.yaml, but no first grid."
        )


def within(template: Template, wish: Wish, request: ImageRequest) -> Wish:
    """The wish as far as the workflow goes; raises InvalidInput for what it has no place for."""
    for field in _OVERRIDES:
        if getattr(request.overrides, field) is not None and field not in template.slots:
            raise _no_place(template, field, f"overrides.{field}")
    if request.negative_prompt.strip() and "negative_prompt" not in template.slots:
        raise _no_place(template, "negative_prompt", "negative_prompt")
    needed = _VARIES.get(request.variation)
    if needed is not None and not needed & template.slots.keys():
        raise InvalidInput(
            f"The workflow '{template.name}' has no slot {' or '.join(sorted(needed))}: "
            f"with variation '{request.variation}' all pictures would be the same."
        )
    if "loras" in template.slots:
        return wish
    if wish.typed or wish.loras:
        raise _no_place_for_loras(template)
    return replace(wish, loras=())


def check_slots(template: Template, slots: Sequence[Slot]) -> None:
    """Raise InvalidInput for LoRAs the workflow has no place for."""
    if "loras" not in template.slots and any(slot.recipe.candidate.loras for slot in slots):
        raise _no_place_for_loras(template)


def _no_place_for_loras(template: Template) -> InvalidInput:
    return InvalidInput(
        f"The workflow '{template.name}' has no place for LoRAs: leave them out, or mark its "
        "model and CLIP with the slots 'loras' and 'loras_clip'."
    )


def _no_place(template: Template, slot: str, field: str) -> InvalidInput:
    return InvalidInput(
        f"{field}: the workflow '{template.name}' has no slot '{slot}'. Leave it out."
    )
