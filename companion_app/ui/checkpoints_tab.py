"""Tab *Checkpoints*: which may be chosen for which tier, where each lies, how it was picked."""

from __future__ import annotations

import gradio as gr

from .hosting import host


def build_checkpoints_tab() -> None:
    """Add the tab to the page being built."""
    with gr.Tab("Checkpoints", id="checkpoints"):
        host("<vibes-checkpoints></vibes-checkpoints>")
