"""The reasons for a picture, as deep as the person wants to read."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import Desk
from .grid import all_drawn, cards, drafts, picked

pytestmark = pytest.mark.browser


@pytest.fixture
def page(desk: Desk) -> Page:
    """Four drafts, and nothing chosen yet about how they are explained."""
    drafts(desk.page, "a beach at sunset")
    desk.page.evaluate("localStorage.removeItem('vibes.explain')")
    desk.page.reload()  # the test before left as many cards behind
    all_drawn(desk.page, 4)
    return desk.page


def depth(place: Locator) -> Locator:
    return place.get_by_role("group", name="How much to explain")


def choose(place: Locator, level: str) -> None:
    depth(place).get_by_role("button", name=level).click()


def chosen(place: Locator) -> Locator:
    return depth(place).get_by_role("button", pressed=True)


def sentences(place: Locator) -> Locator:
    return place.locator(".v-why p")


def test_the_reasons_of_a_card_get_deeper_on_request_and_stay_so(page: Page) -> None:
    card = cards(page).first
    expect(depth(card)).to_be_hidden()
    card.focus()
    page.keyboard.press("i")
    expect(chosen(card)).to_have_text("Standard")
    expect(sentences(card).first).to_be_visible()

    choose(card, "technical")
    expect(card.get_by_text("Chosen by policy")).to_be_visible()
    expect(card.get_by_text("How likely it was to be chosen")).to_have_count(1)
    choose(card, "minimal")
    expect(sentences(card)).to_have_count(1)
    expect(picked(page)).to_have_count(0)

    page.reload()
    other = cards(page).nth(1)
    other.get_by_role("button", name="Why this picture").click()
    expect(chosen(other)).to_have_text("Minimal")
    expect(sentences(other)).to_have_count(1)


def test_open_reasons_close_again_and_leave_the_keys_to_the_grid(page: Page) -> None:
    card = cards(page).first
    card.focus()
    page.keyboard.press("i")
    depth(card).get_by_role("button", name="detailed").focus()
    page.keyboard.press("Enter")
    expect(card).to_contain_text("Also considered")
    expect(picked(page)).to_have_count(0)
    page.keyboard.press("i")
    expect(depth(card)).to_be_hidden()
    card.focus()
    page.keyboard.press("Space")
    expect(picked(page)).to_have_count(1)


def test_a_picture_looked_at_closely_tells_its_reasons_too(page: Page) -> None:
    cards(page).first.focus()
    page.keyboard.press("z")
    dialog = page.get_by_role("dialog", name="Picture")
    choose(dialog, "detailed")
    expect(dialog.get_by_text("Also considered")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_reasons_that_do_not_come_leave_the_one_that_was_given(page: Page, desk: Desk) -> None:
    card = cards(page).nth(2)
    page.route("**/recipe?*", lambda route: route.fulfill(status=500, json={"detail": "No luck."}))
    card.get_by_role("button", name="Why this picture").click()
    expect(sentences(card)).to_have_count(2)
    expect(sentences(card).last).to_have_text("No luck.")
    desk.trouble.clear()
