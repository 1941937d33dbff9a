"""The benchmarks of the catalog measure what they say, and the fuzzer finds what is there."""

from __future__ import annotations

import random
from itertools import islice
from pathlib import Path

from benchmarks import catalog, fuzz
from vibes.catalog.scan import FolderScanner
from vibes.errors import InvalidInput


async def test_the_library_is_read_without_faults_and_discovered_whole(tmp_path: Path) -> None:
    catalog.write_library(tmp_path, 10)
    scan = FolderScanner("lora", [tmp_path]).scan()
    assert len(scan.files) == 10
    assert scan.faults == ()
    assert {file.entry.facts.family_source for file in scan.files.values()} <= {"weights", "name"}
    figures = {**catalog.measure_scans(tmp_path), **catalog.measure_memory(tmp_path)}
    assert figures["files"] == 10
    assert 0 < figures["memory_mb"] < 5
    assert await catalog.measure_discovery(tmp_path)


def test_the_files_of_a_library_take_no_room(tmp_path: Path) -> None:
    catalog.write_library(tmp_path, 5)
    for path in tmp_path.rglob("*.safetensors"):
        assert path.stat().st_size > 1_000_000
        assert path.stat().st_blocks * 512 < 1_000_000


def test_no_input_of_the_fuzzer_is_a_crash() -> None:
    rng = random.Random(7)
    headers = fuzz.feed(fuzz.read_header, islice(fuzz.headers(rng), 300))
    prompts = fuzz.feed(fuzz.read_prompt, islice(fuzz.prompts(rng), 300))
    assert (headers.inputs, headers.crashes) == (300, [])
    assert (prompts.inputs, prompts.crashes) == (300, [])
    assert 0 < headers.refused < 300


def test_the_fuzzer_tells_crashes_and_hangs_from_refusals(monkeypatch) -> None:
    monkeypatch.setattr(fuzz, "LONGEST_SECONDS", 0.05)

    def target(given: str) -> None:
        if given == "refuse":
            raise InvalidInput("No.")
        if given == "crash":
            raise ValueError(given)
        while given == "hang":
            pass

    report = fuzz.feed(target, iter(["fine", "refuse", "crash", "hang"]))
    assert report.refused == 1
    assert [crash.split("(")[0] for crash in report.crashes] == ["ValueError", "TooSlow"]
    assert report.slowest_input == "'hang'"
