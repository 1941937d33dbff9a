"""LoRA files as ComfyUI reads them; the last few stay in memory, for the next run."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Any

MOST_FILES = 4
MOST_BYTES = 1 << 30

_Key = tuple[str, int, int]
_read: OrderedDict[_Key, Any] = OrderedDict()
"""Weights by path, change time in ns and size; the one used longest ago first."""
_lock = Lock()


def lora_weights(path: str) -> Any:
    """The tensors in a file by name, which nobody changes; read anew where the file changed."""
    import comfy.utils

    found = Path(path).stat()
    key = path, found.st_mtime_ns, found.st_size
    with _lock:
        if key in _read:
            _read.move_to_end(key)
            return _read[key]
    weights = comfy.utils.load_torch_file(path, safe_load=True)
    with _lock:
        _keep(key, weights)
    return weights


def _keep(key: _Key, weights: Any) -> None:
    for other in [other for other in _read if other[0] == key[0]]:
        del _read[other]  # the same file as it was
    _read[key] = weights
    while _read and (len(_read) > MOST_FILES or sum(size for _, _, size in _read) > MOST_BYTES):
        _read.popitem(last=False)
