"""The catalog: which checkpoints, LoRAs and embeddings exist, where, and for which base model."""

from .assembly import build_catalog
from .catalog import Catalog
from .facts import facts_of
from .facts_json import facts_from_dict, facts_to_dict
from .families import family_of
from .records import Facts, FileEntry, Listing, ModelKind, ModelRecord

__all__ = [
    "Catalog",
    "Facts",
    "FileEntry",
    "Listing",
    "ModelKind",
    "ModelRecord",
    "build_catalog",
    "facts_from_dict",
    "facts_of",
    "facts_to_dict",
    "family_of",
]
