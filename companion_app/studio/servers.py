"""The servers: how they do, and adding, testing, removing, draining them while the studio runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict

from companion_app.fleet import Fleet, ServerStatus
from vibes.errors import Conflict, NotFound, ServerError
from vibes.settings import AddedServers, ServerConfig, server_config, without_credentials
from vibes.storage import ServersFile

from .faults import FaultBook
from .requests import ProbeRequest, ServerRequest
from .views import View

log = logging.getLogger(__name__)

FIRST_LOOK_SECONDS = 5
"""How long the answer waits for a server just added to say whether it is there."""


class Servers:
    """Use cases on servers; what they change is kept in a file and outlives the studio."""

    def __init__(
        self,
        fleet: Fleet,
        *,
        configured: Sequence[ServerConfig],
        added: AddedServers,
        file: ServersFile,
        faults: FaultBook,
    ):
        self._fleet = fleet
        self._configured = {server.name: server for server in configured}
        self._added = {server.name: server for server in added.servers}
        self._drained = set(added.drained)
        self._file = file
        self._faults = faults
        self._changing = asyncio.Lock()  # one change of the file after the other

    def start(self) -> None:
        """Have the started fleet know the servers added before, and those out of use."""
        for name, server in self._added.items():
            if name in self._configured:
                log.warning("%s stands in the configuration now: that one is used.", name)
            else:
                self._fleet.add(server)
        for name in self._drained:
            with suppress(NotFound):  # it may come back to the configuration some day
                self._fleet.drain(name, draining=True)

    def all(self) -> list[View]:
        """How every server is doing."""
        known = self._configured.keys() | self._added.keys()  # one that leaves is not any more
        return [self._view(status) for status in self._fleet.statuses() if status.name in known]

    def one(self, name: str) -> View:
        """How one server is doing; raises NotFound."""
        self._config(name)
        return self._view(next(s for s in self._fleet.statuses() if s.name == name))

    def sampling(self) -> View:
        """The samplers and schedulers that some server offers, by name."""
        listings = self._fleet.catalog.listings.values()
        return {
            "samplers": sorted({name for listing in listings for name in listing.samplers}),
            "schedulers": sorted({name for listing in listings for name in listing.schedulers}),
        }

    async def add(self, request: ServerRequest) -> View:
        """Take a server into use; raises InvalidInput, and Conflict for a name that is taken."""
        server = await asyncio.to_thread(_config, request, request.name)
        async with self._changing:
            if server.name in self._configured or server.name in self._added:
                raise Conflict(f"There is a server '{server.name}' already. Choose another name.")
            await self._keep({**self._added, server.name: server}, self._drained)
            self._fleet.add(server)
        await self._fleet.wait_ready(FIRST_LOOK_SECONDS)
        return self.one(server.name)

    async def test(self, request: ProbeRequest) -> View:
        """Ask a server who it is, without using it; raises InvalidInput."""
        server = await asyncio.to_thread(_config, request, request.name or "server")
        try:
            return {"ok": True, **asdict(await self._fleet.probe(server))}
        except ServerError as error:
            return {"ok": False, "reason": without_credentials(str(error))}

    async def remove(self, name: str) -> None:
        """Let an added server go; raises NotFound, and Conflict for one of the configuration."""
        async with self._changing:
            self._config(name)
            if name in self._configured:
                raise Conflict(
                    f"{name} stands in the configuration: take it out there, or drain it here."
                )
            added = {key: server for key, server in self._added.items() if key != name}
            await self._keep(added, self._drained - {name})
            await self._fleet.remove(name)

    async def drain(self, name: str, *, draining: bool) -> View:
        """Give a server no new images, or use it again, now and after a restart; NotFound."""
        async with self._changing:
            self._config(name)
            drained = self._drained | {name} if draining else self._drained - {name}
            await self._keep(self._added, drained)
            self._fleet.drain(name, draining=draining)
        return self.one(name)

    async def faults(self, name: str, limit: int) -> list[View]:
        """What went wrong with a server, newest first; raises NotFound."""
        self._config(name)
        return await self._faults.of(name, limit)

    def _config(self, name: str) -> ServerConfig:
        server = self._configured.get(name) or self._added.get(name)
        if server is None:
            raise NotFound(f"There is no server '{name}'. GET /api/gpus lists them.")
        return server

    async def _keep(self, added: dict[str, ServerConfig], drained: set[str]) -> None:
        """Write what is to be so, and from then on hold it for so."""
        document = AddedServers(servers=tuple(added.values()), drained=tuple(sorted(drained)))
        await asyncio.to_thread(self._file.write, document)
        self._added, self._drained = added, drained

    def _view(self, status: ServerStatus) -> View:
        server = self._config(status.name)
        return {
            **asdict(status),
            "url": server.shown_url,
            "reason": without_credentials(status.reason),
            "source": "config" if status.name in self._configured else "page",
            "headers": list(server.headers),
        }


def _config(request: ProbeRequest, name: str) -> ServerConfig:
    return server_config(
        name=name, url=request.url, headers=request.headers, ca_file=request.ca_file
    )
