"""The node that says what was learned about models for a prompt."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from vibes.errors import VibesError
from vibes.preferences.sentences import Level

from .choice_reports import LEVELS
from .explaining import explanation
from .local_files import local_catalog
from .named_models import check_models
from .options import check_option
from .process import memory


class VibesExplain(io.ComfyNode):
    """Explains what your picks say of a checkpoint and LoRAs for a prompt."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe inputs and output."""
        return io.Schema(
            node_id="VibesExplain",
            display_name="Explain",
            category="Vibes/Prompt",
            description="Says what your picks have taught about models for a prompt.",
            inputs=[
                io.String.Input("prompt", multiline=True, default=""),
                io.String.Input("checkpoint", default=""),
                io.String.Input("loras", default="", optional=True),
                io.Combo.Input("level", options=list(LEVELS), default="standard", optional=True),
            ],
            outputs=[io.String.Output(display_name="explanation")],
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(
        cls, checkpoint: str | None = None, loras: str | None = None, level: str | None = None
    ) -> bool | str:
        """Check what ComfyUI does not: the level, and that the models named are here."""
        try:
            check_option("level", level, LEVELS)
            check_models(checkpoint, loras)
        except VibesError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, **inputs: Any) -> str:
        """What was learned since is another input; nothing else is."""
        return memory().state()

    @classmethod
    def execute(
        cls, prompt: str, checkpoint: str, loras: str = "", level: Level = "standard"
    ) -> io.NodeOutput:
        """Explain by what is believed now."""
        learned = memory().learned()
        told = explanation(
            local_catalog("checkpoint", "lora"),
            learned.policy(seed=0),
            learned.ratings,
            prompt=prompt,
            checkpoint=checkpoint,
            loras=loras,
            level=level,
        )
        return io.NodeOutput(told, ui={"text": [told]})
