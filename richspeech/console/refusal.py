"""Why nothing comes of a press: said over the page."""

import gradio as gr

from richspeech.console.sessions import Session
from richspeech.console.shown import is_busy
from richspeech.language.catalog import say


def refuse(session: Session, why: str) -> None:
    """Say a sentence."""
    gr.Warning(why, title=say("refused", session.locale))


def is_refused_while_busy(session: Session) -> bool:
    """Say that what is shown is still being transcribed, if it is; tell whether it is."""
    busy = is_busy(session)
    if busy:
        refuse(session, say("still_busy", session.locale))
    return busy
