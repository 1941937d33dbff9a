"""Tab *Servers*: states with reasons, queues, memory and what each server can render."""

from __future__ import annotations

import gradio as gr

from .hosting import host


def build_servers_tab() -> None:
    """Add the tab to the page being built."""
    with gr.Tab("Servers", id="servers"):
        host("<vibes-servers></vibes-servers>")
