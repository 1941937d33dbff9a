"""What is learned inside a real ComfyUI, which is killed, and what its routes tell of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.comfyui import servers
from tests.comfyui.servers import REPOSITORY, ComfyUI, Installation
from tests.nodes.studios import StudioProcess, eventually
from tests.nodes.test_on_comfyui import PACK, node, report, run, studio_graph
from tests.ports import free_port
from vibes.recipes import Candidate
from vibes.storage.node_store import NodeStore, ShownPicture

pytestmark = pytest.mark.comfyui

TINY = ("tiny-a.safetensors", "tiny-b.safetensors")


@dataclass
class Mortal:
    """A ComfyUI with the pack that may be killed and started again on the same files."""

    comfyui: Installation
    base: Path
    stack: ExitStack
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def server(self) -> ComfyUI:
        return ComfyUI("mortal", f"http://127.0.0.1:{self.port}", self.base)

    def start(self) -> None:
        self.port = self.port or free_port()
        with self.server.log.open("ab") as log:
            self.process = subprocess.Popen(
                servers.command(self.comfyui, self.base, self.port),
                cwd=self.comfyui.directory,
                env={k: v for k, v in os.environ.items() if not k.startswith("VIBES_")},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.stack.callback(servers.stop, self.process)
        servers.wait_until_ready(self.server, self.process)

    def kill(self) -> None:
        assert self.process
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def ask(self, path: str, body: object = None, method: str | None = None, **headers: str) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body else None
        request = urllib.request.Request(self.server.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)

    def refused(self, path: str, body: object = None, method: str | None = None) -> tuple[int, str]:
        with pytest.raises(urllib.error.HTTPError) as caught:
            self.ask(path, body, method)
        with caught.value as reply:
            return reply.status, json.load(reply)["detail"]

    def is_unchanged(self, path: str) -> bool:
        """Whether a route with a tag sends nothing again."""
        with urllib.request.urlopen(self.server.url + path, timeout=60) as reply:
            tag = reply.headers["ETag"]
        with pytest.raises(urllib.error.HTTPError) as unchanged:
            self.ask(path, **{"If-None-Match": tag})
        with unchanged.value as reply:
            return reply.status == 304

    def shown(self, checkpoint: str) -> str:
        """A picture as any process on these files may have shown it."""
        picture = ShownPicture(
            uuid4().hex, "a beach", Candidate(checkpoint), "b", "2026-01-31T12:00:00Z"
        )
        with closing(NodeStore(self.base / "user" / "__vibes")) as store:
            store.show([picture])
        return picture.image

    def rate(self, checkpoint: str, overall: int) -> str:
        image = self.shown(checkpoint)
        rated = self.ask("/vibes/rate", {"image": image, "overall": overall})
        assert (rated["image"], rated["overall"], rated["teaches"]) == (image, overall, True)
        return image


@pytest.fixture
def mortal(comfyui: Installation, comfyui_with_pack: ComfyUI, tmp_path: Path) -> Iterator[Mortal]:
    """``comfyui_with_pack`` is asked for as it knows whether the pack's requirements are there."""
    servers.add_models(tmp_path, TINY)
    for folder in ("custom_nodes", "input", "output", "user", "temp"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "custom_nodes" / "vibes-imgen").symlink_to(REPOSITORY, target_is_directory=True)
    with ExitStack() as stack:
        mortal = Mortal(comfyui, tmp_path, stack)
        mortal.start()
        yield mortal


def quick_graph() -> dict[str, Any]:
    graph = studio_graph(
        Candidate(TINY[0]), prompt="a beach", seed=1, node_classes=PACK, scoring=None
    )
    pool = node(graph, "VibesCheckpointPool")
    pool.clear()
    pool.update(mode="quick", tier="tiny_test", prompt="a beach", seed=7)
    return graph


def cached(entry: dict[str, Any], graph: dict[str, Any]) -> set[str]:
    """The classes of the nodes that did not run again."""
    messages = entry["status"]["messages"]
    (found,) = (data["nodes"] for event, data in messages if event == "execution_cached")
    return {graph[name]["class_type"] for name in found}


