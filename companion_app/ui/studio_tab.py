"""Tab *Studio*: the prompt form, and below it the grid the pictures are picked in."""

from __future__ import annotations

import gradio as gr

from vibes.settings import ASPECT_RATIOS, Settings

from .hosting import host

_GENERATE = "async (...form) => { (await import('/studio-assets/main.js')).generate(form); }"
_RESTORE = "async () => (await import('/studio-assets/main.js')).restored()"
_LABEL = "async count => (await import('/studio-assets/main.js')).generateLabel(count)"

_STAGE = """
<section class="v-stage" aria-label="Pictures">
  <div class="v-stage-head">
    <vibes-breadcrumbs></vibes-breadcrumbs>
    <vibes-progress></vibes-progress>
  </div>
  <vibes-review></vibes-review>
  <vibes-grid></vibes-grid>
  <div class="v-dock">
    <vibes-notice></vibes-notice>
    <vibes-review-bar></vibes-review-bar>
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
            options = _options()
            host("<vibes-manual></vibes-manual>", elem_id="vibes-manual")
            more = _more(settings)
        host(_STAGE)
        restore = gr.Button("Restore the form", visible="hidden", elem_id="vibes-restore")
        relabel = gr.Button("Name the button", visible="hidden", elem_id="vibes-relabel")

    form = [prompt, *options, *more]
    gr.on([prompt.submit, generate.click], fn=None, js=_GENERATE, inputs=form)
    restore.click(fn=None, js=_RESTORE, outputs=[prompt, options[0], more[0]])
    # Without triggers: when the page is loaded, and whenever the count changes.
    gr.on(fn=None, js=_LABEL, inputs=more[1], outputs=generate)
    relabel.click(fn=None, js=_LABEL, inputs=more[1], outputs=generate)


def _options() -> list[gr.Component]:
    """What is always seen of the form, in the order `form.js` reads it after the prompt."""
    with gr.Row(elem_id="vibes-options"):
        aspect = gr.Radio(
            [(name.capitalize(), name) for name in ASPECT_RATIOS],
            value=ASPECT_RATIOS[0],
            label="Shape",
            elem_classes=["v-segments"],
        )
        models = gr.Radio(
            [("Explore", "explore"), ("Quick", "quick")],
            value="explore",
            label="Choice of checkpoints",
            elem_classes=["v-segments", "v-automatic"],
        )
        auto_lora = gr.Checkbox(
            True,
            label="Auto-LoRA",
            container=False,
            elem_id="vibes-auto-lora",
            elem_classes=["v-automatic"],
        )
        host("<vibes-mode></vibes-mode>")
        host("<vibes-workflow-sign></vibes-workflow-sign>")
    return [aspect, models, auto_lora]


def _more(settings: Settings) -> list[gr.Component]:
    """What is folded away, in the order `form.js` reads it last."""
    with gr.Accordion("More", open=False, elem_id="vibes-more"):
        with gr.Row():
            negative = gr.Textbox(
                label="Negative prompt", placeholder="What to keep out", max_lines=4, scale=2
            )
            count = gr.Slider(
                1, 200, value=settings.stages[0].size, step=1, label="Pictures", buttons=[]
            )
            tiers = [("Automatic", ""), *((name, name) for name in settings.tiers)]
            tier = gr.Dropdown(tiers, value="", label="Tier")
            seed = gr.Textbox(label="Seed", placeholder="random")
        with gr.Row(elem_id="vibes-more-choice"):
            host("<vibes-workflow-choice></vibes-workflow-choice>")
            choice = _choice()
    return [negative, count, tier, seed, *choice]


def _choice() -> list[gr.Component]:
    """What the automatic choice aims at, and what it must stay within."""
    priority = gr.Radio(
        [(name.capitalize(), name) for name in ("speed", "balanced", "quality")],
        value="balanced",
        label="Priority",
        elem_classes=["v-segments", "v-named"],
    )
    variation = gr.Radio(
        [("Seeds", "seed"), ("Settings", "params"), ("LoRAs", "loras"), ("Mixed", "mixed")],
        value="seed",
        label="What varies",
        elem_classes=["v-segments", "v-named"],
    )
    seconds = gr.Textbox(label="Seconds a picture, at most", placeholder="no limit")
    memory = gr.Textbox(label="GiB of memory, at most", placeholder="no limit")
    triggers = gr.Checkbox(True, label="Add trigger words", container=False)
    return [priority, variation, seconds, memory, triggers]
