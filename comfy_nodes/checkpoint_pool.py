"""The node that chooses a checkpoint for a prompt and loads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from comfy_api.latest import io

from vibes.errors import InvalidInput, VibesError
from vibes.preferences.reasons import spoken
from vibes.workflows import Chosen

from .choice_reports import Report, checkpoint_report, plain_report
from .choices import HERE, choose_checkpoint, settings
from .inputs import seed_input
from .local_files import catalog_state, local_catalog, names, path_of, spelling
from .made import remember
from .options import check_option
from .process import memory

MODES = ("explore", "quick", "fixed")
AUTO = "auto"


class VibesCheckpointPool(io.ComfyNode):
    """Loads a checkpoint that suits the prompt, or the one named."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe inputs and outputs; the file list is fresh at every call."""
        files, tiers = names("checkpoint"), [AUTO, *settings().tiers]
        return io.Schema(
            node_id="VibesCheckpointPool",
            display_name="Checkpoint Pool",
            category="Vibes/Models",
            description="Loads a checkpoint that suits the prompt, chosen from a tier's pool.",
            inputs=[
                io.Combo.Input("mode", options=list(MODES), default=MODES[0]),
                io.Combo.Input("tier", options=tiers, default=AUTO, optional=True),
                io.Combo.Input("checkpoint", options=files, optional=True),
                io.String.Input("prompt", multiline=True, default="", optional=True),
                seed_input(),
            ],
            outputs=[
                io.Model.Output(display_name="model"),
                io.Clip.Output(display_name="clip"),
                io.Vae.Output(display_name="vae"),
                io.String.Output(display_name="checkpoint name"),
                io.String.Output(display_name="choice"),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.prompt],
        )

    @classmethod
    def validate_inputs(
        cls, mode: str | None = None, tier: str | None = None, checkpoint: str | None = None
    ) -> bool | str:
        """Check what ComfyUI does not: that the values are among the options. None is a link."""
        try:
            check_option("mode", mode, MODES)
            if mode != "fixed":
                check_option("tier", tier, (AUTO, *settings().tiers))
            elif checkpoint is not None:
                _fixed(checkpoint)
        except VibesError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(
        cls, mode: str | None = None, checkpoint: str | None = None, **others: Any
    ) -> str:
        """What a choice depends on beside the inputs; of a fixed one, its file."""
        if mode == "fixed" and checkpoint:
            found = Path(path_of("checkpoint", spelling("checkpoint", checkpoint))).stat()
            return f"{found.st_mtime_ns} {found.st_size}"
        return "fixed" if mode == "fixed" else f"{memory().state()} {catalog_state('checkpoint')}"

    @classmethod
    def execute(
        cls,
        mode: str,
        tier: str | None = None,
        checkpoint: str | None = None,
        prompt: str = "",
        seed: int = 0,
    ) -> io.NodeOutput:
        """Choose and load: by the inputs, what was learned and the files here, nothing else."""
        import comfy.sd
        import folder_paths

        if mode == "fixed":
            name, report = _fixed(checkpoint)
        else:
            name, report = _chosen(tier, prompt, explore=mode == "explore", seed=seed)
        remember(cls.hidden.prompt, cls.hidden.unique_id, Chosen(name))
        loaded = comfy.sd.load_checkpoint_guess_config(
            path_of("checkpoint", name),
            embedding_directory=folder_paths.get_folder_paths("embeddings"),
        )
        ui = {"vibes_checkpoint": [name], "vibes_choice": [report]}
        return io.NodeOutput(*loaded[:3], name, report["reason"], ui=ui)


def _fixed(checkpoint: str | None) -> tuple[str, Report]:
    if not checkpoint:
        raise InvalidInput("Mode 'fixed' loads the checkpoint you name; name one.")
    name = spelling("checkpoint", checkpoint)
    return name, plain_report("checkpoint", [spoken(name)], f"You fixed {name}.")


def _chosen(tier: str | None, prompt: str, *, explore: bool, seed: int) -> tuple[str, Report]:
    catalog, learned = local_catalog("checkpoint"), memory().learned()
    policy = learned.policy(seed)
    made = choose_checkpoint(catalog, tier, prompt=prompt, explore=explore, policy=policy)
    report = checkpoint_report(made, policy, learned.ratings)
    return catalog.checkpoints[made.candidate.checkpoint].spellings[HERE], report