def test_a_rating_changes_the_choice_and_nothing_else_runs_twice(mortal: Mortal) -> None:
    graph = quick_graph()
    everything = {made["class_type"] for made in graph.values()}
    first = run(mortal.server, graph)
    (before,) = report(first, "vibes_checkpoint")
    (choice,) = report(first, "vibes_choice")
    assert choice["badge"] == f"{before.removesuffix('.safetensors')} · exploring"
    assert cached(run(mortal.server, graph), graph) == everything

    (other,) = {*TINY} - {before}
    for checkpoint, overall in ((other, 5), (other, 5), (before, 1)):
        mortal.rate(checkpoint, overall)
    again = run(mortal.server, graph)
    assert report(again, "vibes_checkpoint") == [other]
    assert "VibesCheckpointPool" not in cached(again, graph)
    (choice,) = report(again, "vibes_choice")
    assert choice["badge"] == f"{other.removesuffix('.safetensors')} · 100 % on 'beach' · 2 likes"
    assert choice["reason"] == "You liked 2 of the 2 pictures you rated for 'beach'."
    assert choice["why"]["minimal"] == [choice["reason"]]
    assert len(choice["why"]["technical"]) > len(choice["why"]["detailed"]) > 1
    assert cached(run(mortal.server, graph), graph) == everything

    told = mortal.ask("/vibes/statistics")
    assert (told["source"], told["ratings"]) == ("local", 3)
    assert [row["checkpoint"] for row in told["top_checkpoints"]] == [other, before]
    assert mortal.is_unchanged("/vibes/statistics")


def test_killed_over_and_over_it_keeps_every_rating_until_the_studio_has_it(
    mortal: Mortal, tmp_path: Path
) -> None:
    studio = StudioProcess(tmp_path / "studio")
    told = mortal.ask("/vibes/studio", {"url": studio.url}, "PUT")
    assert (told["state"], told["waiting"], told["fixed"]) == ("away", 0, False)
    images = [mortal.rate(TINY[1], 5), mortal.rate(TINY[0], 1)]
    mortal.kill()
    mortal.start()
    assert mortal.ask("/vibes/studio")["waiting"] == 2
    images.append(mortal.rate(TINY[1], 4))
    mortal.kill()
    studio.start()
    mortal.start()
    try:
        eventually(lambda: mortal.ask("/vibes/studio")["state"] == "ok")
        assert studio.rated() == images
        told = mortal.ask("/vibes/statistics")
        assert (told["source"], told["ratings"]) == ("studio", 3)
        assert report(run(mortal.server, quick_graph()), "vibes_checkpoint") == [TINY[1]]
    finally:
        studio.kill()


def test_routes_tell_what_is_wrong_and_every_run_has_its_own_name(mortal: Mortal) -> None:
    image = mortal.shown(TINY[0])
    assert mortal.refused("/vibes/rate", {"image": "none", "overall": 5})[0] == 404
    for body, sentence in (
        ({"image": image, "overall": 6}, "from 1 to 5"),
        ({"image": image, "overall": True}, "from 1 to 5"),
        ({"image": [], "overall": 5}, "image is the id"),
        ({"image": image, "overall": 5, "flaws": [1]}, "flaws is a list"),
        ({"image": image, "overall": 5, "stars": 5}, "'stars' is none of"),
        (b"[", "not valid JSON"),
        (b"[1]", "must be an object"),
    ):
        status, detail = mortal.refused("/vibes/rate", body)
        assert (status, sentence in detail) == (400, True), detail
    assert mortal.refused("/vibes/rate", b" " * 70_000)[0] == 413
    assert mortal.refused("/vibes/studio", {"url": "studio"}, "PUT")[0] == 400
    assert mortal.refused("/vibes/studio", {"token": "t"}, "PUT")[0] == 400
    with pytest.raises(urllib.error.HTTPError) as foreign:
        mortal.ask("/vibes/rate", {"image": image, "overall": 5}, Origin="http://evil.example")
    with foreign.value as reply:
        assert reply.status == 403

    off = mortal.ask("/vibes/studio")
    assert (off["url"], off["state"], off["has_token"]) == (None, "off", False)
    health = mortal.ask("/vibes/health")
    assert health == mortal.ask("/api/vibes/health")
    mortal.kill()
    mortal.start()
    assert mortal.ask("/vibes/health")["boot"] != health["boot"]
    assert mortal.ask("/vibes/health")["version"] == health["version"] != "unknown"


def test_pictures_are_shown_where_nothing_can_be_kept_of_them(mortal: Mortal) -> None:
    (mortal.base / "user" / "__vibes").touch()
    graph = studio_graph(
        Candidate(TINY[0]), prompt="a beach", seed=1, node_classes=PACK, scoring=None
    )
    saved = node(graph, "SaveImage")["images"]
    graph["shown"] = {"class_type": "VibesPreview", "inputs": {"images": saved}}
    outputs = run(mortal.server, graph)["outputs"]["shown"]
    (shown,) = outputs["vibes_images"]
    assert (len(outputs["images"]), shown["teaches"]) == (1, False)
    assert "Let ComfyUI write there" in shown["detail"]
    rating = {"image": shown["image"], "overall": 5}
    assert mortal.refused("/vibes/rate", rating) == (503, shown["detail"])
