"""The Servers tab in a real browser: how each is, and adding, draining and removing one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from .conftest import Desk
from .line import Line

pytestmark = pytest.mark.browser
OUT = Path(__file__).parent / "out"
PATIENCE = 20_000
"""Milliseconds something may take that waits for rendering."""
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def servers(desk: Desk, line: Line) -> Page:
    """The page with its Servers tab open."""
    return _open(desk.page)


def _open(page: Page) -> Page:
    page.get_by_role("tab", name="Servers").click()
    page.get_by_role("heading", name="Servers", exact=True).wait_for()
    return page


def _card(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name="Servers").get_by_label(name, exact=True)


def test_a_card_tells_what_its_server_makes_has_and_needs(servers: Page, line: Line) -> None:
    line.submit("a beach at dusk", count=60)
    card = _card(servers, "demo-fast")
    expect(card).to_contain_text("of a beach at dusk")
    expect(card).to_contain_text("configuration file")
    expect(card).to_contain_text("GB used")
    expect(card.get_by_role("button", name="Remove")).to_be_hidden()
    expect(card.get_by_text(re.compile(r"^\d+×\d+ ")).first).to_be_visible(timeout=PATIENCE)
    card.get_by_text("checkpoints").click()
    expect(card.get_by_role("listitem").filter(has_text="toonyou_beta6")).to_be_visible()
    expect(servers.get_by_role("row", name="toonyou_beta6")).to_be_visible()


def test_a_server_is_tested_added_drained_used_again_and_removed(
    servers: Page, spare_url: str, browser: Browser
) -> None:
    servers.get_by_role("button", name="Add a server").click()
    servers.keyboard.type(NOWHERE.removeprefix("http://"))
    expect(servers.get_by_label("Name")).to_have_value("local")
    servers.get_by_role("button", name="Test").click()
    expect(servers.get_by_role("status").filter(has_text=NOWHERE)).to_be_visible()
    expect(servers.get_by_role("button", name="Add anyway")).to_be_visible()
    servers.get_by_label("Address").fill(spare_url)
    servers.get_by_label("Name").fill("spare")
    servers.get_by_role("button", name="Test").click()
    expect(servers.get_by_text(re.compile("ComfyUI .* checkpoints .* LoRAs"))).to_be_visible()
    servers.screenshot(path=OUT / "server-form.png")
    servers.get_by_role("button", name="Add", exact=True).click()

    card = _card(servers, "spare")
    expect(card).to_contain_text("online")
    expect(servers.get_by_text("3/3 servers")).to_be_visible()
    second = browser.new_page()
    second.goto(servers.url)
    expect(_card(_open(second), "spare")).to_contain_text("added on this page")
    card.get_by_role("button", name="Drain").click()
    expect(card).to_contain_text("not used")
    expect(_card(second, "spare")).to_contain_text("not used")
    second.close()
    card.get_by_role("button", name="Use again").click()
    expect(card).to_contain_text("online")
    card.get_by_role("button", name="Remove").click()
    servers.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(card).to_have_count(0)
    expect(servers.get_by_text("spare is removed.").last).to_be_visible()
    expect(servers.get_by_text("2/2 servers")).to_be_visible()


def test_what_is_typed_survives_news_and_a_name_that_is_taken_is_refused_with_a_sentence(
    servers: Page, line: Line, desk: Desk
) -> None:
    servers.get_by_role("button", name="Add a server").click()
    servers.get_by_label("Address").fill(NOWHERE)
    servers.get_by_label("Name").fill("demo-slow")
    servers.get_by_text("Password, proxy or own certificate").click()
    servers.get_by_role("button", name="Add a header").click()
    servers.get_by_label("Header name").fill("Authorization")
    servers.get_by_label("Header value").fill("Bearer secret")
    line.stop()
    expect(_card(servers, "demo-slow")).to_contain_text("not used")
    expect(servers.get_by_label("Header value")).to_be_focused()
    expect(servers.get_by_label("Header value")).to_have_attribute("type", "password")
    expect(servers.get_by_label("Address")).to_have_value(NOWHERE)
    servers.keyboard.press("Enter")
    servers.get_by_role("button", name="Add anyway").click()
    expect(servers.get_by_role("status").filter(has_text="demo-slow")).to_be_visible()
    expect(servers.get_by_label("Header value")).to_have_value("Bearer secret")
    servers.get_by_role("button", name="Close").click()
    desk.trouble.clear()  # the browser logs the 409 itself


def test_a_server_that_is_away_says_why_and_its_log_remembers(servers: Page, line: Line) -> None:
    line.ask("POST", "/api/gpus", name="attic", url=NOWHERE)
    card = _card(servers, "attic")
    expect(card).to_contain_text("offline")
    expect(card).to_contain_text(NOWHERE.removeprefix("http://"))
    card.get_by_text("Log", exact=True).click()
    expect(card.get_by_role("listitem").first).to_be_visible()
    expect(servers.get_by_text("2/3 servers")).to_be_visible()


def test_without_a_server_the_studio_leads_to_the_form(
    context: BrowserContext, studio_url: str
) -> None:
    page = context.new_page()
    health = {"status": "degraded", "version": "0", "servers": {"online": 0, "total": 0}}
    page.route("**/health", lambda route: route.fulfill(json=health))
    page.route("**/api/gpus", lambda route: route.fulfill(json=[]))
    page.goto(studio_url)
    page.get_by_role("button", name="Add your first server").click()
    expect(page.get_by_role("heading", name="Add your first ComfyUI server")).to_be_visible()
    expect(page.get_by_label("Address")).to_be_visible()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Write the address")).to_be_visible()


def test_on_a_phone_nothing_of_the_servers_is_cut_off(
    phone: BrowserContext, studio_url: str
) -> None:
    page = phone.new_page()
    page.goto(studio_url)
    _open(page).get_by_role("button", name="Add a server").click()
    _card(page, "demo-fast").get_by_text("Log", exact=True).click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=OUT / "servers-phone.png")
