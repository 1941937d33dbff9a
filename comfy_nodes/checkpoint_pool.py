"""The node that chooses a checkpoint for a prompt and loads it."""

from __future__ import annotations

from comfy_api.latest import io

from vibes.errors import InvalidInput, VibesError

from .choices import HERE, choose_checkpoint, settings
from .inputs import seed_input
from .local_files import local_catalog, names, path_of, spelling

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
        )

    @classmethod
    def validate_inputs(
        cls, mode: str | None = None, tier: str | None = None, checkpoint: str | None = None
    ) -> bool | str:
        """Check what ComfyUI does not: that the values are among the options. None is a link."""
        if mode is not None and mode not in MODES:
            return f"There is no mode '{mode}'; modes are {', '.join(MODES)}."
        if mode != "fixed" and tier not in (None, AUTO, *settings().tiers):
            return f"There is no tier '{tier}'; tiers are {', '.join(settings().tiers)}."
        if mode == "fixed" and checkpoint is not None:
            try:
                _fixed(checkpoint)
            except VibesError as error:
                return str(error)
        return True

    @classmethod
    def execute(
        cls,
        mode: str,
        tier: str | None = None,
        checkpoint: str | None = None,
        prompt: str = "",
        seed: int = 0,
    ) -> io.NodeOutput:
        """Choose and load; the choice depends on the inputs and the files here, nothing else."""
        import comfy.sd
        import folder_paths

        if mode == "fixed":
            name, choice = _fixed(checkpoint)
        else:
            name, choice = _chosen(tier, prompt, explore=mode == "explore", seed=seed)
        loaded = comfy.sd.load_checkpoint_guess_config(
            path_of("checkpoint", name),
            embedding_directory=folder_paths.get_folder_paths("embeddings"),
        )
        return io.NodeOutput(*loaded[:3], name, choice, ui={"vibes_checkpoint": [name]})


def _fixed(checkpoint: str | None) -> tuple[str, str]:
    if not checkpoint:
        raise InvalidInput("Mode 'fixed' loads the checkpoint you name; name one.")
    name = spelling("checkpoint", checkpoint)
    return name, f"You fixed {name}."


def _chosen(tier: str | None, prompt: str, *, explore: bool, seed: int) -> tuple[str, str]:
    catalog = local_catalog("checkpoint")
    proposal = choose_checkpoint(catalog, tier, prompt=prompt, explore=explore, seed=seed)
    return catalog.checkpoints[proposal.candidate.checkpoint].spellings[HERE], proposal.reason
