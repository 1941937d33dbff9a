"""The node that shows pictures to be rated."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io


class VibesPreview(io.ComfyNode):
    """Shows pictures without keeping them; rating one is possible at any time, nothing waits."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the inputs; there is no output."""
        return io.Schema(
            node_id="VibesPreview",
            display_name="Preview and Rate",
            category="Vibes/Pictures",
            description="Shows pictures to be rated; what you like is chosen more often.",
            inputs=[
                io.Image.Input("images"),
                io.String.Input("prompt", optional=True, force_input=True),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.prompt, io.Hidden.extra_pnginfo],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, images: Any, prompt: str = "") -> io.NodeOutput:
        """Write the pictures where ComfyUI keeps what it shows, and give each an id."""
        from comfy_api.latest import ui

        from .rated_pictures import show

        files = ui.PreviewImage(images, cls=cls).as_dict()["images"]
        told = show(
            len(files), graph=cls.hidden.prompt, node_id=cls.hidden.unique_id, prompt=prompt
        )
        return io.NodeOutput(ui={"images": files, "vibes_images": told})
