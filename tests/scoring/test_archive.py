"""A folder is scored once, whatever interrupts it, and what is no picture is listed."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tests.scoring.conftest import TINY_CLIP
from tests.scoring.projection import Projection, read_all_or_die, read_or_die
from vibes.scoring import archive as archives
from vibes.scoring.adherence_json import from_json
from vibes.scoring.archive import Archive, beside_prompt, same_prompt, told_prompt
from vibes.scoring.clip import Clip
from vibes.scoring.folder import pictures_in
from vibes.scoring.gallery import gallery
from vibes.scoring.judge import Judge
from vibes.scoring.readers import Readers, read_file
from vibes.scoring.records import name_of
from vibes.storage.scorebook import ScoreBook

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clip(tiny_clip) -> Clip:
    return tiny_clip


@pytest.fixture
def book(tmp_path) -> Iterator[ScoreBook]:
    book = ScoreBook(tmp_path / "data")
    yield book
    book.close()


def drawn(number: int, prompt: str | None = "a red boat, calm sea", side: int = 40) -> bytes:
    coarse = np.random.default_rng(number).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    chunks = PngImagePlugin.PngInfo()
    if prompt:
        chunks.add_text("parameters", prompt)
    out = BytesIO()
    picture = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
    picture.save(out, "PNG", pnginfo=chunks, compress_level=1)
    return out.getvalue()


def fill(folder: Path, count: int) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for number in range(count):
        (folder / f"{number:04}.png").write_bytes(drawn(number))
    return list(pictures_in(folder))


class Counting:
    """Reads in this process, and counts what is read."""

    def __init__(self, fit):
        self._fit = fit
        self.files: list[str] = []

    def __call__(self, batches):
        for batch in batches:
            self.files += [path.name for path in batch]
            yield [read_file(path, self._fit) for path in batch]


def score(clip, book, paths, prompt_of=told_prompt):
    """Score in this process; gives the files read, the last word and the results."""
    archive, read = Archive(Judge(clip), book, prompt_of), Counting(clip.fit)
    *_, last = archive.score(paths, read)
    return read.files, last, list(archive.results(paths))


# Scoring


def test_every_picture_is_scored_against_its_own_prompt(clip, book, tmp_path):
    paths = fill(tmp_path / "pictures", 5)
    _, last, results = score(clip, book, paths)
    assert (last.done, last.read, last.encoded) == (5, 5, 5)
    judge = Judge(clip)
    for path, result in zip(paths, results, strict=True):
        assert result.prompt.text == "a red boat, calm sea"
        vector = book.vectors(clip.key, [result.record.pixel_hash])[result.record.pixel_hash]
        [expected] = judge.judge(vector[None], result.prompt.text)
        assert from_json(result.adherence.body) == expected
        assert result.adherence.overall == expected.overall
        assert result.path == path


def test_processes_read_what_one_alone_would_and_in_its_order(clip, tmp_path):
    paths = [*fill(tmp_path, 21), tmp_path / "gone.png"]
    with Readers(clip.fit, workers=2) as readers:
        batches = list(readers.read([paths[:20], [], paths[20:]]))
    assert [len(batch) for batch in batches] == [20, 0, 2]
    for path, read in zip(paths, (one for batch in batches for one in batch), strict=True):
        alone = read_file(path, clip.fit)
        assert (read.path, read.record) == (path, alone.record)
        assert np.array_equal(read.pixels, alone.pixels)


def test_what_is_known_is_neither_read_nor_encoded_again(clip, book, tmp_path):
    paths = fill(tmp_path / "pictures", 6)
    before = score(clip, book, paths)[2]
    files, last, after = score(clip, book, paths)
    assert files == []
    assert (last.done, last.encoded) == (6, 0)
    assert after == before


def test_a_changed_file_is_read_again_and_a_moved_one_is_not_encoded_again(clip, book, tmp_path):
    paths = fill(tmp_path / "pictures", 4)
    score(clip, book, paths)
    paths[0].write_bytes(drawn(99))
    paths[1] = paths[1].rename(paths[1].with_name("moved.png"))
    files, last, results = score(clip, book, paths)
    assert files == ["0000.png", "moved.png"]
    assert last.encoded == 1
    assert all(result.adherence for result in results)


def test_another_prompt_is_judged_without_reading_a_picture(clip, book, tmp_path):
    paths = fill(tmp_path / "pictures", 3)
    score(clip, book, paths)
    files, last, results = score(clip, book, paths, same_prompt("a blue house"))
    assert files == []
    assert last.done == 3
    texts = {i.requirement.text for r in results for i in from_json(r.adherence.body).items}
    assert "a blue house" in texts


def test_a_picture_without_a_prompt_is_seen_but_not_judged(clip, book, tmp_path):
    (tmp_path / "a.png").write_bytes(drawn(1, prompt=None))
    (tmp_path / "b.png").write_bytes(drawn(2, prompt=None))
    (tmp_path / "b.txt").write_text("a green tree")
    bare, told = score(clip, book, list(pictures_in(tmp_path)), beside_prompt)[2]
    assert (bare.adherence, bare.prompt.text) == (None, None)
    assert "a.txt" in bare.prompt.reason
    assert (told.prompt.text, told.prompt.source) == ("a green tree", "b.txt")
    assert told.adherence
    assert len(book.embeddings(clip.key).pixel_hashes) == 2


def test_equal_pictures_are_encoded_once(clip, book, tmp_path):
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).write_bytes(drawn(7))
    _, last, results = score(clip, book, list(pictures_in(tmp_path)))
    assert (last.read, last.encoded) == (3, 1)
    assert len({result.adherence for result in results}) == 1


def test_each_text_is_encoded_once_for_the_whole_archive(clip, book, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "BATCH", 4)
    paths = fill(tmp_path / "pictures", 12)
    texts: list[str] = []
    real = Clip.encode_texts
    monkeypatch.setattr(Clip, "encode_texts", lambda self, t: texts.extend(t) or real(self, t))
    score(clip, book, paths)
    assert texts
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize("batch", [1, 3, 64])
def test_the_rows_do_not_depend_on_the_size_of_batches(clip, tmp_path, monkeypatch, batch):
    paths = fill(tmp_path / "pictures", 7)
    books = [ScoreBook(tmp_path / name) for name in ("one", "other")]
    score(clip, books[0], paths)
    monkeypatch.setattr(archives, "BATCH", batch)
    monkeypatch.setattr(archives, "LOOKED_UP", 5)
    score(clip, books[1], paths)
    one, other = (
        [(r.record, r.adherence) for r in Archive(Judge(clip), book).results(paths)]
        for book in books
    )
    assert one == other
    for book in books:
        book.close()


# What is no picture


def test_what_is_no_picture_is_listed_and_the_rest_scored(clip, book, tmp_path, undecodable_png):
    folder = tmp_path / "pictures"
    fill(folder, 2)
    (folder / "broken.png").write_bytes(undecodable_png)
    (folder / "cut.png").write_bytes(drawn(3)[:300])
    (folder / "empty.jpg").touch()
    huge = BytesIO()
    Image.new("1", (10_000, 8_001)).save(huge, "PNG")
    (folder / "huge.png").write_bytes(huge.getvalue())
    paths = list(pictures_in(folder))
    _, last, results = score(clip, book, paths)
    faults = {r.path.name: r.record.error for r in results if r.record.error}
    assert sorted(faults) == ["broken.png", "cut.png", "empty.jpg", "huge.png"]
    assert all(fault.startswith("it ") for fault in faults.values())
    assert "80010000" in faults["huge.png"].replace(" × ", "") or "pixels" in faults["huge.png"]
    assert (last.done, last.encoded) == (6, 2)
    assert score(clip, book, paths)[0] == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read anything")
def test_a_file_that_could_not_be_opened_is_tried_again(clip, book, tmp_path):
    (path,) = fill(tmp_path / "pictures", 1)
    path.chmod(0)
    assert "cannot be read" in score(clip, book, [path])[2][0].record.error
    path.chmod(0o600)
    assert score(clip, book, [path])[2][0].adherence


def test_a_file_that_is_gone_when_its_turn_comes_is_listed_and_found_again(clip, book, tmp_path):
    path = tmp_path / "later.png"
    assert "cannot be read" in score(clip, book, [path])[2][0].record.error
    path.write_bytes(drawn(1))
    assert score(clip, book, [path])[2][0].adherence


def test_a_file_that_ends_the_process_that_reads_it_takes_no_other_with_it(tmp_path, monkeypatch):
    paths = fill(tmp_path, 24)
    monkeypatch.setattr("vibes.scoring.readers.read_files", read_all_or_die)
    monkeypatch.setattr("vibes.scoring.readers.read_file", read_or_die)
    with Readers(Projection.fit, workers=2) as readers:
        read = [one for batch in readers.read([paths[:16], paths[16:]]) for one in batch]
    assert [one.path for one in read] == paths
    assert [one.path.name for one in read if one.record.error] == ["0013.png"]


# Folders


def test_pictures_come_in_one_order_and_what_is_hidden_does_not(tmp_path):
    for name in ("b.png", "a.JPG", "c.webp", ".hidden.png", "notes.txt", "d.gif"):
        (tmp_path / name).touch()
    for folder in ("x", "y/z", ".cache"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "1.png").touch()
    (tmp_path / "folder.png").mkdir()

    def names(**options):
        return [str(path.relative_to(tmp_path)) for path in pictures_in(tmp_path, **options)]

    assert names() == ["a.JPG", "b.png", "c.webp"]
    below = [str(Path(*parts)) for parts in (("x", "1.png"), ("y", "z", "1.png"))]
    assert names(recursive=True) == ["a.JPG", "b.png", "c.webp", *below]


def test_links_that_lead_back_end_somewhere(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").touch()
    try:
        (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
        (tmp_path / "b").symlink_to(tmp_path / "a", target_is_directory=True)
        (tmp_path / "self").symlink_to(tmp_path / "self")
    except OSError:
        pytest.skip("links need a right here")
    assert list(pictures_in(tmp_path, recursive=True)) == [tmp_path / "a" / "1.png"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
def test_a_name_that_is_no_text_is_scored_too(clip, book, tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png"))
    path.write_bytes(drawn(1))
    (result,) = score(clip, book, list(pictures_in(tmp_path)))[2]
    assert result.adherence
    assert name_of(path).endswith("\\xff.png")


# Beside each other


def test_duplicates_and_neighbours_are_found_among_the_scored(clip, book, tmp_path):
    folder = tmp_path / "pictures"
    fill(folder, 12)
    shutil.copy(folder / "0003.png", folder / "copy.png")
    Image.open(folder / "0005.png").save(folder / "near.webp", quality=95)
    paths = list(pictures_in(folder))
    results = score(clip, book, paths)[2]
    pictures = gallery(results, book.embeddings(clip.key))
    groups = [[path.name for path in group] for group in pictures.duplicates()]
    assert ["0003.png", "copy.png"] in groups
    assert ["0005.png", "near.webp"] in groups
    vector = book.vectors(clip.key, [results[8].record.pixel_hash])[results[8].record.pixel_hash]
    (best,) = pictures.near(vector, 1)
    assert best.path.name == "0008.png"
    assert best.cosine == pytest.approx(1, abs=1e-5)
    assert len(pictures.near(clip.encode_texts(["a boat"])[0], 100)) == len(paths)


# Killed


SCORER = """
import sys
from pathlib import Path
from tests.scoring.projection import Projection
from vibes.scoring import archive
from vibes.scoring.folder import pictures_in
from vibes.scoring.judge import Judge
from vibes.scoring.readers import Readers
from vibes.storage.scorebook import ScoreBook

