"""One catalog of what all servers list and the studio itself can read.

A file is the same where its SHA-256 is. Where nobody read it, a file of one name is one model on
all servers, unless its sizes say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .catalog import Catalog
from .merging import Copy, record_of
from .names import canonical
from .records import FileEntry, Listing, ModelKind, ModelRecord

Files = Mapping[str, FileEntry]
Copies = list[Copy]

_FIELDS: Mapping[ModelKind, str] = {
    "checkpoint": "checkpoints",
    "lora": "loras",
    "embedding": "embeddings",
}


def build_catalog(
    listings: Mapping[str, Listing], local: Mapping[ModelKind, Files] | None = None
) -> Catalog:
    """One catalog of what all servers have.

    ``local`` are files that the studio read itself: where a server has one of the same name, and of
    the same size if both are known, what the file itself says outweighs what the server tells.
    """
    checkpoints, loras, embeddings = (
        _records(
            kind,
            {server: getattr(listing, field) for server, listing in listings.items()},
            {canonical(name): file for name, file in (local or {}).get(kind, {}).items()},
        )
        for kind, field in _FIELDS.items()
    )
    return Catalog(checkpoints, loras, embeddings, dict(listings))


def _records(
    kind: ModelKind, entries: Mapping[str, Iterable[FileEntry]], local: Files
) -> dict[str, ModelRecord]:
    by_name: dict[str, Copies] = {}
    for server, files in entries.items():
        for entry in files:
            name = canonical(entry.name)
            copy = Copy(server, name, entry, _read_here(entry, local.get(name)))
            by_name.setdefault(name, []).append(copy)
    records = (record_of(kind, copies) for copies in _same_files(by_name))
    return {record.name: record for record in sorted(records, key=lambda record: record.name)}


def _read_here(entry: FileEntry, file: FileEntry | None) -> FileEntry:
    """The file the studio read, if it is the server's; else what the server tells."""
    return file if file and entry.size in (None, file.size) else entry


def _same_files(by_name: Mapping[str, Copies]) -> Iterable[Copies]:
    """The copies of each model: those of one name, and of all names with the same content."""
    by_content: dict[object, Copies] = {}
    for name, copies in by_name.items():
        content = _content(copies)
        by_content.setdefault(content or name, []).extend(copies)
    return by_content.values()


def _content(copies: Copies) -> tuple[str, int | None] | None:
    """SHA-256 and size, None where nobody knows or the copies differ."""
    digests = {copy.told.facts.sha256 for copy in copies} - {None}
    sizes = {copy.told.size for copy in copies} - {None}
    if len(digests) != 1 or len(sizes) > 1:
        return None
    return str(digests.pop()), sizes.pop() if sizes else None
