"""The user's own workflows: each as the template it makes, and beside it as it was brought."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vibes.errors import InvalidInput, NotFound, StorageError
from vibes.settings.root import DOCUMENT, own_workflows
from vibes.workflows import Template
from vibes.workflows.template import parse_template

from .whole_file import write_whole


class WorkflowFiles:
    """The folder in a data directory; it is there once something was to be kept."""

    def __init__(self, data_dir: Path):
        self._folder = own_workflows(data_dir)

    def read(self) -> tuple[list[Template], dict[str, str]]:
        """The templates, and for each file that holds none, by name, why."""
        templates, broken = [], {}
        for path in sorted(self._folder.glob("*.json")):
            if path.stem.endswith(DOCUMENT):
                continue
            try:
                text = path.read_text(encoding="utf-8")
                templates.append(parse_template(path.stem, text, place=str(path)))
            except (OSError, UnicodeError, InvalidInput) as error:
                broken[path.stem] = str(error)
        return templates, broken

    def document(self, name: str) -> bytes:
        """A workflow as it was brought; raises NotFound."""
        try:
            return self._document(name).read_bytes()
        except FileNotFoundError as error:
            raise NotFound(f"{self._document(name)} is gone.") from error

    def write(self, name: str, template: dict[str, Any], document: bytes) -> None:
        """Keep both, the template last: it is there only whole. Raises StorageError."""
        text = json.dumps(template) + "\n"  # indented, what is nested deeply grows a thousandfold
        self._try(lambda: write_whole(self._document(name), document))
        self._try(lambda: write_whole(self._template(name), text.encode()))

    def remove(self, name: str) -> None:
        """Delete both, the template first. Raises StorageError."""
        self._try(lambda: self._template(name).unlink(missing_ok=True))
        self._try(lambda: self._document(name).unlink(missing_ok=True))

    def _template(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _document(self, name: str) -> Path:
        return self._folder / f"{name}{DOCUMENT}.json"

    def _try(self, change: Callable[[], object]) -> None:
        try:
            change()
        except OSError as error:
            raise StorageError(
                f"{self._folder} could not be written: {error.strerror or error}. "
                "Check that its disk has room and can be written."
            ) from error
