"""How fast servers make images and load checkpoints, as measured; what is unknown is estimated."""

from __future__ import annotations

from dataclasses import dataclass, field

from .shelves import Kind
from .status import Speed

_WEIGHT = 0.3  # of the newest measurement: a change is followed within a few images
#: Images' time a server is thought to need for loading a checkpoint until it has been measured.
SWITCH_IMAGES = 5.0
_BLIND = 1.0  # seconds for an image while nothing at all is known

Size = tuple[str, int, int]  # tier, width, height


@dataclass
class _Measured:
    """What one server has shown. Times are kept per step: they grow with the steps."""

    per_step: dict[Size, float] = field(default_factory=dict)
    steps: dict[Size, int] = field(default_factory=dict)  # of the last image
    latest: Size | None = None
    switch: float | None = None
    per_work: float | None = None  # seconds for one unit of work, whatever the size
    switch_images: float | None = None  # how many images' time a switch takes
    first: tuple[Kind, float] | None = None  # the only image so far, made after a switch


class _Mean:
    """The mean of one value per server, each of which may change."""

    def __init__(self) -> None:
        self._sum = 0.0
        self._count = 0

    def change(self, before: float | None, after: float | None) -> None:
        self._sum += (after or 0.0) - (before or 0.0)
        self._count += (after is not None) - (before is not None)

    def value(self, unknown: float) -> float:
        return max(self._sum, 0.0) / self._count if self._count else unknown


class Speeds:
    """Moving averages by server and (tier, width, height); all times in seconds.

    The first image after another checkpoint was loaded takes longer; the difference to a usual
    one is the switch.
    """

    def __init__(self) -> None:
        self._servers: dict[str, _Measured] = {}
        self._per_work = _Mean()
        self._switch_images = _Mean()

    # --- measuring ---------------------------------------------------------------------------

    def measured(self, server: str, kind: Kind, seconds: float, *, switched: bool) -> None:
        """An image took so long; ``switched`` if its checkpoint had to be loaded for it."""
        known = self._servers.setdefault(server, _Measured())
        known.latest = _size(kind)
        known.steps[known.latest] = _steps(kind)
        if not switched:
            self._measure_image(known, kind, seconds)
        elif known.per_step:
            self._measure_switch(known, kind, seconds - self.seconds(server, kind))
        else:
            known.first = kind, seconds

    def _measure_image(self, known: _Measured, kind: Kind, seconds: float) -> None:
        size, per_step = _size(kind), seconds / _steps(kind)
        known.per_step[size] = _moved(known.per_step.get(size), per_step)
        before = known.per_work
        known.per_work = _moved(before, seconds / kind.work)
        self._per_work.change(before, known.per_work)
        if known.first is not None:
            first, took = known.first
            known.first = None
            self._measure_switch(known, first, took - seconds * first.work / kind.work)

    def _measure_switch(self, known: _Measured, kind: Kind, seconds: float) -> None:
        before, image = known.switch_images, _scaled(known, kind)
        known.switch = _moved(known.switch, max(seconds, 0.0))
        known.switch_images = known.switch / image if image > 0 else 0.0
        self._switch_images.change(before, known.switch_images)

    def forget(self, server: str) -> None:
        """The server is gone for good."""
        gone = self._servers.pop(server, _Measured())
        self._per_work.change(gone.per_work, None)
        self._switch_images.change(gone.switch_images, None)

    # --- asking ------------------------------------------------------------------------------

    def is_known(self, server: str) -> bool:
        """Whether the server has made an image without loading a checkpoint for it."""
        return server in self._servers and bool(self._servers[server].per_step)

    def seconds(self, server: str, kind: Kind) -> float:
        """For one image there; of a size not seen there by its work, else as on other servers."""
        known = self._servers.get(server)
        if known is None:
            return self._elsewhere(kind)
        per_step = known.per_step.get((kind.tier, kind.width, kind.height))
        if per_step is not None:
            return per_step * _steps(kind)
        if known.per_step:
            return _scaled(known, kind)
        if known.first is not None:
            return self._guess(known.first, kind)
        return self._elsewhere(kind)

    def switch(self, server: str, kind: Kind) -> float:
        """For loading another checkpoint there, over and above an image's time."""
        known = self._servers.get(server)
        if known is not None and known.switch is not None:
            return known.switch
        return SWITCH_IMAGES * self.seconds(server, kind)

    def switch_seconds(self, server: str) -> float | None:
        """The same as measured, None before that."""
        return self._servers[server].switch if server in self._servers else None

    def sizes(self, server: str) -> tuple[Speed, ...]:
        """What has been measured there, size by size, with the steps the last image had."""
        if server not in self._servers:
            return ()
        known = self._servers[server]
        return tuple(
            Speed(tier=tier, width=width, height=height, seconds=seconds * known.steps[size])
            for size, seconds in sorted(known.per_step.items())
            for tier, width, height in [size]
        )

    def images_per_minute(self, server: str) -> float | None:
        """Of the size it made last; None until one has been measured."""
        by_size = {(s.tier, s.width, s.height): s.seconds for s in self.sizes(server)}
        latest = self._servers[server].latest if by_size else None
        seconds = by_size.get(latest) if latest else None
        return 60 / seconds if seconds else None

    # --- estimating --------------------------------------------------------------------------

    def _elsewhere(self, kind: Kind) -> float:
        return kind.work * self._per_work.value(_BLIND / kind.work)

    def _guess(self, first: tuple[Kind, float], kind: Kind) -> float:
        """From one image that was made after a switch of unknown length."""
        made, took = first
        images = 1 + self._switch_images.value(SWITCH_IMAGES)
        return took / images * kind.work / made.work


def _size(kind: Kind) -> Size:
    return kind.tier, kind.width, kind.height


def _steps(kind: Kind) -> int:
    return max(kind.steps, 1)


def _moved(before: float | None, value: float) -> float:
    return value if before is None else before + _WEIGHT * (value - before)


def _scaled(known: _Measured, kind: Kind) -> float:
    """From the size nearest in work that the server has been measured with."""

    def work(size: Size) -> float:
        return float(size[1] * size[2])

    wanted = kind.work / _steps(kind)
    near = min(known.per_step, key=lambda s: max(work(s), wanted) / min(work(s), wanted))
    return known.per_step[near] * kind.work / work(near)
