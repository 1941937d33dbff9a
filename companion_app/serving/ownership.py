"""The lock by which one process owns a data directory."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout

from vibes.errors import DirectoryInUse, StorageError

from .announcement import withdraw


def own(data_dir: Path) -> FileLock:
    """Make ``data_dir`` and own it until the lock is released.

    Raises DirectoryInUse when another studio has it, StorageError when it cannot be used.
    """
    lock = FileLock(data_dir / "lock", timeout=0)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        # Left by a studio that was killed: at its address somebody else may listen by now.
        withdraw(data_dir)
    except Timeout as error:
        raise DirectoryInUse(
            f"Another studio is using {data_dir}. Stop it, or choose another --data-dir."
        ) from error
    except OSError as error:
        raise StorageError(
            f"The data directory {data_dir} cannot be used: {error.strerror or error}. "
            "Choose another with --data-dir or VIBES_DATA_DIR."
        ) from error
    return lock
