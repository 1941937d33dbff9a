"""Tab *Queue*: what runs where and why not elsewhere, and how to pause, reorder and cancel it."""

from __future__ import annotations

import gradio as gr

from .hosting import host


def build_queue_tab() -> None:
    """Add the tab to the page being built."""
    with gr.Tab("Queue", id="queue"):
        host("<vibes-queue></vibes-queue>")
