"""What was learned as JSON, out to other studios and nodes and in from them."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from vibes.errors import Conflict, InvalidInput
from vibes.preferences import Event, event_from_dict, export_document, import_document
from vibes.preferences import Taste as TastePolicy
from vibes.preferences.lines import header, is_lines, read_lines
from vibes.preferences.shared_prior import prior_document, read_prior
from vibes.preferences.snapshot import CHECKPOINTS, snapshot_document
from vibes.preferences.tally import Count

from .requests import LONGEST_PROFILE
from .taste import Intake, Taste


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What ``snapshot_document`` tells nodes that decide on their own."""

    version: int  # of the taste it was taken from
    etag: str
    body: bytes


class Exchange:
    """Use cases that move what was learned; all long work happens beside the event loop."""

    def __init__(self, taste: Taste):
        self._taste = taste
        self._snapshots: dict[str, Snapshot] = {}

    async def export(self, profile: str | None) -> bytes:
        """Everything learned as one portable JSON document."""
        events = await self._taste.events(profile)
        return await asyncio.to_thread(lambda: _json(export_document(events)))

    async def export_lines(self, profile: str | None) -> AsyncIterator[bytes]:
        """Everything learned as JSON Lines, piece by piece."""
        history = await self._taste.standing(profile)
        yield _json(header(history.count)) + b"\n"
        async for piece in history.pieces:
            yield b"".join(stored.body + b"\n" for stored in piece)

    async def import_file(self, body: bytes) -> Intake:
        """Take in an exported document or JSON Lines, whole or not at all; raises InvalidInput."""
        return await self._take_in(body, _exported)

    async def take_events(self, body: bytes) -> Intake:
        """Take in events of nodes, each id once; raises InvalidInput."""
        return await self._take_in(body, _events)

    async def build_prior(self, profile: str, min_grids: int) -> bytes:
        """What the profile taught as a prior for others; raises NotFound, Conflict."""
        await self._taste.check(profile)
        return await self._taste.look_through(lambda: self._prior_of(profile, min_grids))

    async def use_prior(self, body: bytes) -> int:
        """Start from a built prior from now on; gives how many features it tells of.

        Raises InvalidInput for another document.
        """
        prior = await asyncio.to_thread(read_prior, body)
        await self._taste.use_prior(prior, body)
        return len(prior.features)

    async def drop_prior(self) -> None:
        """Start from nothing again."""
        await self._taste.use_prior(None)

    async def prior(self) -> bytes | None:
        """The document of the prior in use; None without one, InvalidInput for a damaged one."""
        document = await self._taste.prior_document()
        if document is not None:
            await asyncio.to_thread(read_prior, document)
        return document

    async def snapshot(self, profile: str) -> Snapshot:
        """The profile's policy as it is now; raises NotFound."""
        await self._taste.check(profile)
        return await self._taste.look_through(lambda: self._snapshot(profile))

    async def _take_in(self, body: bytes, read: Callable[[bytes], list[Event]]) -> Intake:
        events = await asyncio.to_thread(read, body)
        for profile in {event.profile for event in events}:
            _check_profile(profile)
        return await self._taste.take_in(events)

    def _prior_of(self, profile: str, min_grids: int) -> bytes:
        policy = self._taste.policy(profile)
        if not isinstance(policy, TastePolicy):
            raise Conflict(
                f"Policy '{policy.name}' makes no prior: set policy to taste to build one."
            )
        return _json(prior_document(policy.shareable(min_grids), min_grids))

    def _snapshot(self, profile: str) -> Snapshot:
        known = self._snapshots.get(profile)
        if known is None or known.version != self._taste.version:
            best = self._taste.statistics(profile).rows("checkpoint", CHECKPOINTS)
            counts = [(row.parts[0], Count(row.selected, row.total, row.grids)) for row in best]
            body = snapshot_document(profile, self._taste.policy(profile), counts)
            etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            known = Snapshot(version=self._taste.version, etag=etag, body=body)
            self._snapshots[profile] = known
        return known


def _exported(body: bytes) -> list[Event]:
    return read_lines(body) if is_lines(body) else import_document(_parsed(body))


def _check_profile(name: str) -> None:
    if len(name) > LONGEST_PROFILE or not name.isprintable():
        raise InvalidInput(
            f"{name[:LONGEST_PROFILE]!r} is no name of a profile: those have at most "
            f"{LONGEST_PROFILE} characters that can be printed."
        )


def _events(body: bytes) -> list[Event]:
    document = _parsed(body)
    if not isinstance(document, list) or not document:
        raise InvalidInput("The body must be a list of at least one event.")
    return [event_from_dict(entry, place=f"[{index}]") for index, entry in enumerate(document)]


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"The body is not valid JSON: {error}.") from error


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
