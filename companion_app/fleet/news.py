"""What is heard of images while they are being made: steps and previews, passed on and kept."""

from __future__ import annotations

from . import wire
from .jobs import Job
from .progress import ProgressStream

_MAX_PREVIEW = 4 * 1024 * 1024  # bytes


class News:
    """Publishes progress, and remembers the latest of each image for whoever comes later."""

    def __init__(self, stream: ProgressStream):
        self._stream = stream
        self._previews: dict[str, wire.Preview] = {}  # by image id
        self._urls: dict[str, str] = {}
        self._steps: dict[str, tuple[float, float]] = {}
        self._count = 0

    def heard(self, server: str, job: Job, message: wire.SamplerStep | wire.Preview) -> None:
        """Pass news of a job on to whoever watches."""
        event = {"batch_id": job.batch_id, "image_id": job.id, "server": server}
        if isinstance(message, wire.SamplerStep):
            self._steps[job.id] = message.value, message.maximum
            step = {"type": "progress", "value": message.value, "max": message.maximum}
            self._stream.publish({**event, **step})
        elif len(message.data) <= _MAX_PREVIEW:
            self._previews[job.id] = message
            self._count += 1
            self._urls[job.id] = f"/api/images/{job.id}/preview?v={self._count}"
            self._stream.publish({**event, "type": "preview", "preview_url": self._urls[job.id]})

    def forget(self, image_id: str) -> None:
        """The image is made, or will be made from the start again."""
        for kept in (self._previews, self._urls, self._steps):
            kept.pop(image_id, None)

    def preview(self, image_id: str) -> tuple[bytes, str] | None:
        """The latest preview with its media type."""
        preview = self._previews.get(image_id)
        return (preview.data, preview.mime) if preview else None

    def preview_url(self, image_id: str) -> str | None:
        """Where the latest preview is to be had."""
        return self._urls.get(image_id)

    def progress_of(self, image_id: str) -> tuple[float, float] | None:
        """The sampler's step and how many there are."""
        return self._steps.get(image_id)
