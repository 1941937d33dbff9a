"""The node that saves the picture the studio reads."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from vibes.workflows.markers import MARKER_OUTPUT


class VibesStudioOutput(io.ComfyNode):
    """Saves pictures as core's Save Image does; the studio shows what this one saves."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the inputs; there is no output."""
        return io.Schema(
            node_id=MARKER_OUTPUT,
            display_name="Studio Output",
            category="Vibes/Studio",
            description="Saves the picture and marks it as the one the studio shows.",
            inputs=[
                io.Image.Input("images"),
                io.String.Input("filename_prefix", default="vibes/own"),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, images: Any, filename_prefix: str) -> io.NodeOutput:
        """Save; graph and workflow go into the files."""
        import nodes

        saved = nodes.SaveImage().save_images(
            images, filename_prefix, cls.hidden.prompt, cls.hidden.extra_pnginfo
        )
        return io.NodeOutput(ui=saved["ui"])
