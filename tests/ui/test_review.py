"""ASSISTED: a plan is looked over, changed, and made as it was changed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from .conftest import Desk
from .grid import blank, cards

pytestmark = pytest.mark.browser

PROMPT = "a lighthouse on a beach at dusk, photo"


@pytest.fixture
def page(desk: Desk) -> Page:
    """A new session in Assisted."""
    blank(desk.page)
    assist(desk.page)
    return desk.page


def assist(page: Page) -> None:
    """Let the studio propose."""
    page.get_by_role("radio", name="Assisted").check(force=True)
    expect(page.get_by_role("button", name="Plan 20")).to_be_visible()


def plan(page: Page) -> Locator:
    """The proposals for a prompt."""
    page.get_by_label("Prompt", exact=True).fill(PROMPT)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Proposed: 20 pictures")).to_be_focused()
    return page.locator(".v-proposal")


def with_words(rows: Locator) -> Locator:
    """A proposal whose LoRA adds words to the prompt."""
    has_words = [row.get_by_text("Added to the prompt:").count() > 0 for row in rows.all()]
    return rows.nth(has_words.index(True))


def only(row: Locator) -> int:
    """Leave every other proposal out; how many pictures this one is for."""
    row.get_by_role("button", name="Only this").click()
    return int(row.locator(".v-proposal-count").inner_text().split()[0])


def steps(page: Page) -> Locator:
    return page.get_by_role("region", name="Settings").get_by_role("spinbutton", name="Steps")


def grid_of(page: Page) -> dict[str, Any]:
    """The grid on screen, as REST tells it."""
    session = page.request.get(f"{_rest(page)}/sessions/{page.url.partition('session=')[2]}")
    reply = page.request.get(f"{_rest(page)}/batches/{session.json()['batch_id']}")
    grid: dict[str, Any] = reply.json()
    return grid


def _rest(page: Page) -> str:
    return "{0.scheme}://{0.netloc}/api".format(urlsplit(page.url))


def test_what_was_changed_in_the_review_is_what_is_made(page: Page) -> None:
    rows = plan(page)
    expect(page.get_by_role("region", name="What was understood")).to_contain_text("lighthouse")
    row = with_words(rows)
    count = only(row)
    menu = row.get_by_label("Checkpoint")
    other = menu.locator("optgroup option").first.get_attribute("value")
    menu.select_option(other)
    strength = row.get_by_label("Strength of beach_sunset")
    wanted = float(strength.input_value()) + 0.05
    strength.focus()
    strength.press("ArrowUp")
    expect(strength).to_be_focused()
    row.get_by_role("button", name="Do not add bchsnst").click()
    steps(page).fill("9")
    expect(row).to_contain_text("Changed by you")
    expect(page.get_by_text("2 changes by you")).to_be_visible()
    page.get_by_role("button", name=f"Generate {count}").click()
    expect(cards(page)).to_have_count(count)
    expect(page.get_by_role("heading", name="Proposed")).to_have_count(0)
    images = grid_of(page)["images"]
    assert {image["checkpoint"] for image in images} == {other}
    assert [lora["strength"] for lora in images[0]["loras"]] == [pytest.approx(wanted)]
    assert images[0]["triggers"] == []
    recipe = page.request.get(f"{_rest(page)}/images/{images[0]['id']}/recipe").json()
    assert recipe["steps"] == 9


def test_escape_makes_nothing_and_enter_makes_what_is_ticked(page: Page) -> None:
    plan(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Proposed")).to_have_count(0)
    expect(page.get_by_label("Prompt", exact=True)).to_be_focused()
    rows = plan(page)
    expect(cards(page)).to_have_count(0)
    row = rows.last
    only(row)
    row.get_by_role("checkbox").uncheck()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Tick at least one proposal first")).to_be_visible()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(cards(page).first).to_be_focused()
    expect(page.locator("vibes-review")).to_be_empty()


def test_a_lora_that_changes_nothing_is_named_at_once_and_its_refusal_loses_no_work(
    page: Page, desk: Desk
) -> None:
    row = plan(page).first
    only(row)
    row.get_by_role("button", name="+ LoRA").click()
    page.keyboard.type("watercolor_xl")
    found = page.get_by_role("listbox", name="LoRAs found").get_by_role("option")
    expect(found).to_contain_text("for SDXL and changes nothing in SD 1.5")
    page.keyboard.press("Enter")
    expect(row.get_by_role("status")).to_contain_text("watercolor_xl is for SDXL")
    page.get_by_role("heading", name="Proposed").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("made for sdxl, but the pictures are sd15")).to_be_visible()
    desk.trouble.clear()  # the browser logs the refusal itself
    expect(row).to_contain_text("Changed by you")
    row.get_by_role("button", name="Reset").click()
    expect(row.get_by_label("Strength of watercolor_xl")).to_have_count(0)
    expect(row.get_by_label("Checkpoint")).to_be_focused()


def test_a_plan_that_is_gone_is_made_anew_with_the_settings_kept(page: Page, desk: Desk) -> None:
    plan(page)
    steps(page).fill("9")
    gone = {"code": "not_found", "detail": "No such plan."}
    page.route("**/generate/batch", lambda route: route.fulfill(status=404, json=gone))
    page.get_by_role("button", name="Generate 20").click()
    expect(page.get_by_text("this is a new one")).to_be_visible()
    desk.trouble.clear()  # the browser logs the 404 itself
    expect(steps(page)).to_have_value("9")
    expect(page.get_by_text("1 change by you")).to_be_visible()


def test_the_reasons_in_the_review_get_as_deep_as_asked(page: Page) -> None:
    row = with_words(plan(page))
    expect(row).to_contain_text("its name says 'beach'")
    levels = page.locator("vibes-review").get_by_role("group", name="How much to explain")
    levels.get_by_role("button", name="Technical").click()
    expect(row).to_contain_text("Complexity of the prompt")
    levels.get_by_role("button", name="Minimal").click()
    expect(row).not_to_contain_text("its name says 'beach'")


def test_on_a_phone_the_review_is_whole(phone: BrowserContext, studio_url: str) -> None:
    page = phone.new_page()
    page.goto(studio_url)
    assist(page)
    row = plan(page).first
    row.get_by_role("button", name="+ LoRA").tap()
    expect(page.get_by_role("listbox", name="LoRAs found")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
