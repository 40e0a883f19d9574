"""The page: Gradio, and nothing but Gradio."""

from richspeech.console.layout import mount

__all__ = ["mount"]
