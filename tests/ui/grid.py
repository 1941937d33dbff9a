"""Reading and using the grid as a person does: what is shown, what is pressed."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

Box = tuple[int, int, int, int]
SECONDS = 1000
RENDERING = 60 * SECONDS
"""Milliseconds a grid may take on a busy machine."""


def generate(page: Page, prompt: str) -> None:
    """Write a prompt and draw 20 drafts from it."""
    page.get_by_label("Prompt", exact=True).fill(prompt)
    page.keyboard.press("Enter")
    expect(cards(page)).to_have_count(20)


def blank(page: Page) -> None:
    """Show a session of its own that has no grid yet, in a browser that remembers nothing."""
    studio = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
    session = page.request.post(f"{studio}/api/sessions", data={}).json()["id"]
    page.evaluate("localStorage.clear()")
    page.goto(f"{studio}/#session={session}")
    page.reload()
    page.get_by_text("Your first grid is one sentence away").wait_for()


def drafts(page: Page, prompt: str, *, count: int = 4) -> None:
    """Show a finished grid of a few drafts, made over REST to save time."""
    studio = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
    session = page.request.post(f"{studio}/api/sessions", data={}).json()["id"]
    wish = {"session_id": session, "prompt": prompt, "count": count}
    assert page.request.post(f"{studio}/api/generate/batch", data=wish).ok
    page.goto(f"{studio}/#session={session}")
    all_drawn(page, count)


def cards(page: Page) -> Locator:
    """Every card of the grid on screen."""
    return _grid(page).get_by_role("option")


def picked(page: Page) -> Locator:
    """The cards that are picked."""
    return _grid(page).get_by_role("option", selected=True)


def _grid(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Pictures to pick from")


def all_drawn(page: Page, count: int) -> None:
    """Wait until the grid holds `count` pictures, each loaded."""
    expect(page.locator(".v-card")).to_have_count(count, timeout=RENDERING)
    expect(page.locator(".v-card[data-loaded]")).to_have_count(count, timeout=RENDERING)


def here(page: Page) -> str:
    """The stage the breadcrumbs mark."""
    return page.locator("[aria-current=step]").inner_text()


def boxes(page: Page) -> list[Box]:
    """Where every card stands on the page, in whole pixels."""
    script = """nodes => nodes.map((node) => {
        const {x, y, width, height} = node.getBoundingClientRect();
        return [x + scrollX, y + scrollY, width, height].map(Math.round);
    })"""
    return [tuple(box) for box in cards(page).evaluate_all(script)]
