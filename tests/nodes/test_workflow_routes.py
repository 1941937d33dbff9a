"""The editor's workflow goes through a real ComfyUI to a real studio; every refusal is told."""

from __future__ import annotations

import json
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.comfyui.servers import ComfyUI
from tests.nodes.editor import ask
from tests.nodes.studios import StudioProcess
from tests.workflows.marked import with_markers

pytestmark = pytest.mark.comfyui

SHOWN = {"nodes": [], "links": [], "version": 0.4, "extra": {"title": "山"}}


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioProcess]:
    studio = StudioProcess(tmp_path_factory.mktemp("studio"), token="open-sesame")
    studio.start()
    yield studio
    studio.kill()


@pytest.fixture
def linked(comfyui_with_pack: ComfyUI, studio: StudioProcess) -> Iterator[ComfyUI]:
    """The ComfyUI, linked to the studio for as long as the test runs."""
    link(comfyui_with_pack, studio.url, studio.token)
    yield comfyui_with_pack
    link(comfyui_with_pack, None)


def link(server: ComfyUI, url: str | None, token: str = "") -> None:
    ask(server, "/vibes/studio", {"url": url, "token": token}, method="PUT")


def send(server: ComfyUI, name: str, **changes: Any) -> Any:
    body = {"name": name, "workflow": SHOWN, "graph": with_markers("draft"), **changes}
    return ask(server, "/vibes/workflow", body)


def refused(server: ComfyUI, name: str = "other", **changes: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(urllib.error.HTTPError) as caught:
        send(server, name, **changes)
    with caught.value as reply:
        told = json.load(reply)
        assert "sesame" not in str(told)
        return caught.value.code, told


def names(studio: StudioProcess) -> set[str]:
    [listed] = studio.ask("/api/workflows")
    return {one["name"] for one in listed}


def test_the_studio_uses_what_would_run_and_keeps_what_the_editor_shows(
    linked: ComfyUI, studio: StudioProcess
) -> None:
    assert send(linked, " sent ") == {"name": "sent"}
    assert "sent" in names(studio)
    assert studio.ask("/api/workflows/sent") == [SHOWN]


def test_a_name_that_is_taken_or_none_is_to_be_another(linked: ComfyUI) -> None:
    send(linked, "twice")
    status, told = refused(linked, "Twice")
    assert (status, told["code"]) == (409, "conflict")
    assert "There is a workflow 'twice' already." in told["detail"]
    for name in ("no name", ""):
        status, told = refused(linked, name)
        assert (status, told["code"]) == (400, "invalid_input")
        assert "problems" not in told


def test_everything_that_is_wrong_with_a_workflow_is_told(
    linked: ComfyUI, studio: StudioProcess
) -> None:
    status, told = refused(linked, graph=with_markers("draft", slots=["prompt"]))
    assert (status, told["code"]) == (400, "faulty_workflow")
    checkpoint, seed = told["problems"]
    assert "marks no checkpoint" in checkpoint
    assert "marks no seed" in seed
    assert "other" not in names(studio)


def test_a_body_that_is_no_workflow_or_holds_too_much_is_refused(linked: ComfyUI) -> None:
    for changes, sentence in (
        ({"graph": []}, "the two forms"),
        ({"workflow": None}, "the two forms"),
        ({"name": 1}, "name is what"),
        ({"token": "t"}, "'token' is none of"),
    ):
        status, told = refused(linked, **changes)
        assert (status, sentence in told["detail"]) == (400, True), told
    status, told = refused(linked, workflow={**SHOWN, "extra": "x" * 2**21})
    assert (status, told["code"]) == (413, "too_large")


def test_without_a_studio_it_is_said_where_to_link_one(comfyui_with_pack: ComfyUI) -> None:
    status, told = refused(comfyui_with_pack)
    assert (status, told["code"]) == (409, "no_studio")
    assert "in the settings, under Vibes" in told["detail"]


def test_a_studio_that_is_away_or_refuses_is_told(
    linked: ComfyUI, studio: StudioProcess, tmp_path: Path
) -> None:
    link(linked, studio.url, "another")
    status, told = refused(linked)
    assert (status, told["code"]) == (502, "studio_refuses")
    assert "token" in told["detail"]
    link(linked, StudioProcess(tmp_path).url)
    status, told = refused(linked)
    assert (status, told["code"]) == (502, "studio_away")
    assert "is it running there?" in told["detail"]
