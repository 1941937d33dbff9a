"""One job from its graph to its stored picture, on one server."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from vibes.errors import NotFound, StorageError, UnusablePicture
from vibes.workflows import Graph, graph_hash

from .backoff import Backoff
from .client import ComfyClient
from .coordinator import Coordinator
from .errand import Errand
from .jobs import Job, Told
from .ran import in_catalog
from .replies import Finished

_READ_TRIES = 4


class Rendering:
    """Announces, posts, follows and collects.

    ``posted`` and ``finished`` are told when the server has a job's prompt, and when it is done.
    """

    def __init__(
        self,
        client: ComfyClient,
        coordinator: Coordinator,
        *,
        client_id: Callable[[], str],
        new_backoff: Callable[[], Backoff],
        posted: Callable[[Errand], None],
        finished: Callable[[Errand, Finished], None],
    ):
        self._server = client.server
        self._client = client
        self._fleet = coordinator
        self._client_id = client_id
        self._new_backoff = new_backoff
        self._posted = posted
        self._finished = finished
        self._sources: dict[str, str] = {}  # image id → the name it was uploaded under

    def server_came(self) -> None:
        """It may have been started anew: nothing is uploaded there any more."""
        self._sources.clear()

    async def run(self, errand: Errand, *, known: bool) -> bool:
        """Whether the picture was collected; False when the prompt came off the server.

        With ``known`` the server may have the prompt already. Raises ServerError when the server
        fails, NotFound and InvalidInput when there is no graph, StorageError without its source.
        """
        if known:
            self._mark_posted(errand)
        else:
            await self._post(errand, await self._graph(errand))
        finished = await errand.end(known=known) if errand.phase == "posted" else None
        if finished is None:
            return False
        errand.phase = "finished"
        self._finished(errand, finished)
        return not errand.is_cancelled and await self._collect(errand, finished)

    async def _post(self, errand: Errand, graph: Graph) -> None:
        """Announce and post; a job withdrawn before that is not posted."""
        if errand.withdrawal is not None:
            return
        attempt = errand.waiting.attempts + 1
        announce = partial(
            self._fleet.log.submitted,
            errand.job,
            server=self._server,
            prompt_id=errand.prompt_id,
            graph_hash=graph_hash(graph),
            attempt=attempt,
        )
        withdrawn = partial(_is_withdrawn, errand)
        errand.is_announced = True  # a write that fails may have been made all the same
        try:
            if not await self._fleet.logbook.write(announce, unless=withdrawn):
                return
        except NotFound:  # settled or deleted meanwhile
            errand.withdraw("cancel")
            return
        errand.waiting.attempts = attempt
        if not withdrawn():
            record = errand.job.record
            await errand.post(
                graph.graph,
                client_id=self._client_id(),
                extra_pnginfo={"vibes": record} if record else None,
            )
            self._mark_posted(errand)

    async def _collect(self, errand: Errand, finished: Finished) -> bool:
        node, told = self._fleet.output_of(errand.job), self._told(errand.job, finished)
        self._compare(errand.job, finished)
        for chances in (1, 0):  # a transfer may be cut short once
            data = await errand.picture(finished, node)
            if errand.is_cancelled:
                return False
            errand.phase = "collected"
            store = partial(
                self._fleet.log.collected,
                errand.job,
                server=self._server,
                data=data,
                told=told,
            )
            try:
                return await self._fleet.logbook.write(store)
            except UnusablePicture as error:
                errand.phase = "finished"
                if not chances:
                    raise errand.failure(f"its picture is unusable: {error}") from error
        return False

    def _told(self, job: Job, finished: Finished) -> Told:
        """What the server told, by the names the job calls its models by."""
        loras = self._fleet.loras_there(self._server, job)
        keys, ran = finished.lora_keys, finished.ran
        if keys is not None:
            keys = {loras[name]: count for name, count in keys.items() if name in loras}
        if ran is not None:
            names = {**loras, **self._fleet.checkpoint_there(self._server, job)}
            ran = in_catalog(ran, names, finished.lora_keys)
        return Told(keys, finished.score, ran)

    def _compare(self, job: Job, finished: Finished) -> None:
        """Note it where the server loaded other checkpoints than the one it was asked for."""
        loaded = finished.checkpoints
        [(there, asked)] = self._fleet.checkpoint_there(self._server, job).items()
        if loaded and there not in loaded:
            names = ", ".join(sorted(loaded)[:3])  # however many it tells of
            sentence = f"{self._server} loaded {names} instead of {asked}."
            self._fleet.log.fault(self._server, "mistaken", sentence, job.id)

    def _mark_posted(self, errand: Errand) -> None:
        errand.phase = "posted"
        errand.is_announced = True
        self._posted(errand)

    async def _graph(self, errand: Errand) -> Graph:
        """The job's graph in this server's words, its source picture uploaded first."""
        source = errand.job.recipe.source
        errand.trusts_upload = source in self._sources
        if source is not None and source not in self._sources:
            data = await self._source_bytes(source)
            self._sources[source] = await errand.patiently(
                lambda: self._client.upload_image(f"{source}.png", data)
            )
        return self._fleet.build(
            self._server, errand.job, self._sources[source] if source else None
        )

    async def _source_bytes(self, source: str) -> bytes:
        """Read patiently, but not for ever: a disk may be busy, or the file unreadable."""
        backoff = self._new_backoff()
        for _ in range(_READ_TRIES - 1):
            try:
                return await self._fleet.log.source_bytes(source)
            except StorageError:
                await backoff.wait()
            except NotFound as error:  # no other server would find it either
                raise StorageError(str(error)) from error
        return await self._fleet.log.source_bytes(source)

    def distrust(self, errand: Errand) -> bool:
        """Whether a refused graph may be due to an upload the server does not have any more."""
        self._sources.pop(errand.job.recipe.source or "", None)
        return errand.trusts_upload


def _is_withdrawn(errand: Errand) -> bool:
    return errand.withdrawal is not None
