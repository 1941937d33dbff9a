"""An archive: a folder of pictures, scored in batches, each of which is kept or was not begun.

What is known of an unchanged file is not found out again, so that a run that was stopped, in
whatever way, goes on where it was; the score book is the only memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vibes.prompts.encoders import Vectors

from .adherence_json import to_json
from .judge import Judge
from .metadata import FoundPrompt, sidecar_prompt
from .readers import ReadFile, encoded
from .records import AdherenceKey, AdherenceRecord, Book, FileRecord, ScoredBatch, as_kept, name_of

BATCH = 64
"""Pictures that are looked at and kept together: as many are lost at most."""
LOOKED_UP = 512
"""Files whose rows are looked up together."""

Read = Callable[[Iterable[Sequence[Path]]], Iterator[list[ReadFile]]]
"""An engine: reads the files of each batch, in whatever order batches are done."""
PromptOf = Callable[[Path, FileRecord], FoundPrompt]
"""Where prompts come from."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Files seen to so far, and of them, those that were ``read``, and pictures ``encoded``."""

    done: int = 0
    read: int = 0
    encoded: int = 0


class Result(NamedTuple):
    """What is known of a file: nothing (None), why it is no picture, or what it shows."""

    path: Path
    record: FileRecord | None
    prompt: FoundPrompt
    adherence: AdherenceRecord | None


class Seen(NamedTuple):
    """A picture a model has seen."""

    path: Path
    record: FileRecord
    vector: Vectors


def told_prompt(path: Path, record: FileRecord) -> FoundPrompt:
    """What the picture's own file tells."""
    return FoundPrompt(record.prompt, None, record.unprompted)


def beside_prompt(path: Path, record: FileRecord) -> FoundPrompt:
    """What a file beside the picture tells."""
    return sidecar_prompt(path)


def same_prompt(text: str) -> PromptOf:
    """One prompt for all."""
    return lambda path, record: FoundPrompt(text)


class Archive:
    """Scores files by one model, into one score book."""

    def __init__(self, judge: Judge, book: Book, prompt_of: PromptOf = told_prompt):
        self._judge = judge
        self._model = judge.clip.key
        self._book = book
        self._prompt_of = prompt_of
        self._counts = Counter[str]()

    def score(self, paths: Iterable[Path], read: Read) -> Iterator[Progress]:
        """See to every file; gives word after each batch, which then is kept.

        Raises StorageError where the score book fails; what was kept stays.
        """
        for batch in read(self._unread(paths)):
            self._keep(batch)
            yield Progress(**self._counts)

    def results(self, paths: Iterable[Path]) -> Iterator[Result]:
        """What the score book knows of every file, in the order of ``paths``."""
        rest = iter(paths)
        while some := list(islice(rest, LOOKED_UP)):
            records = self._book.files([name_of(path) for path in some])
            found = [self._asked(path, records.get(name_of(path))) for path in some]
            known = self._book.adherences(self._model, [key for *_, key in found if key])
            for path, record, prompt, key in found:
                yield Result(path, record, prompt, known.get(key) if key else None)

    def _unread(self, paths: Iterable[Path]) -> Iterator[list[Path]]:
        """Batches of files that have to be read; what is known of others is settled meanwhile.

        Where nothing is to be read a batch is empty, so that there is word of the progress.
        """
        waiting: list[Path] = []
        rest = iter(paths)
        while some := list(islice(rest, LOOKED_UP)):
            waiting += self._unknown(some)
            yield from (waiting[i : i + BATCH] for i in range(0, len(waiting) - BATCH + 1, BATCH))
            waiting = waiting[len(waiting) // BATCH * BATCH :]
            if not waiting:
                yield []
        yield waiting

    def _unknown(self, paths: Sequence[Path]) -> list[Path]:
        """Those to be read; the others are held against their prompts, where they were not."""
        records = self._book.files([name_of(path) for path in paths])
        same = {path: found for path in paths if (found := _unchanged(path, records))}
        vectors = self._vectors(same.values())
        seen = [
            Seen(path, record, vectors[record.pixel_hash])
            for path, record in same.items()
            if record.pixel_hash in vectors
        ]
        self._write(adherences=self._judged(seen))
        known = {one.path for one in seen} | {p for p, record in same.items() if record.error}
        self._counts["done"] += len(known)
        return [path for path in paths if path not in known]

    def _keep(self, batch: Sequence[ReadFile]) -> None:
        """Show a batch to the model, hold it against its prompts, keep it in one transaction."""
        vectors = self._vectors(one.record for one in batch)
        unseen = [one for one in batch if one.record.pixel_hash not in vectors]
        new = {
            one.record.pixel_hash: one.vector
            for one in encoded(unseen, self._judge.clip.encode_images)
            if one.record.pixel_hash and one.vector is not None
        }
        if new:
            vectors.update(zip(new, as_kept(np.stack(list(new.values()))), strict=True))
        seen = [
            Seen(one.path, one.record, vectors[one.record.pixel_hash])
            for one in batch
            if one.record.pixel_hash
        ]
        files = [one.record for one in batch]
        self._write(files=files, vectors=new, adherences=self._judged(seen))
        self._counts.update(done=len(batch), read=len(batch), encoded=len(new))

    def _judged(self, seen: Iterable[Seen]) -> list[AdherenceRecord]:
        """How well pictures show what was asked, where that is not known."""
        wanted: dict[AdherenceKey, tuple[Seen, str]] = {}
        for one in seen:
            _, _, prompt, key = self._asked(one.path, one.record)
            if key and prompt.text:
                wanted[key] = (one, prompt.text)
        known = self._book.adherences(self._model, wanted) if wanted else {}
        return [self._record(key, *wanted[key]) for key in wanted if key not in known]

    def _asked(self, path: Path, record: FileRecord | None) -> _Asked:
        """What a file was asked for, and under which key the answer is kept."""
        if record is None or record.pixel_hash is None:
            return _Asked(path, record, FoundPrompt(None), None)
        prompt = self._prompt_of(path, record)
        if not prompt.text:
            return _Asked(path, record, prompt, None)
        return _Asked(
            path, record, prompt, AdherenceKey(record.pixel_hash, self._judge.hash(prompt.text))
        )

    def _record(self, key: AdherenceKey, seen: Seen, prompt: str) -> AdherenceRecord:
        """By itself, not as one of a grid: the same whatever lies beside it."""
        [found] = self._judge.judge(seen.vector[None], prompt)
        return AdherenceRecord(key, found.overall, to_json(found))

    def _vectors(self, records: Iterable[FileRecord]) -> dict[str, Vectors]:
        hashes = {record.pixel_hash for record in records if record.pixel_hash}
        return self._book.vectors(self._model, hashes) if hashes else {}

    def _write(self, **found: Any) -> None:
        if any(found.values()):
            self._book.write(self._model, ScoredBatch(**found))


class _Asked(NamedTuple):
    path: Path
    record: FileRecord | None
    prompt: FoundPrompt
    key: AdherenceKey | None


def _unchanged(path: Path, records: Mapping[str, FileRecord]) -> FileRecord | None:
    """What is known of a file that is as it was when that was found out."""
    record = records.get(name_of(path))
    if record is None:
        return None
    try:
        now = path.stat()
    except OSError:
        return None
    return record if (record.size, record.modified) == (now.st_size, now.st_mtime_ns) else None
