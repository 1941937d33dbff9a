"""Pictures of a batch, exactly as ComfyUI's own Save Image converts them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def pictures_of(images: Any) -> Iterator[Any]:
    """One Pillow image after the other; ends where the run is interrupted."""
    import comfy.model_management
    import numpy as np
    from PIL import Image

    for pixels in images:
        comfy.model_management.throw_exception_if_processing_interrupted()
        values = 255.0 * pixels.cpu().numpy()
        yield Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
