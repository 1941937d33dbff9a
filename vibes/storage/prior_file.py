"""The imported prior: ``prior.json`` in the data directory, as it was given."""

from __future__ import annotations

import logging
from pathlib import Path

from vibes.errors import InvalidInput, StorageError
from vibes.preferences import Prior
from vibes.preferences.shared_prior import read_prior

from .whole_file import write_whole

logger = logging.getLogger(__name__)


class PriorFile:
    """A document that says where learning starts; absent as a rule."""

    def __init__(self, data_dir: Path):
        self._path = data_dir / "prior.json"

    def document(self) -> bytes | None:
        """The stored document; None where there is none. Raises StorageError."""
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"{self._path} cannot be read: {error.strerror}.") from error

    def read(self) -> Prior | None:
        """The prior; None where there is none. Raises InvalidInput where it is damaged."""
        document = self.document()
        return None if document is None else read_prior(document)

    def read_sound(self) -> Prior | None:
        """The prior; None where there is none or it is unreadable, of which the log tells."""
        try:
            return self.read()
        except (InvalidInput, StorageError) as error:
            logger.warning("%s is not used: %s", self._path, error)
            return None

    def replace(self, document: bytes | None) -> None:
        """Store another document, or (None) no more any. Raises StorageError."""
        try:
            if document is None:
                self._path.unlink(missing_ok=True)
            else:
                write_whole(self._path, document)
        except OSError as error:
            raise StorageError(f"{self._path} cannot be written: {error.strerror}.") from error
