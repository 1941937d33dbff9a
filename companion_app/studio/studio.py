"""The studio: every use case, wired once, called alike by REST, page and command line."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from companion_app.fleet import Fleet, ProgressStream
from companion_app.thumbnails import Thumbnailer
from vibes.settings import Settings
from vibes.storage import PictureFiles, StoreThread

from .adherences import Adherences
from .bin import Bin
from .blocking import Blocking
from .catalog import CatalogBrowser
from .choosing import Propensities
from .comparing import Comparing
from .controls import Controls
from .dashboard import Dashboard
from .effects import Effects
from .exchange import Exchange
from .explaining import Explaining
from .feedback import Feedback
from .generating import Generating
from .grids import Grids
from .iterating import Iterating
from .learned import Learned
from .local_files import LocalFiles
from .pools import Pools
from .quality import Quality
from .queue import Queue
from .recommending import Recommending
from .score_book import BookThread
from .scores import Scores
from .server_scores import ServerScores
from .servers import Servers
from .sessions import Sessions
from .taste import Taste
from .workflows import Workflows


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """Holds the use cases; ``start`` and ``stop`` bracket everything that runs."""

    settings: Settings
    store: StoreThread
    files: PictureFiles
    fleet: Fleet
    progress: ProgressStream
    sessions: Sessions
    grids: Grids
    queue: Queue
    servers: Servers
    generating: Generating
    iterating: Iterating
    explaining: Explaining
    feedback: Feedback
    learned: Learned
    recommending: Recommending
    comparing: Comparing
    pools: Pools
    blocking: Blocking
    dashboard: Dashboard
    catalog: CatalogBrowser
    exchange: Exchange
    taste: Taste
    effects: Effects
    local_files: LocalFiles
    controls: Controls
    propensities: Propensities
    thumbnailer: Thumbnailer
    book: BookThread
    adherences: Adherences
    scores: Scores
    server_scores: ServerScores
    quality: Quality
    bin: Bin
    workflows: Workflows

    async def start(self) -> None:
        """Clear up after a crash, start the fleet, go on with what a former run left open."""
        unlanded = await self.store.run(lambda store: store.grids.unlanded_ids())
        await asyncio.to_thread(self.files.remove_leftovers, unlanded)
        await self.bin.tidy()
        await self.taste.load()
        await self.effects.load()
        await self.pools.load()
        await self.blocking.load()
        await self.adherences.load()
        await self.fleet.start()
        self.controls.start()
        self.scores.start()
        self.local_files.start()
        self.servers.start()
        await self.grids.resume_open()

    async def stop(self) -> None:
        """End streams and servers' tasks first, then the store they write to."""
        self.progress.close()
        await self.controls.stop()
        await self.local_files.stop()
        await self.fleet.stop()
        await self.server_scores.stop()
        await self.scores.stop()
        await self.propensities.stop()
        self.thumbnailer.close()
        self.book.close()
        self.store.close()
