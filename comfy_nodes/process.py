"""What this ComfyUI has one of. Memory and sync are loaded when first asked for.

They bring SQLite's tables and the way to a studio along, which ComfyUI's start has no use for.
"""

from __future__ import annotations

import atexit
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from .choices import new_taste, settings

if TYPE_CHECKING:
    from .memory import Memory
    from .sync import Sync

FOLDER = "__vibes"

_memory: Memory | None = None
_sync: Sync | None = None
_making = RLock()


def memory() -> Memory:
    """What is learned here, in ComfyUI's user directory."""
    global _memory
    import folder_paths

    from .memory import Memory

    with _making:
        if _memory is None:
            folder = Path(folder_paths.get_user_directory()) / FOLDER
            _memory = Memory(folder, settings(), new_policy=new_taste)
        return _memory


def sync() -> Sync:
    """The way to a studio, begun when first asked for; it ends with the process."""
    global _sync
    from .sync import Sync

    with _making:
        if _sync is None:
            _sync = Sync(memory())
            _sync.start()
            atexit.register(_sync.stop)
        return _sync


def running_prompt() -> str | None:
    """The id of the prompt that runs, or ran last; None where no server runs any."""
    from server import PromptServer

    server = getattr(PromptServer, "instance", None)
    return getattr(server, "last_prompt_id", None)
