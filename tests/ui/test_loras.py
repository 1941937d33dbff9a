"""Tab LoRAs in a real browser: finding, knowing, blocking, testing and comparing them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from companion_app.embedded.models import MIB, ModelFile, Models

from .conftest import Desk
from .grid import RENDERING
from .spare import spare_server

pytestmark = pytest.mark.browser
OUT = Path(__file__).parent / "out"
MANY = 150


def _studio(page: Page) -> str:
    return "{0.scheme}://{0.netloc}".format(urlsplit(page.url))


def _opened(page: Page) -> Locator:
    page.get_by_role("tab", name="LoRAs").click()
    tab = page.locator("vibes-loras")
    expect(_card(tab, "beach_sunset")).to_be_visible()
    return tab


def _card(tab: Locator, name: str) -> Locator:
    cards = tab.get_by_role("list", name="LoRAs").get_by_role("listitem")
    return cards.and_(tab.page.get_by_label(name, exact=True))


@pytest.fixture
def tab(desk: Desk) -> Locator:
    """The tab with nothing filtered."""
    tab = _opened(desk.page)
    if tab.get_by_label("Search LoRAs").input_value():
        tab.get_by_label("Search LoRAs").fill("")
    return tab


@pytest.fixture
def crowded(desk: Desk) -> Iterator[Locator]:
    """The tab, while a server with many more LoRAs is there."""
    files = [ModelFile(f"many/nr_{number:03}.safetensors", MIB) for number in range(MANY)]
    gpus = f"{_studio(desk.page)}/api/gpus"
    with spare_server(Models(loras=tuple(files))) as url:
        added = desk.page.request.post(gpus, data={"name": "shelf", "url": url})
        assert added.ok
        desk.page.get_by_role("tab", name="Studio").click()
        yield _opened(desk.page)
        assert desk.page.request.delete(f"{gpus}/shelf").ok


def test_a_slash_goes_to_the_search_and_what_narrows_too_much_says_what_to_drop(
    tab: Locator, desk: Desk
) -> None:
    desk.page.keyboard.press("/")
    search = tab.get_by_label("Search LoRAs")
    expect(search).to_be_focused()
    desk.page.keyboard.type("watercolor")
    expect(_card(tab, "beach_sunset")).to_have_count(0)
    expect(_card(tab, "watercolor")).to_be_visible()
    tab.get_by_role("group", name="Family").get_by_role("button", name="SD 3").click()
    expect(tab.get_by_text("No LoRA is found for “watercolor” and SD 3.")).to_be_visible()
    tab.get_by_role("button", name="Without SD 3: 2 LoRAs").click()
    expect(_card(tab, "watercolor_xl")).to_be_visible()
    search.fill("")
    expect(_card(tab, "beach_sunset")).to_be_visible()


def test_a_long_list_is_read_on_as_it_is_scrolled(crowded: Locator, desk: Desk) -> None:
    count = crowded.get_by_role("status").filter(has_text="LoRAs")
    expect(count).to_have_text(re.compile(r"1\d\d LoRAs"))
    cards = crowded.get_by_role("list", name="LoRAs").get_by_role("listitem")
    assert cards.count() < MANY
    crowded.get_by_label("Search LoRAs").fill("many/")
    expect(count).to_have_text(f"{MANY} LoRAs")
    last = _card(crowded, f"nr_{MANY - 1}")
    expect(_scrolled_to(desk.page, last)).to_be_visible()
    expect(cards).to_have_count(MANY)
    expect(_card(crowded, "nr_000").get_by_text("only on shelf")).to_be_attached()
    crowded.get_by_label("Search LoRAs").fill("")


def _scrolled_to(page: Page, wanted: Locator) -> Locator:
    """What lies at the end of the list, after scrolling there page by page."""
    for _ in range(20):
        if wanted.count():
            break
        page.mouse.wheel(0, 20_000)
        page.wait_for_timeout(100)
    return wanted


def test_a_lora_tells_everything_and_its_words_are_copied(tab: Locator, desk: Desk) -> None:
    desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    name = _card(tab, "beach_sunset").get_by_role("button", name="beach_sunset", exact=True)
    name.click()
    dialog = desk.page.get_by_role("dialog", name="beach_sunset")
    expect(dialog.get_by_text("SD 1.5. The metadata in the file says so.")).to_be_visible()
    expect(dialog.get_by_role("row").filter(has_text="golden light")).to_contain_text("90")
    dialog.get_by_role("button", name="bchsnst", exact=True).click()
    desk.page.keyboard.press("Escape")
    expect(name).to_be_focused()
    expect(tab.get_by_text("“bchsnst” is copied.")).to_be_visible()
    assert desk.page.evaluate("navigator.clipboard.readText()") == "bchsnst"


def test_a_lora_is_blocked_and_unblocked_from_the_notice(tab: Locator) -> None:
    card = _card(tab, "stormy_sea")
    card.get_by_role("button", name="Block: stormy_sea").click()
    expect(card.get_by_text("you blocked it")).to_be_visible()
    tab.get_by_role("button", name="Undo").click()
    expect(card.get_by_role("button", name="Block: stormy_sea", exact=True)).to_be_visible()
    expect(card.get_by_text("you blocked it")).to_have_count(0)


def test_a_tag_is_blocked_as_a_whole(tab: Locator, desk: Desk) -> None:
    tab.get_by_role("button", name="Blocked…").click()
    drawer = desk.page.get_by_role("dialog", name="Blocked")
    drawer.get_by_label("Tag to block").fill("sunset")
    desk.page.keyboard.press("Enter")
    unblock = drawer.get_by_role("button", name="Unblock sunset")
    expect(unblock).to_be_visible()
    expect(_card(tab, "beach_sunset")).to_have_attribute("data-blocked", "")
    unblock.click()
    expect(unblock).to_have_count(0)
    expect(_card(tab, "beach_sunset")).not_to_have_attribute("data-blocked", "")
    desk.page.keyboard.press("Escape")


def test_the_studio_s_prompt_is_tested_with_every_part_of_the_score(
    tab: Locator, desk: Desk
) -> None:
    desk.page.get_by_role("tab", name="Studio").click()
    desk.page.get_by_label("Prompt", exact=True).fill("a beach")
    desk.page.get_by_role("tab", name="LoRAs").click()
    expect(tab.get_by_label("Prompt to test LoRAs on")).to_have_value("a beach")
    tab.get_by_role("button", name="Test", exact=True).click()
    best = tab.get_by_role("list", name="LoRAs for this prompt").get_by_role("listitem").first
    expect(best).to_contain_text("beach_sunset")
    expect(best).to_contain_text("adds “bchsnst”")
    expect(best.get_by_role("img", name=re.compile(r"words: \d+ %"))).to_be_visible()
    expect(best.get_by_role("img", name="popularity: not known")).to_have_text("–")
    expect(tab.get_by_text("Read as beach, for SD 1.5.")).to_contain_text("Matched by")
    desk.page.screenshot(path=OUT / "loras-test.png")
    tab.get_by_role("button", name="Close", exact=True).click()
    expect(best).to_have_count(0)


def test_two_pictures_are_compared_under_a_slider_and_the_better_one_teaches(
    tab: Locator, desk: Desk
) -> None:
    _card(tab, "misty_forest").get_by_role("button", name="Compare").click()
    tab.get_by_role("button", name="Compare…").click()
    dialog = desk.page.get_by_role("dialog", name="A or B?")
    expect(dialog.get_by_label("LoRA of B")).to_have_value("")
    dialog.get_by_label("LoRA of B").select_option("misty_forest")
    dialog.get_by_label("Strength of B").fill("0.3")
    dialog.get_by_label("Prompt").fill("a forest in the morning")
    expect(dialog.get_by_label("Checkpoint")).to_contain_text("dreamshaper_8")
    expect(dialog.get_by_label("Checkpoint")).not_to_contain_text("juggernautXL")
    dialog.get_by_role("button", name="Generate two").click()
    slider = dialog.get_by_role("slider")
    expect(slider).to_be_visible(timeout=RENDERING)
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "0 % A, 100 % B")
    slider.press("PageUp")
    expect(slider).to_have_attribute("aria-valuenow", "10")
    dialog.get_by_role("button", name="A is better").click()
    told = "Of the two you like misty_forest 0.7 better than misty_forest 0.3"
    expect(dialog.get_by_text(told)).to_contain_text("noted for prompts like this one")
    desk.page.screenshot(path=OUT / "loras-compare.png")
    desk.page.keyboard.press("Escape")
    tab.get_by_role("button", name="Clear").click()
    found = desk.page.request.get(f"{_studio(desk.page)}/api/loras?query=misty_forest").json()
    assert found[0]["usage"]["selected"] >= 1


def test_on_a_phone_the_slider_follows_the_finger_s_place(
    phone: BrowserContext, studio_url: str
) -> None:
    page = phone.new_page()
    page.goto(studio_url)
    tab = _opened(page)
    _card(tab, "beach_sunset").get_by_role("button", name="Compare").tap()
    expect(tab.get_by_text("Choose another, or compare it")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=OUT / "loras-phone.png")
    tab.get_by_role("button", name="Compare…").tap()
    dialog = page.get_by_role("dialog", name="A or B?")
    dialog.get_by_label("Prompt").fill("a beach")
    expect(dialog.get_by_label("Checkpoint")).to_contain_text("dreamshaper_8")
    dialog.get_by_role("button", name="Generate two").tap()
    pictures = dialog.locator("vibes-slider")
    expect(pictures).to_be_visible(timeout=RENDERING)
    pictures.tap(position={"x": 5, "y": 40})
    expect(dialog.get_by_role("slider")).to_have_attribute("aria-valuenow", re.compile(r"^[0-3]$"))
