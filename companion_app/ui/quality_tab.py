"""Tab *Quality*: how many pictures show what was asked, which do not, and the bin for these."""

from __future__ import annotations

import gradio as gr

from .hosting import host


def build_quality_tab() -> None:
    """Add the tab to the page being built."""
    with gr.Tab("Quality", id="quality"):
        host("<vibes-quality></vibes-quality>")
