"""Model files with the headers of real ones and holes where the weights would be."""

from .files import (
    FAMILIES,
    write_checkpoint_file,
    write_embedding_file,
    write_lora_file,
    write_safetensors,
)

__all__ = [
    "FAMILIES",
    "write_checkpoint_file",
    "write_embedding_file",
    "write_lora_file",
    "write_safetensors",
]
