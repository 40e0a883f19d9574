"""Below the history: the voices that are remembered, to be looked at, exported and forgotten."""

from collections.abc import Callable
from functools import partial

import gradio as gr

from richspeech.access.principal import Scope
from richspeech.console import events, render
from richspeech.console.row_list import row_list
from richspeech.console.sessions import Session
from richspeech.console.tab import Context
from richspeech.console.templates import draw
from richspeech.console.widgets import QUICK
from richspeech.errors import AccessError, StoreError
from richspeech.language.catalog import Notice, say
from richspeech.language.figures import moment
from richspeech.operations.caller import caller
from richspeech.storage.history import History
from richspeech.storage.voices import VoiceStore


class VoicesKept:
    """A list that is folded up; nothing where nothing is kept, nor is to be."""

    def __init__(self, context: Context, history: History) -> None:
        self._context, self._history = context, history

    def build(self) -> None:
        """Make the widget."""
        self.list = row_list(("forget_voice", "forget_voices"), elem_id="voices-kept")

    def wire(self) -> None:
        """Connect its buttons."""
        self.list.forget_voice(self._forget, None, self.list, **QUICK)
        self.list.forget_voices(self._forget_all, None, self.list, **QUICK)

    def paint(self, session: Session, message: str = "") -> str:
        """Draw what somebody's own voices are."""
        store, principal = self._store, caller().principal
        try:
            found = store.remembered()
        except StoreError as error:
            return render.message("error", Notice.of(error).sentence(session.locale))
        remembers = self._context.service.settings.voices.remember
        if principal.masks or not (found.voices or found.unnamed or remembers):
            return message
        return message + draw(
            "panels/voices/kept.html",
            session.locale,
            voices=found.voices,
            unnamed=found.unnamed,
            may_change=principal.may(Scope.TRANSCRIBE),
            when=partial(moment, timezone=session.timezone),
        )

    @property
    def _store(self) -> VoiceStore:
        return self._history.seen_by(caller().principal).store.voices

    def _forget(self, event: gr.EventData, request: gr.Request) -> str:
        name = events.read(event, events.Named).id
        return self._after(request, lambda: self._store.forget(name))

    def _forget_all(self, request: gr.Request) -> str:
        return self._after(request, self._store.forget_all)

    def _after(self, request: gr.Request, forget: Callable[[], int]) -> str:
        session = self._context.session(request)
        try:
            count = forget()
        except (StoreError, AccessError) as error:
            said = render.message("error", Notice.of(error).sentence(session.locale))
        else:
            said = render.message("done", say("voices_forgotten", session.locale, count=count))
        return self.paint(session, said)
