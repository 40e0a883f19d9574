"""The tab that searches, opens and deletes what was transcribed before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any

import gradio as gr

from richspeech.audio.peaks import PeakMeter
from richspeech.console import events, render
from richspeech.console.kept_sound import place_of_sound, sound_of_entry
from richspeech.console.page_load import PageLoad
from richspeech.console.panels.voices.kept import VoicesKept
from richspeech.console.refusal import is_refused_while_busy, refuse
from richspeech.console.row_list import row_list
from richspeech.console.sessions import Session
from richspeech.console.shown import forget, show, shown, sound_of
from richspeech.console.tab import Context, Shell, Tab
from richspeech.console.tabs.history import render as history_render
from richspeech.console.tabs.history.render import name_of
from richspeech.console.widgets import CHOSEN, QUICK
from richspeech.errors import AccessError, OptionError, StoreError
from richspeech.jobs.transcribe import Origin, Sound, Transcription
from richspeech.language.catalog import Notice, say
from richspeech.language.figures import zone_of
from richspeech.model.job_state import State
from richspeech.operations.caller import caller
from richspeech.recognition.pipeline import Progress
from richspeech.storage.history import History
from richspeech.storage.query import parse_query, toggled
from richspeech.storage.tags import TagStore
from richspeech.storage.transcripts import Store, Stored

NAME = "history"
NEWEST, BY_RISK = "newest", "risk"
ORDERS = MappingProxyType({NEWEST: "history_newest", BY_RISK: "batch_by_risk"})


def history_tab(context: Context, shell: Shell) -> Tab:
    """Make the tab, or one that says that nothing is kept."""
    history = context.service.history
    return NoHistoryTab(context) if history is None else HistoryTab(context, shell, history)


@dataclass(frozen=True)
class HistoryView:
    """What the tab shows."""

    line: str = ""
    """What is searched for."""
    page: int = 0
    by_risk: bool = False
    """Instead of the newest first."""
    is_open: bool = False
    """Whether the tab was chosen."""


class NoHistoryTab:
    """Says that the settings switch the history off."""

    name = NAME
    painted: Sequence[Any] = ()

    def __init__(self, context: Context) -> None:
        self._widgets = context.widgets

    def build(self) -> None:
        """Make the sentence."""
        with gr.Column(elem_classes="card", elem_id="history"):
            self._widgets.heading("history")
            self._widgets.html(lambda locale: render.message("info", say("history_off", locale)))

    def wire(self) -> None:
        """Nothing can be pressed."""

    def resume(self, page_load: PageLoad) -> None:
        """Nothing goes on."""

    def paint(self, _: Session) -> list[Any]:
        """Draw nothing."""
        return []


class HistoryTab:
    """A search line, and a list of what it finds."""

    name = NAME

    def __init__(self, context: Context, shell: Shell, history: History) -> None:
        self._context, self._widgets, self._shell = context, context.widgets, shell
        self._history = history
        self._voices = VoicesKept(context, history)

    def build(self) -> None:
        """Make the widgets."""
        with gr.Column(elem_classes="card", elem_id="history"):
            self._widgets.heading("history")
            with gr.Row(elem_classes="search-row"):
                self._line = self._widgets.add(
                    gr.Textbox,
                    self._line_words,
                    show_label=False,
                    container=False,
                    max_lines=1,
                    value="",
                    elem_id="history-line",
                    scale=1,
                )
                self._find = self._widgets.button(
                    "history_find", variant="primary", elem_id="history-find", scale=0, min_width=96
                )
            self._order = self._widgets.order(ORDERS, elem_id="history-order")
            self._widgets.html(history_render.search_help)
            self._list = row_list(
                (
                    *("open_row", "delete_row", "turn_page", "wipe_all"),
                    *("tag_row", "untag_row", "show_tag"),
                ),
                elem_id="history-list",
            )
            self._voices.build()

    @staticmethod
    def _line_words(locale: str) -> dict[str, Any]:
        return {
            "label": say("history_search", locale),
            "placeholder": say("history_example", locale),
        }

    @property
    def painted(self) -> list[Any]:
        """The line, the order, the list, and the voices that are kept."""
        return [self._line, self._order, self._list, self._voices.list]

    def wire(self) -> None:
        """Connect the line and the buttons of the rows."""
        chosen = self._shell.place(self.name)
        chosen.select(self._refresh, None, [self._list, self._voices.list], **QUICK)
        self._voices.wire()
        for event in (self._line.submit, self._find.click):
            event(self._search, self._line, self._list, **QUICK)
        self._order.input(self._change_order, self._order, self._list, **CHOSEN)
        self._list.turn_page(self._turn, None, self._list, **QUICK)
        self._list.delete_row(self._delete, None, self._list, **QUICK)
        self._list.wipe_all(self._wipe, None, self._list, **QUICK)
        self._list.tag_row(self._tag, None, self._list, **QUICK)
        self._list.untag_row(self._untag, None, self._list, **QUICK)
        self._list.show_tag(self._show_tag, None, [self._line, self._list], **QUICK)
        self._shell.viewer.listen(
            self._list.open_row(self._open, None, self._shell.opened, **QUICK)
        )

    def resume(self, page_load: PageLoad) -> None:
        """Give back the search; what it finds is drawn when the tab is chosen."""
        page_load.add(_has_search, self._restore, [self._line, self._order])
        page_load.follow_with(self._follow)

    def _restore(self, request: gr.Request) -> list[Any]:
        view = self._context.session(request).view(HistoryView)
        return [view.line, BY_RISK if view.by_risk else NEWEST]

    def paint(self, session: Session) -> list[Any]:
        """Draw the search and what it finds; nothing is looked for before the tab was chosen."""
        view = session.view(HistoryView)
        order = BY_RISK if view.by_risk else NEWEST
        if not view.is_open:
            return [view.line, order, "", ""]
        return [view.line, order, self._drawn(session), self._voices.paint(session)]

    def _refresh(self, request: gr.Request) -> list[str]:
        session = self._context.session(request)
        session.keep(replace(session.view(HistoryView), is_open=True))
        return [self._drawn(session), self._voices.paint(session)]

    def _search(self, line: str | None, request: gr.Request) -> str:
        session = self._context.session(request)
        view = session.view(HistoryView)
        session.keep(replace(view, line=line or "", page=0, is_open=True))
        return self._drawn(session)

    def _change_order(self, order: str, request: gr.Request) -> str:
        session = self._context.session(request)
        view = session.view(HistoryView)
        session.keep(replace(view, by_risk=order == BY_RISK, page=0))
        return self._drawn(session)

    def _turn(self, event: gr.EventData, request: gr.Request) -> str:
        session = self._context.session(request)
        page = events.read(event, events.Numbered).id
        session.keep(replace(session.view(HistoryView), page=page))
        return self._drawn(session)

    def _delete(self, event: gr.EventData, request: gr.Request) -> str:
        session, store = self._context.session(request), _seen(self._history)
        try:
            entry = store.entry(events.read(event, events.Numbered).id)
            store.delete(entry.id)
        except (StoreError, AccessError) as error:
            return self._drawn(session, _failure(error, session))
        forget(session, entry.id)
        said = say("history_deleted", session.locale, name=name_of(entry, session.locale))
        return self._drawn(session, render.message("done", said))

    def _tag(self, event: gr.EventData, request: gr.Request) -> str:
        return self._retag(event, request, TagStore.add)

    def _untag(self, event: gr.EventData, request: gr.Request) -> str:
        return self._retag(event, request, TagStore.remove)

    def _retag(
        self,
        event: gr.EventData,
        request: gr.Request,
        change: Callable[[TagStore, int, str], object],
    ) -> str:
        session, asked = self._context.session(request), events.read(event, events.Tagging)
        try:
            change(_seen(self._history).tags, asked.id, asked.value)
        except (OptionError, StoreError, AccessError) as error:
            return self._drawn(session, _failure(error, session))
        return self._drawn(session)

    def _show_tag(self, event: gr.EventData, request: gr.Request) -> list[str]:
        """Search for a tag as well, or no longer."""
        session, tag = self._context.session(request), events.read(event, events.Named).id
        view = session.view(HistoryView)
        line = toggled(view.line, tag)
        session.keep(replace(view, line=line, page=0))
        return [line, self._drawn(session)]

    def _wipe(self, request: gr.Request) -> str:
        session = self._context.session(request)
        try:
            count = _seen(self._history).wipe()
        except (StoreError, AccessError) as error:
            return self._drawn(session, _failure(error, session))
        forget(session)
        return self._drawn(
            session, render.message("done", say("history_wiped", session.locale, count=count))
        )

    def _open(self, event: gr.EventData, request: gr.Request) -> Any:
        session = self._context.session(request)
        if is_refused_while_busy(session):
            return gr.skip()
        self._show(session, events.read(event, events.Numbered).id)
        return self._shell.open(session)

    def _follow(self, session: Session, number: int) -> None:
        """Show what a link leads to; whoever may not see it, or is at something else, is told."""
        job = shown(session)
        if job is not None and job.entry is not None and job.entry.id == number:
            return
        if is_refused_while_busy(session):
            return
        try:
            self._show(session, number)
        except StoreError as error:
            refuse(session, Notice.of(error).sentence(session.locale))

    def _show(self, session: Session, number: int) -> None:
        """Show an entry; raises ``StoreError``."""
        stored = _seen(self._history).open(number)
        sound = sound_of(session, stored.entry) or self._kept_sound(session, stored)
        job = opened(stored, sound, session.locale)
        show(session, job)
        self._context.service.playbacks.prepare(job, session.folder)

    def _kept_sound(self, session: Session, stored: Stored) -> Sound | None:
        """Look for the recording of an entry among those that were handed in."""
        service = self._context.service
        if service.queue is None:
            return None
        queue = service.durable.seen_by(caller().principal)
        place = place_of_sound(session, stored.document.transcript)
        return sound_of_entry(queue, stored.entry.id, place)

    def _drawn(self, session: Session, message: str = "") -> str:
        return message + draw(self._history, session)


def _has_search(session: Session) -> bool:
    view = session.view(HistoryView)
    return bool(view.line) or view.by_risk


def opened(stored: Stored, sound: Sound | None, locale: str) -> Transcription:
    """Make a job of what is stored, as if it had just been heard."""
    entry = stored.entry
    return Transcription(
        sound.path if sound else None,
        entry.request,
        Progress.of(stored.document),
        meter=sound.meter if sound else PeakMeter(),
        title=name_of(entry, locale),
        origin=Origin.OPENED,
        entry=entry,
        state=State.FINISHED,
    )


def _seen(history: History) -> Store:
    """Return what of the history whoever asks may see."""
    return history.seen_by(caller().principal).store


def draw(history: History, session: Session) -> str:
    """Draw what a session looks for by the time that it is drawn, or why that cannot be."""
    return session.drawn(HistoryView, partial(_draw, history, session))


def _draw(history: History, session: Session, view: HistoryView) -> str:
    try:
        findings = history_render.find(
            _seen(history),
            parse_query(view.line),
            view.page,
            zone_of(session.timezone),
            by_risk=view.by_risk,
        )
    except (OptionError, StoreError) as error:
        return _failure(error, session)
    return history_render.draw_findings(findings, session.locale, session.timezone)


def _failure(error: AccessError | OptionError | StoreError, session: Session) -> str:
    return render.message("error", Notice.of(error).sentence(session.locale), role="alert")
