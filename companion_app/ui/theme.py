"""Gradio's look, reduced to the page's own design tokens (see ``assets/tokens.css``)."""

from __future__ import annotations

import gradio as gr

# Gradio's variable -> ours. Ours already differ between light and dark, so both get the same.
_TOKENS = {
    "body_background_fill": "var(--v-ground)",
    "body_text_color": "var(--v-text)",
    "body_text_color_subdued": "var(--v-muted)",
    "background_fill_primary": "var(--v-surface)",
    "background_fill_secondary": "var(--v-ground)",
    "border_color_primary": "var(--v-line)",
    "border_color_accent": "var(--v-accent)",
    "color_accent_soft": "var(--v-accent-soft)",
    "block_background_fill": "transparent",
    "block_border_width": "0px",
    "block_label_text_color": "var(--v-muted)",
    "block_title_text_color": "var(--v-muted)",
    "block_info_text_color": "var(--v-muted)",
    "block_shadow": "none",
    "panel_background_fill": "transparent",
    "input_background_fill": "var(--v-surface)",
    "input_background_fill_focus": "var(--v-surface)",
    "input_border_color": "var(--v-line-strong)",
    "input_border_color_focus": "var(--v-accent)",
    "input_placeholder_color": "var(--v-muted)",
    "input_shadow": "none",
    "input_shadow_focus": "0 0 0 3px var(--v-accent-soft)",
    "button_primary_background_fill": "var(--v-accent)",
    "button_primary_background_fill_hover": "var(--v-accent-strong)",
    "button_primary_border_color": "transparent",
    "button_primary_text_color": "var(--v-on-accent)",
    "button_primary_text_color_hover": "var(--v-on-accent)",
    "checkbox_background_color": "var(--v-surface)",
    "checkbox_background_color_selected": "var(--v-accent)",
    "checkbox_border_color": "var(--v-line-strong)",
    "checkbox_border_color_selected": "var(--v-accent)",
    "checkbox_label_background_fill": "transparent",
    "checkbox_label_text_color": "var(--v-text)",
    "slider_color": "var(--v-accent)",
}


def quiet_theme() -> gr.themes.Base:
    """Neutral greys, one accent, fonts from this machine only."""
    theme = gr.themes.Base(
        font=[gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
        radius_size=gr.themes.sizes.radius_md,
    )
    dark = {f"{name}_dark": value for name, value in _TOKENS.items()}
    return theme.set(**_TOKENS, **{k: v for k, v in dark.items() if hasattr(theme, k)})
