"""What can be seen of the fleet from outside: servers, open jobs, and what becomes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from .eligibility import Eligibility
from .errand import Errand
from .outlook import Prospect
from .placement import Placement
from .server import Server
from .shelves import Kind, WaitingJob
from .status import JobPhase, Making, ServerStatus, Standing

_FRESH = 0.5  # seconds: the time left is asked for with every image, and moves slowly


class Overview:
    """Answers questions about ``servers``, a live mapping by name, and the line before them."""

    def __init__(
        self,
        servers: Mapping[str, Server],
        placement: Placement,
        eligibility: Eligibility,
        clock: Callable[[], float],
    ):
        self._servers = servers
        self._placement = placement
        self._line = placement.line
        self._eligibility = eligibility
        self._clock = clock
        self._ends: dict[str, float] = {}  # of batches, by the clock
        self._looked = float("-inf")
        self._whys: dict[Kind, dict[str, str]] = {}  # within one look at everything

    def statuses(self, trouble: str) -> list[ServerStatus]:
        """How every server is doing; ``trouble`` is why nothing new is begun at all, if so."""
        return [self._status(server, trouble) for server in self._servers.values()]

    def _status(self, server: Server, trouble: str) -> ServerStatus:
        speeds, loaded = server.lane.speeds, server.lane.loaded
        return ServerStatus(
            name=server.name,
            url=server.address,
            state=server.state,
            reason=server.why_not,
            draining=server.draining,
            device=server.device.name,
            version=server.device.version,
            queue_running=len(server.queue.running),
            queue_pending=len(server.queue.pending),
            vram_total=server.device.vram_total,
            vram_free=server.device.vram_free,
            loaded_checkpoint=loaded.checkpoint if loaded else None,
            images_per_minute=speeds.images_per_minute(server.name),
            speeds=speeds.sizes(server.name),
            switch_seconds=speeds.switch_seconds(server.name),
            resting_seconds=server.breaker.seconds_left,
            checkpoints=self._checkpoints_of(server),
            images=tuple(_making(errand) for errand in server.errands.wanted),
            waiting=trouble or self._eligibility.why_waiting(server, self._line.kinds),
        )

    def _checkpoints_of(self, server: Server) -> tuple[str, ...]:
        records = self._eligibility.catalog.checkpoints.values()
        return tuple(record.name for record in records if server.name in record.spellings)

    def standings(self) -> list[Standing]:
        """Jobs on servers, then those that wait, in the order they will probably begin."""
        ends = {p.entry.job.id: p.done_in for p in self._forecast()}
        self._whys.clear()
        begun = [
            self._begun(server, errand, ends.get(errand.job.id))
            for server in self._servers.values()
            for errand in server.errands.wanted
        ]
        return begun + [self._waiting(entry, ends.get(entry.job.id)) for entry in self._line]

    def _begun(self, server: Server, errand: Errand, done_in: float | None) -> Standing:
        return Standing(
            job_id=errand.job.id,
            batch_id=errand.job.batch_id,
            server=server.name,
            phase=_phase(errand),
            attempt=max(errand.waiting.attempts, 1),
            done_in=done_in,
            why=self._elsewhere(errand.waiting, server),
        )

    def _waiting(self, entry: WaitingJob, done_in: float | None) -> Standing:
        return Standing(
            job_id=entry.job.id,
            batch_id=entry.job.batch_id,
            server=None,
            phase="waiting",
            attempt=entry.attempts + 1,
            done_in=done_in,
            why=self._elsewhere(entry),
        )

    def _elsewhere(self, entry: WaitingJob, but: Server | None = None) -> tuple[str, ...]:
        """Why the servers, but for the one that has it, do not take the job."""
        if entry.is_marked:
            whys = self._find_whys(entry)
        else:
            if entry.kind not in self._whys:  # the same for all of its kind
                self._whys[entry.kind] = self._find_whys(entry)
            whys = self._whys[entry.kind]
        return tuple(why for name, why in whys.items() if but is None or name != but.name)

    def _find_whys(self, entry: WaitingJob) -> dict[str, str]:
        whys = ((s.name, self._eligibility.why_not(s, entry)) for s in self._servers.values())
        return {name: why for name, why in whys if why}

    def distribution(self, batch_id: str) -> dict[str, int]:
        """How many of the batch's open jobs each server will probably make."""
        prospects = self._forecast()
        return dict(Counter(p.server for p in prospects if p.entry.job.batch_id == batch_id))

    def seconds_left(self, batch_id: str) -> float | None:
        """Until the batch is done as things stood a moment ago; None while no speed is known."""
        now = self._clock()
        if now - self._looked >= _FRESH:
            self._looked = now
            self._ends = {}
            if self._is_any_speed_known():
                for prospect in self._forecast():
                    batch = prospect.entry.job.batch_id
                    self._ends[batch] = max(self._ends.get(batch, 0.0), now + prospect.done_in)
        end = self._ends.get(batch_id)
        return None if end is None else max(end - now, 0.0)

    def _is_any_speed_known(self) -> bool:
        speeds = self._placement.lanes.speeds
        return any(speeds.is_known(name) for name in self._servers)

    def _forecast(self) -> list[Prospect]:
        return self._placement.forecast(self._clock())


def _making(errand: Errand) -> Making:
    return Making(image_id=errand.job.id, batch_id=errand.job.batch_id, phase=_phase(errand))


def _phase(errand: Errand) -> JobPhase:
    """Where a job on a server is, in the words of the page."""
    if errand.is_made:
        return "storing"
    if errand.phase == "posted":
        return "running" if errand.is_running else "queued"
    return "preparing"
