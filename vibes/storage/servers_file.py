"""``servers.yaml``: servers added while the studio runs, readable by its owner only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from vibes.errors import StorageError
from vibes.settings import AddedServers, load_added

from .whole_file import write_whole

SERVERS_FILE = "servers.yaml"

_HEAD = "# Written by the studio. Change it only while no studio runs.\n"


class ServersFile:
    """The file in a data directory; it is there once something was to be kept."""

    def __init__(self, data_dir: Path):
        self._path = data_dir / SERVERS_FILE

    def read(self) -> AddedServers:
        """What it says; raises ConfigError with file and line."""
        return load_added(self._path)

    def write(self, added: AddedServers) -> None:
        """Replace it as a whole; raises StorageError when the disk does not take it."""
        text = yaml.safe_dump(_document(added), sort_keys=False, allow_unicode=True)
        try:
            write_whole(self._path, f"{_HEAD}{text}".encode(), private=True)
        except OSError as error:
            raise StorageError(
                f"{self._path} could not be written: {error.strerror or error}. "
                "Check that its disk has room and can be written."
            ) from error


def _document(added: AddedServers) -> dict[str, Any]:
    return {
        "servers": [
            server.model_dump(mode="json", exclude_defaults=True) for server in added.servers
        ],
        "drained": list(added.drained),
    }
