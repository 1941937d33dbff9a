"""Ratings in the zoom view, saved at once and there again after a reload."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from .grid import all_drawn, drafts

pytestmark = pytest.mark.browser


def _zoomed(page: Page) -> Locator:
    page.keyboard.press("z")
    return page.get_by_role("dialog", name="Picture")


def _star(zoom: Locator, scale: str, count: int) -> Locator:
    return zoom.get_by_role("button", name=f"{scale}: {count} of 5")


def test_a_rating_by_key_and_its_details_are_kept_and_shown_again(page: Page) -> None:
    drafts(page, "a red boat")
    zoom = _zoomed(page)
    zoom.get_by_role("button", name="Details").click()
    expect(zoom.get_by_text("Give it stars first")).to_be_visible()
    expect(zoom.get_by_label("Comment")).to_be_disabled()
    page.keyboard.press("4")
    expect(zoom.get_by_text("Saved.")).to_be_visible()
    expect(_star(zoom, "Rating", 4)).to_have_attribute("aria-pressed", "true")
    _star(zoom, "Aesthetics", 5).click()
    zoom.get_by_role("button", name="hands", exact=True).click()
    zoom.get_by_label("Tags").fill("cosy, for print")
    zoom.get_by_label("Comment").fill("12 soft waves")
    page.keyboard.press("Escape")  # what was written just now is sent as well
    expect(zoom).to_have_count(0)

    page.reload()
    all_drawn(page, 4)
    zoom = _zoomed(page)
    expect(_star(zoom, "Rating", 4)).to_have_attribute("aria-pressed", "true")
    zoom.get_by_role("button", name="Details").click()
    expect(_star(zoom, "Aesthetics", 5)).to_have_attribute("aria-pressed", "true")
    expect(zoom.get_by_role("button", name="hands", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(zoom.get_by_label("Tags")).to_have_value("cosy, for print")
    expect(zoom.get_by_label("Comment")).to_have_value("12 soft waves")


def test_each_picture_has_a_rating_of_its_own_and_the_arrows_still_walk(page: Page) -> None:
    drafts(page, "a red boat")
    zoom = _zoomed(page)
    page.keyboard.press("2")
    expect(_star(zoom, "Rating", 2)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowRight")
    expect(zoom.get_by_text("2 of 4")).to_be_visible()
    expect(_star(zoom, "Rating", 2)).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("ArrowLeft")
    expect(_star(zoom, "Rating", 2)).to_have_attribute("aria-pressed", "true")


def test_of_a_profile_that_does_not_learn_no_rating_is_kept_and_that_is_said(page: Page) -> None:
    drafts(page, "a red boat")
    page.route("**/rating", lambda route: route.fulfill(json={"image_id": "x", "recorded": False}))
    zoom = _zoomed(page)
    zoom.get_by_role("button", name="Details").click()
    page.keyboard.press("3")
    expect(zoom.get_by_text("Not kept: this profile does not learn.")).to_be_visible()
