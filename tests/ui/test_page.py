"""The page as Gradio gets it, and the rules its browser code keeps; no browser needed."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from fastapi import FastAPI

from companion_app.ui.page import ASSETS, ASSETS_URL, HEAD, build_page, mount_page
from vibes.settings import Settings, load_settings

MODULES = sorted(ASSETS.glob("*.js"))


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings(data_dir=tmp_path_factory.mktemp("data"))


def _component(page: gr.Blocks, kind: type[Any], label: str) -> Any:
    blocks = page.blocks.values()
    return next(b for b in blocks if isinstance(b, kind) and getattr(b, "label", "") == label)


# Async, because Gradio leaves an event loop behind when it builds a page without one running.
async def test_the_form_offers_every_tier_and_the_first_stage_s_count(settings: Settings) -> None:
    page = build_page(settings)
    offered = [value for _, value in _component(page, gr.Dropdown, "Tier").choices]
    assert offered == ["", *settings.tiers]
    assert _component(page, gr.Slider, "Pictures").value == settings.stages[0].size


async def test_no_event_of_the_page_runs_python(settings: Settings) -> None:
    dependencies = build_page(settings).config["dependencies"]
    assert dependencies
    assert not any(dependency["backend_fn"] for dependency in dependencies)


async def test_a_page_nobody_looks_at_keeps_no_processor_busy(settings: Settings) -> None:
    app = mount_page(FastAPI(), settings)
    async with app.router.lifespan_context(app):
        # What polls is busy in every span; what is done once, or a garbage collection, is not.
        assert min([await busy_seconds() for _ in range(4)]) < 0.005


async def busy_seconds() -> float:
    """Processor time this thread takes in half a second in which it has nothing to do."""
    before = time.thread_time()
    await asyncio.sleep(0.5)
    return time.thread_time() - before


async def test_page_and_browser_code_are_served_fresh(settings: Settings) -> None:
    app = mount_page(FastAPI(), settings)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
    ) as client:
        for url in re.findall(rf'{ASSETS_URL}/[^"]+', HEAD):
            reply = await client.get(url)
            assert reply.status_code == 200, url
            assert reply.headers["cache-control"] == "no-cache"
        assert '"title":"Vibes"' in (await client.get("/config")).text.replace(": ", ":")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_browser_code_is_small_and_never_writes_markup(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 250
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
    imported = re.findall(r'from "\./([^"]+)"', text)
    assert all((ASSETS / name).is_file() for name in imported)


def test_nothing_the_page_loads_lies_on_another_machine() -> None:
    for path in ASSETS.iterdir():
        text = path.read_text(encoding="utf-8")
        addresses = re.findall(
            r"""(?:src=|href=|url\(|from |import\()["']?((?:\w+:)?//[^"')]+)""", text
        )
        assert addresses == [], path.name
