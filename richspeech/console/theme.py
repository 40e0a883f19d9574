"""Colours and type of the page; the rest of its looks is style.css."""

import gradio as gr
from gradio.themes.utils.fonts import Font
from rcssmin import cssmin

from richspeech.web.files import read

SHEETS = ("style", "emotion", "row_list", "review", "live", "lab")
"""In the order in which the browser reads them."""

SANS = (
    "system-ui",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "sans-serif",
)
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")

_TEAL = gr.themes.Color(
    name="teal",
    c50="#eef8f7",
    c100="#d8efed",
    c200="#b0dfdb",
    c300="#7fcac4",
    c400="#4bb0a8",
    c500="#17918a",
    c600="#0b7a73",
    c700="#09625d",
    c800="#0a4f4b",
    c900="#0b413e",
    c950="#052625",
)


def looks() -> str:
    """Return the styles of the page without remarks and spaces, which are an eighth of them."""
    return str(cssmin("\n".join(read(f"styles/{name}.css") for name in SHEETS)))


def theme() -> gr.themes.Base:
    """System fonts, so that nothing is loaded from elsewhere; one accent colour."""
    return gr.themes.Base(
        primary_hue=_TEAL,
        secondary_hue=_TEAL,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_md,
        font=[Font(name) for name in SANS],
        font_mono=[Font(name) for name in MONO],
    ).set(
        body_background_fill="#f4f6f8",
        body_background_fill_dark="#0e1317",
        body_text_color="#17212b",
        body_text_color_dark="#e6ecf1",
        body_text_color_subdued="#566473",
        body_text_color_subdued_dark="#9caab7",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#161d23",
        background_fill_secondary="#f4f6f8",
        background_fill_secondary_dark="#1d262d",
        border_color_primary="#dde3e9",
        border_color_primary_dark="#2c3740",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_border_width_dark="0px",
        block_shadow="none",
        block_shadow_dark="none",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_title_text_color="#17212b",
        block_title_text_color_dark="#e6ecf1",
        block_title_text_weight="500",
        block_info_text_color="#566473",
        block_info_text_color_dark="#9caab7",
        block_padding="0px",
        input_background_fill="#ffffff",
        input_background_fill_dark="#1d262d",
        input_border_color="#c9d2da",
        input_border_color_dark="#3a4751",
        button_primary_background_fill="#0b7a73",
        button_primary_background_fill_hover="#09625d",
        button_primary_text_color="#ffffff",
        button_primary_background_fill_dark="#4bb0a8",
        button_primary_background_fill_hover_dark="#7fcac4",
        button_primary_text_color_dark="#052625",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_hover="#eef8f7",
        button_secondary_background_fill_dark="#1d262d",
        button_secondary_background_fill_hover_dark="#26323a",
        button_secondary_border_color="#c9d2da",
        button_secondary_border_color_dark="#3a4751",
        checkbox_label_background_fill="transparent",
        checkbox_label_background_fill_dark="transparent",
        checkbox_label_background_fill_hover="transparent",
        checkbox_label_background_fill_hover_dark="transparent",
        checkbox_label_background_fill_selected="transparent",
        checkbox_label_background_fill_selected_dark="transparent",
        checkbox_label_border_width="0px",
        checkbox_label_padding="2px 0",
    )
