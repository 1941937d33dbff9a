"""LoRA files as ComfyUI reads them; the last few stay in memory, for the next run."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

MOST_FILES = 4
MOST_BYTES = 1 << 30

_Key = tuple[str, int, int]


class RecentFiles:
    """What ``read`` gives for files, kept for those used last while they stay as they are.

    Nobody changes what is kept. It is bounded in number and in bytes on the disk.
    """

    def __init__(
        self,
        read: Callable[[str], Any],
        *,
        most_files: int = MOST_FILES,
        most_bytes: int = MOST_BYTES,
    ):
        self._read = read
        self._most_files = most_files
        self._most_bytes = most_bytes
        self._kept: OrderedDict[_Key, Any] = OrderedDict()
        """By path, change time in ns and size; the one used longest ago first."""
        self._lock = Lock()

    def content(self, path: str) -> Any:
        """What is in a file, read anew where it changed; OSError where there is none."""
        found = Path(path).stat()
        key = path, found.st_mtime_ns, found.st_size
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        content = self._read(path)
        with self._lock:
            self._keep(key, content)
        return content

    def _keep(self, key: _Key, content: Any) -> None:
        for other in [other for other in self._kept if other[0] == key[0]]:
            del self._kept[other]  # the same file as it was
        self._kept[key] = content
        while self._kept and self._is_full():
            self._kept.popitem(last=False)

    def _is_full(self) -> bool:
        size = sum(size for _, _, size in self._kept)
        return len(self._kept) > self._most_files or size > self._most_bytes


def _tensors(path: str) -> Any:
    import comfy.utils

    return comfy.utils.load_torch_file(path, safe_load=True)


_recent = RecentFiles(_tensors)


def lora_weights(path: str) -> Any:
    """The tensors in a LoRA file by name."""
    return _recent.content(path)
