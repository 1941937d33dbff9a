"""Where the custom elements of ``assets/`` stand in the page Gradio builds."""

from __future__ import annotations

import gradio as gr


def host(markup: str, *, elem_id: str | None = None) -> gr.HTML:
    """Place our own elements bare: no Gradio styles, no events through Gradio."""
    return gr.HTML(
        markup,
        js_on_load=None,
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes=["v-host"],
    )
