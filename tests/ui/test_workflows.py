"""The Workflows tab in a real browser: a workflow is brought, used for a grid, and removed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Locator, Page, expect

from tests.workflows.marked import with_markers

from .conftest import Desk
from .grid import all_drawn

pytestmark = pytest.mark.browser
OUT = Path(__file__).parent / "out"
NARROW = ("checkpoint", "prompt", "seed", "width", "height")


@pytest.fixture
def workflows(desk: Desk, studio_url: str) -> Iterator[Page]:
    """The page with its Workflows tab open; afterwards only the shipped ones are there."""
    yield _open(desk.page)
    for name in _own(desk.page, studio_url):
        desk.page.request.delete(f"{studio_url}/api/workflows/{name}")


def _own(page: Page, studio_url: str) -> list[str]:
    listed = page.request.get(f"{studio_url}/api/workflows").json()
    return [one["name"] for one in listed if one["source"] == "own"]


def _open(page: Page) -> Page:
    page.get_by_role("tab", name="Workflows").click()
    page.get_by_role("heading", name="Workflows", exact=True).wait_for()
    return page


def _card(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name="Workflows").get_by_label(name, exact=True)


def _file(name: str, graph: Any) -> FilePayload:
    return {"name": name, "mimeType": "application/json", "buffer": json.dumps(graph).encode()}


def _bring(page: Page, name: str, graph: Any) -> Locator:
    page.get_by_label("File", exact=True).set_input_files(_file(name, graph))
    return page.get_by_role("region", name="The workflow you brought")


def _rare() -> dict[str, Any]:
    graph = with_markers("draft")
    graph["rare"] = {"class_type": "RareNode", "inputs": {"image": ["6", 0]}}
    graph["7"]["inputs"]["images"] = ["rare", 0]
    return graph


def test_who_brought_nothing_yet_is_shown_how_and_given_an_example(workflows: Page) -> None:
    lesson = workflows.get_by_role("region", name="How to bring your own workflow")
    expect(lesson).to_contain_text("before each input the studio may fill")
    expect(lesson).to_contain_text("in place of Save Image")
    workflows.screenshot(path=OUT / "workflows-none.png")
    with workflows.expect_download() as started:
        lesson.get_by_role("link", name="Download the example").click()
    example = json.loads(Path(started.value.path()).read_text())
    assert {"VibesStudioInput", "VibesStudioOutput"} <= {node["type"] for node in example["nodes"]}
    draft = _card(workflows, "draft")
    expect(draft).to_contain_text("comes with Vibes")
    expect(draft).to_contain_text("Renders the stage Drafts.")
    expect(draft).to_contain_text("Runs on demo-fast and demo-slow.")
    expect(draft.get_by_role("button", name="Remove")).to_have_count(0)


def test_a_workflow_is_brought_used_for_a_grid_and_removed(workflows: Page) -> None:
    brought = _bring(workflows, "my portrait (2).json", with_markers("draft", NARROW))
    expect(brought).to_contain_text("can be used")
    expect(brought.get_by_label("Name")).to_have_value("my-portrait-2")
    expect(brought).to_contain_text("As the workflow has it: negative prompt, LoRAs, steps")
    workflows.screenshot(path=OUT / "workflow-brought.png")
    workflows.keyboard.press("Enter")
    card = _card(workflows, "my-portrait-2")
    expect(card).to_contain_text("yours")
    expect(
        card.get_by_role("list", name="The studio fills in").get_by_role("listitem")
    ).to_have_text(["prompt", "checkpoint", "seed", "width", "height"])
    expect(workflows.get_by_role("region", name="How to bring your own workflow")).to_be_hidden()
    workflows.screenshot(path=OUT / "workflows.png", full_page=True)

    card.get_by_role("button", name="Use").click()
    expect(workflows.get_by_text("with my-portrait-2")).to_be_visible()
    expect(workflows.get_by_label("Prompt", exact=True)).to_be_focused()
    workflows.get_by_role("button", name="More").first.click()
    expect(workflows.get_by_label("Workflow", exact=True)).to_have_value("my-portrait-2")
    workflows.get_by_role("slider", name="Pictures").first.fill("2")
    workflows.screenshot(path=OUT / "workflow-chosen.png")
    workflows.get_by_label("Prompt", exact=True).fill("a boat at dusk")
    with workflows.expect_request("**/api/generate/batch") as sent:
        workflows.keyboard.press("Enter")
    assert sent.value.post_data_json["template"] == "my-portrait-2"
    all_drawn(workflows, 2)

    workflows.get_by_role("button", name="Back to the standard workflow").click()
    expect(workflows.get_by_label("Workflow", exact=True)).to_have_value("")
    _open(workflows)
    card.get_by_role("button", name="Remove").click()
    workflows.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(card).to_have_count(0)
    expect(workflows.get_by_text("my-portrait-2 is removed.").last).to_be_visible()


def test_everything_in_the_way_is_told_line_by_line_and_nothing_is_saved(
    workflows: Page, desk: Desk, studio_url: str
) -> None:
    brought = _bring(workflows, "mine.json", with_markers("draft", ("steps", "loras")))
    expect(brought).to_contain_text("mine.json cannot be used yet")
    expect(brought.get_by_role("alert").get_by_role("listitem")).to_have_count(4)
    expect(brought.get_by_role("alert").get_by_role("heading")).to_have_count(1)
    expect(brought.get_by_role("alert").get_by_role("list")).to_have_count(1)
    workflows.screenshot(path=OUT / "workflow-problems.png")
    brought.get_by_role("button", name="Close").click()
    expect(brought).to_have_count(0)
    assert _own(workflows, studio_url) == []
    desk.trouble.clear()  # the browser logs the 422 itself


def test_a_dropped_file_is_looked_at_and_a_taken_name_is_refused_where_it_was_typed(
    workflows: Page, desk: Desk
) -> None:
    dropped = workflows.evaluate_handle(
        """text => {
            const data = new DataTransfer();
            data.items.add(new File([text], "draft.json", { type: "application/json" }));
            return data;
        }""",
        json.dumps(with_markers("draft")),
    )
    tab = workflows.locator("vibes-workflows")
    tab.dispatch_event("dragover", {"dataTransfer": dropped})
    expect(workflows.locator(".v-drop")).to_have_attribute("data-over", "")
    tab.dispatch_event("drop", {"dataTransfer": dropped})
    brought = workflows.get_by_role("region", name="The workflow you brought")
    name = brought.get_by_label("Name")
    expect(name).to_have_value("draft-2")
    name.fill("Draft")
    brought.get_by_role("button", name="Add", exact=True).click()
    expect(brought.get_by_role("status")).to_contain_text("comes with Vibes")
    expect(name).to_be_focused()
    workflows.keyboard.press("Escape")
    expect(brought).to_have_count(0)
    desk.trouble.clear()  # the browser logs the 409 itself


@pytest.mark.parametrize(
    ("file", "name"), [("cafe\u0301.json", "café"), ("𝒜" * 40 + ".json", "𝒜" * 40)]
)
def test_letters_of_any_kind_make_a_name_that_is_taken(
    workflows: Page, file: str, name: str
) -> None:
    brought = _bring(workflows, file, with_markers("draft"))
    expect(brought.get_by_label("Name")).to_have_value(name)
    brought.get_by_role("button", name="Add", exact=True).click()
    expect(_card(workflows, name).get_by_role("button", name=f"Remove {name}")).to_be_visible()


def test_what_a_server_lacks_is_named(workflows: Page) -> None:
    brought = _bring(workflows, "rare.json", _rare())
    expect(brought).to_contain_text("demo-fast cannot: it lacks node RareNode.")
    brought.get_by_role("button", name="Add", exact=True).click()
    card = _card(workflows, "rare")
    expect(card).to_contain_text("demo-slow cannot: it lacks node RareNode.")
    card.get_by_text("Needs 8 node classes").click()
    expect(card.get_by_role("listitem").filter(has_text="RareNode").last).to_be_visible()


@pytest.mark.parametrize("width", [360, 390, 412, 430])
def test_on_a_phone_all_tabs_fit_and_nothing_of_the_workflows_is_cut_off(
    phone: BrowserContext, studio_url: str, width: int
) -> None:
    page = phone.new_page()
    page.set_viewport_size({"width": width, "height": 860})
    page.goto(studio_url)
    for name in ("Studio", "Learning", "Quality", "LoRAs", "Checkpoints", "Workflows", "Queue"):
        expect(page.get_by_role("tab", name=name)).to_be_in_viewport()
    expect(page.get_by_role("tab", name="Servers")).to_be_in_viewport(ratio=1)
    _open(page)
    expect(_card(page, "draft")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=OUT / "workflows-phone.png", full_page=True)
    _bring(page, "a-rather-long-name-of-a-workflow.json", _rare()).wait_for()
    expect(page.get_by_role("button", name="Add", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=OUT / "workflow-brought-phone.png")
    page.get_by_role("button", name="Discard").click()


def test_a_card_takes_the_shape_of_the_picture_that_came(workflows: Page, studio_url: str) -> None:
    graph = with_markers("draft", ("checkpoint", "prompt", "seed"))
    saved = next(one["inputs"] for one in graph.values() if "StudioOutput" in one["class_type"])
    wide = {"image": saved["images"], "upscale_method": "bilinear", "crop": "center"}
    wide |= {"width": 640, "height": 256}
    graph["wide"] = {"class_type": "ImageScale", "inputs": wide}
    saved["images"] = ["wide", 0]
    body = {"name": "wide", "document": graph}
    assert workflows.request.post(f"{studio_url}/api/workflows", data=body).ok
    workflows.reload()
    _card(_open(workflows), "wide").get_by_role("button", name="Use").click()
    workflows.get_by_role("button", name="More").first.click()
    workflows.get_by_role("slider", name="Pictures").first.fill("2")
    workflows.get_by_label("Prompt", exact=True).fill("a boat at dusk")
    workflows.keyboard.press("Enter")
    all_drawn(workflows, 2)
    boxes = workflows.locator("vibes-grid .v-box")
    expect(boxes).to_have_count(2)
    for box in boxes.all():
        expect(box).to_have_css("aspect-ratio", "640 / 256")
