"""Tab *LoRAs*: what there is and what it did, what may be chosen, and two side by side."""

from __future__ import annotations

import gradio as gr

from .hosting import host


def build_loras_tab() -> None:
    """Add the tab to the page being built."""
    with gr.Tab("LoRAs", id="loras"):
        host("<vibes-loras></vibes-loras>")
