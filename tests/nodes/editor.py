"""ComfyUI's graph editor in a browser: what tests of the extension do there."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, ViewportSize, WebError

from tests.comfyui.servers import ComfyUI

PATIENCE = 120_000  # milliseconds for one run on a busy machine
OURS = "/extensions/vibes-imgen/"
DROP = """async ([name, data]) => {
  const bytes = await (await fetch(`data:image/png;base64,${data}`)).blob();
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: "image/png" }));
  return transfer;
}"""


class Editor:
    """One page with the editor, and what our modules complained of in it."""

    def __init__(self, page: Page, server: ComfyUI) -> None:
        self.page = page
        self.server = server
        self.trouble: list[str] = []

    def open(self) -> None:
        """Go to the editor, or load it anew."""
        self.page.goto(self.server.url)
        self.page.wait_for_function("window.app?.extensionManager && window.graph")
        self.panel_button.wait_for()  # registered last

    def load(self, graph: dict[str, Any]) -> None:
        """Load a graph in the format the server takes, as dropping such a file does.

        Seeds stay as they are from run to run.
        """
        self.page.evaluate("graph => app.loadApiJson(graph, 'test.json')", graph)
        self.page.evaluate(
            """for (const widget of app.graph.nodes.flatMap((node) => node.widgets ?? []))
              if (widget.name === "control_after_generate") widget.value = "fixed";"""
        )

    def run(self) -> None:
        """Press Run, and wait until the server is done."""
        ended = "api.addEventListener('execution_success', () => window.ended = true, {once: true})"
        self.page.evaluate(f"import('/scripts/api.js').then(({{api}}) => {{{ended}}})")
        self.page.get_by_role("button", name="Run", exact=True).click()
        self.page.wait_for_function("window.ended", timeout=PATIENCE)
        self.page.evaluate("window.ended = false")

    def drop(self, file: Path) -> None:
        """Let go of a file over the canvas."""
        data = base64.b64encode(file.read_bytes()).decode()
        transfer = self.page.evaluate_handle(DROP, [file.name, data])
        self.page.dispatch_event("#graph-canvas", "drop", {"dataTransfer": transfer})

    def show(self, class_type: str) -> None:
        """Bring a node into the middle of the window, as large as it is."""
        self.page.evaluate(
            """kind => {
              const node = app.graph.nodes.find((one) => one.comfyClass === kind);
              app.canvas.ds.scale = 1;
              app.canvas.centerOnNode(node);
              app.canvas.setDirty(true, true);
            }""",
            class_type,
        )

    def node_types(self) -> list[str]:
        found: list[str] = self.page.evaluate("app.graph.nodes.map(({ type }) => type).sort()")
        return found

    @property
    def panel_button(self) -> Locator:
        return self.page.locator(".side-bar-button:has(.pi-thumbs-up)")

    @property
    def rows(self) -> Locator:
        """The controls of the pictures that can be rated."""
        return self.page.locator(".vibes-row")


@contextmanager
def editor_at(
    browser: Browser, server: ComfyUI, width: int = 1280, height: int = 800
) -> Iterator[Editor]:
    """The editor as someone who was here before sees it; no other machine is asked for anything."""
    set_setting(server, "Comfy.TutorialCompleted", True)
    set_setting(server, "Comfy.Minimap.Visible", False)  # on a phone it lies over the nodes
    context = browser.new_context(viewport=ViewportSize(width=width, height=height))
    context.route(_is_foreign, lambda route: route.abort())
    editor = Editor(context.new_page(), server)
    _watch(editor)
    editor.open()
    yield editor
    context.close()
    assert editor.trouble == []


def _watch(editor: Editor) -> None:
    """The editor has troubles of its own: only what our modules say or throw counts."""

    def thrown(error: WebError) -> None:
        if OURS in (error.error.stack or ""):
            editor.trouble.append(str(error.error))

    def said(text: str, place: str) -> None:
        if OURS in place or "extension 'Vibes" in text:
            editor.trouble.append(text)

    editor.page.context.on("weberror", thrown)
    editor.page.on("console", lambda one: said(one.text, one.location["url"]))


def _is_foreign(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and parts.hostname != "127.0.0.1"


def set_setting(server: ComfyUI, name: str, value: object) -> None:
    """Store one of the editor's settings."""
    ask(server, f"/settings/{name}", value)


def ask(server: ComfyUI, path: str, body: object = None, method: str | None = None) -> Any:
    """The server's answer as JSON; what has a body is posted unless ``method`` says otherwise."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{server.url}{path}", data, headers, method=method)
    with urllib.request.urlopen(request) as reply:
        content = reply.read()
    return json.loads(content) if content else None
