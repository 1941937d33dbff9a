"""Reading what lies in model folders, again and again: only what is new or changed is opened."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from vibes.errors import InvalidInput

from .facts import facts_of
from .folders import FoundFile, Stamp, find_models
from .headers import Outline, read_outline
from .records import Facts, FileEntry, ModelKind
from .sidecars import is_preview, read_sidecars
from .weights import Weights, weights_of

KNOWN_FOLDERS: Mapping[ModelKind, str] = {
    "checkpoint": "checkpoints",
    "lora": "loras",
    "embedding": "embeddings",
}
"""Where ComfyUI's ``models/`` keeps each kind."""

_READERS = 4  # files at once: on a network disk, most of the time is waiting
_MOST_LAYOUTS = 4096  # remembered; a library has some hundred
_SAFETENSORS = (".safetensors", ".sft")

_Found = tuple[dict[str, FoundFile], list[str]]
"""Files by name, and a sentence for each thing that was skipped."""

HashOf = Callable[[Path, Stamp], str | None]
"""The SHA-256 of a file in that state, None while it is not known."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A model file that can be read here; ``stamp`` is its size and time of change in ns."""

    path: Path
    stamp: Stamp
    entry: FileEntry
    preview: Path | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """What the folders hold now, by name, and a sentence for each thing that is wrong there.

    A file that cannot be read is among the files, too, with the fault in its facts. ``version``
    changes with anything that is known of them.
    """

    files: Mapping[str, LocalFile]
    faults: tuple[str, ...]
    version: str = ""

    @property
    def entries(self) -> tuple[FileEntry, ...]:
        """The files as a server would list them."""
        return tuple(file.entry for file in self.files.values())


class FolderScanner:
    """The files of one kind below some folders, of which the first with a name counts.

    Pickled files are listed and never opened: to read them is to run them.
    """

    def __init__(
        self, kind: ModelKind, roots: Sequence[Path], *, hash_of: HashOf = lambda *_: None
    ):
        self._kind = kind
        self._roots = tuple(roots)
        self._hash_of = hash_of
        self._known: dict[str, tuple[FoundFile, LocalFile]] = {}
        self._last: tuple[_Found, Scan] | None = None
        self._layouts: dict[bytes, Weights] = {}
        self._lock = Lock()
        self._unread: set[str] = set()  # the system refused; next time it may not

    def scan(self) -> Scan:
        """Look again; takes as long as there is to read."""
        with self._lock:
            return self._scanned()

    def _scanned(self) -> Scan:
        seen = self._look()
        if self._last is None or self._last[0] != seen or self._has_more_to_read():
            self._last = seen, self._scan_of(*seen)
        return self._last[1]

    def _look(self) -> _Found:
        faults: list[str] = []
        found: dict[str, FoundFile] = {}
        for root in self._roots:
            for file in find_models(root, faults.append):
                found.setdefault(file.name, file)
        return found, faults

    def _has_more_to_read(self) -> bool:
        """Whether files say more of themselves than last time, though they are the same."""
        files = (file for _, file in self._known.values())
        return bool(self._unread) or any(self._with_hash(file) is not file for file in files)

    def _scan_of(self, found: Mapping[str, FoundFile], skipped: Sequence[str]) -> Scan:
        read = self._read([file for file in found.values() if not self._knows(file)])
        files = {name: read.get(name) or self._known[name][1] for name in sorted(found)}
        files = {name: self._with_hash(file) for name, file in files.items()}
        broken = [fault for file in files.values() if (fault := file.entry.facts.fault)]
        self._known = {name: (found[name], file) for name, file in files.items()}
        return Scan(files, (*skipped, *broken), _version(self._known))

    def _knows(self, file: FoundFile) -> bool:
        known = self._known.get(file.name)
        return known is not None and known[0] == file and file.name not in self._unread

    def _read(self, files: Sequence[FoundFile]) -> dict[str, LocalFile]:
        with ThreadPoolExecutor(_READERS) as readers:
            return {local.entry.name: local for local in readers.map(self._local, files)}

    def _local(self, file: FoundFile) -> LocalFile:
        size, modified = file.stamp
        entry = FileEntry(file.name, size, self._facts(file), modified / 1e9)
        pictures = (name for name, _ in file.sidecars if is_preview(name))
        preview = next((file.path.parent / name for name in pictures), None)
        return LocalFile(file.path, file.stamp, entry, preview)

    def _facts(self, file: FoundFile) -> Facts:
        outline, weights, fault = self._opened(file)
        facts = facts_of(
            self._kind,
            file.name,
            metadata=outline.metadata if outline else {},
            size=file.stamp[0],
            weights=weights,
            sidecar=read_sidecars(file.path.parent, [name for name, _ in file.sidecars]),
        )
        return replace(facts, fault=fault) if fault else facts

    def _with_hash(self, file: LocalFile) -> LocalFile:
        digest = self._hash_of(file.path, file.stamp)
        facts = file.entry.facts
        if digest in (None, facts.sha256):
            return file
        return replace(file, entry=replace(file.entry, facts=replace(facts, sha256=digest)))

    def _opened(self, file: FoundFile) -> tuple[Outline | None, Weights | None, str | None]:
        """What a safetensors file says, or what is wrong with it."""
        self._unread.discard(file.name)
        if not file.name.casefold().endswith(_SAFETENSORS):
            return None, None, None
        try:
            outline = read_outline(file.path)
            return outline, self._weights(outline), None
        except InvalidInput as error:
            return None, None, str(error)
        except OSError as error:
            self._unread.add(file.name)
            return None, None, f"{file.name} cannot be read: {error.strerror}."

    def _weights(self, outline: Outline) -> Weights:
        """Decoded once for all files with the same tensors: that is most of the work."""
        digest = outline.digest
        found = self._layouts.get(digest)
        if found is None:
            found = weights_of(self._kind, outline.tensors())
            if len(self._layouts) < _MOST_LAYOUTS:
                self._layouts[digest] = found
        return found


def _version(known: Mapping[str, tuple[FoundFile, LocalFile]]) -> str:
    digest = hashlib.sha1(usedforsecurity=False)
    for found, file in known.values():
        state = (found.name, found.stamp, found.sidecars, file.entry.facts.sha256)
        digest.update(repr(state).encode())
    return digest.hexdigest()
