"""The extension in ComfyUI's own graph editor, in a real browser, with pictures of tiny models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.comfyui.servers import CHECKPOINTS, ComfyUI
from tests.ports import free_port

from .editor import Editor, ask, editor_at, set_setting

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]

OUT = Path(__file__).parents[1] / "ui" / "out"
Graph = dict[str, Any]


@pytest.fixture
def editor(browser: Browser, comfyui_with_pack: ComfyUI) -> Iterator[Editor]:
    with editor_at(browser, comfyui_with_pack) as opened:
        yield opened


@pytest.fixture
def graph() -> Graph:
    """Two pictures of a beach by a checkpoint the pool chooses, to be rated, and saved."""
    seed = uuid4().int % 2**32  # a picture no test has seen

    def part(class_type: str, **inputs: Any) -> Graph:
        return {"class_type": class_type, "inputs": inputs, "_meta": {"title": class_type}}

    return {
        "1": part(
            "VibesCheckpointPool",
            mode="explore",
            tier="tiny_test",
            prompt="a beach",
            seed=seed,
        ),
        "2": part("EmptySD3LatentImage", width=64, height=96, batch_size=2),
        "3": part("CLIPTextEncode", text="a beach", clip=["1", 1]),
        "4": part(
            "KSampler",
            model=["1", 0],
            positive=["3", 0],
            negative=["3", 0],
            latent_image=["2", 0],
            seed=seed,
            steps=1,
            cfg=1.0,
            sampler_name="euler",
            scheduler="normal",
            denoise=1.0,
        ),
        "5": part("VAEDecode", samples=["4", 0], vae=["1", 2]),
        "6": part("VibesPreview", images=["5", 0]),
        "7": part("VibesSaveImage", images=["5", 0], filename_prefix=f"editor/{seed}"),
    }


@pytest.fixture
def made(editor: Editor, graph: Graph) -> Editor:
    """The editor after a run, with the pictures in sight."""
    editor.load(graph)
    editor.run()
    editor.show("VibesPreview")
    expect(editor.rows).to_have_count(2)
    return editor


def star(row: Locator, count: int) -> Locator:
    return row.get_by_role("button", name=re.compile(rf"^{count} stars? of 5$"))


def give(editor: Editor, button: Locator) -> None:
    """Press, and wait until the rating is stored."""
    with editor.page.expect_response("**/vibes/rate") as stored:
        button.click()
    assert stored.value.ok


def ratings(server: ComfyUI) -> int:
    found: int = ask(server, "/vibes/statistics")["ratings"]
    return found


def test_pictures_are_rated_on_their_node_and_a_second_press_changes_what_is_stored(
    made: Editor,
) -> None:
    before = ratings(made.server)
    first, second = made.rows.all()
    give(made, star(first, 4))
    expect(star(first, 4)).to_have_attribute("aria-pressed", "true")
    expect(first.locator(".vibes-star[data-on]")).to_have_count(4)
    give(made, second.get_by_role("button", name="I like it", exact=True))
    expect(star(second, 5)).to_have_attribute("aria-pressed", "true")
    assert ratings(made.server) == before + 2
    made.page.screenshot(path=OUT / "editor-rated.png")

    give(made, first.get_by_role("button", name="I do not like it"))
    expect(first).to_have_attribute("data-overall", "1")
    expect(star(first, 4)).to_have_attribute("aria-pressed", "false")
    assert ratings(made.server) == before + 2


def test_what_was_rated_is_shown_again_after_a_cached_run_a_reload_and_in_other_browsers(
    browser: Browser, editor: Editor, graph: Graph
) -> None:
    graph["1"]["inputs"].update(mode="fixed", checkpoint=CHECKPOINTS[0])  # as no rating can change
    editor.load(graph)
    editor.run()
    editor.show("VibesPreview")
    give(editor, star(editor.rows.first, 2))
    editor.run()
    expect(editor.rows.first).to_have_attribute("data-overall", "2")
    editor.page.wait_for_timeout(1000)  # the editor stores its open graph a moment after a change
    editor.open()
    editor.show("VibesPreview")
    expect(editor.page.get_by_text("Run the graph, then rate the pictures here.")).to_be_visible()
    editor.run()
    expect(editor.rows.first).to_have_attribute("data-overall", "2")
    expect(editor.rows.last).to_have_attribute("data-overall", "")

    with editor_at(browser, editor.server) as other:
        other.load(graph)
        other.run()
        other.show("VibesPreview")
        expect(other.rows.first).to_have_attribute("data-overall", "2")
        expect(other.rows.last).to_have_attribute("data-overall", "")


def test_ratings_and_choices_come_back_with_the_editor_s_tab(made: Editor) -> None:
    give(made, star(made.rows.first, 3))
    made.page.evaluate("app.extensionManager.command.execute('Comfy.NewBlankWorkflow')")
    expect(made.rows).to_have_count(0)
    made.page.get_by_role("button", name=re.compile("^test")).click()
    made.show("VibesPreview")
    expect(made.rows.first).to_have_attribute("data-overall", "3")
    made.show("VibesCheckpointPool")
    expect(made.page.get_by_role("button", name="Why?")).to_be_visible()


def test_rating_works_by_keyboard_alone_and_the_focus_is_seen(made: Editor) -> None:
    like = made.rows.first.get_by_role("button", name="I like it", exact=True)
    like.focus()
    made.page.keyboard.press("Tab")
    expect(star(made.rows.first, 1)).to_be_focused()
    made.page.keyboard.press("Tab")
    made.page.keyboard.press("Space")
    expect(made.rows.first).to_have_attribute("data-overall", "2")
    outline = star(made.rows.first, 2).evaluate("node => getComputedStyle(node).outlineStyle")
    assert outline == "solid"


def test_a_rating_that_is_not_stored_is_taken_back_with_a_sentence(made: Editor) -> None:
    made.page.route("**/vibes/rate", lambda route: route.abort())
    star(made.rows.first, 5).click()
    gone = made.rows.first.get_by_text("ComfyUI does not answer. Is it still running?")
    expect(gone).to_be_visible()
    expect(made.rows.first).to_have_attribute("data-overall", "")
    made.page.unroute("**/vibes/rate")
    star(made.rows.first, 5).click()
    expect(gone).to_be_hidden()
    expect(made.rows.first).to_have_attribute("data-overall", "5")


def test_nothing_of_ours_is_stored_in_a_workflow_or_sent_with_a_prompt(
    made: Editor, graph: Graph
) -> None:
    star(made.rows.first, 5).click()
    stored = made.page.evaluate("app.graph.serialize().nodes")
    (preview,) = (node for node in stored if node["type"] == "VibesPreview")
    (pool,) = (node for node in stored if node["type"] == "VibesCheckpointPool")
    assert not preview.get("widgets_values")
    assert graph["1"]["inputs"]["prompt"] in pool["widgets_values"]
    assert all(isinstance(value, str | int) for value in pool["widgets_values"] if value)
    sent = made.page.evaluate("app.graphToPrompt().then(({ output }) => output)")
    assert sent["6"]["inputs"] == {"images": ["5", 0]}
    assert not any(name.startswith("vibes") for node in sent.values() for name in node["inputs"])


def test_a_choice_wears_a_badge_and_tells_why_at_four_levels(made: Editor) -> None:
    made.show("VibesCheckpointPool")
    badge = made.page.locator(".vibes-badge")
    expect(badge).to_contain_text("tiny-")
    made.page.screenshot(path=OUT / "editor-badge.png")
    why = made.page.get_by_role("button", name="Why?")
    why.click()
    dialog = made.page.get_by_role("dialog", name=badge.inner_text())
    expect(dialog.get_by_role("tab", name="In short")).to_be_focused()
    told = []
    for name in ("In short", "Standard", "Detailed", "Technical"):
        expect(dialog.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
        told.append(dialog.get_by_role("tabpanel").inner_text())
        made.page.keyboard.press("ArrowRight")
    assert all(told)
    assert len(told[3]) > len(told[0])
    made.page.screenshot(path=OUT / "editor-why.png")
    made.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(why).to_be_focused()


def test_the_menu_of_a_choosing_node_tells_why_too(made: Editor) -> None:
    made.show("VibesCheckpointPool")
    place = made.page.evaluate(
        """() => {
          const node = app.graph.nodes.find((one) => one.comfyClass === "VibesCheckpointPool");
          return app.canvasPosToClientPos([node.pos[0] + 80, node.pos[1] - 12]);
        }"""
    )
    made.page.mouse.click(*place, button="right")
    made.page.get_by_text("Why this choice?").click()
    expect(made.page.get_by_role("tabpanel")).to_be_visible()


def test_the_panel_teaches_at_first_and_follows_ratings_then(made: Editor) -> None:
    page = made.page
    nothing = {"profile": "default", "source": "local", "ratings": 0, "top_checkpoints": []}
    page.route("**/vibes/statistics", lambda route: route.fulfill(json=nothing))
    made.panel_button.click()
    panel = page.locator(".vibes-panel")
    expect(panel.get_by_text("Rate pictures in a Preview and Rate node")).to_be_visible()
    expect(panel.get_by_text("No studio linked")).to_be_visible()
    page.screenshot(path=OUT / "editor-panel-empty.png")
    page.unroute("**/vibes/statistics")
    made.show("VibesPreview")
    made.rows.first.get_by_role("button", name="I like it", exact=True).click()
    expect(panel.get_by_text(re.compile(r"\d+ ratings? so far"))).to_be_visible()
    bar = panel.get_by_role("img", name=re.compile(r"tiny-\w: \d+ %, likely between \d+ % and"))
    expect(bar.first).to_be_visible()
    page.screenshot(path=OUT / "editor-panel.png")


@pytest.fixture
def unlinked(comfyui_with_pack: ComfyUI) -> Iterator[ComfyUI]:
    """The server without a studio, afterwards, too."""
    yield comfyui_with_pack
    ask(comfyui_with_pack, "/vibes/studio", {"url": None}, method="PUT")


def test_a_studio_is_linked_in_the_settings_and_the_token_stays_on_the_server(
    editor: Editor, unlinked: ComfyUI
) -> None:
    page, address, token = editor.page, f"http://127.0.0.1:{free_port()}", uuid4().hex
    form = open_settings(editor)
    form.get_by_label("Address of the studio").fill(address)
    form.get_by_label("Token, if it asks for one").fill(token)
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_text("The studio is away")).to_be_visible()
    page.screenshot(path=OUT / "editor-settings.png")
    stored = ask(unlinked, "/vibes/studio")
    assert (stored["url"], stored["has_token"]) == (address, True)

    editor.open()
    form = open_settings(editor)
    expect(form.get_by_label("Address of the studio")).to_have_value(address)
    expect(form.get_by_label("Token, if it asks for one")).to_have_value("")
    form.get_by_role("button", name="Test").click()
    expect(form.get_by_text("The studio is away")).to_be_visible()
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    everywhere = kept + page.content() + str(ask(unlinked, "/settings")) + str(stored)
    assert token not in everywhere


def open_settings(editor: Editor) -> Locator:
    editor.page.evaluate("app.extensionManager.command.execute('Comfy.ShowSettingsDialog')")
    editor.page.get_by_role("option", name="Vibes").click()
    return editor.page.locator(".vibes-form")


def test_the_menu_s_commands_say_how_it_stands(editor: Editor) -> None:
    for command in ("Vibes.TestLink", "Vibes.OpenStudio"):
        editor.page.evaluate(f"app.extensionManager.command.execute('{command}')")
    expect(editor.page.locator(".p-toast").get_by_text("No studio linked")).to_have_count(2)


def test_a_saved_picture_dropped_on_the_editor_brings_its_graph_back(
    made: Editor, graph: Graph
) -> None:
    (folder, number) = graph["7"]["inputs"]["filename_prefix"].split("/")
    saved = next((made.server.base / "output" / folder).glob(f"{number}*.png"))
    types = made.node_types()
    made.page.evaluate("app.extensionManager.command.execute('Comfy.NewBlankWorkflow')")
    made.page.wait_for_function("app.graph.nodes.length === 0")
    made.drop(saved)
    made.page.wait_for_function("app.graph.nodes.length > 0")
    assert made.node_types() == types


@pytest.fixture
def in_chinese(comfyui_with_pack: ComfyUI) -> Iterator[None]:
    set_setting(comfyui_with_pack, "Comfy.Locale", "zh")
    yield
    set_setting(comfyui_with_pack, "Comfy.Locale", "en")


@pytest.mark.usefixtures("in_chinese")
def test_the_editor_s_language_is_ours(editor: Editor) -> None:
    editor.panel_button.click()
    expect(editor.page.locator(".vibes-panel").get_by_text("学到的内容")).to_be_visible()
    form = open_settings(editor)
    expect(form.get_by_role("button", name="测试")).to_be_visible()
    expect(editor.page.get_by_text("连接工作室").first).to_be_visible()


def test_on_a_phone_the_pop_up_fits_the_screen(
    browser: Browser, comfyui_with_pack: ComfyUI, graph: Graph
) -> None:
    with editor_at(browser, comfyui_with_pack, width=420) as editor:
        editor.load(graph)
        editor.run()
        editor.show("VibesCheckpointPool")
        editor.page.get_by_role("button", name="Why?").click()
        box = editor.page.locator("dialog.vibes-dialog").bounding_box()
        editor.page.screenshot(path=OUT / "editor-phone.png")
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 420
