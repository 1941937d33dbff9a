"""Tab *Learning*: what the picks have taught, in sentences first, then maps, then tables."""

from __future__ import annotations

import gradio as gr

from .hosting import host


def build_learning_tab() -> None:
    """Add the tab to the page being built."""
    with gr.Tab("Learning", id="learning"):
        host("<vibes-learning></vibes-learning>")
