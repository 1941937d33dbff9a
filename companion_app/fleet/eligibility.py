"""Which server may make which job, and why another one will not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial

from vibes.catalog import Catalog, FileEntry, Listing, ModelKind, build_catalog
from vibes.errors import InvalidInput, NotFound
from vibes.recipes import Candidate, LoraUse, Recipe
from vibes.workflows import Graph, Scoring, Templates, build_graph

from .jobs import Job, ScoreWish
from .server import Server
from .shelves import Kind, WaitingJob
from .shelves import kind_of as plain_kind_of

_GIB = 1024**3
_REMEMBERED = 1000  # kinds of jobs for each server
Files = Mapping[ModelKind, Mapping[str, FileEntry]]
_EMBEDDING = re.compile(r"\bembedding:([^\s,:()\[\]<>]+)", re.IGNORECASE)


def kind_of(job: Job) -> Kind:
    """The kind of a job; ``extras`` are the embeddings its prompts name, as ComfyUI reads them."""
    texts = f"{job.recipe.prompt} {job.recipe.negative_prompt}"
    return plain_kind_of(job)._replace(extras=tuple(sorted(set(_EMBEDDING.findall(texts)))))


class Eligibility:
    """Compares what jobs need with what ``servers``, a live mapping by name, have.

    ``refuses`` is for good while the server has what it has; ``reluctance`` only lets another
    server go first, if one can. ``wish`` is what pictures are to be scored by there.
    """

    def __init__(
        self,
        servers: Mapping[str, Server],
        *,
        templates: Templates,
        wish: ScoreWish | None = None,
    ):
        self._servers = servers
        self._wish = wish
        self._catalog: Catalog | None = None
        self._template = templates.get
        self._listings: dict[str, Listing] = {}
        self._files: Files = {}
        self._refusals: dict[str, dict[Kind, str | None]] = {}  # by server

    def relist(self, name: str) -> None:
        """Take note that a server may have other models now."""
        server = self._servers.get(name)
        listing = server.listing if server else None
        if listing != self._listings.get(name):
            self._catalog = None
            self._refusals.pop(name, None)
        if listing is None:
            self._listings.pop(name, None)
        else:
            self._listings[name] = listing

    def know_files(self, files: Files) -> None:
        """Take note of the model files the studio can read itself."""
        if files != self._files:
            self._files = files
            self._catalog = None
            self._refusals.clear()

    def templates_changed(self) -> None:
        """Take note that a name may mean another template now, or none."""
        self._refusals.clear()

    @property
    def catalog(self) -> Catalog:
        """What the servers have, put together when somebody asks: they may all come at once."""
        if self._catalog is None:
            self._catalog = build_catalog(self._listings, self._files)
        return self._catalog

    # --- the rules of placement --------------------------------------------------------------

    def can_kind(self, server: str, kind: Kind) -> bool:
        """Whether the server should make jobs of the kind, its load and state apart."""
        here = self._servers[server]
        if self.refuses(here, kind) is not None:
            return False
        return self.reluctance(here, kind) is None or not any(
            other.is_open
            and self.refuses(other, kind) is None
            and self.reluctance(other, kind) is None
            for other in self._servers.values()
        )

    def can_job(self, server: str, entry: WaitingJob) -> bool:
        """Whether the server should make this very job, about which something is known."""
        here = self._servers[server]
        if self.refusal(here, entry) is not None:
            return False
        if any(self._will_look(name) for name in entry.traces):
            return False
        return self._is_willing(here, entry) or not any(
            other.is_open and self.refusal(other, entry) is None and self._is_willing(other, entry)
            for other in self._servers.values()
        )

    def _is_willing(self, server: Server, entry: WaitingJob) -> bool:
        """Whether nothing speaks for another server."""
        return not entry.failed_on(server.name) and self.reluctance(server, entry.kind) is None

    def _will_look(self, name: str) -> bool:
        """Whether the server can, or may soon, look for jobs it had before."""
        server = self._servers.get(name)
        return server is not None and (server.online or not server.tried.is_set())

    # --- reasons -----------------------------------------------------------------------------

    def refusal(self, server: Server, entry: WaitingJob) -> str | None:
        """Why this server can never make the job; None if it can, or has not been seen yet."""
        return entry.refusals.get(server.name) or self.refuses(server, entry.kind)

    def refuses(self, server: Server, kind: Kind) -> str | None:
        """Why this server can make no job of the kind; None if it can, or was not seen yet."""
        known = self._refusals.setdefault(server.name, {})
        if kind not in known:
            if len(known) >= _REMEMBERED:
                known.clear()
            known[kind] = self._find_refusal(server, kind)
        return known[kind]

    def _find_refusal(self, server: Server, kind: Kind) -> str | None:
        if server.name not in self._listings:
            return None
        try:
            template = self._template(kind.template)
        except (NotFound, InvalidInput) as error:
            return str(error)
        candidate = Candidate(kind.checkpoint, tuple(LoraUse(name, 1.0) for name in kind.loras))
        return self.catalog.refusal(
            server.name,
            candidate,
            template.needs.nodes,
            embeddings=kind.extras,
            upscale_models=template.upscale_models,
        )

    def reluctance(self, server: Server, kind: Kind) -> str | None:
        """Why another server, if one can, should rather make the kind; None if none need."""
        if server.breaker.resting:
            return f"{server.name}: it failed several times in a row and rests"
        limit = server.memory_limits.get(kind.checkpoint)
        if limit is not None and kind.width * kind.height >= limit:
            return f"{server.name}: it ran out of memory over such an image"
        return self._too_large(server, kind.checkpoint)

    def _too_large(self, server: Server, checkpoint: str) -> str | None:
        """Whether the checkpoint alone would fill the server's memory, where both are known."""
        total = server.device.vram_total
        record = self.catalog.checkpoints.get(checkpoint)
        if total is None or record is None or record.size is None or record.size < total:
            return None
        return (
            f"{server.name}: the checkpoint has {record.size / _GIB:.1f} GiB, "
            f"its memory {total / _GIB:.1f} GiB"
        )

    def why_not(self, server: Server, entry: WaitingJob) -> str | None:
        """Why the server does not take the job, whatever else it has to do; None if it may."""
        if (refusal := self.refusal(server, entry)) is not None:
            return refusal
        if not server.is_open:
            return f"{server.name}: {server.why_not.removeprefix(f'{server.name} ')}"
        if entry.failed_on(server.name):
            return f"{server.name}: the image failed there before"
        return self.reluctance(server, entry.kind)

    def despair(self, entry: WaitingJob) -> str | None:
        """Why no server can ever make the job; None while some server may."""
        return _despair([self.refusal(server, entry) for server in self._servers.values()])

    def is_hopeless(self, kind: Kind) -> bool:
        """Whether no server can ever make jobs of this kind."""
        servers = self._servers.values()
        return bool(servers) and all(self.refuses(server, kind) for server in servers)

    def why_waiting(self, server: Server, kinds: Mapping[Kind, int]) -> str:
        """The first reason why the server does not take what waits, of these kinds."""
        refusals: Iterator[str | None] = (self.refuses(server, kind) for kind in kinds)
        if (refusal := next(filter(None, refusals), None)) is not None:
            return refusal
        return f"{server.name} is offline." if kinds and not server.online else ""

    # --- graphs ------------------------------------------------------------------------------

    def output_of(self, recipe: Recipe) -> str:
        """The node of the recipe's graph that saves the picture."""
        return self._template(recipe.template).outputs["image"]

    def loras_there(self, server: str, recipe: Recipe) -> dict[str, str]:
        """The recipe's LoRAs: the server's spelling to the catalog's."""
        names = [use.name for use in recipe.candidate.loras]
        return {self.catalog.spelling(server, "lora", name) or name: name for name in names}

    def checkpoint_there(self, server: str, recipe: Recipe) -> dict[str, str]:
        """The recipe's checkpoint: the server's spelling to the catalog's."""
        name = recipe.candidate.checkpoint
        return {self.catalog.spelling(server, "checkpoint", name) or name: name}

    def scores(self, server: str) -> bool:
        """Whether the server can score by the wanted model."""
        listing = self._listings.get(server)
        return (
            self._wish is not None
            and listing is not None
            and self._wish.model in listing.scoring_models
        )

    def graph(
        self, server: str, recipe: Recipe, source: str | None, *, prefix: str, scored: bool = False
    ) -> Graph:
        """The graph that makes the recipe's picture on this server, saved under ``prefix``.

        ``scored`` has it scored, too, where the server can.
        """
        checkpoint = self.catalog.checkpoints.get(recipe.candidate.checkpoint)
        return build_graph(
            self._template(recipe.template),
            recipe,
            spelling=partial(self.catalog.spelling, server),
            source=source,
            prefix=prefix,
            node_classes=self.catalog.node_classes[server],
            family=checkpoint.family if checkpoint else None,
            scoring=self._scoring(server, recipe) if scored else None,
        )

    def _scoring(self, server: str, recipe: Recipe) -> Scoring | None:
        if self._wish is None or not self.scores(server):
            return None
        return Scoring(self._wish.model, self._wish.asked(recipe))


def _despair(refusals: list[str | None]) -> str | None:
    """All reasons in one sentence, each once, if every server has one."""
    if not refusals or None in refusals:
        return None
    reasons = "; ".join(reason.rstrip(".") for reason in dict.fromkeys(refusals) if reason)
    return f"No server can make this image: {reasons}."
