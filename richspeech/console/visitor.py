"""Whose an event is, as the middleware has found."""

import gradio as gr

from richspeech.errors import AccessError


def visitor_key(request: gr.Request) -> str:
    """Return whose request it is; raises ``AccessError`` for what came past the middleware."""
    if request.request is None:
        raise AccessError("page.not_page")
    return str(request.request.state.visitor.key)
