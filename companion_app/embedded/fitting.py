"""How many weights of a pretended checkpoint a pretended LoRA changes."""

from __future__ import annotations

from vibes.catalog import ModelKind, family_of

from .models import Models

_FOLDERS: dict[ModelKind, str] = {"checkpoint": "checkpoints", "lora": "loras"}
_KEYS = {"sd15": 264, "sdxl": 986}
"""Of a LoRA for all attention layers, text encoders included."""
_FEW_KEYS = 96
_STATEMENTS = ("ss_base_model_version", "modelspec.architecture")


def matched_keys(models: Models, checkpoint: str, lora: str) -> int:
    """0 where the LoRA's metadata names another family than the checkpoint's, or none we know.

    Real weights would turn out not to fit there.
    """
    below, above = _family(models, "checkpoint", checkpoint), _family(models, "lora", lora)
    if below is not None and above not in (None, below):
        return 0
    return _KEYS.get(below or "", _FEW_KEYS)


def _family(models: Models, kind: ModelKind, name: str) -> str | None:
    """None where nothing is said; a family nobody knows goes by the words that say so."""
    file = models.file(_FOLDERS[kind], name)
    if file is None:
        return None
    stated = next((file.metadata[key] for key in _STATEMENTS if file.metadata.get(key)), None)
    return family_of(kind, file.name, file.metadata, None)[0] or stated
