"""Tab *Workflows*: what pictures are made with, shipped and one's own, and bringing another."""

from __future__ import annotations

import gradio as gr

from .hosting import host


def build_workflows_tab() -> None:
    """Add the tab to the page being built."""
    with gr.Tab("Workflows", id="workflows"):
        host("<vibes-workflows></vibes-workflows>")
