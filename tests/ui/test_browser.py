"""The page in a real browser, over a real studio with two demo render servers."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from .grid import all_drawn, boxes, cards, drafts, generate, here, picked

pytestmark = pytest.mark.browser
OUT = Path(__file__).parent / "out"


def test_a_newcomer_gets_a_grid_by_typing_alone_and_no_card_moves_as_pictures_arrive(
    context: BrowserContext, studio_url: str
) -> None:
    page = context.new_page()
    page.goto(studio_url)
    expect(page.get_by_label("Prompt", exact=True)).to_be_focused()
    page.keyboard.type("a lighthouse on a beach at sunset")
    page.keyboard.press("Enter")
    expect(cards(page)).to_have_count(20)
    reserved = boxes(page)
    page.locator(".v-card[data-loaded]").first.wait_for()
    all_drawn(page, 20)
    assert boxes(page) == reserved
    page.screenshot(path=OUT / "drafts.png")


def test_the_funnel_by_click_survives_a_reload_and_walks_back_and_forward(page: Page) -> None:
    generate(page, "misty forest with a river")
    all_drawn(page, 20)
    for index in range(8):
        cards(page).nth(index).click()
    expect(page.get_by_text("8 of 20 picked")).to_be_visible()
    page.reload()
    all_drawn(page, 20)
    expect(picked(page)).to_have_count(8)
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("misty forest with a river")

    page.get_by_role("button", name="Advance").click()
    all_drawn(page, 8)
    for index in (0, 2, 4):
        cards(page).nth(index).click()
    page.get_by_role("button", name="Advance").click()
    all_drawn(page, 3)
    page.get_by_role("button", name="Back one grid").click()
    all_drawn(page, 8)
    assert here(page) == "Refine 8"
    expect(picked(page)).to_have_count(3)
    page.get_by_role("button", name="Drafts 20").click()
    all_drawn(page, 20)
    expect(page.locator(".v-card[data-selection=rejected]")).to_have_count(12)
    page.keyboard.press("Alt+ArrowRight")
    all_drawn(page, 8)
    page.keyboard.press("Alt+ArrowRight")
    all_drawn(page, 3)

    cards(page).nth(1).click()
    page.get_by_role("button", name="Advance").click()
    all_drawn(page, 1)
    assert here(page) == "Final 1"
    cards(page).click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save original").click()
    assert saved.value.suggested_filename.endswith(".png")
    page.screenshot(path=OUT / "final.png")


def test_the_funnel_by_keyboard_alone(page: Page) -> None:
    page.keyboard.type("neon city in the rain")
    page.keyboard.press("Control+Enter")
    all_drawn(page, 20)
    for key in "1230a":
        page.keyboard.press(key)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(picked(page)).to_have_count(6)
    page.screenshot(path=OUT / "picked.png")
    page.keyboard.press("Enter")
    all_drawn(page, 8)
    for key in "123":
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    all_drawn(page, 3)
    page.keyboard.press("Alt+ArrowLeft")
    all_drawn(page, 8)
    page.keyboard.press("Alt+ArrowRight")
    all_drawn(page, 3)
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    all_drawn(page, 1)
    page.keyboard.press("1")
    with page.expect_download():
        page.keyboard.press("Enter")


def test_rejecting_all_with_a_reason_goes_one_stage_back_and_teaches(
    page: Page, studio_url: str
) -> None:
    drafts(page, "portrait of a woman in watercolor")
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    all_drawn(page, 8)
    page.keyboard.press("r")
    page.keyboard.type("too pale")
    page.screenshot(path=OUT / "reject.png")
    page.keyboard.press("Enter")
    all_drawn(page, 4)
    expect(page.get_by_text("8 pictures rejected.")).to_be_visible()
    expect(picked(page)).to_have_count(1)
    exported = json.loads(page.request.get(f"{studio_url}/api/preferences/export").text())
    reasons = [p["feedback"] for p in exported["preferences"] if p["explicit"]]
    assert reasons == ["too pale"] * 8


def test_a_first_grid_rejected_leaves_the_prompt_ready_and_a_way_back(page: Page) -> None:
    drafts(page, "a red boat")
    page.get_by_role("button", name="Reject all…").click()
    page.get_by_role("dialog").get_by_role("button", name="Reject all").click()
    expect(cards(page)).to_have_count(0)
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("a red boat")
    page.get_by_role("button", name="Go back to it").click()
    all_drawn(page, 4)
    expect(page.locator(".v-card[data-selection=rejected]")).to_have_count(4)


def test_refine_draws_the_picks_anew_with_the_edited_prompt(page: Page) -> None:
    drafts(page, "a quiet lake")
    page.keyboard.press("1")
    page.keyboard.press("2")
    page.get_by_role("button", name="Refine…").click()
    page.get_by_role("dialog").get_by_label("Prompt").fill("a quiet lake at night")
    page.get_by_role("dialog").get_by_role("button", name="Refine").click()
    all_drawn(page, 2)
    assert here(page) == "Drafts 2"
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("a quiet lake at night")


def test_keys_pick_nothing_while_the_prompt_is_being_written(page: Page) -> None:
    drafts(page, "a quiet lake")
    page.keyboard.press("/")
    page.keyboard.type(" 123 zr")
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("a quiet lake 123 zr")
    expect(picked(page)).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    expect(picked(page)).to_have_count(1)


def test_a_pick_the_studio_refuses_is_taken_back_with_a_sentence(
    page: Page, trouble: list[str]
) -> None:
    drafts(page, "a quiet lake")
    refusal = {"code": "conflict", "detail": "This grid is being tidied up: try again in a moment."}
    page.route("**/selection", lambda route: route.fulfill(status=409, json=refusal))
    page.keyboard.press("1")
    expect(page.get_by_text(refusal["detail"])).to_be_visible()
    expect(picked(page)).to_have_count(0)
    trouble.clear()  # the browser logs the 409 itself
    page.unroute("**/selection")
    page.get_by_role("button", name="Try again").click()
    expect(picked(page)).to_have_count(1)


def test_a_second_tab_follows_picks_and_stages(page: Page, context: BrowserContext) -> None:
    drafts(page, "snowy mountains")
    second = context.new_page()
    second.goto(page.url)
    all_drawn(second, 4)
    page.keyboard.press("3")
    expect(picked(second)).to_have_count(1)
    page.keyboard.press("Enter")
    all_drawn(second, 8)
    assert here(second) == "Refine 8"


def test_what_arrives_late_of_a_session_left_meanwhile_does_not_bring_it_back(
    page: Page, studio_url: str
) -> None:
    drafts(page, "a red boat")
    left = page.url.partition("session=")[2]
    other = page.request.post(f"{studio_url}/api/sessions", data={}).json()["id"]
    held: list[Route] = []
    page.route(f"**/api/sessions/{left}", lambda route: held.append(route))
    with page.expect_request(f"**/api/sessions/{left}"):
        page.evaluate("import('/studio-assets/studio.js').then(({ reload }) => void reload())")
    page.goto(f"{studio_url}/#session={other}")
    expect(page.get_by_text("Your first grid is one sentence away")).to_be_visible()
    with page.expect_response("**/api/batches/*"):
        held[0].continue_()
    page.wait_for_timeout(100)  # for what must not happen
    expect(cards(page)).to_have_count(0)
    assert page.url.endswith(f"#session={other}")


def test_z_looks_closely_and_again_compares_two(page: Page) -> None:
    drafts(page, "snowy mountains")
    page.keyboard.press("2")
    page.keyboard.press("z")
    dialog = page.get_by_role("dialog", name="Picture")
    expect(dialog.locator("img")).to_have_count(1)
    page.keyboard.press("z")
    expect(dialog.locator("img")).to_have_count(2)
    page.screenshot(path=OUT / "compare.png")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(picked(page)).to_have_count(2)


def test_sorting_and_filtering_hand_the_keys_to_what_is_shown(page: Page) -> None:
    drafts(page, "snowy mountains", count=6)
    page.keyboard.press("2")
    page.keyboard.press("4")
    page.get_by_label("Show").select_option("picked")
    expect(page.locator(".v-card:visible .v-key")).to_have_text(["1", "2"])
    page.get_by_label("Show").select_option("all")
    page.get_by_label("Sort").select_option("checkpoint")
    models = page.locator(".v-model").all_inner_texts()
    assert models == sorted(models)


def test_a_session_is_named_renamed_and_deleted_and_its_name_is_never_markup(page: Page) -> None:
    nasty = "<img src=x onerror=alert(1)>"
    page.locator(".v-session").click()
    page.get_by_role("button", name="New session").last.click()
    page.get_by_label("Name (optional)").fill(nasty)
    page.get_by_role("button", name="Create").click()
    expect(page.locator(".v-session")).to_have_text(nasty)
    page.locator(".v-session").click()
    row = page.get_by_role("listitem").filter(has_text=nasty)
    row.get_by_role("button", name="Rename").click()
    page.get_by_label("Name", exact=True).fill("Harbour")
    page.get_by_role("dialog", name="Rename").get_by_role("button", name="Rename").click()
    row = page.get_by_role("listitem").filter(has_text="Harbour")
    row.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog", name="Delete").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    expect(page.locator("vibes-header .v-session")).to_have_text("New session")


def test_learning_and_servers_tell_what_is_known(page: Page) -> None:
    drafts(page, "a beach at dusk")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    all_drawn(page, 8)
    page.get_by_role("tab", name="Learning").click()
    expect(page.get_by_role("heading", name="Words and checkpoints")).to_be_visible()
    expect(page.get_by_text("pictures judged")).to_be_visible()
    page.screenshot(path=OUT / "learning.png")
    page.get_by_role("tab", name="Servers").click()
    expect(page.get_by_role("heading", name="demo-fast")).to_be_visible()
    expect(page.get_by_text("2/2 servers")).to_be_visible()
    page.screenshot(path=OUT / "servers.png")


def test_an_impatient_enter_before_the_page_is_ready_is_not_lost(
    context: BrowserContext, studio_url: str
) -> None:
    page = context.new_page()
    page.route("**/api/settings", _slowly)
    page.goto(studio_url)
    generate(page, "a red boat")
    assert here(page) == "Drafts 20"


def _slowly(route: Route) -> None:
    time.sleep(1)
    route.continue_()


def test_on_a_phone_a_tap_picks_a_long_press_zooms_and_nothing_is_cut_off(
    phone: BrowserContext, studio_url: str
) -> None:
    page = phone.new_page()
    page.goto(studio_url)
    drafts(page, "a beach at dusk", count=5)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert len({x for x, *_ in boxes(page)}) == 2
    cards(page).nth(1).tap()
    expect(picked(page)).to_have_count(1)
    page.screenshot(path=OUT / "phone.png")
    cards(page).nth(1).dispatch_event("pointerdown", {"pointerType": "touch", "bubbles": True})
    expect(page.get_by_role("dialog", name="Picture")).to_be_visible()
