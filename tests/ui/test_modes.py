"""Who decides: the mode of each session, what is chosen by hand, and what the form asks for."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from .conftest import Desk
from .grid import blank, cards, drafts

pytestmark = pytest.mark.browser


@pytest.fixture
def page(desk: Desk) -> Page:
    """A new session in Auto."""
    blank(desk.page)
    choose(desk.page, "Auto")
    return desk.page


def choose(page: Page, mode: str) -> None:
    page.get_by_role("radio", name=mode, exact=True).check(force=True)


def write(page: Page, prompt: str) -> None:
    page.get_by_label("Prompt", exact=True).fill(prompt)
    page.keyboard.press("Enter")


def test_every_session_keeps_its_mode(page: Page, studio_url: str) -> None:
    def open_session(name: str) -> None:
        page.goto(f"{studio_url}/#session={ids[name]}")  # the same document: it answers at once
        expect(page.get_by_role("button", name=name)).to_be_visible()

    ids = {
        name: page.request.post(f"{studio_url}/api/sessions", data={"name": name}).json()["id"]
        for name in ("Harbours", "Forests")
    }
    open_session("Harbours")
    choose(page, "Assisted")
    expect(page.get_by_role("button", name="Plan 20")).to_be_visible()
    open_session("Forests")
    choose(page, "Manual")
    expect(page.get_by_role("button", name="Choose a checkpoint")).to_be_visible()
    open_session("Harbours")
    expect(page.get_by_role("radio", name="Assisted")).to_be_checked()
    page.reload()
    expect(page.get_by_role("radio", name="Assisted")).to_be_checked()
    expect(page.get_by_role("button", name="Plan 20")).to_be_visible()


def test_a_mode_chosen_before_the_session_is_open_is_that_sessions(
    page: Page, studio_url: str
) -> None:
    session = page.request.post(f"{studio_url}/api/sessions", data={"name": "Meadows"}).json()
    page.goto(f"{studio_url}/#session={session['id']}")
    expect(page.get_by_role("button", name="Meadows")).to_be_visible()
    choose(page, "Manual")
    held: list[Route] = []
    page.route("**/api/sessions/*", lambda route: held.append(route))
    with page.expect_request("**/api/sessions/*"):
        page.reload()
    choose(page, "Assisted")
    for route in held:
        route.continue_()
    expect(page.get_by_role("button", name="Meadows")).to_be_visible()
    expect(page.get_by_role("radio", name="Assisted")).to_be_checked()
    page.unroute_all()


def test_by_hand_the_page_says_what_is_missing_and_makes_what_was_chosen(page: Page) -> None:
    choose(page, "Manual")
    write(page, "a beach at dusk")
    expect(page.get_by_text("Choose a checkpoint: in Manual")).to_be_visible()
    menu = page.locator("vibes-manual").get_by_label("Checkpoint")
    expect(menu).to_be_focused()
    menu.select_option("epicrealism.safetensors")
    expect(page.get_by_text("Choose a checkpoint: in Manual")).to_have_count(0)
    page.get_by_role("button", name="+ LoRA").click()
    page.keyboard.type("beach")
    page.keyboard.press("Enter")  # faster than the search: what is written counts
    page.get_by_label("Strength of beach_sunset").fill("0")
    page.get_by_label("Steps").fill("900")
    write(page, "a beach at dusk")
    expect(page.get_by_text("Steps is a whole number from 1 to 150")).to_be_visible()
    page.get_by_label("Steps").fill("8")
    page.reload()  # what was chosen is still there
    write(page, "a beach at dusk")
    expect(cards(page)).to_have_count(20)
    first = cards(page).first
    expect(first).to_contain_text("epicrealism")
    expect(first.locator("s")).to_have_text("beach_sunset 0")
    first.focus()
    page.keyboard.press("i")
    expect(first).to_contain_text("beach_sunset changed nothing here: it does not teach.")


def test_what_is_set_under_more_is_asked_for(page: Page) -> None:
    page.get_by_role("button", name="More").first.click()
    page.get_by_label("Seconds a picture, at most").fill("never")
    write(page, "a quiet lake")
    expect(page.get_by_text("A limit is a number above 0")).to_be_visible()
    page.get_by_label("Seconds a picture, at most").fill("2,5")
    page.get_by_label("GiB of memory, at most").fill("6")
    page.get_by_role("radio", name="Speed").check(force=True)
    page.get_by_role("radio", name="LoRAs").check(force=True)
    page.get_by_label("Add trigger words").uncheck()
    with page.expect_request("**/generate/batch") as sent:
        write(page, "a quiet lake")
    asked = sent.value.post_data_json
    assert asked["max_seconds"] == 2.5
    assert asked["max_vram_gb"] == 6
    assert asked["priority"] == "speed"
    assert asked["variation"] == "loras"
    assert asked["add_triggers"] is False
    expect(cards(page)).to_have_count(20)
    page.get_by_role("button", name="More").first.click()


def test_a_lora_found_to_change_nothing_is_struck_through_at_once(page: Page) -> None:
    drafts(page, "a beach at dusk", count=2)
    card = cards(page).first
    found = """async () => {
        const { store } = await import("/studio-assets/store.js");
        const [image] = store.batch.images;
        const { checkpoint, server } = image;
        const lora = "beach_sunset.safetensors";
        image.loras = [{ name: lora, strength: 0.7, effect: "unverified" }];
        store.setEffect({ checkpoint, server, lora, works: false });
    }"""
    page.evaluate(found)
    struck = card.locator("s")
    expect(struck).to_have_text("beach_sunset 0.7")
    expect(card.locator(".v-loras")).to_have_attribute(
        "title", "beach_sunset 0.7 changed nothing here: it does not teach"
    )
