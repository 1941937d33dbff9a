"""SHA-256 of model files, each computed once while the file stays as it is; without ComfyUI."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from vibes.catalog.hashing import content_start, sha256_of
from vibes.storage import FileHash

CONTENT = "#content"
"""Behind a path: the digest is of what the file holds behind its header."""


class Records(Protocol):
    """Where digests are kept."""

    def hashes(self) -> Mapping[str, FileHash]:
        """Every known digest by path."""
        ...

    def put_hash(self, found: FileHash) -> None:
        """Keep the digest of one file."""


class Wanted(NamedTuple):
    """A digest that is asked for: of a whole file, or only of its content."""

    path: Path
    content: bool = False

    @property
    def key(self) -> str:
        """What it is kept under."""
        return f"{self.path}{CONTENT}" if self.content else str(self.path)


class ModelHashes:
    """Digests of files, kept by path, size and change time.

    What stands in files beside a model is not believed: only the file itself is.
    """

    def __init__(self, records: Records):
        self._records = records
        self._known = records.hashes()

    def unread(self, wanted: list[Wanted]) -> int:
        """Bytes that are to be read for these."""
        return sum(one.path.stat().st_size for one in wanted if self._kept(one) is None)

    def of(self, wanted: Wanted, *, read: Callable[[], object]) -> str:
        """The digest in hex; ``read`` is called after every 4 MiB and may raise to stop.

        Raises OSError where the file cannot be read.
        """
        kept = self._kept(wanted)
        if kept is not None:
            return kept
        about = wanted.path.stat()
        start = content_start(wanted.path) if wanted.content else 0

        def go_on() -> bool:
            read()
            return False

        digest = sha256_of(wanted.path, stop=go_on, start=start)
        found = FileHash(wanted.key, about.st_size, about.st_mtime_ns, str(digest))
        self._records.put_hash(found)
        return found.sha256

    def _kept(self, wanted: Wanted) -> str | None:
        kept, about = self._known.get(wanted.key), wanted.path.stat()
        if kept is None or (kept.size, kept.modified) != (about.st_size, about.st_mtime_ns):
            return None
        return kept.sha256
