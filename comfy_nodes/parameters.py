"""The node that chooses how to sample a prompt."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from vibes.errors import VibesError
from vibes.settings import ASPECT_RATIOS, AspectRatio

from .choices import settings
from .local_files import catalog_state, local_catalog
from .made import Chosen, remember
from .named_models import check_models
from .options import check_option
from .sampling import AUTO, PRIORITIES, Asked, Priority, check_samplers, find_parameters


class VibesParameters(io.ComfyNode):
    """Chooses steps, CFG, sampler, scheduler and size for a prompt, and says why."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe inputs and outputs; sampler and scheduler fit every list of them."""
        return io.Schema(
            node_id="VibesParameters",
            display_name="Parameters",
            category="Vibes/Prompt",
            description="Chooses steps, CFG, sampler and size for a prompt and its models.",
            inputs=[
                io.String.Input("prompt", multiline=True, default=""),
                io.Combo.Input("tier", options=[AUTO, *settings().tiers], default=AUTO),
                io.Combo.Input("aspect_ratio", options=list(ASPECT_RATIOS)),
                io.Combo.Input("priority", options=list(PRIORITIES), default="balanced"),
                io.String.Input("checkpoint", default="", optional=True),
                io.String.Input("loras", default="", optional=True),
            ],
            outputs=[
                io.Int.Output(display_name="steps"),
                io.Float.Output(display_name="cfg"),
                io.AnyType.Output(display_name="sampler"),
                io.AnyType.Output(display_name="scheduler"),
                io.Int.Output(display_name="width"),
                io.Int.Output(display_name="height"),
                io.String.Output(display_name="report"),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.prompt],
        )

    @classmethod
    def validate_inputs(
        cls,
        tier: str | None = None,
        aspect_ratio: str | None = None,
        priority: str | None = None,
        checkpoint: str | None = None,
        loras: str | None = None,
    ) -> bool | str:
        """Check what ComfyUI does not: options, and that the models named are here."""
        try:
            check_option("tier", tier, [AUTO, *settings().tiers])
            check_option("aspect ratio", aspect_ratio, ASPECT_RATIOS)
            check_option("priority", priority, PRIORITIES)
            check_models(checkpoint, loras)
        except VibesError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, **inputs: Any) -> str:
        """Model files that came, went or changed are another input."""
        return f"{catalog_state('checkpoint')} {catalog_state('lora')}"

    @classmethod
    def execute(
        cls,
        prompt: str,
        tier: str,
        aspect_ratio: AspectRatio,
        priority: Priority,
        checkpoint: str = "",
        loras: str = "",
    ) -> io.NodeOutput:
        """Choose; the same inputs and files give the same parameters."""
        from comfy.samplers import KSampler

        asked = Asked(prompt, tier, aspect_ratio, priority, checkpoint, loras)
        found = find_parameters(asked, local_catalog("checkpoint", "lora"))
        check_samplers(found, samplers=KSampler.SAMPLERS, schedulers=KSampler.SCHEDULERS)
        chosen = found.parameters
        given = (
            *(chosen.steps, chosen.cfg, chosen.sampler, chosen.scheduler),
            *(chosen.width, chosen.height, found.report),
        )
        hidden = cls.hidden
        remember(hidden.prompt, hidden.unique_id, Chosen(None, outputs=dict(enumerate(given))))
        return io.NodeOutput(*given, ui={"text": [found.report]})
