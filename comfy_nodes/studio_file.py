"""Which studio the nodes learn with: set by variables, else kept in ``studio.json``."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from threading import Lock

from vibes.errors import ConfigError, Conflict, StorageError
from vibes.settings import Settings, StudioAccess, typed
from vibes.storage.whole_file import write_whole

NAME = "studio.json"

logger = logging.getLogger(__name__)


class StudioFile:
    """The studio's address and token; any thread may ask, other processes may change the file."""

    def __init__(self, folder: Path, settings: Settings):
        self._path = folder / NAME
        self._lock = Lock()
        self._stamp: tuple[int, int] | None = None
        self._kept = StudioAccess()
        self.is_fixed = settings.studio_url is not None
        self._fixed = StudioAccess(url=settings.studio_url, token=settings.studio_token)

    def access(self) -> StudioAccess:
        """As it is now; a file that holds no address is none, and the log tells."""
        if self.is_fixed:
            return self._fixed
        with self._lock:
            stamp = self._stamped()
            if stamp != self._stamp:
                self._kept = self._read() if stamp else StudioAccess()
                self._stamp = stamp
            return self._kept

    def put(self, url: str | None, token: str | None = None) -> None:
        """Keep another address; its token too, unless it is the same one without a new token.

        Raises ConfigError for what is none, Conflict where variables decide, StorageError.
        """
        if self.is_fixed:
            raise Conflict("VIBES_STUDIO_URL says which studio it is: change that variable.")
        before, wanted = self.access(), typed(StudioAccess, url=_none(url), token=_none(token))
        if wanted.url is not None and wanted.token is None and wanted.url == before.url:
            wanted = before
        secret = wanted.token.get_secret_value() if wanted.token and wanted.url else None
        document = {"url": str(wanted.url) if wanted.url else None, "token": secret}
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._lock:
                write_whole(self._path, json.dumps(document).encode(), private=True)
        except OSError as error:
            why = error.strerror or error
            raise StorageError(f"{self._path} cannot be written: {why}.") from error

    def _stamped(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino

    def _read(self) -> StudioAccess:
        try:
            document = json.loads(self._path.read_bytes())
            return typed(StudioAccess, **document)
        except (OSError, ValueError, TypeError, ConfigError) as error:
            logger.warning(
                "%s says of no studio where it is (%s): set its address anew.", self._path, error
            )
            return StudioAccess()


def _none(text: str | None) -> str | None:
    """An empty field of a form says nothing."""
    return None if text == "" else text
