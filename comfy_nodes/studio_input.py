"""The node that marks an input for the studio to fill."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from comfy_api.latest import io

from vibes.errors import InvalidInput, VibesError
from vibes.settings.models import did_you_mean
from vibes.workflows.markers import MARKED_SLOTS, MARKER_INPUT, typed_value
from vibes.workflows.template import EDGE_SLOTS

from .local_files import names
from .options import check_option


class VibesStudioInput(io.ComfyNode):
    """Passes its value on; in the studio, what the studio writes into the slot."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe inputs and outputs."""
        return io.Schema(
            node_id=MARKER_INPUT,
            display_name="Studio Input",
            category="Vibes/Studio",
            description="Marks an input of your own workflow that the studio may fill.",
            inputs=[
                io.Combo.Input("slot", options=list(MARKED_SLOTS), default=MARKED_SLOTS[0]),
                io.String.Input("value", multiline=True, default=""),
                io.AnyType.Input("passed", optional=True),
            ],
            outputs=[io.AnyType.Output(display_name="value")],
        )

    @classmethod
    def validate_inputs(
        cls,
        slot: str | None = None,
        value: str | None = None,
        input_types: dict[str, str] | None = None,
    ) -> bool | str:
        """Check what ComfyUI does not: that the value is one the slot can hold. None is a link."""
        if slot is None:
            return "Choose the slot in the node; it cannot come from another one."
        if slot in EDGE_SLOTS:
            return "passed" in (input_types or {}) or _WHAT_PASSES[slot]
        try:
            check_option("slot", slot, MARKED_SLOTS)
            if value is not None:
                typed_value(slot, value)
                _check_listed(slot, value)
        except VibesError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, slot: str, value: str = "", passed: Any = None) -> str:
        """A picture that was replaced in its folder is another one."""
        return _digest(value) if slot == "source" else ""

    @classmethod
    def execute(cls, slot: str, value: str, passed: Any = None) -> io.NodeOutput:
        """Pass on what comes in, else the value as what the slot holds."""
        if passed is not None:
            return io.NodeOutput(passed)
        if slot == "source":
            return io.NodeOutput(_picture(value))
        return io.NodeOutput(typed_value(slot, value))


_WHAT_PASSES = {
    "loras": "Connect the model to 'passed': LoRAs are put in at this place.",
    "loras_clip": "Connect the text encoder (CLIP) to 'passed': LoRAs are put in at this place.",
}


def _check_listed(slot: str, value: str) -> None:
    """Raise InvalidInput for a name that is none of those there are."""
    if slot == "source":
        _check_picture(value)
        return
    known = _listed(slot)
    if known is not None and value not in known:
        raise InvalidInput(f"There is no {slot} '{value}' here{did_you_mean(value, known)}")


def _listed(slot: str) -> list[str] | None:
    if slot == "checkpoint":
        return names("checkpoint")
    if slot in ("sampler", "scheduler"):
        import comfy.samplers

        kinds = comfy.samplers.KSampler
        return list(kinds.SAMPLERS if slot == "sampler" else kinds.SCHEDULERS)
    return None


def _check_picture(name: str) -> None:
    import folder_paths

    if not name or not folder_paths.exists_annotated_filepath(name):
        raise InvalidInput(f"There is no picture '{name}' in ComfyUI's input folder; upload it.")


def _picture(name: str) -> Any:
    import nodes

    return nodes.LoadImage().load_image(name)[0]


def _digest(name: str) -> str:
    import folder_paths

    data = Path(folder_paths.get_annotated_filepath(name)).read_bytes()
    return hashlib.sha256(data).hexdigest()
