"""The node that says how a prompt is understood."""

from __future__ import annotations

from comfy_api.latest import io

from .analysis import analysis_of, report


class VibesPromptAnalysis(io.ComfyNode):
    """Takes a prompt apart by rules and shows what was found."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe inputs and outputs."""
        return io.Schema(
            node_id="VibesPromptAnalysis",
            display_name="Prompt Analysis",
            category="Vibes/Prompt",
            description="Says what a prompt is about, how it is to look and how much it asks for.",
            inputs=[io.String.Input("prompt", multiline=True, default="")],
            outputs=[
                io.String.Output(display_name="keywords"),
                io.String.Output(display_name="style"),
                io.String.Output(display_name="content"),
                io.String.Output(display_name="quality"),
                io.Float.Output(display_name="complexity"),
                io.String.Output(display_name="report"),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, prompt: str) -> io.NodeOutput:
        """Analyse; what the prompt does not say is an empty text."""
        found = analysis_of(prompt)
        told = report(found)
        return io.NodeOutput(
            ", ".join(found.keywords),
            found.style or "",
            found.content or "",
            found.quality,
            found.complexity.score,
            told,
            ui={"text": [told]},
        )
