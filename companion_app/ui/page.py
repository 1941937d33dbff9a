"""The web page: Gradio hosts it, custom elements in ``assets/`` do the picking over REST.

Gradio contributes the tabs and the form. Everything that has state (session, grid, picks) lives on
the server and is read and changed by the browser code through the same REST that scripts use; no
picking state ever passes through Gradio's Python.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response

from vibes.settings import Settings

from .checkpoints_tab import build_checkpoints_tab
from .hosting import host
from .learning_tab import build_learning_tab
from .loras_tab import build_loras_tab
from .quality_tab import build_quality_tab
from .queue_tab import build_queue_tab
from .servers_tab import build_servers_tab
from .studio_tab import build_studio_tab
from .theme import quiet_theme
from .workflows_tab import build_workflows_tab

ASSETS = Path(__file__).parent / "assets"
ASSETS_URL = "/studio-assets"
IDLE_SECONDS = 1.0

_STYLES = (
    *("tokens", "page", "form", "controls", "stage", "grid", "zoom", "panels"),
    *("parts", "queue", "queue-rows", "servers", "server-form"),
    *("learning", "learning-map", "rating"),
    *("score", "match", "quality"),
    *("manual", "review", "review-rows", "review-loras"),
    *("loras", "tabs", "lora-parts", "slider", "compare", "checkpoints", "workflows"),
)

HEAD = "\n".join(
    [
        '<meta name="color-scheme" content="light dark">',
        f'<link rel="icon" type="image/svg+xml" href="{ASSETS_URL}/icon.svg">',
        *(f'<link rel="stylesheet" href="{ASSETS_URL}/{name}.css">' for name in _STYLES),
        f'<script type="module" src="{ASSETS_URL}/main.js"></script>',
    ]
)


class _Assets(StaticFiles):
    """Static files the browser checks for a newer version each time (an ETag makes it cheap)."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def build_page(settings: Settings) -> gr.Blocks:
    """Build the page; its form offers the tiers and counts of ``settings``."""
    page = gr.Blocks(title="Vibes", analytics_enabled=False, fill_width=True)
    with page:
        host("<vibes-header></vibes-header>", elem_id="vibes-header")
        with gr.Tabs(elem_id="vibes-tabs"):
            build_studio_tab(settings)
            build_learning_tab()
            build_quality_tab()
            build_loras_tab()
            build_checkpoints_tab()
            build_workflows_tab()
            build_queue_tab()
            build_servers_tab()
    # No event runs Python, yet Gradio would look a thousand times a second whether one does.
    page._queue.sleep_when_free = IDLE_SECONDS
    page._queue.progress_update_sleep_when_free = IDLE_SECONDS
    return page


def mount_page(app: FastAPI, settings: Settings) -> FastAPI:
    """Serve the browser code under ``ASSETS_URL`` and the page at ``/`` of ``app``.

    Call it last: Gradio at ``/`` answers every path no earlier route has claimed.
    """
    app.mount(ASSETS_URL, _Assets(directory=ASSETS), name="studio-assets")
    gr.mount_gradio_app(
        app,
        build_page(settings),
        path="/",
        theme=quiet_theme(),
        head=HEAD,
        footer_links=[],
        run_history=False,
        ssr_mode=False,
    )
    return app
