from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from benchmarks.libraries import write_checkpoint_file, write_embedding_file, write_lora_file
from vibes.catalog import Facts
from vibes.catalog.scan import FolderScanner, Scan

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs links and names of POSIX")


def scan(*roots: Path) -> Scan:
    return FolderScanner("lora", roots).scan()


def facts(found: Scan, name: str) -> Facts:
    return found.files[name].entry.facts


@pytest.fixture
def loras(tmp_path: Path) -> Path:
    folder = tmp_path / "loras"
    write_lora_file(folder / "ink.safetensors", family="sd15", tags={"tree": 3}, trigger="ink")
    write_lora_file(folder / "styles" / "neon.safetensors", family="sdxl", rank=32)
    return folder


def test_files_are_found_in_all_folders_with_what_they_say(loras: Path) -> None:
    (loras / "notes.txt").write_text("no model")
    found = scan(loras)
    styled = os.path.join("styles", "neon.safetensors")  # noqa: PTH118 - a name
    assert sorted(found.files) == ["ink.safetensors", styled]
    assert found.faults == ()
    ink = found.files["ink.safetensors"]
    assert ink.entry.facts.triggers == ("ink",)
    assert (ink.entry.size, ink.path) == (ink.path.stat().st_size, loras / "ink.safetensors")
    assert ink.entry.modified == pytest.approx(ink.path.stat().st_mtime)
    neon = facts(found, styled)
    assert (neon.family, neon.family_source, neon.rank, neon.modules) == (
        "sdxl",
        "weights",
        32,
        722,
    )


def test_checkpoints_and_embeddings_are_read_too(tmp_path: Path) -> None:
    write_checkpoint_file(tmp_path / "c.safetensors", family="flux")
    write_embedding_file(tmp_path / "e.safetensors", width=768)
    (checkpoint, _) = FolderScanner("checkpoint", [tmp_path]).scan().entries
    (_, embedding) = FolderScanner("embedding", [tmp_path]).scan().entries
    assert (checkpoint.facts.family, embedding.facts.family) == ("flux", "sd15")


def test_a_broken_file_is_listed_and_told_and_the_rest_goes_on(loras: Path) -> None:
    (loras / "broken.safetensors").write_bytes(b"\xff" * 20)
    found = scan(loras)
    assert len(found.files) == 3
    (fault,) = found.faults
    assert fault.startswith("broken.safetensors says that its header is longer than the file")
    assert facts(found, "broken.safetensors").fault == fault
    assert facts(found, "ink.safetensors").family == "sd15"


def test_a_pickled_file_is_listed_and_never_opened(loras: Path) -> None:
    bomb = loras / "old_sdxl.pt"
    bomb.write_bytes(b"cos\nsystem\n(S'touch owned'\ntR.")
    bomb.chmod(0)
    found = scan(loras)
    assert (facts(found, "old_sdxl.pt").family, facts(found, "old_sdxl.pt").fault) == ("sdxl", None)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_file_that_may_not_be_read_is_tried_again(loras: Path) -> None:
    (loras / "ink.safetensors").chmod(0)
    scanner = FolderScanner("lora", [loras])
    assert "cannot be read" in scanner.scan().faults[0]
    (loras / "ink.safetensors").chmod(0o600)
    assert scanner.scan().faults == ()


def test_an_unchanged_file_is_not_opened_again(loras: Path) -> None:
    scanner = FolderScanner("lora", [loras])
    first = scanner.scan()
    ink = loras / "ink.safetensors"
    about = ink.stat()
    ink.write_bytes(bytes(about.st_size))  # would be a fault, if it were looked at
    os.utime(ink, ns=(about.st_atime_ns, about.st_mtime_ns))
    again = scanner.scan()
    assert again.entries == first.entries
    assert again.version == first.version
    os.utime(ink)
    assert scanner.scan().version != first.version
    assert scanner.scan().faults