folder, data, shown = map(Path, sys.argv[1:])
archive.BATCH = 4

class Telling(Projection):
    def encode_images(self, pixels):
        with shown.open("a") as file:
            file.write(f"{len(pixels)}\\n")
        return super().encode_images(pixels)

if __name__ == "__main__":
    book = ScoreBook(data)
    with Readers(Telling.fit, workers=1) as readers:
        for _ in archive.Archive(Judge(Telling()), book).score(pictures_in(folder), readers.read):
            print("a batch is kept", flush=True)
    book.close()
"""


def killed_again_and_again(tmp_path, kills: int, seed: int) -> None:
    """A scorer is killed again and again, at random some batches further, then left to finish."""
    paths = fill(tmp_path / "pictures", 40 * kills)
    script, shown, data = tmp_path / "scorer.py", tmp_path / "shown", tmp_path / "data"
    script.write_text(SCORER)
    command = [sys.executable, script, tmp_path / "pictures", data, shown]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    dice = random.Random(seed)
    for left in range(kills, -1, -1):
        scorer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        if left:
            for _ in range(dice.randint(1, 8)):
                scorer.stdout.readline()
            time.sleep(dice.uniform(0, 0.05))
            scorer.kill()
        scorer.communicate(timeout=120)
    assert scorer.returncode == 0
    book = ScoreBook(data)
    assert all(one.adherence for one in Archive(Judge(Projection()), book).results(paths))
    assert len(book.embeddings(Projection.key).pixel_hashes) == len(paths)
    encoded = sum(map(int, shown.read_text().split()))
    assert len(paths) <= encoded <= len(paths) + 4 * kills  # each time, a batch of four at most
    assert book._db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    book.close()


def test_a_scorer_that_is_killed_loses_a_batch_at_most_and_scores_nothing_twice(tmp_path):
    killed_again_and_again(tmp_path, kills=3, seed=1)


@pytest.mark.slow
def test_twenty_kills_lose_twenty_batches_at_most(tmp_path):
    killed_again_and_again(tmp_path, kills=20, seed=2)


# Ray


@pytest.mark.filterwarnings("ignore")  # Ray warns of its own settings
def test_ray_leaves_the_same_rows(clip, tmp_path, monkeypatch):
    pytest.importorskip("ray")
    from vibes.scoring.archive_ray import ray_reader

    monkeypatch.setattr(archives, "BATCH", 4)
    fill(tmp_path / "pictures", 10)
    (tmp_path / "pictures" / "broken.png").write_bytes(drawn(1)[:200])
    (tmp_path / "pictures" / "copy.png").write_bytes(drawn(1))
    paths = list(pictures_in(tmp_path / "pictures"))
    book, other = (ScoreBook(tmp_path / name) for name in ("local", "ray"))
    expected = score(clip, book, paths)[2]
    archive = Archive(Judge(clip), other)
    with ray_reader(TINY_CLIP, clip.fit, device="cpu") as read:
        *_, last = archive.score(paths, read)
    assert last.done == len(paths)
    assert list(archive.results(paths)) == expected
    for each in (book, other):
        each.close()
