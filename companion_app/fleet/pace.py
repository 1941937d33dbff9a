"""How fast a server makes images, as measured."""

from __future__ import annotations

_WEIGHT = 0.3  # of the newest measurement: a change of size or steps is followed in a few images


class Pace:
    """Moving average of the seconds one image takes while the server has work."""

    def __init__(self) -> None:
        self.seconds_per_image: float | None = None  # None until the first image is finished
        self._last_finish = float("-inf")

    def finished(self, *, posted: float, now: float) -> None:
        """An image posted at ``posted`` was finished at ``now``, both in seconds of one clock.

        Its time counts from when the server could begin with it: an image that waited behind
        another did not take longer for that.
        """
        took = now - max(posted, self._last_finish)
        self._last_finish = now
        before = took if self.seconds_per_image is None else self.seconds_per_image
        self.seconds_per_image = before + _WEIGHT * (took - before)

    @property
    def images_per_minute(self) -> float | None:
        """The same as people like to read it."""
        return 60 / self.seconds_per_image if self.seconds_per_image else None
