"""The open workflow is sent from ComfyUI's own graph editor to a real studio."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.comfyui.servers import ComfyUI
from tests.workflows.marked import editor_file, with_markers

from .editor import Editor, ask, editor_at
from .studios import StudioProcess

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]

OUT = Path(__file__).parents[1] / "ui" / "out"


@pytest.fixture
def editor(browser: Browser, comfyui_with_pack: ComfyUI) -> Iterator[Editor]:
    with editor_at(browser, comfyui_with_pack) as opened:
        yield opened
    link(comfyui_with_pack, None)


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[StudioProcess]:
    studio = StudioProcess(tmp_path / "studio", token="open-sesame")
    studio.start()
    yield studio
    studio.kill()


def link(server: ComfyUI, url: str | None, token: str = "") -> None:
    ask(server, "/vibes/studio", {"url": url, "token": token}, method="PUT")


def open_dialog(editor: Editor) -> Locator:
    editor.page.evaluate("app.extensionManager.command.execute('Vibes.SendWorkflow')")
    return editor.page.get_by_role("dialog", name="Send this workflow to the studio")


def send(dialog: Locator, name: str | None = None) -> None:
    if name is not None:
        dialog.get_by_label("Its name in the studio").fill(name)
    dialog.get_by_role("button", name="Send", exact=True).click()


def load(editor: Editor, workflow: dict[str, Any], name: str) -> None:
    """Open a file of the editor's."""
    editor.page.evaluate(
        "([workflow, name]) => app.loadGraphData(workflow, true, true, name)", [workflow, name]
    )


def test_without_a_studio_the_way_leads_to_the_settings(editor: Editor) -> None:
    dialog = open_dialog(editor)
    send(dialog, "own")
    expect(dialog.get_by_text("No studio linked")).to_be_visible()
    dialog.get_by_role("button", name="Link a studio").click()
    expect(dialog).to_be_hidden()
    expect(editor.page.get_by_role("option", name="Vibes")).to_be_visible()


def test_every_fault_of_a_workflow_is_a_line(editor: Editor, studio: StudioProcess) -> None:
    link(editor.server, studio.url, studio.token)
    editor.load(with_markers("draft", slots=["prompt"]))
    dialog = open_dialog(editor)
    expect(dialog.get_by_label("Its name in the studio")).to_have_value("test")
    send(dialog)
    expect(dialog.get_by_text("What keeps the studio from using it:")).to_be_visible()
    faults = dialog.get_by_role("listitem")
    expect(faults).to_contain_text(
        ["The workflow marks no checkpoint", "The workflow marks no seed"]
    )
    editor.page.screenshot(path=OUT / "editor-send-faults.png")


def test_a_workflow_is_sent_under_a_name_that_is_free_and_the_studio_opened(
    editor: Editor, studio: StudioProcess
) -> None:
    link(editor.server, studio.url, studio.token)
    load(editor, editor_file("your-own-workflow"), "your own workflow")
    dialog = open_dialog(editor)
    expect(dialog.get_by_label("Its name in the studio")).to_have_value("your-own-workflow")
    send(dialog, "draft")
    expect(dialog.get_by_text("Choose another name.")).to_be_visible()
    expect(dialog.get_by_label("Its name in the studio")).to_be_focused()
    editor.page.keyboard.type("from-editor")
    editor.page.keyboard.press("Enter")
    expect(dialog.get_by_text("The studio has “from-editor” now.")).to_be_visible()
    editor.page.screenshot(path=OUT / "editor-send.png")
    with editor.page.context.expect_page() as opened:
        dialog.get_by_role("button", name="Open the studio").click()
    assert opened.value.url.startswith(studio.url)
    [kept] = studio.ask("/api/workflows/from-editor")
    assert {node["type"] for node in kept["nodes"]} >= {"VibesStudioInput", "VibesStudioOutput"}
