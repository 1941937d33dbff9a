"""How fast ten thousand LoRAs are known, and in how much memory: ``python -m benchmarks.catalog``.

The files have the headers of real ones, written to a folder of their own; ``cold`` opens every
one, ``unchanged`` looks again. ``blocked`` is the longest time the studio's event loop stands still
while it learns what a server has: from the node pack's pages, or from each file's metadata.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import random
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from benchmarks.libraries import write_lora_file
from companion_app.fleet.client import ComfyClient
from companion_app.fleet.discovery import Discovery
from companion_app.fleet.replies import PAGE
from vibes.catalog import Listing, build_catalog, facts_to_dict
from vibes.catalog.headers import read_outline
from vibes.catalog.scan import FolderScanner, Scan
from vibes.settings import ServerConfig

from .goals import finish

T = TypeVar("T")

FILES = 10_000
SERVERS = 3
FAMILIES = {"sd15": 0.5, "sdxl": 0.35, "flux": 0.1, "sd3": 0.05}
RANKS = (4, 8, 16, 24, 32, 48, 64, 96, 128)
FORMATS = ("kohya", "kohya", "peft", "lycoris")
WORDS = 3000  # different tags in the library
TAGS = (20, 300)  # of one file


def main() -> None:
    """Measure, print, and exit 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--files", type=int, default=FILES, help="LoRAs in the library")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_library(Path(folder), options.files)
        figures = {
            **measure_scans(Path(folder)),
            **measure_memory(Path(folder)),
            **asyncio.run(measure_discovery(Path(folder))),
        }
    goals = {
        "cold_within_20_s": figures["refresh_seconds_cold"] <= 20,
        "unchanged_within_1_s": figures["refresh_seconds_unchanged"] <= 1,
        "memory_within_100_mb": figures["memory_mb"] <= 100,
        "catalog_within_0.3_s": figures["build_catalog_seconds"] <= 0.3,
        "pages_block_50_ms_at_most": figures["pages_blocked_ms"] <= 50,
        "metadata_block_50_ms_at_most": figures["metadata_blocked_ms"] <= 50,
    }
    for name, figure in figures.items():
        print(f"{name:26} {figure:.2f}")
    finish(figures, goals, as_json=options.json)


def write_library(folder: Path, files: int) -> None:
    """Fill a folder with LoRAs of all families, ranks and kinds of tags."""
    rng = random.Random(1)
    words = [f"tag number {number}" for number in range(WORDS)]
    for number in range(files):
        (family,) = rng.choices(list(FAMILIES), list(FAMILIES.values()))
        tags = rng.sample(words, rng.randint(*TAGS))
        write_lora_file(
            folder / family / f"style_{number:05}.safetensors",
            family=family,
            rank=rng.choice(RANKS),
            format=rng.choice(FORMATS),
            tags={tag: rng.randint(1, 500) for tag in tags},
            trigger=f"trigger {number}",
        )


def measure_scans(folder: Path) -> dict[str, float]:
    """Seconds to read everything, to look again, and to build the catalog of it."""
    scanner = FolderScanner("lora", [folder])
    cold, _ = timed(scanner.scan)
    unchanged, scan = timed(scanner.scan)
    listings = {f"server {number}": Listing(loras=scan.entries) for number in range(SERVERS)}
    build, _ = timed(lambda: build_catalog(listings))
    return {
        "files": float(len(scan.files)),
        "refresh_seconds_cold": cold,
        "refresh_seconds_unchanged": unchanged,
        "build_catalog_seconds": build,
    }


def measure_memory(folder: Path) -> dict[str, float]:
    """Megabytes for what a scanner keeps and the records made of it."""
    gc.collect()
    tracemalloc.start()
    scanner = FolderScanner("lora", [folder])
    catalog = build_catalog({"server": Listing(loras=scanner.scan().entries)})
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert catalog.loras
    return {"memory_mb": kept / 1e6}


class ReplayedServer(ComfyClient):
    """Answers from memory as a server with these LoRAs would, with or without the node pack."""

    def __init__(self, session: aiohttp.ClientSession, scan: Scan, folder: Path, *, pack: bool):
        super().__init__(ServerConfig(name="one", url="http://127.0.0.1"), session)
        files = [
            {"name": entry.name, "size": entry.size, "modified": entry.modified}
            for entry in scan.entries
        ]
        told = [
            {**file, "facts": facts_to_dict(entry.facts)}
            for file, entry in zip(files, scan.entries, strict=True)
        ]
        self._pages = {
            start: _bytes({"total": len(told), "version": "v", "files": told[start : start + PAGE]})
            for start in range(0, len(told), PAGE)
        }
        self._answers = {
            "/object_info": _bytes({"VibesAutoLora": {}} if pack else {"KSampler": {}}),
            "/models/loras": _bytes([entry.name for entry in scan.entries]),
            "/experiment/models/loras": _bytes(files),
        }
        self._folder = folder

    async def _exchange(self, method: str, path: str, **content: Any) -> tuple[int, bytes]:
        await asyncio.sleep(0)
        query = content.get("params") or {}
        if path == "/vibes/catalog/loras":
            return 200, self._pages[int(query["offset"])]
        if path == "/view_metadata/loras":
            path = self._folder / query["filename"]
            return 200, await asyncio.to_thread(lambda: _bytes(dict(read_outline(path).metadata)))
        found = self._answers.get(path)
        return (404, b"") if found is None else (200, found)


async def measure_discovery(folder: Path) -> dict[str, float]:
    """How long reading a listing takes, and the longest pause of the event loop meanwhile."""
    scan = FolderScanner("lora", [folder]).scan()
    figures = {}
    async with aiohttp.ClientSession() as session:
        for name, pack in (("pages", True), ("metadata", False)):
            discovery = Discovery(ReplayedServer(session, scan, folder, pack=pack))
            pauses: list[float] = []
            gc.collect()
            gc.freeze()  # what this benchmark holds is no burden of the studio's
            watch = asyncio.create_task(_note_pauses(pauses))
            began = time.perf_counter()
            listing = await discovery.listing()
            figures[f"{name}_seconds"] = time.perf_counter() - began
            watch.cancel()
            gc.unfreeze()
            assert len(listing.loras) == len(scan.files)
            figures[f"{name}_blocked_ms"] = 1000 * max(pauses)
    return figures


async def _note_pauses(pauses: list[float]) -> None:
    while True:
        before = time.perf_counter()
        await asyncio.sleep(0.001)
        pauses.append(time.perf_counter() - before)


def _bytes(reply: object) -> bytes:
    return json.dumps(reply).encode()


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Seconds it takes, and what comes of it."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


if __name__ == "__main__":
    main()
