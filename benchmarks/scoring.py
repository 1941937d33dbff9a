"""How fast pictures are scored and found again: ``python -m benchmarks.scoring``.

``throughput_ratio`` compares pictures per second over a folder with what the machine could do at
best: its cores divided by the core-seconds one picture takes to be read and to pass the model, both
measured alone; with an accelerator, with the passes alone. The model has the shape of ViT-B-32 and
random weights, which cost as much as learned ones. Memory is watched with a small
model.
"""

from __future__ import annotations

import argparse
import operator
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

from tests.scoring.model_folders import SIGMOID, write_model
from vibes.scoring.archive import Archive, Result, same_prompt
from vibes.scoring.archive_ray import ray_reader
from vibes.scoring.clip import Clip, load_clip
from vibes.scoring.folder import pictures_in
from vibes.scoring.judge import Judge
from vibes.scoring.nearness import near_duplicates, nearest
from vibes.scoring.pictures import read_picture
from vibes.scoring.readers import Readers
from vibes.storage.scorebook import ScoreBook

from .goals import Goals, finish, verdict

PROMPT = "a red boat on a lake at dusk, oil painting"
PICTURES = 1000
MANY = 10_000
SEARCHED = 100_000
COMPARED = 38_000
DIMENSIONS = 512
ALONE = 128  # pictures of which one part of the work is measured by itself
VIT_B_32: dict[str, Any] = {
    "embed_dim": DIMENSIONS,
    "vision_cfg": {"image_size": 224, "layers": 12, "width": 768, "patch_size": 32},
    "text_cfg": {
        "context_length": 77,
        "vocab_size": 49408,
        "width": 512,
        "heads": 8,
        "layers": 12,
    },
}

GOALS: Goals = {
    "throughput_ratio": (operator.ge, 0.9),
    "cache_hit_ms": (operator.le, 0.2),
    "search_ms": (operator.le, 15),
    "near_duplicates_seconds": (operator.le, 20),
    "memory_growth_mb": (operator.le, 20),
    "ray_rows_differ": (operator.eq, 0),
    "accelerator_38000_seconds": (operator.le, 60),
}


