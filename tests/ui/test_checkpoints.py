"""Tab Checkpoints in a real browser: pools changed by dragging and by menu, and where all lie."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from .conftest import Desk

pytestmark = pytest.mark.browser
OUT = Path(__file__).parent / "out"


def _opened(page: Page) -> Locator:
    page.get_by_role("tab", name="Checkpoints").click()
    tab = page.locator("vibes-checkpoints")
    expect(_pool(tab, "sdxl_standard")).to_be_visible()
    return tab


def _pool(tab: Locator, name: str) -> Locator:
    return tab.get_by_role("region", name=name, exact=True)


def _card(pool: Locator, name: str) -> Locator:
    return pool.get_by_role("listitem").and_(pool.page.get_by_label(name, exact=True))


@pytest.fixture
def tab(desk: Desk) -> Locator:
    desk.page.set_viewport_size({"width": 1280, "height": 1600})  # a drag needs both ends in sight
    return _opened(desk.page)


def test_a_checkpoint_is_dragged_out_of_its_pool_and_the_notice_brings_it_back(
    tab: Locator,
) -> None:
    pool, outside = _pool(tab, "sdxl_standard"), _pool(tab, "In no pool")
    _card(pool, "epicrealismXL").drag_to(outside)
    expect(_card(outside, "epicrealismXL")).to_be_visible()
    expect(tab.get_by_text("epicrealismXL is not chosen for sdxl_standard")).to_be_visible()
    _card(outside, "epicrealismXL").drag_to(pool)
    expect(_card(pool, "epicrealismXL").get_by_text("added by you")).to_be_visible()
    tab.get_by_role("button", name="Undo").click()
    expect(_card(outside, "epicrealismXL")).to_be_visible()
    menu = _card(outside, "epicrealismXL").get_by_role("button")
    menu.click()
    tab.page.get_by_role("menuitem", name="As configured: sdxl_standard").click()
    expect(_card(pool, "epicrealismXL")).to_be_visible()
    expect(_card(pool, "epicrealismXL").get_by_text("added by you")).to_have_count(0)


def test_a_drop_into_another_family_is_refused_in_a_sentence(tab: Locator, desk: Desk) -> None:
    pool = _pool(tab, "sd15_draft")
    _card(_pool(tab, "sdxl_standard"), "epicrealismXL").drag_to(pool)
    expect(tab.get_by_text("choose a tier of its family")).to_be_visible()
    expect(_card(pool, "epicrealismXL")).to_have_count(0)
    tab.get_by_role("button", name="Dismiss").click()
    assert [text for text in desk.trouble if "status of 4" not in text] == []
    desk.trouble.clear()


def test_the_keyboard_takes_out_and_puts_in(tab: Locator, desk: Desk) -> None:
    pool = _pool(tab, "sd15_draft")
    more = tab.get_by_role("button", name="Change the pools of toonyou_beta6")
    more.focus()
    desk.page.keyboard.press("Enter")
    expect(desk.page.get_by_role("menuitem").first).to_be_focused()
    desk.page.keyboard.press("Escape")
    expect(more).to_be_focused()
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.press("Enter")
    pool.get_by_text("1 left out").click()
    expect(pool.get_by_text("taken out by you")).to_be_visible()
    desk.page.screenshot(path=OUT / "checkpoints.png", full_page=True)
    pool.get_by_role("button", name="Put toonyou_beta6 into sd15_draft").press("Enter")
    expect(_card(pool, "toonyou_beta6")).to_be_visible()
    tab.get_by_role("button", name="Undo").click()
    expect(_card(pool, "toonyou_beta6")).to_have_count(0)
    tab.get_by_role("button", name="Undo").click()
    expect(_card(pool, "toonyou_beta6")).to_be_visible()


def test_the_table_says_which_server_has_what_and_is_ordered_by_a_click(
    tab: Locator, desk: Desk
) -> None:
    table = tab.get_by_role("table")
    expect(table.get_by_role("columnheader", name="demo-fast")).to_be_visible()
    row = table.get_by_role("row").filter(has_text="juggernautXL_v9")
    expect(row.get_by_role("img", name="yes")).to_have_count(2)
    names = table.get_by_role("rowheader")
    head = table.get_by_role("columnheader", name="Checkpoint")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(names.first).to_have_text("dreamshaper_8")
    desk.page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(names.first).to_have_text("woodblock_diffusion")
    expect(table.get_by_role("columnheader", name="Rate")).not_to_have_attribute(
        "aria-sort", re.compile(".")
    )


def test_on_a_phone_only_the_table_scrolls_sideways(phone: BrowserContext, studio_url: str) -> None:
    page = phone.new_page()
    page.goto(studio_url)
    tab = _opened(page)
    _card(_pool(tab, "sd15_draft"), "epicrealism").get_by_role("button").tap()
    expect(page.get_by_role("menuitem", name="Take out of sd15_draft")).to_be_visible()
    page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=OUT / "checkpoints-phone.png", full_page=True)
