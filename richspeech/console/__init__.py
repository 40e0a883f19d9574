"""The page: the only package that imports Gradio."""

from richspeech.console.layout import mount
from richspeech.console.login import login_page

__all__ = ["login_page", "mount"]
