"""``vibes score`` as a user runs it, by the small model of the tests."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import time
from importlib.util import find_spec
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tests.scoring.conftest import TINY_CLIP
from vibes.scoring.torch_modules import missing_modules
from vibes.storage.scorebook import SCOREBOOK, ScoreBook

needs_torch = pytest.mark.skipif(bool(missing_modules()), reason="torch is not installed")
MODEL = ("--model", TINY_CLIP)


MANY = 400
"""Pictures that keep a fast machine busy for longer than a slow one needs to look on."""


def drawn(number: int, prompt: str | None = "a red boat, calm sea") -> bytes:
    coarse = np.random.default_rng(number).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    chunks = PngImagePlugin.PngInfo()
    if prompt:
        chunks.add_text("parameters", prompt)
    out = BytesIO()
    Image.fromarray(coarse).resize((48, 48)).save(out, "PNG", pnginfo=chunks)
    return out.getvalue()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Five pictures that tell their prompt, one that does not, a copy below, and a broken one."""
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(5):
        (folder / f"{number}.png").write_bytes(drawn(number))
    (folder / "silent.png").write_bytes(drawn(9, prompt=None))
    (folder / "broken.png").write_bytes(drawn(8)[:200])
    (folder / "below").mkdir()
    shutil.copy(folder / "3.png", folder / "below" / "copy.png")
    return folder


@pytest.fixture(scope="module")
def scored(vibes, pictures, tmp_path_factory):
    """A data directory into which the pictures were scored, and what the command said."""
    if missing_modules():
        pytest.skip("torch is not installed")
    data = tmp_path_factory.mktemp("data")
    return data, vibes("score", pictures, *MODEL, "--data-dir", data)


def test_the_best_and_the_worst_are_shown_by_rank_and_never_in_percent(scored, pictures):
    _, result = scored
    assert result.returncode == 0
    head, *rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert head == ["rank", "match", "picture", "least shown"]
    assert [row[0] for row in rows] == [f"{n} of 5" for n in range(1, 6)]
    assert {row[1] for row in rows} == {"relative"}
    assert {row[2] for row in rows} == {str(pictures / f"{n}.png") for n in range(5)}
    assert "%" not in result.stdout + result.stderr
    assert "relative" in result.stderr


def test_what_was_left_out_is_told_with_its_reason(scored, pictures):
    said = scored[1].stderr.splitlines()
    assert "7 pictures: 5 scored, 1 without a prompt, 1 skipped." in said
    assert any(line.startswith(f"{pictures / 'broken.png'}: it cannot be decoded") for line in said)


@pytest.fixture(scope="module")
def told(vibes, scored, pictures):
    """All that can be told, of the copies too: output, JSON and CSV."""
    data, _ = scored
    views = ("--duplicates", "--search", "a red boat", "--like", pictures / "2.png", "--count", 3)
    files = ("--json", data / "scores.json", "--csv", data / "scores.csv")
    result = vibes("score", pictures, "-r", *MODEL, "--data-dir", data, *views, *files)
    texts = (file.read_text(encoding="utf-8") for file in files[1::2])
    return result.stdout, *texts


def test_everything_can_be_had_as_json_and_csv(told, pictures):
    _, objects, table = told
    found = {row["path"]: row for row in json.loads(objects)}
    assert len(found) == 8
    best = found[str(pictures / "0.png")]
    assert (best["prompt"], best["of"], best["percent"]) == ("a red boat, calm sea", 6, None)
    assert 0 <= best["relative"] <= 1
    assert "a red boat" in [one["text"] for one in best["requirements"]]
    assert found[str(pictures / "silent.png")]["why"] == "Its file does not tell how it was made."
    ranks = [found[str(pictures / name)]["rank"] for name in ("3.png", "below/copy.png")]
    assert ranks[0] == ranks[1]
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["path"] for row in rows] == list(found)
    assert [row["rank"] for row in rows] == [str(row["rank"] or "") for row in found.values()]


def test_copies_and_neighbours_are_found(told, pictures):
    lines = [line.split("\t") for line in told[0].splitlines()]
    heads = [n for n, line in enumerate(lines) if line[0] in ("rank", "group")]
    words, picture, groups = (
        lines[start + 1 : end] for start, end in zip(heads, [*heads[1:], None], strict=True)
    )
    assert len(words) == len(picture) == 3
    assert picture[0] == ["1", "1.000", str(pictures / "2.png")]
    assert groups == [["1", str(pictures / "3.png")], ["1", str(pictures / "below" / "copy.png")]]


@needs_torch
@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl+C to its sender as well")
def test_ctrl_c_stops_between_batches_and_the_next_run_goes_on(spawn, tmp_path):
    folder, data = tmp_path / "pictures", tmp_path / "data"
    folder.mkdir()
    for number in range(MANY):
        (folder / f"{number:03}.png").write_bytes(drawn(number))
    command = ("score", folder, *MODEL, "--data-dir", data)
    process = spawn(*command)
    while not _embedded(data):
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the readers, too
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert said.startswith("Stopped: ")
    assert said.count("\n") == 1
    before = _embedded(data)
    assert 0 < before < MANY
    again = spawn(*command, "--json", "-")
    rows, _ = again.communicate(timeout=120)
    assert len(json.loads(rows[: rows.index("]\n") + 1])) == MANY
    assert again.returncode == 0
    assert _embedded(data) == MANY


def _embedded(data) -> int:
    if not (data / SCOREBOOK).exists():
        return 0
    book = ScoreBook(data)
    try:
        (count,) = book._db.execute("SELECT count(*) FROM embeddings").fetchone()
        return count
    finally:
        book.close()


# Wrong calls


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere"], "nowhere cannot be read: No such file or directory."),
        (["."], "holds no PNG, JPEG or WebP. --recursive looks into the folders in it, too."),
        (["full", "--prompt-from", " "], "An empty prompt asks for nothing: see --prompt-from."),
        (["full", "--count", "0"], "'--count'"),
        (["full", "--engine", "rya"], "'--engine'"),
    ],
)
def test_a_wrong_call_is_a_sentence(vibes, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.png").write_bytes(drawn(1))
    result = vibes("score", *arguments, "--data-dir", tmp_path / "data")
    assert result.returncode == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is installed")
def test_without_ray_its_engine_is_a_sentence(vibes, pictures, tmp_path):
    result = vibes("score", pictures, *MODEL, "--engine", "ray", "--data-dir", tmp_path)
    assert result.returncode == 1
    assert "vibes-imgen[ray]" in result.stderr
    assert "Traceback" not in result.stderr
