"""The archive the registry makes of the checkout: what git would track, less ``.comfyignore``."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

ROOT = Path(__file__).parents[2]


def archived(root: Path = ROOT) -> list[Path]:
    """The archive's files, relative to the checkout."""
    rules = [
        line
        for name in (".gitignore", ".comfyignore")
        for line in (root / name).read_text(encoding="utf-8").splitlines()
    ]
    spec = GitIgnoreSpec.from_lines([".git/", *rules])
    return sorted(_files(root, root, spec))


def _files(folder: Path, root: Path, spec: GitIgnoreSpec) -> Iterator[Path]:
    for path in folder.iterdir():
        name = path.relative_to(root)
        if path.is_dir():
            if not spec.match_file(f"{name.as_posix()}/"):
                yield from _files(path, root, spec)
        elif not spec.match_file(name.as_posix()):
            yield name


def unpack_into(folder: Path) -> None:
    """Write the files there, as an installer would."""
    for name in archived():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
