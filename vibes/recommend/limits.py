"""Limits: the same picture for less, in a named order: fewer steps, then a smaller size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from .advice import Chosen, Limits
from .buckets import Size, shown, smaller_sizes
from .estimates import Costs

Draft = Mapping[str, Chosen]


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to make the picture."""

    size: Size
    steps: int


def within_limits(
    draft: Draft, limits: Limits, costs: Costs, *, fewest: int
) -> tuple[dict[str, Chosen], tuple[str, ...]]:
    """The draft within the limits as far as that goes, and what that costs, in sentences.

    Steps go down to ``fewest``; what is settled stays. What nothing is known of counts as fitting,
    and a sentence says so; so does one about a limit that cannot be kept. Nothing is given up for
    memory that even the cheapest way exceeds: a server then moves parts of the model out of it.
    """
    wanted = _Way(
        (int(draft["width"].value), int(draft["height"].value)), int(draft["steps"].value)
    )
    ways = list(_ways(draft, wanted, fewest))
    within = _reachable(limits, ways[-1], costs)
    kept = next((way for way in ways if not _excess(way, within, costs)), ways[-1])
    reason = f"to stay within {' and '.join(_excess(wanted, within, costs))}"
    changed = dict(draft)
    said = []
    if kept.steps != wanted.steps:
        sentence = f"{kept.steps} steps instead of {wanted.steps}, {reason}: detail may suffer."
        changed["steps"] = draft["steps"].moved(kept.steps, sentence)
        said.append(sentence)
    if kept.size != wanted.size:
        sentence = f"{shown(kept.size)} instead of {shown(wanted.size)}, {reason}: fewer pixels."
        for name, pixels in zip(("width", "height"), kept.size, strict=True):
            changed[name] = draft[name].moved(pixels, sentence)
        said.append(sentence)
    return changed, (*said, *_broken(kept, limits, costs))


def _reachable(limits: Limits, cheapest: _Way, costs: Costs) -> Limits:
    """The limits without one of memory that no way keeps; time is saved as far as it goes."""
    vram, _ = costs.vram(cheapest.size)
    return replace(limits, max_vram=None) if _exceeds(vram, limits.max_vram) else limits


def _ways(draft: Draft, wanted: _Way, fewest: int) -> Iterator[_Way]:
    """From what is wanted to the cheapest: all step counts at one size before the next size."""
    is_free = not (draft["width"].settled or draft["height"].settled)
    sizes = (wanted.size, *(smaller_sizes(wanted.size) if is_free else ()))
    lowest = wanted.steps if draft["steps"].settled else min(fewest, wanted.steps)
    for size in sizes:
        for steps in range(wanted.steps, lowest - 1, -1):
            yield _Way(size, steps)


def _excess(way: _Way, limits: Limits, costs: Costs) -> list[str]:
    """The limits the way is known to exceed, in words."""
    seconds, (vram, _) = costs.seconds(way.size, way.steps), costs.vram(way.size)
    found = []
    if _exceeds(seconds, limits.max_seconds):
        found.append(f"{limits.max_seconds:.3g} seconds")
    if _exceeds(vram, limits.max_vram):
        found.append(f"{_gigabytes(limits.max_vram)} of GPU memory")
    return found


def _exceeds(known: float | None, limit: float | None) -> bool:
    return known is not None and limit is not None and known > limit


def _broken(way: _Way, limits: Limits, costs: Costs) -> Iterator[str]:
    """A sentence for each limit that is not kept, or not known to be."""
    seconds, (vram, _) = costs.seconds(way.size, way.steps), costs.vram(way.size)
    if limits.max_seconds is not None:
        limit = f"{limits.max_seconds:.3g} seconds"
        if seconds is None:
            yield f"No such picture was timed yet, so the limit of {limit} is not checked."
        elif seconds > limits.max_seconds:
            yield f"It takes about {seconds:.3g} seconds: the limit of {limit} cannot be kept."
    if limits.max_vram is not None:
        limit = f"{_gigabytes(limits.max_vram)} of GPU memory"
        if vram is None:
            yield f"What it takes is not known, so the limit of {limit} is not checked."
        elif vram > limits.max_vram:
            yield f"It takes about {_gigabytes(vram)}: the limit of {limit} cannot be kept."


def _gigabytes(size: float | None) -> str:
    return f"{(size or 0) / 2**30:.3g} GiB"
