"""The catalog: which checkpoints, LoRAs and embeddings exist, where, and for which base model."""

from .catalog import Catalog, build_catalog
from .families import family_of
from .records import FileEntry, Listing, ModelKind, ModelRecord

__all__ = [
    "Catalog",
    "FileEntry",
    "Listing",
    "ModelKind",
    "ModelRecord",
    "build_catalog",
    "family_of",
]
