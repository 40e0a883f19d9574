"""Above a transcript: whom those sound like who have no name in it, and a button that names them.

Nobody is renamed before it is pressed.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from richspeech.console.row_list import row_list
from richspeech.console.sessions import Session
from richspeech.console.shown import shown
from richspeech.console.tab import Context
from richspeech.console.templates import draw
from richspeech.engines.voices.load import recognised_from
from richspeech.errors import OptionError, StoreError
from richspeech.model.voiceprint import Recognised
from richspeech.operations.caller import caller


class VoicesFound:
    """A line for each; nothing where no voices are remembered."""

    def __init__(self, context: Context) -> None:
        self._service = context.service

    def build(self) -> None:
        """Make the widget."""
        self.lines = row_list(("take_name",), elem_id="voices-found")

    def paint(self, session: Session) -> Any:
        """Draw the lines."""
        found = self._found(session)
        if not found:
            return ""
        return draw("panels/voices/found.html", session.locale, found=found)

    def name_of(self, session: Session, voice: str) -> str:
        """Return whom a voice sounds like; raises ``OptionError`` where that is nobody."""
        for each in self._found(session):
            if each.voice == voice:
                return each.name
        raise OptionError("page.unreadable")

    def _found(self, session: Session) -> Sequence[Recognised]:
        job, history = shown(session), self._service.history
        if history is None or not self._service.settings.voices.remember:
            return ()
        if job is None or not job.is_over or job.entry is None:
            return ()
        store = history.seen_by(caller().principal).store
        least = partial(recognised_from, self._service.settings)
        try:
            return store.voices.recognised(job.entry.id, least)
        except StoreError:  # the list of the history says so; a transcript needs no suggestion
            return ()
