"""The score book keeps what pictures show, for several processes at once."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vibes.errors import DatabaseTooNew, StorageError
from vibes.scoring.records import AdherenceKey, AdherenceRecord, FileRecord, ScoredBatch
from vibes.storage.scorebook import SCOREBOOK, ScoreBook, SeenLabel

MODEL = "tiny:abc"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def book(tmp_path):
    book = ScoreBook(tmp_path)
    yield book
    book.close()


def file(path: str, pixels: str | None = "aa", **more) -> FileRecord:
    known = {"phash": 2**63 + 5, "width": 8, "height": 4, "prompt": "a boat"} if pixels else {}
    return FileRecord(path=path, size=10, modified=20, pixel_hash=pixels, **{**known, **more})


def unit(*numbers: float) -> np.ndarray:
    return np.array(numbers, np.float32) / np.linalg.norm(numbers).astype(np.float32)


def adherence(pixels: str, prompt: str, overall: float = 0.5) -> AdherenceRecord:
    return AdherenceRecord(AdherenceKey(pixels, prompt), overall, '{"items": []}')


def test_what_is_written_comes_back(book):
    files = [file("/a.png"), file("/b.png", None, error="it is none")]
    scores = [adherence("aa", "p"), adherence("aa", "q", 0.25)]
    book.write(MODEL, ScoredBatch(files=files, vectors={"aa": unit(1, 2, 3)}, adherences=scores))
    assert book.files(["/a.png", "/b.png", "/c.png"]) == {one.path: one for one in files}
    keys = [AdherenceKey("aa", "p"), AdherenceKey("aa", "r"), AdherenceKey("bb", "q")]
    assert book.adherences(MODEL, keys) == {keys[0]: scores[0]}
    assert book.adherences("another", keys) == {}


def test_vectors_come_back_at_unit_length_within_a_thousandth(book):
    dice = np.random.default_rng(0)
    rows = {f"{n:064x}": unit(*dice.normal(size=512)) for n in range(20)}
    book.write(MODEL, ScoredBatch(vectors=rows))
    found = book.vectors(MODEL, [*rows, "nobody"])
    assert found.keys() == rows.keys()
    for name, row in rows.items():
        assert found[name].dtype == np.float32
        assert np.linalg.norm(found[name]) == pytest.approx(1, abs=1e-6)
        assert found[name] @ row == pytest.approx(1, abs=1e-5)
        assert found[name] == pytest.approx(row, abs=1e-3)


def test_the_matrix_is_in_the_order_of_writing_and_takes_in_what_comes_later(book):
    book.write(MODEL, ScoredBatch(vectors={"b": unit(1, 0)}))
    book.write("another", ScoredBatch(vectors={"x": unit(1, 0, 0)}))
    assert book.embeddings(MODEL).pixel_hashes == ["b"]
    book.write(MODEL, ScoredBatch(vectors={"a": unit(0, 1)}))
    found = book.embeddings(MODEL)
    assert found.pixel_hashes == ["b", "a"]
    assert found.vectors.tolist() == [[1, 0], [0, 1]]
    assert book.embeddings(MODEL) is found
    assert book.embeddings("nobody").vectors.shape == (0, 0)


def test_a_matrix_that_was_loaded_takes_in_what_comes_after_another_process_deleted(book, tmp_path):
    book.write(MODEL, ScoredBatch(vectors={"a": unit(1, 0), "b": unit(0, 1)}))
    book.embeddings(MODEL)
    other = ScoreBook(tmp_path)
    other.forget(["b"])
    other.write(MODEL, ScoredBatch(vectors={"c": unit(1, 1)}))
    other.close()
    assert "c" in book.embeddings(MODEL).pixel_hashes


def test_a_known_vector_stays_and_a_changed_file_replaces_its_row(book):
    book.write(MODEL, ScoredBatch(files=[file("/a")], vectors={"aa": unit(1, 0)}))
    changed = replace(file("/a", "bb"), size=11)
    book.write(MODEL, ScoredBatch(files=[changed], vectors={"aa": unit(0, 1), "bb": unit(1, 1)}))
    assert book.vectors(MODEL, ["aa"])["aa"].tolist() == [1, 0]
    assert book.files(["/a"]) == {"/a": changed}


def test_a_batch_is_kept_whole_or_not_at_all(book):
    broken = AdherenceRecord(AdherenceKey("aa", "p"), None, "{}")
    with pytest.raises(StorageError, match=r"scoring\.db could not be read or written"):
        book.write(
            MODEL, ScoredBatch(files=[file("/a")], vectors={"aa": unit(1, 0)}, adherences=[broken])
        )
    assert book.files(["/a"]) == {}
    assert book.embeddings(MODEL).pixel_hashes == []


def test_what_was_seen_in_pictures_that_are_gone_is_forgotten(book):
    vectors = {pixels: unit(1, place) for place, pixels in enumerate(("aa", "bb", "cc"))}
    book.write(MODEL, ScoredBatch(vectors=vectors, adherences=[adherence(p, "p") for p in vectors]))
    assert len(book.embeddings(MODEL).vectors) == 3
    book.forget(["aa", "cc", "unheard of"])
    assert book.embeddings(MODEL).pixel_hashes == ["bb"]
    keys = [AdherenceKey(pixels, "p") for pixels in vectors]
    assert list(book.adherences(MODEL, keys)) == [keys[1]]


def test_of_labels_the_last_word_counts(book):
    first = SeenLabel(MODEL, "aa", "a red boat", "colour", 1.5, True, "2026-01-01")
    other = first._replace(requirement="the sea", slot="place", time="2026-01-03")
    again = first._replace(shown=False, time="2026-01-02")
    book.label([first, other])
    book.label([again])
    assert book.labels() == [again, other]
    book.unlabel(MODEL, "aa", "the sea")
    assert book.labels() == [again]


def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path):
    ScoreBook(tmp_path).close()
    db = sqlite3.connect(tmp_path / SCOREBOOK)
    with db:
        db.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('scoring', 'm999_later', '')"
        )
    db.close()
    with pytest.raises(DatabaseTooNew, match=r"scoring\.db .* m999_later"):
        ScoreBook(tmp_path)


def test_a_file_that_is_no_database_is_a_sentence(tmp_path):
    (tmp_path / SCOREBOOK).write_bytes(b"not a database, however long it goes on" * 100)
    with pytest.raises(StorageError, match=r"scoring\.db cannot be opened"):
        ScoreBook(tmp_path)


def test_a_damaged_vector_is_a_sentence(book):
    book.write(MODEL, ScoredBatch(vectors={"aa": unit(1, 2), "bb": unit(1, 2)}))
    book._db.execute("UPDATE embeddings SET vector = x'00' WHERE pixel_hash = 'aa'")
    with pytest.raises(StorageError, match="Move it away"):
        book.embeddings(MODEL)


WRITER = """
import sys
from pathlib import Path
import numpy as np
from vibes.scoring.records import ScoredBatch
from vibes.storage.scorebook import ScoreBook
book = ScoreBook(Path(sys.argv[1]))
for n in range(40):
    book.write("m", ScoredBatch(vectors={f"{sys.argv[2]} {n}": np.ones(8, np.float32)}))
book.close()
"""


def test_several_processes_write_at_once_even_into_a_file_none_has_made_yet(tmp_path):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), name], cwd=ROOT, stderr=subprocess.PIPE
        )
        for name in "abcd"
    ]
    for writer in writers:
        _, said = writer.communicate(timeout=60)
        assert writer.returncode == 0, said.decode()
    book = ScoreBook(tmp_path)
    assert sorted(book.embeddings("m").pixel_hashes) == sorted(
        f"{name} {n}" for name in "abcd" for n in range(40)
    )
    book.close()
