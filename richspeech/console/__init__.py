"""The page: the only package that imports Gradio."""

from richspeech.console.layout import mount
from richspeech.console.login import login_page
from richspeech.console.lost_link import lost_link_page

__all__ = ["login_page", "lost_link_page", "mount"]
