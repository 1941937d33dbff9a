"""Scores in a real browser: on the cards, picture by picture, and on the tab Quality."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from .conftest import Desk, desk_at
from .grid import RENDERING, all_drawn, boxes, cards, picked

pytestmark = pytest.mark.browser
OUT = Path(__file__).parent / "out"
RED, BLUE = "a red boat at dusk", "a blue boat at dusk"
COUNT = 8
PLACE = re.compile(r"^(\d+)(st|nd|rd|th) of 8relative$")
PERCENTAGE = re.compile(r"^[✓◐✕]\d+ %(success|partial|failed)⚑?$")


@pytest.fixture(scope="module")
def shared_desk(browser: Browser, scoring_url: str) -> Iterator[Desk]:
    with desk_at(browser, scoring_url) as desk:
        yield desk


@pytest.fixture(scope="module")
def red(shared_desk: Desk) -> str:
    """The session of a finished grid."""
    return drawn(shared_desk.page, RED)


@pytest.fixture
def page(desk: Desk, red: str) -> Page:
    """A page with that grid, every picture scored."""
    return look(desk.page, red)


def drawn(page: Page, prompt: str) -> str:
    """Make a grid; gives its session."""
    session = str(ask(page, "POST", "/api/sessions", name=prompt)["id"])
    wish = {"session_id": session, "prompt": prompt, "count": COUNT}
    ask(page, "POST", "/api/generate/batch", **wish)
    return session


def look(page: Page, session: str) -> Page:
    page.goto(f"{studio(page)}/#session={session}")
    page.reload()  # as many cards may have been there before
    all_drawn(page, COUNT)
    expect(scores(page)).to_have_count(COUNT, timeout=RENDERING)
    return page


def studio(page: Page) -> str:
    return page.url.split("/#")[0].rstrip("/")


def ask(page: Page, method: str, path: str, **body: Any) -> Any:
    reply = page.request.fetch(f"{studio(page)}{path}", method=method, data=body or None)
    assert reply.ok, reply.text()
    return reply.json()


def scores(page: Page) -> Locator:
    """The scores that can be seen under cards."""
    return page.locator(".v-card .v-score-line:visible")


def ranks(page: Page) -> list[int]:
    """Places in the grid, as the cards stand on screen."""
    found = [PLACE.match(text) for text in scores(page).all_text_contents()]
    return [int(one[1]) for one in found if one]


def quality(page: Page) -> Locator:
    page.get_by_role("tab", name="Quality").click()
    tab = page.locator("vibes-quality")
    expect(tab.get_by_text("scored picture")).to_be_visible()
    return tab


def labelled(page: Page) -> None:
    """Say enough about the pictures on screen for percentages."""
    for card in cards(page).all():
        path = f"/api/images/{card.get_attribute('data-image-id')}/adherence"
        for item in ask(page, "GET", path)["items"]:
            said = {"requirement": item["requirement"], "shown": item["rank"] <= COUNT / 2}
            ask(page, "PUT", f"{path}/labels", **said)


def test_scores_come_by_themselves_as_places_and_no_card_moves_or_is_drawn_anew(
    desk: Desk, red: str
) -> None:
    page = desk.page
    page.goto(f"{studio(page)}/#session={red}")
    expect(cards(page)).to_have_count(COUNT)
    reserved = boxes(page)
    page.evaluate("document.querySelector('.v-card').mark = true")
    all_drawn(page, COUNT)
    expect(scores(page)).to_have_count(COUNT, timeout=RENDERING)
    assert boxes(page) == reserved
    assert page.evaluate("document.querySelector('.v-card').mark")
    assert min(ranks(page)) == 1
    expect(scores(page).first).to_have_attribute("title", re.compile("not a percentage, until"))
    expect(cards(page).first).to_have_attribute("aria-label", re.compile("match .* of 8, relative"))
    page.screenshot(path=OUT / "scores.png")


def test_sorted_by_score_nothing_moves_until_asked_and_keys_follow_what_is_seen(
    page: Page,
) -> None:
    page.keyboard.press("3")
    page.get_by_label("Sort").select_option("best first")
    assert ranks(page) == sorted(ranks(page))
    page.get_by_label("Sort").select_option("worst first")
    order = ranks(page)
    assert order == sorted(order, reverse=True)
    assert page.locator(".v-card .v-key").all_inner_texts() == list("12345678")
    again = page.get_by_role("button", name="Sort again")
    expect(again).to_be_hidden()

    page.evaluate(
        """async () => {
            const {store} = await import("/studio-assets/store.js");
            const best = store.batch.images.find(({adherence}) => adherence.rank === 1);
            const ranks = store.batch.images.map(({id, adherence}) => [id, adherence.rank % 8 + 1]);
            const adherence = {...best.adherence, overall: -1};
            store.setScore(best.id, {adherence, ranks: Object.fromEntries(ranks)});
        }"""
    )
    expect(again).to_be_visible()
    assert ranks(page) == [rank % 8 + 1 for rank in order]
    again.click()
    expect(again).to_be_hidden()
    assert ranks(page)[0] == 2  # what was the best is the worst by now
    expect(page.get_by_label("Sort")).to_be_focused()
    assert picked(page).count() == 1
    page.get_by_label("Show").select_option("unscored")
    expect(page.get_by_text("Nothing here is “unscored”.")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    assert picked(page).count() == 1


def test_each_thing_asked_is_told_and_labelled_by_keyboard_alone(page: Page) -> None:
    needed = ask(page, "GET", "/api/scoring")["labels"]["needed"]
    cards(page).first.focus()
    page.keyboard.press("z")
    page.keyboard.press("s")
    match = page.get_by_role("region", name="What it shows of what was asked")
    rows = match.get_by_role("listitem")
    expect(rows.filter(has_text="a red boat").filter(has_text="colour")).to_have_count(1)
    expect(rows.first.get_by_role("img")).to_have_attribute(
        "aria-label", re.compile("of 1 against")
    )
    expect(match.get_by_text(f"{needed} more labels until percentages appear")).to_be_visible()
    page.screenshot(path=OUT / "match.png")

    yes = rows.first.get_by_role("button", name="It shows it")
    yes.focus()
    page.keyboard.press("Enter")
    expect(yes).to_have_attribute("aria-pressed", "true")
    expect(match.get_by_text(re.compile("more labels? until"))).not_to_contain_text(
        f"{needed} more"
    )
    expect(yes).to_be_focused()
    page.keyboard.press("ArrowRight")  # another picture, of which nothing was said
    expect(yes).to_have_attribute("aria-pressed", "false")
    expect(yes).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(yes).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")
    expect(yes).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("s")
    expect(match).to_be_hidden()
    page.keyboard.press("Escape")


def test_two_wordings_are_compared_and_the_worst_picture_is_looked_at_from_the_tab(
    page: Page,
) -> None:
    tab = quality(page)
    expect(tab.get_by_text("Percentages come with your labels.")).to_be_visible()
    drawn(page, BLUE)
    fresh = tab.get_by_role("button", name=f"Show {COUNT} new scores")
    expect(fresh).to_be_visible(timeout=RENDERING)
    expect(tab.get_by_text(f"{COUNT} scored pictures")).to_be_visible()  # nothing moved meanwhile
    fresh.click()
    expect(tab.get_by_text(f"{2 * COUNT} scored pictures")).to_be_visible()
    tab.get_by_label("Wording A").select_option(RED)
    tab.get_by_label("Wording B").select_option(BLUE)
    expect(tab.get_by_text(re.compile("Go on:|shows more|same"))).to_be_visible()
    expect(tab.get_by_role("img", name=re.compile("B better than A by: "))).to_be_visible()
    expect(tab.get_by_role("row").filter(has_text="a blue boat").get_by_role("img")).to_have_count(
        1
    )
    tab.get_by_label("Pictures of").select_option(f"session “{RED}”")
    expect(tab.get_by_text(f"{COUNT} scored pictures")).to_be_visible()
    page.screenshot(path=OUT / "quality.png", full_page=True)

    tab.get_by_role("button", name=f"Look closely: {RED}").first.click()
    dialog = page.get_by_role("dialog", name="Picture")
    expect(dialog.get_by_text("Does it show what was asked?")).to_be_visible()
    expect(dialog.get_by_role("button", name="Pick")).to_be_visible()
    page.keyboard.press("Escape")


def test_with_labels_enough_percentages_have_tags_and_failures_are_moved_to_the_bin(
    page: Page,
) -> None:
    labelled(page)
    page.reload()
    all_drawn(page, COUNT)
    for text in scores(page).all_text_contents():
        assert PERCENTAGE.match(text), text
    tab = quality(page)
    expect(tab.get_by_text(re.compile(r"^\d+ of \d+ pictures show what was asked"))).to_be_visible()

    worst = tab.get_by_role("list", name="The ten worst").get_by_role("listitem")
    expect(worst).to_have_count(10)
    worst.first.get_by_role("button", name="Move to bin").click()
    expect(tab.get_by_text("1 picture is in the bin.")).to_be_visible()
    lying = tab.get_by_role("list", name="In the bin").get_by_role("listitem")
    expect(lying).to_have_count(1)
    expect(worst.first.get_by_role("button", name="Look closely")).to_be_focused()  # the next one
    tab.get_by_role("button", name="Undo").click()
    expect(lying).to_have_count(0)
    tab.get_by_role("button", name=re.compile(r"Move \d+ failed pictures? to the bin")).click()
    expect(lying).not_to_have_count(0)
    page.screenshot(path=OUT / "quality-labelled.png", full_page=True)
    tab.get_by_role("button", name="Undo").click()
    expect(lying).to_have_count(0)


def test_a_binned_picture_leaves_a_quiet_place_until_it_is_restored_or_deleted(
    page: Page,
) -> None:
    look(page, drawn(page, BLUE))
    ids = [card.get_attribute("data-image-id") for card in cards(page).all()[:2]]
    ask(page, "POST", "/api/bin", images=ids)
    restore = cards(page).first.get_by_role("button", name="Restore")
    expect(restore).to_be_visible()
    page.keyboard.press("1")
    expect(page.get_by_text("restore it to pick it")).to_be_visible()
    restore.click()
    expect(page.get_by_text("1 picture restored.")).to_be_visible()
    expect(restore).to_be_hidden()

    tab = quality(page)
    tab.get_by_role("button", name="Empty the bin…").click()
    dialog = page.get_by_role("dialog", name="Empty the bin?")
    expect(
        dialog.get_by_text(re.compile(r"1 picture, \d+\.\d MB, will be deleted"))
    ).to_be_visible()
    dialog.get_by_role("button", name="Delete 1 picture").click()
    expect(tab.get_by_text(re.compile(r"1 picture deleted, \d+\.\d MB freed"))).to_be_visible()
    page.get_by_role("tab", name="Studio").click()
    expect(cards(page)).to_have_count(COUNT - 1)


def test_on_a_phone_nothing_is_cut_off(phone: BrowserContext, page: Page) -> None:
    small = phone.new_page()
    small.goto(page.url)
    all_drawn(small, COUNT)
    scores(small).first.tap()
    expect(small.locator(".v-match li").first).to_be_visible()
    small.screenshot(path=OUT / "match-phone.png")
    small.get_by_role("button", name="Close").tap()
    quality(small)
    expect(small.locator(".v-worst li").first).to_be_visible()
    assert small.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small.screenshot(path=OUT / "quality-phone.png", full_page=True)


def test_where_nothing_is_scored_the_tab_says_what_to_do_and_cards_keep_no_line(
    context: BrowserContext, studio_url: str
) -> None:
    page = context.new_page()
    page.goto(studio_url)
    page.get_by_role("tab", name="Quality").click()
    tab = page.locator("vibes-quality")
    expect(tab.get_by_role("heading", name="Pictures are not scored yet")).to_be_visible()
    expect(tab.get_by_text("scoring: {enabled: true}")).to_be_visible()
    expect(page.locator("vibes-grid[data-scoring]")).to_have_count(0)