def test_a_new_sidecar_is_noticed_and_a_removed_file_is_gone(loras: Path) -> None:
    scanner = FolderScanner("lora", [loras])
    first = scanner.scan()
    about = {"baseModel": "SD 1.5", "trainedWords": ["wash"]}
    (loras / "ink.civitai.info").write_text(json.dumps(about))
    (loras / "ink.png").write_bytes(b"picture")
    second = scanner.scan()
    assert facts(second, "ink.safetensors").triggers == ("wash", "ink")
    assert second.files["ink.safetensors"].preview == loras / "ink.png"
    assert second.version != first.version
    (loras / "ink.safetensors").unlink()
    assert "ink.safetensors" not in scanner.scan().files


def test_a_known_digest_is_added_as_soon_as_it_is_known(loras: Path) -> None:
    known: dict[Path, str] = {}
    scanner = FolderScanner("lora", [loras], hash_of=lambda path, stamp: known.get(path))
    first = scanner.scan()
    assert facts(first, "ink.safetensors").sha256 is None
    known[loras / "ink.safetensors"] = "a" * 64
    second = scanner.scan()
    assert facts(second, "ink.safetensors").sha256 == "a" * 64
    assert second.version != first.version


def test_the_first_folder_with_a_name_counts(loras: Path, tmp_path: Path) -> None:
    more = tmp_path / "more"
    write_lora_file(more / "ink.safetensors", family="sdxl")
    write_lora_file(more / "sea.safetensors", family="sdxl")
    found = scan(loras, more, tmp_path / "missing")
    assert facts(found, "ink.safetensors").family == "sd15"
    assert facts(found, "sea.safetensors").family == "sdxl"


@posix
def test_linked_folders_are_followed_once_and_loops_end(loras: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    write_lora_file(elsewhere / "sea.safetensors", family="sd15")
    (elsewhere / "back").symlink_to(loras)
    (loras / "a").symlink_to(elsewhere)
    (loras / "b").symlink_to(elsewhere)
    (loras / "here").symlink_to(loras)
    (loras / "self").symlink_to(loras / "self")
    found = scan(loras)
    assert sum(name.endswith("sea.safetensors") for name in found.files) == 1
    assert len(found.files) == 3
    assert not any(".." in name for name in found.files)


@posix
def test_a_link_to_nothing_is_told_while_it_is_there(loras: Path) -> None:
    lost = loras / "lost.safetensors"
    lost.symlink_to(loras / "nowhere")
    scanner = FolderScanner("lora", [loras])
    found = scanner.scan()
    assert "lost.safetensors" not in found.files
    assert found.faults == (
        "lost.safetensors points to a file that is not there: link it again or remove it.",
    )
    lost.unlink()
    assert scanner.scan().faults == ()


@posix
@pytest.mark.skipif(sys.platform == "darwin", reason="its file system takes only Unicode")
@pytest.mark.parametrize("name", [b"caf\xe9.safetensors", b"two\nlines.safetensors"])
def test_a_name_that_cannot_be_sent_is_told_and_skipped(loras: Path, name: bytes) -> None:
    (loras / os.fsdecode(name)).write_bytes(b"x")
    found = scan(loras)
    assert len(found.files) == 2
    (fault,) = found.faults
    assert fault.isprintable()
    assert fault.endswith("has a name that cannot be sent: rename it.")


def test_files_with_the_same_tensors_are_decoded_once_and_told_apart(tmp_path: Path) -> None:
    for number in range(3):
        path = tmp_path / f"{number}.safetensors"
        write_lora_file(path, family="sdxl", rank=4, trigger=f"word {number}", tags={"x": 1})
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes((tmp_path / "0.safetensors").read_bytes()[:-2])
    found = scan(tmp_path)
    triggers = [facts(found, f"{number}.safetensors").triggers for number in range(3)]
    assert triggers == [("word 0",), ("word 1",), ("word 2",)]
    assert "not complete" in str(facts(found, "cut.safetensors").fault)
