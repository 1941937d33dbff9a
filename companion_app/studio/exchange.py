"""What was learned as JSON, out to other studios and nodes and in from them."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from vibes.errors import InvalidInput
from vibes.preferences import Event, event_from_dict, export_document, import_document

from .taste import Intake, Taste


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A policy's state as JSON, for nodes that decide on their own."""

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

    async def import_document(self, body: bytes) -> Intake:
        """Take in an exported document, whole or not at all; raises InvalidInput."""
        return await self._take_in(body, import_document)

    async def take_events(self, body: bytes) -> Intake:
        """Take in events of nodes, each id once; raises InvalidInput."""
        return await self._take_in(body, _events)

    async def snapshot(self, profile: str) -> Snapshot:
        """The profile's policy as it is now; raises NotFound."""
        await self._taste.check(profile)
        return await self._taste.look_through(lambda: self._snapshot(profile))

    async def _take_in(self, body: bytes, read: Callable[[object], list[Event]]) -> Intake:
        return await self._taste.take_in(await asyncio.to_thread(lambda: read(_parsed(body))))

    def _snapshot(self, profile: str) -> Snapshot:
        known = self._snapshots.get(profile)
        if known is None or known.version != self._taste.version:
            body = self._taste.policy(profile).dump()
            etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            known = Snapshot(version=self._taste.version, etag=etag, body=body)
            self._snapshots[profile] = known
        return known


def _events(document: object) -> list[Event]:
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
