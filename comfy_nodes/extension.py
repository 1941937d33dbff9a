"""The list of nodes, as ComfyUI asks for it."""

from __future__ import annotations

from comfy_api.latest import ComfyExtension, io

from . import routes
from .auto_lora import VibesAutoLora
from .checkpoint_pool import VibesCheckpointPool
from .clip_score import VibesClipScore
from .explain import VibesExplain
from .parameters import VibesParameters
from .preview import VibesPreview
from .prompt_analysis import VibesPromptAnalysis
from .record_preference import VibesRecordPreference
from .save_image import VibesSaveImage
from .studio_input import VibesStudioInput
from .studio_output import VibesStudioOutput


class VibesExtension(ComfyExtension):
    """Everything this pack adds to ComfyUI."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """Return the node classes."""
        return [
            VibesCheckpointPool,
            VibesAutoLora,
            VibesClipScore,
            VibesPromptAnalysis,
            VibesParameters,
            VibesExplain,
            VibesStudioInput,
            VibesStudioOutput,
            VibesSaveImage,
            VibesPreview,
            VibesRecordPreference,
        ]


async def comfy_entrypoint() -> ComfyExtension:
    """Return the extension, with its routes in the server."""
    routes.register()
    return VibesExtension()
