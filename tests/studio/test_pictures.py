"""The job log: pictures land once and whole, and every step is written before it is told."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from companion_app.fleet import Job, ProgressStream, Told
from companion_app.studio.faults import FaultBook
from companion_app.studio.pictures import Pictures
from companion_app.studio.sessions import utc_now
from companion_app.thumbnails import Thumbnailer
from tests.stages.samples import make_grid, make_recipe
from vibes.errors import NotFound, StorageError
from vibes.recipes import Ran, RanModel
from vibes.stages import Session
from vibes.storage import PictureFiles, Store, StoreThread, check

JOB = Job("grid-0", "grid", "session", make_recipe())


def png(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(out, "PNG")
    return out.getvalue()


class Bench:
    """A job log over a real store, and what the pages were told."""

    def __init__(self, directory: Path, thumbnailer: Thumbnailer):
        self.directory = directory
        self.store = StoreThread(directory)
        self.files = PictureFiles(directory)
        progress = ProgressStream()
        self.progress = progress
        self.bursts = progress.bursts()
        self.made: list[tuple[Job, str, Told]] = []
        self.faults = FaultBook(self.store, progress=progress, online=lambda: (0, 0), clock=utc_now)
        self.log = Pictures(
            self.store,
            files=self.files,
            thumbnailer=thumbnailer,
            progress=progress,
            faults=self.faults,
            seconds_left=lambda _: None,
            made=lambda *made: self.made.append(made),
            clock=utc_now,
        )

    async def told(self) -> list[tuple[str, str]]:
        """The type and state of everything published; ends the stream."""
        self.progress.close()
        return [(e["type"], e.get("state", "")) async for burst in self.bursts for e in burst]

    async def submit(self, server: str = "one") -> None:
        await self.log.submitted(JOB, server=server, prompt_id=server, graph_hash="hash", attempt=1)

    async def attempts(self) -> dict[str, str]:
        query = "SELECT prompt_id, state FROM jobs"
        return await self.store.run(lambda store: dict(store._db.execute(query).fetchall()))


@pytest.fixture(scope="module")
def thumbnailer():
    thumbnailer = Thumbnailer()
    yield thumbnailer
    thumbnailer.close()


@pytest.fixture
async def bench(tmp_path: Path, thumbnailer: Thumbnailer) -> AsyncIterator[Bench]:
    def fill(store: Store) -> None:
        store.profiles.ensure("default", "now")
        store.sessions.add(
            Session(id="session", name="", flow="x", profile="default", created="now")
        )
        store.grids.add(make_grid(2, states={0: "planned", 1: "planned"}))

    bench = Bench(tmp_path, thumbnailer)
    await bench.store.run(fill)
    yield bench
    bench.store.close()
    assert check(tmp_path) == []


async def test_every_step_is_told_with_its_image_and_its_batch(bench):
    await bench.submit()
    await bench.log.returned(JOB, prompt_id="one", adrift=False, why="one: no.")
    await bench.submit("two")
    await bench.log.collected(JOB, server="two", data=png("red"), told=Told())
    assert await bench.told() == [
        ("image", "submitted"),
        ("batch", "running"),
        ("image", "planned"),
        ("batch", "queued"),
        ("image", "submitted"),
        ("batch", "running"),
        ("image", "collected"),
        ("batch", "running"),
    ]
    assert await bench.attempts() == {"one": "returned", "two": "collected"}


async def test_the_size_of_a_picture_is_told_with_it_and_kept(bench):
    await bench.submit()
    await bench.log.collected(JOB, server="one", data=png("red"), told=Told())
    image = await bench.store.run(lambda store: store.grids.image("grid-0"))
    assert image.size == (8, 8)
    bench.progress.close()
    told = [e async for burst in bench.bursts for e in burst if e["type"] == "image"]
    assert [(e["state"], e.get("width"), e.get("height")) for e in told] == [
        ("submitted", None, None),
        ("collected", 8, 8),
    ]


async def test_of_two_pictures_that_come_at_once_one_is_kept(bench):
    for server in ("one", "two"):
        await bench.submit(server)
    pictures = {"one": png("red"), "two": png("blue")}
    await asyncio.gather(
        *(
            bench.log.collected(JOB, server=name, data=data, told=Told({"grain": 0}))
            for name, data in pictures.items()
        )
    )
    [kept] = [name for name, state in (await bench.attempts()).items() if state == "collected"]
    assert await bench.log.source_bytes("grid-0") == pictures[kept]
    assert (await bench.told()).count(("image", "collected")) == 1
    assert bench.made == [(JOB, kept, Told({"grain": 0}))]


async def test_what_made_a_picture_is_kept_with_it_and_goes_with_it(bench):
    ran = Ran(RanModel("epic", "ab" * 32), (RanModel("grain", strength=0.7, keys=264),))
    await bench.submit()
    await bench.log.collected(JOB, server="one", data=png("red"), told=Told(ran=ran))
    await bench.log.collected(JOB, server="two", data=png("red"), told=Told(ran=Ran()))
    assert await bench.store.run(lambda store: store.ran.get("grid-0")) == ran
    assert await bench.store.run(lambda store: store.ran.get("grid-1")) is None
    await bench.store.run(lambda store: store.sessions.delete("session"))
    await asyncio.to_thread(bench.files.delete, ["grid-0"])
    assert await bench.store.run(lambda store: store.ran.get("grid-0")) is None


async def test_a_picture_that_lands_while_its_image_is_called_off_leaves_no_file(bench):
    await bench.submit()
    landing = asyncio.ensure_future(
        bench.log.collected(JOB, server="one", data=png("red"), told=Told())
    )
    await asyncio.sleep(0)
    await bench.log.cancelled(JOB)
    await landing
    assert await bench.attempts() == {"one": "adrift"}
    await bench.log.dropped("one")
    assert await bench.attempts() == {"one": "cancelled"}


async def test_a_disk_that_takes_no_picture_leaves_the_image_open_for_another_try(bench):
    await bench.submit()
    (bench.directory / "images").write_text("in the way")
    with pytest.raises(StorageError, match="could not be written"):
        await bench.log.collected(JOB, server="one", data=png("red"), told=Told())
    (bench.directory / "images").unlink()
    await bench.log.collected(JOB, server="one", data=png("red"), told=Told())
    await bench.log.collected(JOB, server="one", data=png("red"), told=Told())
    assert await bench.attempts() == {"one": "collected"}


async def test_steps_of_a_job_whose_session_is_deleted_change_nothing(bench):
    await bench.submit()
    await bench.store.run(lambda store: store.sessions.delete("session"))
    with pytest.raises(NotFound):
        await bench.submit("two")
    await bench.log.collected(JOB, server="one", data=png("red"), told=Told())
    await bench.log.failed(JOB, server=None, error="x")
    await bench.log.returned(JOB, prompt_id="one", adrift=True, why="x")
    await bench.log.dropped("one")
    assert await bench.told() == [("image", "submitted"), ("batch", "running")]


async def test_a_fault_is_written_unasked_and_told_once_for_many(bench):
    for number in range(20):
        bench.log.fault("one", "failed", f"Fault {number}.", "grid-0")
    assert len(await bench.faults.of("one", 50)) == 20
    await asyncio.sleep(0.4)
    assert await bench.told() == [("servers", "")]


async def test_a_session_deleted_by_halves_leaves_no_row_without_its_file(bench):
    await bench.submit()
    await bench.log.collected(JOB, server="one", data=png("red"), told=Told())
    await bench.store.run(lambda store: store.grids.discard("session"))
    ids = await bench.store.run(lambda store: store.grids.unlanded_ids())
    assert ids == ["grid-0", "grid-1"]
    bench.files.remove_leftovers(ids)  # as the next start does
