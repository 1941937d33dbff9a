"""The Queue tab in a real browser: what runs where, and changing what comes first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from .conftest import Desk
from .line import Line
from .spare import DOOMED, spare_server

pytestmark = pytest.mark.browser
OUT = Path(__file__).parent / "out"
PATIENCE = 20_000
"""Milliseconds something may take that waits for rendering."""
MANY = 200
"""More pictures than the servers make while a page is looked at, on however slow a machine."""
STEPS = 150
"""So many that a picture is seen half drawn for a while; the most a recipe may have."""


@pytest.fixture
def queue(desk: Desk, line: Line) -> Page:
    """The page with its Queue tab open."""
    return _open(desk.page)


@pytest.fixture
def patient_url() -> Iterator[str]:
    """Address of a server that is at its first picture for as long as a test needs."""
    with spare_server(seconds_per_image=600) as url:
        yield url


@pytest.fixture
def gradual_url() -> Iterator[str]:
    """Address of a server that shows a picture of STEPS after 7 seconds, and has it after 24."""
    with spare_server(speed=0.3) as url:
        yield url


def _open(page: Page) -> Page:
    page.get_by_role("tab", name="Queue").click()
    page.get_by_role("heading", name="Queue").wait_for()
    return page


def _panel(page: Page, prompt: str) -> Locator:
    return page.locator(".v-batch").filter(has=page.get_by_title(prompt, exact=True))


def _pictures(page: Page, prompt: str) -> Locator:
    """The pictures listed below a grid, after opening it."""
    panel = _panel(page, prompt)
    panel.get_by_role("button", name=re.compile(f"^{prompt}")).click()
    return panel.locator(".v-row")


def _order(page: Page) -> Locator:
    return page.locator(".v-queue .v-toggle strong")


def test_an_empty_queue_says_what_will_be_here(queue: Page) -> None:
    expect(queue.get_by_text("Nothing is being made")).to_be_visible()
    queue.get_by_role("button", name="Go to the Studio").click()
    expect(queue.get_by_label("Prompt", exact=True)).to_be_visible()


def test_it_shows_what_runs_where_to_every_browser_and_leaves_when_all_is_made(
    patient_url: str, queue: Page, line: Line, browser: Browser
) -> None:
    line.stop()
    line.add("patient", patient_url)
    line.submit("a quiet lake", count=3)
    made_now = queue.get_by_role("list", name="Being made now")
    expect(made_now.get_by_text("patient", exact=True).first).to_be_visible()
    expect(queue.get_by_text(re.compile(r"\d pictures? in the making, \d waiting"))).to_be_visible()
    rows = _pictures(queue, "a quiet lake")
    expect(rows.get_by_text("rendering on patient").first).to_be_visible()
    second = browser.new_page()
    second.goto(queue.url)
    expect(_panel(_open(second), "a quiet lake")).to_contain_text("0 of 3")
    second.close()
    line.ask("DELETE", "/api/gpus/patient")
    line.go()
    expect(queue.get_by_text("Nothing is being made")).to_be_visible(timeout=PATIENCE)


def test_a_pause_stops_the_rest_and_cancelling_many_asks_first(queue: Page, line: Line) -> None:
    batch = line.submit("a red boat", count=MANY)
    panel = _panel(queue, "a red boat")
    panel.get_by_role("button", name="Pause").click()
    expect(panel).to_contain_text("paused")
    done = line.settled(batch)
    queue.wait_for_timeout(400)
    assert line.settled(batch) == done < MANY
    panel.get_by_role("button", name="Resume").click()
    expect(panel).to_contain_text("rendering")
    panel.get_by_role("button", name="Cancel").click()
    queue.get_by_role("dialog").get_by_role("button", name="Keep them").click()
    expect(panel).to_be_visible()
    panel.get_by_role("button", name="Cancel").click()
    queue.get_by_role("dialog").get_by_role("button", name=re.compile(r"^Cancel \d+$")).click()
    expect(panel).to_have_count(0)
    line.emptied()


def test_high_priority_goes_first_over_all_sessions(queue: Page, line: Line) -> None:
    line.stop()
    line.submit("an old mill", count=3)
    line.submit("a new bridge", count=3)
    expect(_order(queue)).to_have_text(["an old mill", "a new bridge"])
    _panel(queue, "a new bridge").get_by_label("Priority").select_option("high")
    expect(_order(queue)).to_have_text(["a new bridge", "an old mill"])
    assert [batch["priority"] for batch in line.batches()] == ["high", "normal"]


def test_grids_of_a_session_change_places_by_key_and_keep_the_focus(
    queue: Page, line: Line
) -> None:
    line.stop()
    session = line.session("Harbour")
    for prompt in ("first light", "second thought", "third man"):
        line.submit(prompt, count=2, session=session)
    expect(_order(queue)).to_have_text(["first light", "second thought", "third man"])
    down = _panel(queue, "first light").get_by_role("button", name="Move down")
    down.focus()
    queue.keyboard.press("Enter")
    expect(_order(queue)).to_have_text(["second thought", "first light", "third man"])
    expect(down).to_be_focused()
    queue.keyboard.press("Enter")
    expect(_order(queue)).to_have_text(["second thought", "third man", "first light"])
    expect(down).to_have_attribute("aria-disabled", "true")
    queue.reload()
    expect(_order(_open(queue))).to_have_text(["second thought", "third man", "first light"])


def test_one_picture_is_cancelled_paused_or_put_first_and_the_others_stay(
    queue: Page, line: Line
) -> None:
    line.stop()
    line.submit("snowy mountains", count=4)
    rows = _pictures(queue, "snowy mountains")
    numbers = rows.locator(".v-row-number")
    expect(numbers).to_have_text(["1", "2", "3", "4"])
    rows.get_by_role("button", name="Cancel: picture 2").click()
    expect(numbers).to_have_text(["1", "3", "4"])
    rows.get_by_role("button", name="First: picture 4").click()
    expect(numbers).to_have_text(["4", "1", "3"])
    rows.get_by_role("button", name="Pause: picture 1").click()
    expect(rows.nth(1)).to_contain_text("paused")
    line.go()
    expect(numbers).to_have_text(["1"], timeout=PATIENCE)
    rows.get_by_role("button", name="Resume: picture 1").click()
    expect(queue.get_by_text("Nothing is being made")).to_be_visible(timeout=PATIENCE)


def test_what_failed_says_why_and_is_made_again_on_request(
    queue: Page, line: Line, spare_url: str
) -> None:
    line.stop()
    line.add("spare", spare_url)
    prompt = f"a {DOOMED} ship"
    line.submit(prompt, count=2)
    panel = _panel(queue, prompt)
    expect(queue.get_by_role("heading", name="Not finished")).to_be_visible(timeout=PATIENCE)
    expect(panel).to_contain_text("2 pictures failed")
    rows = _pictures(queue, prompt)
    expect(rows.first.locator(".v-trouble")).to_contain_text("spare")
    queue.screenshot(path=OUT / "queue-failed.png")
    line.ask("DELETE", "/api/gpus/spare")
    line.go()
    rows.get_by_role("button", name="Retry: picture 1").click()
    panel.get_by_role("button", name="Retry failed").click()
    expect(panel).to_have_count(0, timeout=PATIENCE)


def test_a_refused_change_is_taken_back_with_a_sentence(
    queue: Page, line: Line, desk: Desk
) -> None:
    line.stop()
    line.submit("an old mill", count=2)
    queue.route("**/pause", lambda route: route.abort())
    panel = _panel(queue, "an old mill")
    panel.get_by_role("button", name="Pause").click()
    expect(queue.get_by_text("The studio does not answer.").last).to_be_visible()
    expect(panel.get_by_role("button", name="Pause")).to_be_visible()
    desk.trouble.clear()  # the browser logs the broken request itself


def test_a_grid_opens_in_the_studio_and_a_reload_shows_what_is_being_drawn_at_once(
    gradual_url: str, queue: Page, line: Line
) -> None:
    line.stop()
    line.add("gradual", gradual_url)
    line.submit("misty forest with a river", count=4, steps=STEPS)
    panel = _panel(queue, "misty forest with a river")
    panel.get_by_role("button", name="Open in Studio").click()
    expect(queue.locator(".v-card")).to_have_count(4)
    second = queue.context.new_page()
    second.route("**/api/events", lambda route: None)  # it must do without news
    second.goto(queue.url)
    half_drawn = ".v-card[data-live] .v-preview[src]"
    expect(queue.locator(half_drawn)).to_be_visible(timeout=PATIENCE)
    second.reload()
    expect(second.locator(half_drawn)).to_be_visible()
    second.close()


def test_a_long_queue_draws_no_picture_until_asked_and_then_every_one(
    queue: Page, line: Line
) -> None:
    line.stop()
    for number in range(6):
        line.submit(f"city number {number}", count=200)
    expect(_order(queue)).to_have_count(6)
    expect(queue.locator(".v-row")).to_have_count(0)
    expect(_pictures(queue, "city number 3")).to_have_count(200)
    queue.evaluate("document.querySelectorAll('.v-row')[150].dataset.mark = 'same'")
    line.ask("POST", f"/api/images/{line.batches()[3]['images'][0]['id']}/cancel")
    expect(queue.locator(".v-row")).to_have_count(199)
    expect(queue.locator(".v-row[data-mark=same]")).to_have_count(1)


def test_on_a_phone_nothing_of_the_queue_is_cut_off(
    phone: BrowserContext, studio_url: str, line: Line
) -> None:
    line.stop()
    session = line.session("Harbour")
    for prompt in ("a lighthouse on a beach at sunset, film grain, long exposure", "a red boat"):
        line.submit(prompt, count=3, session=session)
    page = phone.new_page()
    page.goto(studio_url)
    _pictures(_open(page), "a red boat")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=OUT / "queue-phone.png")
