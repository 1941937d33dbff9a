"""What Vibes keeps: one SQLite file, and beside it the pictures and the servers added."""

from .blocks import BlockKind
from .check import check
from .database import open_database
from .effects import Effect
from .events import StoredEvent
from .faults import Fault
from .forgettings import Forgetting
from .hashes import FileHash
from .jobs import Step, Submission
from .pictures import PictureFiles
from .prior_file import PriorFile
from .queue import OpenJob, QueuedBatch, QueuedImage, Spot
from .scorings import ScoredImage, ScoreSource
from .servers_file import ServersFile
from .sessions import DEFAULT_PROFILE
from .store import Store, StoreThread
from .workflow_files import WorkflowFiles

__all__ = [
    "DEFAULT_PROFILE",
    "BlockKind",
    "Effect",
    "Fault",
    "FileHash",
    "Forgetting",
    "OpenJob",
    "PictureFiles",
    "PriorFile",
    "QueuedBatch",
    "QueuedImage",
    "ScoreSource",
    "ScoredImage",
    "ServersFile",
    "Spot",
    "Step",
    "Store",
    "StoreThread",
    "StoredEvent",
    "Submission",
    "WorkflowFiles",
    "check",
    "open_database",
]
