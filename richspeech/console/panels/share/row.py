"""The row below a transcript that makes a link to it, and takes links back."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from richspeech.access.principal import Scope
from richspeech.access.shares import DAYS, Shares
from richspeech.console import render
from richspeech.console.sessions import Session
from richspeech.console.shown import shown
from richspeech.console.tab import Context
from richspeech.console.widgets import BEGINS, DRAWN, QUICK
from richspeech.errors import RichSpeechError
from richspeech.language.catalog import Notice, say
from richspeech.operations.caller import caller

DAYS_AT_FIRST = "7"


@dataclass(frozen=True)
class Said:
    """What the row says, about one entry of the history."""

    entry: int | None = None
    html: str = ""
    link: str = ""
    """A new one, shown this once."""
    days: int = 0
    """For which it holds."""


class ShareRow:
    """How long, two buttons, and the link; hidden where there is nothing to share."""

    def __init__(self, context: Context) -> None:
        self._context, self._widgets = context, context.widgets
        history = context.service.history
        self._shares = Shares(history.store) if history else None

    def build(self) -> None:
        """Make the widgets."""
        with gr.Row(elem_id="share", visible=False) as self._row:
            self._days = self._widgets.add(
                gr.Dropdown,
                _days,
                value=DAYS_AT_FIRST,
                elem_id="share-days",
                scale=0,
                min_width=120,
                container=False,
                show_label=False,
            )
            self._make = self._widgets.button(
                "share", size="sm", scale=0, min_width=120, elem_id="share-make"
            )
            self._end = self._widgets.button(
                "share_end", size="sm", scale=0, min_width=120, elem_id="share-end"
            )
            self._said = gr.HTML("", elem_id="share-said", **DRAWN)
            self._link = gr.Textbox(
                "",
                visible=False,
                interactive=False,
                max_lines=1,
                buttons=["copy"],
                elem_id="share-link",
            )

    @property
    def painted(self) -> list[Any]:
        """The row and what it says."""
        return [self._row, self._said, self._link]

    def wire(self) -> None:
        """Connect the buttons."""
        self._make.click(self._press_make, self._days, self.painted, **BEGINS)
        self._end.click(self._press_end, None, self.painted, **QUICK)

    def paint(self, session: Session) -> list[Any]:
        """Draw the row, where whoever looks at a transcript that is kept may share it."""
        entry, said = _entry(session), session.view(Said)
        can_share = entry is not None and caller().principal.may(Scope.TRANSCRIBE)
        if said.entry is None or said.entry != entry:
            said = Said()
        label = say("share_link", session.locale, count=said.days)
        return [
            gr.update(visible=self._shares is not None and can_share),
            said.html,
            gr.update(value=said.link, label=label, visible=bool(said.link)),
        ]

    def _press_make(self, days: str, request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        entry = _entry(session)
        if self._shares is None or entry is None:
            return self.paint(session)
        try:
            token = self._shares.make(entry, int(days), caller().principal)
            link = f"{_address(request)}/share/{token}"
            session.keep(Said(entry, link=link, days=int(days)))
        except RichSpeechError as error:
            html = render.message("error", Notice.of(error).sentence(session.locale))
            session.keep(Said(entry, html))
        return self.paint(session)

    def _press_end(self, request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        entry = _entry(session)
        if self._shares is None or entry is None:
            return self.paint(session)
        try:
            count = self._shares.revoke(entry, caller().principal)
            html = render.message("done", say("share_ended", session.locale, count=count))
        except RichSpeechError as error:
            html = render.message("error", Notice.of(error).sentence(session.locale))
        session.keep(Said(entry, html))
        return self.paint(session)


def _entry(session: Session) -> int | None:
    """Return the number of what is shown, once the history has it."""
    job = shown(session)
    return job.entry.id if job is not None and job.is_over and job.entry is not None else None


def _address(request: gr.Request) -> str:
    """Return the address at which the page was opened."""
    if request.request is None:
        return ""
    url = request.request.url
    return f"{url.scheme}://{url.netloc}"


def _days(locale: str) -> dict[str, Any]:
    return {"choices": [(say("share_days", locale, count=days), str(days)) for days in DAYS]}
