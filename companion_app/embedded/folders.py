"""The three folders of a server (input, output, temp) and what may be read or written there."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

KINDS = ("output", "input", "temp")
_ANNOTATION = re.compile(r"^(?P<name>.*) \[(?P<kind>output|input|temp)\]$")
_IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"}


class OutsideFolder(Exception):
    """A path leads out of the folder it was meant for."""


@dataclass(frozen=True, slots=True)
class Folders:
    """Files of one server below ``root``; lost when the server ends."""

    root: Path

    def create(self) -> None:
        """Make the folders; existing ones stay."""
        for kind in KINDS:
            self.base(kind).mkdir(parents=True, exist_ok=True)

    def base(self, kind: str) -> Path:
        """The folder of one kind."""
        return self.root / kind

    def inside(self, kind: str, relative: str) -> Path:
        """The path of ``relative`` below a folder; raises OutsideFolder when it leads out."""
        base = os.path.realpath(self.base(kind))
        path = os.path.realpath(Path(base) / relative)
        if os.path.commonpath((base, path)) != base:
            raise OutsideFolder(f"{path} is outside {base}")
        return Path(path)

    def annotated(self, name: str) -> Path:
        """The file a LoadImage value means: ``x.png`` in input, or ``x.png [temp]``."""
        name, kind = split_annotation(name)
        return self.inside(kind or "input", name)

    def uploads(self) -> list[str]:
        """Names LoadImage offers: image files directly in the input folder."""
        entries = self.base("input").iterdir()
        return sorted(entry.name for entry in entries if entry.suffix.lower() in _IMAGE_SUFFIXES)

    def store_upload(self, path: Path, data: bytes, *, overwrite: bool) -> Path:
        """Write an upload; without ``overwrite`` other bytes of the same name get a new name."""
        path.parent.mkdir(parents=True, exist_ok=True)
        stem, count, target = path.stem, 0, path
        while not overwrite and target.exists() and target.read_bytes() != data:
            count += 1
            target = path.with_name(f"{stem} ({count}){path.suffix}")
        target.write_bytes(data)
        return target

    def save_slot(self, kind: str, prefix: str) -> tuple[Path, str, int]:
        """Where SaveImage writes next: folder, name stem, first free counter.

        The counter follows the directory listing, as in ComfyUI. Raises OutsideFolder.
        """
        wanted = self.inside(kind, os.path.normpath(prefix))
        folder, stem = wanted.parent, wanted.name
        folder.mkdir(parents=True, exist_ok=True)
        numbered = re.compile(re.escape(stem) + r"_(\d+)_", re.IGNORECASE)
        taken = [int(m[1]) for entry in folder.iterdir() if (m := numbered.match(entry.name))]
        return folder, stem, max(taken, default=0) + 1

    def reference(self, kind: str, path: Path) -> Mapping[str, str]:
        """How ``executed`` and the history name a file."""
        relative = path.relative_to(os.path.realpath(self.base(kind)))
        subfolder = "" if relative.parent == Path() else relative.parent.as_posix()
        return {"filename": path.name, "subfolder": subfolder, "type": kind}


def split_annotation(name: str) -> tuple[str, str | None]:
    """``"x.png [temp]"`` → ``("x.png", "temp")``; a plain name has kind None."""
    match = _ANNOTATION.match(name)
    return (match["name"], match["kind"]) if match else (name, None)