def main() -> None:
    """Measure, print, and exit 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--pictures", type=int, default=PICTURES, help="pictures in the folder")
    parser.add_argument("--many", type=int, default=MANY, help="pictures memory is watched over")
    options = parser.parse_args()
    figures = {**measure_search(), **measure_duplicates()}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        figures |= measure_memory(folder, options.many)
        figures |= measure_ray(folder)
        figures |= measure_throughput(folder, options.pictures)
    for name, figure in figures.items():
        print(f"{name:26} {figure:.3f}")
    finish(figures, verdict(figures, GOALS), as_json=options.json)


def measure_search() -> dict[str, float]:
    """Milliseconds to find the 50 nearest of many embeddings: median of some searches."""
    vectors = _unit(np.random.default_rng(1).standard_normal((SEARCHED, DIMENSIONS), np.float32))
    queries = _unit(np.random.default_rng(2).standard_normal((21, DIMENSIONS), np.float32))
    return {
        "search_ms": 1000 * float(np.median([_timed(nearest, vectors, q, 50) for q in queries]))
    }


def measure_duplicates() -> dict[str, float]:
    """Seconds to group pictures of which each tenth has a near copy."""
    rng = np.random.default_rng(3)
    vectors = _unit(rng.standard_normal((COMPARED, DIMENSIONS), np.float32))
    hashes = rng.integers(0, 2**63, COMPARED, dtype=np.uint64)
    copies = slice(0, COMPARED, 10)
    vectors[1::10] = _unit(vectors[copies] + 0.01 * vectors[1::10])
    hashes[1::10] = hashes[copies] ^ np.uint64(1)
    began = time.perf_counter()
    groups = near_duplicates(vectors, hashes)
    seconds = time.perf_counter() - began
    assert len(groups) == COMPARED // 10
    return {"near_duplicates_seconds": seconds}


def measure_memory(folder: Path, count: int) -> dict[str, float]:
    """Megabytes by which scoring grows from a tenth of the pictures on to all of them."""
    pictures = folder / "many"
    draw_pictures(pictures, count, side=64)
    clip = load_clip(write_model(folder / "small", SIGMOID))
    process, sizes = psutil.Process(), []
    with archive(clip, folder / "many-data") as (kept, readers):
        for progress in kept.score(pictures_in(pictures), readers.read):
            if progress.done >= count // 10:
                sizes.append(process.memory_info().rss)
    return {"memory_growth_mb": (max(sizes[-10:]) - sizes[0]) / 1e6}


def measure_ray(folder: Path) -> dict[str, float]:
    """Rows in which Ray and the local engine differ; nothing where Ray is not installed."""
    try:
        import ray
    except ModuleNotFoundError:
        print("Ray is not installed here: its rows are not compared.")
        return {}
    pictures, model = folder / "few", write_model(folder / "small", SIGMOID)
    draw_pictures(pictures, 200, side=64)
    clip = load_clip(model, device="cpu")
    with archive(clip, folder / "local") as (kept, readers):
        list(kept.score(pictures_in(pictures), readers.read))
        local = list(kept.results(pictures_in(pictures)))
    with (
        archive(clip, folder / "ray") as (kept, _),
        ray_reader(model, clip.fit, device="cpu") as read,
    ):
        list(kept.score(pictures_in(pictures), read))
        others = list(kept.results(pictures_in(pictures)))
    ray.shutdown()
    return {"ray_rows_differ": float(_differing(local, others))}


def measure_throughput(folder: Path, count: int) -> dict[str, float]:
    """Pictures per second over a folder, against the best this machine could do."""
    pictures = folder / "pictures"
    draw_pictures(pictures, count, side=512)
    clip = load_clip(write_model(folder / "model", VIT_B_32))
    paths = list(pictures_in(pictures))
    reading, passing = _reading(paths[:ALONE], clip), _passing(clip)
    with archive(clip, folder / "data") as (kept, readers):
        list(readers.read([paths[:16]]))  # its processes are up
        seconds = _timed(list, kept.score(paths, readers.read))
        again = _timed(list, kept.score(paths, readers.read))
    best = 1 / passing.wall if clip.device != "cpu" else _cores() / (reading + passing.core)
    figures = {
        "pictures_per_second": count / seconds,
        "best_per_second": best,
        "read_core_ms": 1000 * reading,
        "pass_core_ms": 1000 * passing.core,
        "throughput_ratio": count / seconds / best,
        "cache_hit_ms": 1000 * again / count,
    }
    if clip.device != "cpu":
        figures["accelerator_38000_seconds"] = COMPARED * passing.wall
    return figures


class Cost:
    """What a picture costs: seconds by the clock, and by all cores together."""

    def __init__(self, wall: float, core: float):
        self.wall, self.core = wall, core


def _passing(clip: Clip) -> Cost:
    side = clip.fit.side
    pixels = np.random.default_rng(4).integers(0, 255, (ALONE, side, side, 3), dtype=np.uint8)
    clip.encode_images(pixels)
    wall, core = time.perf_counter(), time.process_time()
    for _ in range(3):
        clip.encode_images(pixels)
    made = 3 * ALONE
    return Cost((time.perf_counter() - wall) / made, (time.process_time() - core) / made)


def _reading(paths: Sequence[Path], clip: Clip) -> float:
    core = time.process_time()
    for path in paths:
        read_picture(path.read_bytes(), clip.fit)
    return (time.process_time() - core) / len(paths)


@contextmanager
def archive(clip: Clip, data: Path) -> Iterator[tuple[Archive, Readers]]:
    """An archive with a score book of its own, and what reads its pictures."""
    data.mkdir()
    with closing(ScoreBook(data)) as book, Readers(clip.fit) as readers:
        yield Archive(Judge(clip), book, same_prompt(PROMPT)), readers


def draw_pictures(folder: Path, count: int, *, side: int) -> None:
    """PNGs, all different, that compress about as well as rendered ones: smooth, with grain."""
    folder.mkdir()
    rng = np.random.default_rng(5)
    grain = rng.integers(-6, 7, (side, side, 3))
    for number in range(count):
        rough = rng.integers(40, 216, (8, 8, 3), dtype=np.uint8)
        smooth = Image.fromarray(rough).resize((side, side), Image.Resampling.BICUBIC)
        pixels = np.clip(np.asarray(smooth) + np.roll(grain, number, axis=1), 0, 255)
        file = folder / f"{number:05}.png"
        Image.fromarray(pixels.astype(np.uint8)).save(file, compress_level=4)


def _differing(ones: Sequence[Result], others: Sequence[Result]) -> int:
    assert len(ones) == len(others)
    return sum(one != other for one, other in zip(ones, others, strict=True))


def _timed(work: Any, *arguments: Any) -> float:
    began = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - began


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    main()
