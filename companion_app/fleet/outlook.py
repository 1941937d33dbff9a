"""The end of the work, dealt to the servers on paper.

Jobs of one checkpoint are dealt together, each to the server that would finish it first (list
scheduling by earliest finish time, as in HEFT; Topcuoglu et al. 2002). A server that would have
to load the checkpoint joins in only if its first image would be done before those that need not
load it are through with all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heapreplace, nsmallest
from typing import NamedTuple

from .lanes import Lane
from .shelves import Kind, WaitingJob

#: The servers that can make a job.
MakersOf = Callable[[WaitingJob], tuple[str, ...]]

_COLD_LOOKED_AT = 8  # servers, the first ones to be free, that may load a checkpoint for a block


_PACKED = 16  # servers at most for which packing is tried
_EXACT = 0.005  # how near to the least time packing comes
_ROUNDING = 1e-9


class Prospect(NamedTuple):
    """A job, the server that will make it, and the seconds until it is done."""

    entry: WaitingJob
    server: str
    done_in: float


@dataclass(eq=False)
class Track:
    """A server on paper: seconds until it is free, and the checkpoints it need not load then."""

    lane: Lane
    free_in: float
    loaded: frozenset[str]

    def starts(self, kind: Kind) -> float:
        """Seconds until it could begin with an image of that kind, its checkpoint loaded."""
        if kind.checkpoint in self.loaded:
            return self.free_in
        return self.free_in + self.lane.speeds.switch(self.lane.name, kind)

    def room(self, kind: Kind, seconds: float) -> int:
        """How many images of that kind it could have made by then."""
        return int((seconds - self.starts(kind)) / self.lane.image(kind) + _ROUNDING)

    def take(self, kind: Kind, count: int) -> float:
        """Add so many images of that kind; seconds until they are done."""
        self.free_in = self.starts(kind) + count * self.lane.image(kind)
        self.loaded = self.loaded | {kind.checkpoint}
        return self.free_in


class Block(NamedTuple):
    """Jobs that take equally long, and the names of the servers that can make them."""

    makers: tuple[str, ...]
    entries: list[WaitingJob]


#: What each server makes, by its name.
Shares = dict[str, list[WaitingJob]]


def tracks_of(lanes: Iterable[Lane], now: float) -> dict[str, Track]:
    """The servers as they are now."""
    return {
        lane.name: Track(lane, lane.left(now), frozenset({lane.warm_checkpoint or ""}))
        for lane in lanes
    }


def deal(
    entries: Sequence[WaitingJob], tracks: Collection[Track], *, grouped: bool = False
) -> list[Prospect]:
    """Deal jobs of one kind, or of one that takes as long, to servers that can make them.

    ``tracks`` (at least one) are used up. With ``grouped`` a server does all its jobs of one
    checkpoint together, whenever they were dealt to it; else it loads one for every deal.
    """
    kind = entries[0].kind
    chosen = _joining(kind, len(entries), tracks)
    heap = [(start + t.lane.image(kind), n, t) for n, (start, t) in enumerate(chosen)]
    heapify(heap)
    prospects = []
    for entry in entries:
        end, number, track = heap[0]
        prospects.append(Prospect(entry, track.lane.name, end))
        track.free_in = end
        track.loaded = (track.loaded if grouped else frozenset()) | {kind.checkpoint}
        heapreplace(heap, (end + track.lane.image(kind), number, track))
    return prospects


def _joining(kind: Kind, count: int, tracks: Collection[Track]) -> list[tuple[float, Track]]:
    """The servers worth using for so many images of a kind, with the seconds until each starts."""
    warm = [t for t in tracks if kind.checkpoint in t.loaded]
    chosen = [(t.starts(kind), t) for t in warm]
    cold = [(t.starts(kind), t) for t in tracks if kind.checkpoint not in t.loaded]
    if not chosen:
        alone = min(cold, key=lambda pair: pair[0] + count * pair[1].lane.image(kind))
        chosen = [alone]
        cold.remove(alone)
    for start, track in nsmallest(_COLD_LOOKED_AT, cold, key=lambda pair: pair[0]):
        if start + track.lane.image(kind) < all_done(kind, count, [(s, t.lane) for s, t in chosen]):
            chosen.append((start, track))
    return chosen


def all_done(kind: Kind, count: float, chosen: Iterable[tuple[float, Lane]]) -> float:
    """Seconds until the servers, starting at their times, have made so many images together."""
    rate, begun, end = 0.0, 0.0, float("inf")
    for start, lane in sorted(chosen, key=lambda pair: pair[0]):
        if start >= end:
            break
        rate += 1 / lane.image(kind)
        begun += start / lane.image(kind)
        end = (count + begun) / rate
    return end


# --- the end of the work ------------------------------------------------------------------------


def deal_end(
    entries: Sequence[WaitingJob], tracks: Mapping[str, Track], makers_of: MakersOf
) -> list[Prospect]:
    """Deal the last jobs, given in the order they would be served, so that all is done early.

    They are dealt in two ways, each to its end and packed, of which the better counts. A higher
    priority is dealt first; jobs nobody makes are left out. ``tracks`` are used up.
    """
    order = {entry.job.id: number for number, entry in enumerate(entries)}
    prospects: list[Prospect] = []
    for blocks in _blocks_by_priority(entries, makers_of):
        ways = [_shares_dealt(blocks, tracks)]
        if len(tracks) <= _PACKED:
            ways.append(pack(blocks, tracks, most=max(_ends(ways[0], tracks, order))))
        shares = min(ways, key=lambda way: _badness(_ends(way, tracks, order)))
        for name, queue in shares.items():
            prospects += _one_after_another(tracks[name], queue, order)
    return prospects


def _blocks_by_priority(entries: Iterable[WaitingJob], makers_of: MakersOf) -> list[list[Block]]:
    """For each priority the jobs that take equally long on the same servers, most work first."""
    found: dict[int, dict[object, Block]] = {}
    for entry in entries:
        if makers := makers_of(entry):
            key = (entry.checkpoint, entry.kind.tier, entry.kind.work, makers)
            blocks = found.setdefault(entry.place.priority, {})
            blocks.setdefault(key, Block(makers, [])).entries.append(entry)
    return [
        sorted(blocks.values(), key=lambda b: -len(b.entries) * b.entries[0].kind.work)
        for _, blocks in sorted(found.items(), reverse=True)
    ]


def _shares_dealt(blocks: Iterable[Block], tracks: Mapping[str, Track]) -> Shares:
    copies = {name: replace(track) for name, track in tracks.items()}
    shares: Shares = {}
    for makers, entries in blocks:
        for prospect in deal(entries, [copies[name] for name in makers], grouped=True):
            shares.setdefault(prospect.server, []).append(prospect.entry)
    return shares


def pack(blocks: Sequence[Block], tracks: Mapping[str, Track], *, most: float) -> Shares:
    """Deal blocks so that all are done in about the least time, in which ``most`` is too long.

    As in MULTIFIT (Coffman, Garey, Johnson 1978) the time is bisected in which everything fits.
    """
    low, high = 0.0, most
    best = _fit(blocks, tracks, high * (1 + _EXACT)) or {}
    while best and high - low > _EXACT * high:
        middle = (low + high) / 2
        shares = _fit(blocks, tracks, middle)
        low, high, best = (middle, high, best) if shares is None else (low, middle, shares)
    return best


def _fit(blocks: Iterable[Block], tracks: Mapping[str, Track], seconds: float) -> Shares | None:
    """Fill the servers up to a time, block by block; None when something is left over.

    A block goes to the servers that have its checkpoint loaded, then to the fullest one that can
    take all of what is left, else to the one that can take most.
    """
    copies = {name: replace(track) for name, track in tracks.items()}
    shares: Shares = {}
    for makers, entries in blocks:
        kind, left = entries[0].kind, entries
        rooms = [(copies[name].room(kind, seconds), copies[name]) for name in makers]
        offers = [(kind.checkpoint not in t.loaded, -room, t) for room, t in rooms if room > 0]
        offers.sort(key=lambda offer: offer[:2])
        while left and offers:
            same = [o for o in offers if o[0] == offers[0][0] and -o[1] >= len(left)]
            offer = same[-1] if same else offers[0]
            offers.remove(offer)
            part, left = left[: -offer[1]], left[-offer[1] :]
            offer[2].take(kind, len(part))
            shares.setdefault(offer[2].lane.name, []).extend(part)
        if left:
            return None
    return shares


def _badness(ends: Sequence[float]) -> float:
    """When all is done, and how long one waits on average: both count."""
    return max(ends) + sum(ends) / len(ends) if ends else float("inf")


def _ends(shares: Shares, tracks: Mapping[str, Track], order: Mapping[str, int]) -> list[float]:
    copies = {name: replace(tracks[name]) for name in shares}
    return [
        prospect.done_in
        for name, queue in shares.items()
        for prospect in _one_after_another(copies[name], queue, order)
    ]


def _one_after_another(
    track: Track, queue: Sequence[WaitingJob], order: Mapping[str, int]
) -> list[Prospect]:
    """A server's share: what it has loaded first, each checkpoint in one go."""
    first: dict[str, int] = {}
    for entry in queue:
        place = -1 if entry.checkpoint in track.loaded else order[entry.job.id]
        first[entry.checkpoint] = min(first.get(entry.checkpoint, place), place)
    in_turn = sorted(queue, key=lambda e: (first[e.checkpoint], order[e.job.id]))
    return [Prospect(e, track.lane.name, track.take(e.kind, 1)) for e in in_turn]
