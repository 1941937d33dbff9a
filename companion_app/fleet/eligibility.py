"""Which server may make which job, and why another one will not."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from itertools import islice

from vibes.catalog import Catalog, build_catalog
from vibes.errors import InvalidInput, NotFound
from vibes.workflows import Graph, build_graph, load_template

from .forecast import Lane, Placement, forecast
from .jobs import Job
from .server import Server
from .waiting import WaitingJob, WaitingLine, despair

_LOOKED_AT = 100  # waiting jobs that are asked why a server does not take them


class Eligibility:
    """Compares what jobs need with what ``servers``, a live mapping by name, have."""

    def __init__(self, servers: Mapping[str, Server]):
        self.catalog: Catalog = build_catalog({})
        self._servers = servers
        self._template = lru_cache(load_template)

    def relist(self) -> None:
        """Take note that a server has other models now."""
        listings = {s.name: s.listing for s in self._servers.values() if s.listing}
        self.catalog = build_catalog(listings)

    def can(self, server: Server, entry: WaitingJob) -> bool:
        """Whether the server may take the job now, its load apart."""
        if not server.is_open or self.refusal(server, entry) is not None:
            return False
        if any(self._will_look(name) for name in entry.traces):
            return False
        return not entry.failed_on(server.name) or not any(
            s.is_open and not entry.failed_on(s.name) and self.refusal(s, entry) is None
            for s in self._servers.values()
        )

    def _will_look(self, name: str) -> bool:
        """Whether the server can, or may soon, look for jobs it had before."""
        server = self._servers.get(name)
        return server is not None and (server.online or not server.tried.is_set())

    def refusal(self, server: Server, entry: WaitingJob) -> str | None:
        """Why this server can never make the job; None if it can, or has not been seen yet."""
        if server.name in entry.refusals:
            return entry.refusals[server.name]
        if server.listing is None:
            return None
        recipe = entry.job.recipe
        try:
            needs = self._template(recipe.template).needs.nodes
        except (NotFound, InvalidInput) as error:
            return str(error)
        return self.catalog.refusal(server.name, recipe.candidate, needs)

    def despair(self, entry: WaitingJob) -> str | None:
        """Why no server can ever make the job; None while some server may."""
        return despair({s.name: self.refusal(s, entry) for s in self._servers.values()})

    def why_waiting(self, server: Server, line: WaitingLine) -> str:
        """The reason of the first job that waits and that this server does not take."""
        for entry in islice(line.takeable(), _LOOKED_AT):
            refusal = self.refusal(server, entry)
            if refusal is not None:
                return refusal
        if len(line) and not server.online:
            return f"{server.name} is offline."
        return ""

    def graph(self, server: str, job: Job, source: str | None) -> Graph:
        """The graph that makes the job on this server, its result saved under the job's id."""
        recipe = job.recipe
        checkpoint = self.catalog.checkpoints.get(recipe.candidate.checkpoint)
        return build_graph(
            self._template(recipe.template),
            recipe,
            spelling=partial(self.catalog.spelling, server),
            source=source,
            prefix=f"vibes/{job.id}",
            node_classes=self.catalog.node_classes[server],
            family=checkpoint.family if checkpoint else None,
        )

    def forecast(self, line: WaitingLine) -> list[Placement]:
        """Who will probably make what is begun and what waits."""
        servers = {s.name: s for s in self._servers.values() if s.is_open}
        paces = [p for s in servers.values() if (p := s.errands.pace.seconds_per_image) is not None]
        usual = sum(paces) / len(paces) if paces else 1.0
        lanes = {n: Lane(s.errands.pace.seconds_per_image or usual) for n, s in servers.items()}
        placements = []
        for name, server in servers.items():
            begun = [errand.job for errand in server.errands.unfinished]
            placements += forecast(begun, {name: lanes[name]}, lambda *_: True)
        entries = {entry.job.id: entry for entry in line}

        def can(name: str, job: Job) -> bool:
            return self.refusal(servers[name], entries[job.id]) is None

        return placements + forecast([entry.job for entry in line], lanes, can)
