"""The node that chooses LoRAs for a prompt and applies them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from comfy_api.latest import io

from vibes.errors import VibesError
from vibes.prompts import parse
from vibes.recipes import LoraUse
from vibes.recommend import with_triggers
from vibes.workflows import parse_loras

from .choices import HERE, LoraChoice, choose_loras
from .families import family_of_model
from .inputs import seed_input
from .local_files import local_catalog, path_of, spelling

MODES = ("auto", "explicit", "off")


class VibesAutoLora(io.ComfyNode):
    """Applies LoRAs that suit the prompt and the model, or exactly those listed."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe inputs and outputs."""
        return io.Schema(
            node_id="VibesAutoLora",
            display_name="Auto LoRA",
            category="Vibes/Models",
            description="Applies LoRAs that suit prompt and model, or exactly those listed.",
            inputs=[
                io.Model.Input("model"),
                io.Clip.Input("clip"),
                io.Combo.Input("mode", options=list(MODES), default=MODES[0]),
                io.String.Input("prompt", multiline=True, default="", optional=True),
                io.String.Input("loras", default="", optional=True),
                io.Int.Input("max_loras", default=3, min=0, max=10, optional=True),
                seed_input(),
            ],
            outputs=[
                io.Model.Output(display_name="model"),
                io.Clip.Output(display_name="clip"),
                io.String.Output(display_name="prompt"),
                io.String.Output(display_name="choice"),
            ],
        )

    @classmethod
    def validate_inputs(cls, mode: str | None = None, loras: str | None = None) -> bool | str:
        """Check what ComfyUI does not: the mode, and that every listed LoRA is here."""
        if mode is not None and mode not in MODES:
            return f"There is no mode '{mode}'; modes are {', '.join(MODES)}."
        if mode == "explicit" and loras is not None:
            try:
                _listed(loras)
            except VibesError as error:
                return str(error)
        return True

    @classmethod
    def execute(
        cls,
        model: Any,
        clip: Any,
        mode: str,
        prompt: str = "",
        loras: str = "",
        max_loras: int = 3,
        seed: int = 0,
    ) -> io.NodeOutput:
        """Choose and apply; the inputs stay as they are, what comes out are clones."""
        if mode == "explicit":
            made = LoraChoice(_listed(loras), "You listed these LoRAs.")
        elif mode == "auto":
            made = _chosen(model, prompt, max_loras=max_loras, seed=seed)
        else:
            made = LoraChoice((), "LoRAs are off.")
        report, choice = [], made.reason
        for use in made.uses:
            model, clip, keys = _applied(model, clip, use)
            report.append({"name": use.name, "strength": use.strength, "keys": keys})
        if idle := [lora["name"] for lora in report if not lora["keys"]]:
            choice += f" Made for another model, so without effect: {', '.join(idle)}."
        if made.triggers:
            choice += f" Added to the prompt: {', '.join(made.triggers)}."
        said = with_triggers(parse(prompt).without_loras().render(), made.triggers)
        return io.NodeOutput(model, clip, said, choice, ui={"vibes_loras": report})


def _listed(loras: str) -> tuple[LoraUse, ...]:
    """The LoRAs of an explicit list, in this server's spelling."""
    return tuple(LoraUse(spelling("lora", use.name), use.strength) for use in parse_loras(loras))


def _chosen(model: Any, prompt: str, *, max_loras: int, seed: int) -> LoraChoice:
    catalog = local_catalog("lora")
    made = choose_loras(
        catalog, family_of_model(model), prompt=parse(prompt), max_loras=max_loras, seed=seed
    )
    native = [LoraUse(catalog.loras[use.name].spellings[HERE], use.strength) for use in made.uses]
    return replace(made, uses=tuple(native))


def _applied(model: Any, clip: Any, use: LoraUse) -> tuple[Any, Any, int]:
    """Clones of model and clip with the LoRA, and how many of their weights it changes."""
    import comfy.model_management
    import comfy.sd
    import comfy.utils

    comfy.model_management.throw_exception_if_processing_interrupted()
    weights = comfy.utils.load_torch_file(path_of("lora", use.name), safe_load=True)
    before = _patches(model) + _patches(clip)
    model, clip = comfy.sd.load_lora_for_models(model, clip, weights, use.strength, use.strength)
    return model, clip, _patches(model) + _patches(clip) - before


def _patches(patched: Any) -> int:
    """Patches on a MODEL, or on a CLIP, which some checkpoints come without."""
    patcher = getattr(patched, "patcher", patched)
    return sum(map(len, patcher.patches.values())) if patcher else 0
