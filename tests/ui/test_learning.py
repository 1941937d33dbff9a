"""Tab Learning in a real browser, taught by events."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.studio.test_dashboard import BEACH, FILM, TOON, beaches, grid

from .conftest import Desk

pytestmark = pytest.mark.browser
OUT = Path(__file__).parent / "out"
_LIKELY = re.compile(r"\d+ %, likely between \d+ % and \d+ %")
SHIFT = """() => new Promise((done) => {
    let moved = 0;
    const watch = new PerformanceObserver((list) => {
        for (const entry of list.getEntries())
            for (const { node } of entry.hadRecentInput ? [] : entry.sources)
                if (node?.closest?.("vibes-learning")) moved += entry.value;
    });
    watch.observe({ type: "layout-shift", buffered: true });
    setTimeout(() => done(moved), 300);
})"""


def _learning(page: Page) -> Locator:
    return page.locator("vibes-learning")


def _taught(page: Page) -> Locator:
    """The tab, after enough grids to be sure of something."""
    studio = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
    loras = [[(BEACH, 0.7)], [(FILM, 0.5)], [(BEACH, 0.5), (FILM, 0.7)]]
    history = [*beaches(), *(grid([(TOON, uses, True)] * 3, "mountain") for uses in loras)]
    told = [event.to_dict() for event in history]
    blank = {"everything": True, "confirm": True}  # other tests taught this studio other things
    assert page.request.post(f"{studio}/api/preferences/forget", data=blank).ok
    assert page.request.post(f"{studio}/api/preferences/events", data=told).ok
    page.get_by_role("tab", name="Learning").click()
    expect(_learning(page).get_by_text("You pick epicrealism for “beach”")).to_be_visible()
    return _learning(page)


def _cells(tab: Locator) -> Locator:
    return tab.get_by_role("grid", name="Words and checkpoints").get_by_role("gridcell")


@pytest.fixture(scope="module")
def taught(shared_desk: Desk) -> Locator:
    return _taught(shared_desk.page)


@pytest.fixture
def tab(desk: Desk, taught: Locator) -> Locator:
    return taught


def test_sentences_come_first_and_nothing_moves_when_they_come(tab: Locator, desk: Desk) -> None:
    expect(tab.get_by_text("For “forest” it loses")).to_be_visible()
    expect(tab.get_by_text("pictures judged")).to_be_visible()
    assert desk.page.evaluate(SHIFT) < 0.01
    desk.page.screenshot(path=OUT / "learning-taught.png", full_page=True)


def test_the_map_is_walked_with_the_arrow_keys_and_says_what_each_cell_knows(
    tab: Locator, desk: Desk
) -> None:
    first = _cells(tab).first
    first.click()
    expect(tab.locator(".v-map-said")).to_contain_text("picked, in")
    desk.page.keyboard.press("ArrowRight")
    expect(_cells(tab).nth(1)).to_be_focused()
    expect(tab.locator(".v-map-said")).to_contain_text(
        _cells(tab).nth(1).get_attribute("aria-label") or ""
    )
    desk.page.keyboard.press("ArrowDown")
    desk.page.keyboard.press("Home")
    expect(_cells(tab).nth(2)).to_be_focused()
    desk.page.keyboard.press("ArrowUp")
    expect(first).to_be_focused()
    assert tab.locator(".v-map:visible td[tabindex='0']").count() == 1


def test_another_map_takes_the_place_of_the_first_and_nothing_below_it_moves(
    tab: Locator, desk: Desk
) -> None:
    below = tab.get_by_role("heading", name="LoRAs by strength")
    before = below.bounding_box()
    tab.get_by_role("button", name="LoRAs and checkpoints").click()
    expect(tab.get_by_role("grid", name="LoRAs and checkpoints")).to_be_visible()
    expect(_cells(tab).first).to_be_hidden()
    assert below.bounding_box() == before
    tab.get_by_role("button", name="Words and checkpoints").click()


def test_what_would_be_chosen_is_answered_on_enter_with_intervals(tab: Locator, desk: Desk) -> None:
    tab.get_by_label("Prompt to ask about").fill("a beach")
    desk.page.keyboard.press("Enter")
    row = tab.get_by_role("row").filter(has_text="toonyou").filter(has_text="best")
    expect(row.get_by_role("img")).to_have_attribute("aria-label", _LIKELY)
    tab.get_by_label("Tier").select_option("sdxl_standard")
    tab.get_by_role("button", name="Tell me").click()
    expect(row).to_have_count(0)


def test_forgetting_tells_first_how_much_it_concerns_and_can_be_undone(
    tab: Locator, desk: Desk
) -> None:
    tab.get_by_role("button", name="Forget…", exact=True).click()
    dialog = desk.page.get_by_role("dialog", name="Forget")
    dialog.get_by_label("What").select_option("A word")
    dialog.get_by_label("Which").fill("forest")
    expect(dialog.get_by_text("This concerns 12 grids and ratings.")).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    expect(tab.get_by_text("For “forest” it loses")).to_be_visible()

    cell = _cells(tab).nth(0)
    cell.click()
    tab.get_by_role("button", name="Forget “beach”…").or_(
        tab.get_by_role("button", name="Forget “forest”…")
    ).click()
    expect(dialog.get_by_text("This concerns 12 grids and ratings.")).to_be_visible()
    dialog.get_by_role("button", name="Forget", exact=True).click()
    expect(tab.get_by_text("Forgotten: ")).to_be_visible()
    expect(tab.get_by_role("row").filter(has_text="mountain")).to_have_count(1)
    undo = tab.get_by_role("button", name="Undo")
    undo.click()
    expect(tab.get_by_text("It is remembered again.")).to_be_visible()
    expect(tab.get_by_text("For “forest” it loses")).to_be_visible()


def test_on_a_phone_only_the_map_scrolls_sideways(
    phone: BrowserContext, studio_url: str, taught: Locator
) -> None:
    page = phone.new_page()
    page.goto(studio_url)
    page.get_by_role("tab", name="Learning").tap()
    expect(_learning(page).locator(".v-map").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=OUT / "learning-phone.png", full_page=True)
