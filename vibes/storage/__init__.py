"""What Vibes keeps: one SQLite file and the pictures beside it."""

from .check import check
from .database import open_database
from .jobs import Submission
from .pictures import PictureFiles
from .sessions import DEFAULT_PROFILE
from .store import Store, StoreThread

__all__ = [
    "DEFAULT_PROFILE",
    "PictureFiles",
    "Store",
    "StoreThread",
    "Submission",
    "check",
    "open_database",
]
