"""The composition root: the one place that builds the studio's parts and wires them together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing
from importlib.metadata import version
from urllib.parse import urlencode

import numpy as np
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from filelock import FileLock

from companion_app import api
from companion_app.fleet import Fleet, Job, ProgressStream, Told
from companion_app.serving import WebServer, access_token, address_of, announced, listen, own
from companion_app.studio import Studio
from companion_app.studio.adherences import Adherences
from companion_app.studio.bin import Bin
from companion_app.studio.blocking import Blocking
from companion_app.studio.catalog import CatalogBrowser
from companion_app.studio.choosing import Propensities
from companion_app.studio.comparing import Comparing
from companion_app.studio.controls import Controls
from companion_app.studio.dashboard import Dashboard
from companion_app.studio.effects import Effects
from companion_app.studio.exchange import Exchange
from companion_app.studio.explaining import Explaining
from companion_app.studio.faults import FaultBook
from companion_app.studio.feedback import Feedback
from companion_app.studio.generating import Generating, Launcher
from companion_app.studio.grids import Grids
from companion_app.studio.iterating import Iterating
from companion_app.studio.learned import Learned
from companion_app.studio.local_files import LocalFiles
from companion_app.studio.matching import Matching
from companion_app.studio.offers import Offers
from companion_app.studio.pictures import Pictures
from companion_app.studio.planning import Planner
from companion_app.studio.pools import Pools
from companion_app.studio.quality import Quality
from companion_app.studio.queue import Queue
from companion_app.studio.recommending import Recommending
from companion_app.studio.score_book import BookThread
from companion_app.studio.scores import Scores
from companion_app.studio.server_scores import ServerScores, score_wish
from companion_app.studio.servers import Servers
from companion_app.studio.sessions import Sessions, utc_now
from companion_app.studio.taste import Taste
from companion_app.studio.workflows import Workflows, check_stages
from companion_app.thumbnails import Thumbnailer
from vibes.settings import Settings
from vibes.storage import PictureFiles, ServersFile, StoreThread, WorkflowFiles
from vibes.workflows import Templates


def build_studio(settings: Settings, store: StoreThread) -> Studio:
    """Every part of the studio, wired; it closes ``store`` when it stops."""
    new_rng = np.random.default_rng
    clock = utc_now
    files = PictureFiles(settings.data_dir)
    servers_file = ServersFile(settings.data_dir)
    added = servers_file.read()
    workflow_files = WorkflowFiles(settings.data_dir)
    templates = Templates(*workflow_files.read())
    check_stages(settings.stages, templates)
    # Microseconds: more events than that are never published, so ids of runs never overlap.
    progress = ProgressStream(first_id=int(clock().timestamp() * 1_000_000))
    thumbnailer = Thumbnailer()
    faults = FaultBook(store, progress=progress, online=lambda: fleet.online(), clock=clock)
    pictures = Pictures(
        store,
        files=files,
        thumbnailer=thumbnailer,
        progress=progress,
        faults=faults,
        seconds_left=lambda batch_id: fleet.seconds_left(batch_id),  # the fleet reports to it
        made=lambda job, server, told: made(job, server, told),
        clock=clock,
    )
    fleet = Fleet(
        settings.servers,
        log=pictures,
        progress=progress,
        refresh_seconds=settings.refresh_seconds,
        stall_seconds=settings.stall_seconds,
        wish=score_wish(settings),
        templates=templates,
    )
    effects = Effects(store, progress=progress, clock=clock)
    controls = Controls(
        effects,
        fleet=fleet,
        template=settings.stages[0].template,
        enabled=settings.verify_loras,
    )
    book = BookThread(settings.data_dir)
    adherences = Adherences(
        store,
        book=book,
        progress=progress,
        thresholds=settings.scoring.thresholds,
        clock=clock,
    )
    scores = Scores(
        settings,
        store=store,
        files=files,
        adherences=adherences,
        scoring_servers=fleet.scoring_servers,
    )
    server_scores = ServerScores(
        scores=scores,
        adherences=adherences,
        files=files,
        thumbnailer=thumbnailer,
        lexicons=settings.lexicons,
    )

    def made(job: Job, server: str, told: Told) -> None:
        controls.collected(job, server, told.lora_keys)
        server_scores.collected(job, server, told.score)

    matching = Matching(settings, fleet=fleet)
    taste = Taste(
        store,
        policy=settings.policy,
        probes=settings.probes,
        clusters=matching.clusters,
        new_rng=new_rng,
        clock=clock,
    )
    local_files = LocalFiles(settings, store=store, fleet=fleet)
    pools = Pools(settings, store=store, fleet=fleet)
    blocking = Blocking(store, taste=taste)
    offers = Offers(
        pools, fleet=fleet, taste=taste, matching=matching, blocking=blocking, effects=effects
    )
    planner = Planner(
        offers,
        fleet=fleet,
        taste=taste,
        matching=matching,
        templates=templates,
        new_rng=new_rng,
    )
    sessions = Sessions(
        store,
        files=files,
        fleet=fleet,
        progress=progress,
        stages=settings.stages,
        forget=adherences.forget,
        clock=clock,
    )
    grids = Grids(store, fleet=fleet, effects=effects, adherences=adherences, progress=progress)
    propensities = Propensities(store, taste=taste)
    launcher = Launcher(grids=grids, sessions=sessions, propensities=propensities)
    queue = Queue(store, grids=grids, fleet=fleet, progress=progress, stages=settings.stages)
    servers = Servers(
        fleet, configured=settings.servers, added=added, file=servers_file, faults=faults
    )
    generating = Generating(
        store, planner=planner, matching=matching, launcher=launcher, taste=taste, clock=clock
    )
    iterating = Iterating(
        settings,
        store=store,
        fleet=fleet,
        planner=planner,
        sessions=sessions,
        grids=grids,
        launcher=launcher,
        propensities=propensities,
        taste=taste,
        effects=effects,
        new_rng=new_rng,
        clock=clock,
    )
    comparing = Comparing(
        store,
        planner=planner,
        sessions=sessions,
        launcher=launcher,
        iterating=iterating,
        clock=clock,
    )
    return Studio(
        settings=settings,
        store=store,
        files=files,
        fleet=fleet,
        progress=progress,
        thumbnailer=thumbnailer,
        book=book,
        adherences=adherences,
        scores=scores,
        server_scores=server_scores,
        quality=Quality(store, adherences=adherences, grids=grids),
        bin=Bin(
            store,
            files=files,
            grids=grids,
            adherences=adherences,
            progress=progress,
            clock=clock,
        ),
        sessions=sessions,
        grids=grids,
        queue=queue,
        servers=servers,
        generating=generating,
        iterating=iterating,
        taste=taste,
        effects=effects,
        controls=controls,
        propensities=propensities,
        explaining=Explaining(store, taste=taste, planner=planner),
        feedback=Feedback(store, taste=taste, clock=clock),
        learned=Learned(taste),
        recommending=Recommending(
            taste=taste, planner=planner, offers=offers, matching=matching, fleet=fleet
        ),
        comparing=comparing,
        pools=pools,
        blocking=blocking,
        dashboard=Dashboard(taste=taste, planner=planner, fleet=fleet),
        exchange=Exchange(taste),
        catalog=CatalogBrowser(
            fleet=fleet,
            taste=taste,
            pools=pools,
            blocking=blocking,
            effects=effects,
            local_files=local_files,
        ),
        local_files=local_files,
        workflows=Workflows(
            store,
            templates=templates,
            files=workflow_files,
            fleet=fleet,
            stages=settings.stages,
        ),
    )


def build_app(settings: Settings, *, token: str | None = None, page: bool = True) -> FastAPI:
    """REST and page over a studio that runs while the application's lifespan does.

    Without ``page`` there is REST only, for a command that needs no browser. Owns the data
    directory from now until the lifespan ends. Raises DirectoryInUse when another studio has it,
    StorageError when it cannot be used.
    """
    with ExitStack() as undo:
        lock = own(settings.data_dir)
        undo.callback(lock.release)
        store = StoreThread(settings.data_dir)
        undo.callback(store.close)
        app = _wrap(build_studio(settings, store), lock, page=page)
        undo.pop_all()  # from here on the lifespan sees to it
    app.add_middleware(api.Gate, token=token)
    return app


def _wrap(studio: Studio, lock: FileLock, *, page: bool) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(lock.release)
            stack.push_async_callback(studio.stop)
            await studio.start()
            yield

    app = FastAPIOffline(title="Vibes", version=version("vibes-imgen"), lifespan=lifespan)
    app.state.studio = studio
    api.install(app, studio)
    if page:
        # Here and not above: Gradio takes two seconds to import. Refusals and commands go without.
        from companion_app.ui.page import mount_page

        app = mount_page(app, studio.settings)
    return app


def serve(settings: Settings, *, on_ready: Callable[[str], None] | None = None) -> None:
    """Run the studio until SIGTERM or SIGINT; ``on_ready`` gets the address to open.

    Raises InvalidInput for an address others can reach without a token, Conflict for a port in
    use, StorageError as ``build_app`` does.
    """
    token = access_token(settings)
    with closing(listen(settings)) as listener:
        app = build_app(settings, token=token)
        url = address_of(listener, settings.host)
        with announced(settings.data_dir, url=url, token=token):
            address = f"{url}/?{urlencode({'token': token})}" if token else url
            WebServer(app, lambda: on_ready and on_ready(address)).run(sockets=[listener])
