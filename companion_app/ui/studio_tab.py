"""Tab *Studio*: the prompt form, and below it the grid the pictures are picked in."""

from __future__ import annotations

import gradio as gr

from vibes.settings import ASPECT_RATIOS, Settings

from .hosting import host

_GENERATE = "async (...form) => { (await import('/studio-assets/main.js')).generate(form); }"
_RESTORE = "async () => (await import('/studio-assets/main.js')).restored()"
_COUNT_LABEL = "count => `Generate ${count}`"

_STAGE = """
<section class="v-stage" aria-label="Pictures">
  <div class="v-stage-head">
    <vibes-breadcrumbs></vibes-breadcrumbs>
    <vibes-progress></vibes-progress>
  </div>
  <vibes-grid></vibes-grid>
  <div class="v-dock">
    <vibes-notice></vibes-notice>
    <vibes-feedback></vibes-feedback>
  </div>
</section>
"""


def build_studio_tab(settings: Settings) -> None:
    """Add the tab to the page being built."""
    with gr.Tab("Studio", id="studio"):
        with gr.Column(elem_id="vibes-form"):
            with gr.Row(elem_id="vibes-prompt-row"):
                prompt = gr.Textbox(
                    lines=1,
                    max_lines=6,
                    autofocus=True,
                    container=False,
                    placeholder="What should the pictures show?",
                    html_attributes=gr.InputHTMLAttributes(spellcheck=False),
                    label="Prompt",
                    show_label=False,
                    scale=1,
                    elem_id="vibes-prompt",
                )
                generate = gr.Button(
                    f"Generate {settings.stages[0].size}",
                    variant="primary",
                    scale=0,
                    elem_id="vibes-generate",
                )
            form = [prompt, *_options(settings, generate)]
        host(_STAGE)
        restore = gr.Button("Restore the form", visible="hidden", elem_id="vibes-restore")

    gr.on([prompt.submit, generate.click], fn=None, js=_GENERATE, inputs=form)
    restore.click(fn=None, js=_RESTORE, outputs=form[:3])


def _options(settings: Settings, generate: gr.Button) -> list[gr.Component]:
    """What shapes the grid, in the order `form.js` reads it after the prompt."""
    with gr.Row(elem_id="vibes-options"):
        aspect = gr.Radio(
            [(name.capitalize(), name) for name in ASPECT_RATIOS],
            value=ASPECT_RATIOS[0],
            label="Shape",
            elem_classes=["v-segments"],
        )
        mode = gr.Radio(
            [("Explore", "explore"), ("Quick", "quick")],
            value="explore",
            label="Choice of checkpoints",
            elem_classes=["v-segments"],
        )
        auto_lora = gr.Checkbox(True, label="Auto-LoRA", container=False, elem_id="vibes-auto-lora")
    with gr.Accordion("More", open=False, elem_id="vibes-more"), gr.Row():
        negative = gr.Textbox(
            label="Negative prompt", placeholder="What to keep out", max_lines=4, scale=2
        )
        count = gr.Slider(
            1, 200, value=settings.stages[0].size, step=1, label="Pictures", buttons=[]
        )
        tier = gr.Dropdown(
            [("Automatic", ""), *((name, name) for name in settings.tiers)], value="", label="Tier"
        )
        seed = gr.Textbox(label="Seed", placeholder="random")
    count.change(fn=None, js=_COUNT_LABEL, inputs=count, outputs=generate)
    return [negative, aspect, mode, auto_lora, count, tier, seed]
