"""Picture files beside the database: the servers' own bytes, and small thumbnails of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from vibes.errors import NotFound, StorageError

from .whole_file import PART, write_whole

ORIGINALS = "images"
THUMBNAILS = "thumbnails"


class PictureFiles:
    """Where each image's original (PNG as received) and thumbnail (WebP) lie."""

    def __init__(self, data_dir: Path):
        self._data_dir = data_dir

    def original(self, image_id: str) -> Path:
        """Path of the picture as the server made it."""
        return self._data_dir / ORIGINALS / image_id[:2] / f"{image_id}.png"

    def thumbnail(self, image_id: str) -> Path:
        """Path of the thumbnail."""
        return self._data_dir / THUMBNAILS / image_id[:2] / f"{image_id}.webp"

    def write(self, path: Path, data: bytes) -> None:
        """Write a whole file or none: a reader never sees a part, a crash leaves no torn file.

        Raises StorageError when the disk does not take it.
        """
        try:
            write_whole(path, data)
        except OSError as error:
            raise StorageError(
                f"The picture {path} could not be written: {error.strerror or error}. "
                "Check that its disk has room and can be written."
            ) from error

    def read(self, image_id: str) -> bytes:
        """The original's bytes; raises NotFound where it is gone, StorageError where unreadable."""
        try:
            return self.original(image_id).read_bytes()
        except FileNotFoundError as error:
            raise NotFound(
                f"The picture of image '{image_id}' is gone from the data directory. "
                "`vibes db check` lists what is missing."
            ) from error
        except OSError as error:
            raise StorageError(
                f"The picture of image '{image_id}' cannot be read: {error.strerror or error}."
            ) from error

    def size(self, image_id: str) -> int:
        """Bytes of an image's files; 0 where they are gone."""
        paths = (self.original(image_id), self.thumbnail(image_id))
        return sum(path.stat().st_size for path in paths if path.exists())

    def delete(self, image_ids: Iterable[str]) -> None:
        """Remove the files of these images; missing ones are fine."""
        for image_id in image_ids:
            self.original(image_id).unlink(missing_ok=True)
            self.thumbnail(image_id).unlink(missing_ok=True)

    def remove_leftovers(self, unlanded: Iterable[str]) -> None:
        """Clear away what a crash left: half-written files, and files of images never collected.

        Call it before anything is being written.
        """
        for path in self.parts():
            path.unlink(missing_ok=True)
        here = {*self.stored_ids(), *self.thumbnail_ids()}
        self.delete(here.intersection(unlanded))

    def parts(self) -> Iterator[Path]:
        """Files that are being written, or never were to their end."""
        for folder in (ORIGINALS, THUMBNAILS):
            yield from (self._data_dir / folder).glob(f"*/*{PART}")

    def stored_ids(self) -> Iterator[str]:
        """The id of every original on disk."""
        for path in (self._data_dir / ORIGINALS).glob("*/*.png"):
            yield path.stem

    def thumbnail_ids(self) -> Iterator[str]:
        """The id of every thumbnail on disk."""
        for path in (self._data_dir / THUMBNAILS).glob("*/*.webp"):
            yield path.stem
