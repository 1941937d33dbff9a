"""The node that chooses LoRAs for a prompt and applies them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from comfy_api.latest import io

from vibes.errors import VibesError
from vibes.preferences import Policy
from vibes.prompts import parse
from vibes.recipes import LoraUse
from vibes.recommend import with_triggers
from vibes.workflows import Chosen, format_loras, parse_loras

from .choice_reports import Report, lora_report, plain_report, use_text
from .choices import HERE, LoraChoice, choose_loras
from .families import family_of_model
from .inputs import seed_input
from .local_files import catalog_state, local_catalog, path_of, spelling
from .lora_files import lora_weights
from .made import remember
from .options import check_option
from .process import memory

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
                io.String.Output(display_name="loras"),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.prompt],
        )

    @classmethod
    def validate_inputs(cls, mode: str | None = None, loras: str | None = None) -> bool | str:
        """Check what ComfyUI does not: the mode, and that every listed LoRA is here."""
        try:
            check_option("mode", mode, MODES)
            if mode == "explicit" and loras is not None:
                _listed(loras)
        except VibesError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(
        cls, mode: str | None = None, loras: str | None = None, **others: Any
    ) -> str:
        """What a choice depends on beside the inputs; of listed LoRAs, their files."""
        if mode == "off":
            return "off"
        if mode == "explicit":
            files = [Path(path_of("lora", use.name)).stat() for use in _listed(loras or "")]
            return " ".join(f"{found.st_mtime_ns} {found.st_size}" for found in files)
        return f"{memory().state()} {catalog_state('lora')}"

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
        made, policy = _made(model, mode, prompt, loras, max_loras=max_loras, seed=seed)
        model, clip, applied = _with_all(model, clip, made.uses)
        inert = [lora["name"] for lora in applied if not lora["keys"]]
        reason = _whole_reason(made, inert)
        said = with_triggers(parse(prompt).without_loras().render(), made.triggers)
        chosen = Chosen(None, made.uses, {2: said}, frozenset(inert))
        remember(cls.hidden.prompt, cls.hidden.unique_id, chosen)
        ui = {"vibes_loras": applied, "vibes_choice": [_report(made, policy, reason)]}
        return io.NodeOutput(model, clip, said, reason, format_loras(made.uses), ui=ui)


def _made(
    model: Any, mode: str, prompt: str, loras: str, *, max_loras: int, seed: int
) -> tuple[LoraChoice, Policy | None]:
    """What to apply, in this server's spelling, and the policy that chose it, where one did."""
    if mode == "explicit":
        return LoraChoice(_listed(loras), "You listed these LoRAs."), None
    if mode == "off":
        return LoraChoice((), "LoRAs are off."), None
    catalog, policy = local_catalog("lora"), memory().policy(seed)
    made = choose_loras(
        catalog, family_of_model(model), prompt=parse(prompt), max_loras=max_loras, policy=policy
    )
    native = [LoraUse(catalog.loras[use.name].spellings[HERE], use.strength) for use in made.uses]
    return replace(made, uses=tuple(native)), policy


def _listed(loras: str) -> tuple[LoraUse, ...]:
    """The LoRAs of an explicit list, in this server's spelling."""
    return tuple(LoraUse(spelling("lora", use.name), use.strength) for use in parse_loras(loras))


def _whole_reason(made: LoraChoice, inert: list[str]) -> str:
    reason = made.reason
    if inert:
        reason += f" Made for another model, so without effect: {', '.join(inert)}."
    if made.triggers:
        reason += f" Added to the prompt: {', '.join(made.triggers)}."
    return reason


def _report(made: LoraChoice, policy: Policy | None, reason: str) -> Report:
    if made.decision is None or policy is None:
        return plain_report("loras", map(use_text, made.uses), reason)
    return lora_report(made.decision, policy, reason)


def _with_all(
    model: Any, clip: Any, uses: tuple[LoraUse, ...]
) -> tuple[Any, Any, list[dict[str, Any]]]:
    """Clones with the LoRAs, and of each how many weights it changes."""
    import comfy.utils

    progress = comfy.utils.ProgressBar(len(uses))
    applied = []
    for use in uses:
        model, clip, keys = _applied(model, clip, use)
        applied.append({"name": use.name, "strength": use.strength, "keys": keys})
        progress.update(1)
    return model, clip, applied


def _applied(model: Any, clip: Any, use: LoraUse) -> tuple[Any, Any, int]:
    """Clones of model and clip with the LoRA, and how many of their weights it changes."""
    import comfy.model_management
    import comfy.sd

    comfy.model_management.throw_exception_if_processing_interrupted()
    weights = lora_weights(path_of("lora", use.name))
    before = _patches(model) + _patches(clip)
    model, clip = comfy.sd.load_lora_for_models(model, clip, weights, use.strength, use.strength)
    return model, clip, _patches(model) + _patches(clip) - before


def _patches(patched: Any) -> int:
    """Patches on a MODEL, or on a CLIP, which some checkpoints come without."""
    patcher = getattr(patched, "patcher", patched)
    return sum(map(len, patcher.patches.values())) if patcher else 0
