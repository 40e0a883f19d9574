"""The tab for many recordings: what to transcribe on one side, a row a recording on the other."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import gradio as gr

from richspeech.console import events, render
from richspeech.console.page_load import PageLoad
from richspeech.console.panels.beside import Beside
from richspeech.console.refusal import is_refused_while_busy
from richspeech.console.row_list import row_list
from richspeech.console.sessions import Session
from richspeech.console.shown import show
from richspeech.console.tab import Context, Shell
from richspeech.console.tabs.batch import render as batch_render
from richspeech.console.tabs.batch.followed import Followed
from richspeech.console.tabs.batch.inbox import (
    BatchView,
    Chosen,
    Group,
    Step,
    beside,
    in_order,
    place_of,
)
from richspeech.console.tabs.batch.opened import Opened, open_job
from richspeech.console.tabs.batch.watchers import Watchers
from richspeech.console.widgets import BEGINS, CHOSEN, DRAWN, QUICK
from richspeech.errors import StoreError
from richspeech.language.catalog import say
from richspeech.language.figures import duration_text, size_text
from richspeech.model.job_state import State
from richspeech.operations import audit
from richspeech.operations.caller import caller
from richspeech.queue import batches
from richspeech.queue.batches import HandingIn, Packing, table_of
from richspeech.queue.queue import JobQueue
from richspeech.review.overview_table import TABLES
from richspeech.storage.jobs import new_id
from richspeech.writers import WRITERS, WriterOptions

NAME = "batch"
USUAL_FORMATS = ["txt", "srt", "json"]
BY_RISK, BY_NAME = "risk", "name"
ORDERS = MappingProxyType({BY_RISK: "batch_by_risk", BY_NAME: "batch_by_name"})
MOST_RECENT = 20
"""Batches to choose from."""
MOST_FOLDERS = 500
"""In the list to choose from; deeper ones and more of them are for the command line."""


LONGEST_LINE = 200
"""Characters of a search."""

OfBatch = TypeVar("OfBatch", HandingIn, Packing)


class BatchTab:
    """Takes uploads and folders that the settings allow."""

    name = NAME

    def __init__(self, context: Context, shell: Shell) -> None:
        self._context, self._widgets, self._shell = context, context.widgets, shell

    # Widgets ----------------------------------------------------------------------------------

    def build(self) -> None:
        """Make both sides."""
        with gr.Column(elem_classes="columns"):  # the list wants all of the width
            self._build_input()
            self._build_result()

    def _build_input(self) -> None:
        with gr.Column(elem_classes="card"):
            self._widgets.heading("batch")
            with gr.Row(elem_id="batch-input"):
                with gr.Column(scale=7, min_width=320):
                    self._build_sources()
                with gr.Column(scale=5, min_width=320):
                    self._widgets.html(self._draw_hint, elem_classes="file-hint")
                    self._start, self._cancel = self._widgets.start_and_cancel(
                        "start", "batch-", "batch_cancel", 130
                    )

    def _build_sources(self) -> None:
        if not self._context.settings.batch.folders:
            self._build_files()
            self._folder = self._build_folder(visible=False)
            return
        with gr.Tabs(elem_id="batch-sources", elem_classes="sources"):
            with self._widgets.labelled(gr.Tab, "batch_upload", id="upload"):
                self._build_files()
            with self._widgets.labelled(gr.Tab, "batch_folder_tab", id="folder"):
                self._folder = self._build_folder(visible=True)

    def _build_files(self) -> None:
        self._files = self._widgets.labelled(
            gr.File,
            "batch_files",
            file_count="multiple",
            elem_id="batch-files",
            elem_classes="file-input many",
            height=150,
            show_label=False,
        )

    def _build_folder(self, *, visible: bool) -> Any:
        return self._widgets.add(
            gr.Dropdown, self._folder_words, value=None, visible=visible, elem_id="batch-folder"
        )

    def _folder_words(self, locale: str) -> dict[str, Any]:
        return {
            "label": say("batch_folder", locale),
            "info": say("batch_folder_info", locale),
            "choices": folder_choices(self._context.settings.batch.folders),
        }

    def _draw_hint(self, locale: str) -> str:
        seconds = self._context.settings.jobs.keep_hours * 3_600
        key = "batch_stay" if self._context.service.history is None else "batch_stay_kept"
        stay = say(key, locale, time=duration_text(seconds, locale))
        return render.paragraphs(say("batch_hint", locale), stay)

    def _build_result(self) -> None:
        with gr.Column(elem_classes="card", elem_id="batch-result"):
            self._widgets.heading("batch_result")
            self._recent = self._widgets.add(
                gr.Dropdown,
                lambda locale: {"label": say("batch_recent", locale)},
                value=None,
                visible=False,
                filterable=False,
                elem_id="batch-recent",
            )
            self._status = gr.HTML(
                batch_render.status(None, Followed(), "zh"),
                elem_id="batch-status",
                elem_classes="status",
                **DRAWN,
            )
            with gr.Row(visible=False, elem_id="batch-look") as self._look:
                self._line = self._widgets.add(
                    gr.Textbox,
                    self._line_words,
                    show_label=False,
                    container=False,
                    max_lines=1,
                    max_length=LONGEST_LINE,
                    value="",
                    elem_id="batch-line",
                    scale=1,
                )
                self._order = self._widgets.order(
                    ORDERS, elem_id="batch-order", scale=0, min_width=260
                )
            events = ("open_row", "cancel_row", "retry_row", "turn_page", "show_only")
            self._list = row_list(events, elem_id="batch-list")
            self._retry = self._widgets.button(
                "batch_retry", visible=False, elem_id="batch-retry", scale=0, min_width=160
            )
            with gr.Column(visible=False, elem_id="batch-pack") as self._pack_box:
                with gr.Row(elem_classes="pack-row"):
                    self._tables = {
                        form: self._widgets.button(
                            f"batch_table_{form}",
                            elem_id=f"batch-table-{form}",
                            min_width=120,
                            scale=0,
                        )
                        for form in TABLES
                    }
                    self._table = gr.DownloadButton(elem_id="batch-table", elem_classes="fetched")
                self._formats = self._widgets.add(
                    gr.CheckboxGroup,
                    lambda locale: {"label": say("batch_formats", locale)},
                    choices=[*WRITERS],
                    value=USUAL_FORMATS,
                    elem_id="batch-formats",
                )
                with gr.Row(elem_classes="pack-row"):
                    self._pack = self._widgets.button(
                        "batch_pack", elem_id="batch-pack-start", min_width=120, scale=0
                    )
                    self._stop_packing = self._widgets.button(
                        "cancel", visible=False, elem_id="batch-pack-cancel", min_width=88, scale=0
                    )
                    self._download = gr.DownloadButton(
                        say("batch_pack", "zh"),
                        visible=False,
                        variant="primary",
                        elem_id="batch-zip",
                        min_width=160,
                        scale=0,
                    )
                self._packing = gr.HTML("", elem_id="batch-packing", **DRAWN)

    @staticmethod
    def _line_words(locale: str) -> dict[str, Any]:
        return {"label": say("batch_search", locale), "placeholder": say("batch_search", locale)}

    # Events -----------------------------------------------------------------------------------

    @property
    def painted(self) -> list[Any]:
        """Whatever shows the batch."""
        return [
            self._status,
            self._recent,
            self._look,
            self._line,
            self._order,
            self._list,
            self._start,
            self._cancel,
            self._retry,
            self._pack_box,
            self._pack,
            self._stop_packing,
            self._download,
            self._packing,
        ]

    def wire(self) -> None:
        """Connect the buttons, and those of the rows."""
        begin = {self._files, self._folder, *self._shell.viewer.form}

        def watched(press: Any, *arguments: Any, **how: Any) -> None:
            press(*arguments, self.painted, **how).then(self._watch, None, self.painted, **QUICK)

        watched(self._start.click, self._press_start, begin, **BEGINS)
        watched(self._recent.input, self._choose, self._recent, **CHOSEN)
        watched(self._retry.click, self._press_retry, None, **BEGINS)
        watched(self._list.retry_row, self._retry_row, None, **QUICK)
        watched(self._pack.click, self._press_pack, self._formats, **BEGINS)
        self._shell.place(self.name).select(self._refresh, None, self.painted, **QUICK)
        self._files.upload(lambda: None, None, self._folder, **QUICK)
        self._folder.input(lambda: None, None, self._files, **QUICK)
        self._cancel.click(self._press_cancel, None, self.painted, **QUICK)
        self._order.input(self._change_order, self._order, self._list, **CHOSEN)
        self._line.input(self._search, self._line, self._list, **CHOSEN)
        self._list.show_only(self._show_only, None, self._list, **QUICK)
        viewer, opened = self._shell.viewer, self._shell.opened
        viewer.listen(viewer.beside.step_row(self._step, None, opened, **QUICK))
        self._list.turn_page(self._turn, None, self._list, **QUICK)
        self._list.cancel_row(self._cancel_row, None, self._list, **QUICK)
        viewer.listen(self._list.open_row(self._open, None, opened, **QUICK))
        for form, button in self._tables.items():
            button.click(self._table_press(form), None, self._table, **QUICK).success(
                None, js="() => window.richspeech.download('#batch-table')", **QUICK
            )
        self._stop_packing.click(self._press_stop_packing, None, self.painted, **QUICK)

    def resume(self, page_load: PageLoad) -> None:
        """Show the window's batch, and go on painting it while it is at work."""
        page_load.add(self._has_batches, self._watch, self.painted)

    def paint(self, session: Session) -> list[Any]:
        """Draw the session's batch as it was last read."""
        locale, view, followed = session.locale, session.view(BatchView), session.view(Followed)
        rows, coming, packing = followed.rows.values(), _coming(session), _packing(session)
        is_coming = coming is not None and not coming.is_over
        is_over = not is_coming and all(row.state.is_over for row in rows)
        has_results = any(row.state is State.FINISHED for row in rows)
        has_failed = any(row.state is State.FAILED and row.may_retry for row in rows)
        is_packing = packing is not None and not packing.is_over
        packed = packing if packing and packing.state is State.FINISHED else None
        choices = [
            (batch_render.choice(each, locale, session.timezone), each.batch)
            for each in view.recent
        ]
        is_listed = followed.batch in [batch for _, batch in choices]
        return [
            batch_render.status(coming, followed, locale),
            gr.update(
                visible=bool(choices),
                choices=choices,
                value=followed.batch if is_listed else None,
            ),
            gr.update(visible=bool(rows)),
            view.line,
            BY_NAME if view.by_name else BY_RISK,
            self._rows(session),
            gr.update(interactive=not is_coming),
            gr.update(interactive=not is_over),
            gr.update(visible=is_over and has_failed),
            gr.update(visible=is_over and has_results),
            gr.update(interactive=not is_packing),
            gr.update(visible=is_packing),
            gr.update(
                visible=packed is not None,
                value=packed.path if packed else None,
                label=_download_label(packed.path, locale) if packed else None,
            ),
            batch_render.packing(packing, locale),
        ]

    def _rows(self, session: Session) -> str:
        return session.drawn(BatchView, partial(self._rows_in, session))

    def _rows_in(self, session: Session, view: BatchView) -> str:
        searched = self._searched(session, view)
        return batch_render.rows(session.view(Followed), searched, session.locale)

    def _searched(self, session: Session, view: BatchView) -> BatchView:
        """Return how the session looks at its batch, with what the history finds of its words."""
        if view.words:
            batch = session.view(Followed).batch
            store = self._queue().store
            with suppress(StoreError):  # names and reasons are searched all the same
                said = {word: store.saying(batch, word) for word in view.words}
                view = replace(view, said=said)
        return view

    # Looking on -------------------------------------------------------------------------------

    def _queue(self) -> JobQueue:
        """Return the durable jobs as far as whoever asks may see them."""
        return self._context.service.durable.seen_by(caller().principal)

    def _read(self, session: Session) -> Followed:
        """Read what is new of the session's batch; without a database it stays as it was."""
        followed = session.view(Followed)
        if followed.batch:
            with suppress(StoreError):  # it will be back, and jobs are still there
                corrected = session.view(Opened).corrected
                followed.refresh(self._queue(), self._context.settings.risk, corrected)
        return followed

    def _look_up(self, session: Session) -> None:
        """Find the newest batches, and that of the window where the process has forgotten it."""
        with suppress(StoreError):
            store = self._queue().store
            recent = store.batches(limit=MOST_RECENT)
            session.keep(replace(session.view(BatchView), recent=recent))
            if not session.view(Followed).batch and session.mark:
                for own in store.batches(session.mark, limit=1):
                    session.keep(Followed(own.batch))

    def _has_batches(self, session: Session) -> bool:
        if self._context.service.queue is None:
            return False
        self._look_up(session)
        return bool(session.view(BatchView).recent) or _coming(session) is not None

    async def _watch(self, request: gr.Request) -> AsyncIterator[list[Any]]:
        """Paint the batch now and whenever it has changed, until all is over.

        A page has one that does so, the last that began: whatever it follows is painted.
        """
        session, page, own = self._context.session(request), request.session_hash or "", object()
        watchers = session.view(Watchers).by_page
        watchers[page], seen = own, None
        rhythm = self._context.sessions.rhythm(page)
        await asyncio.to_thread(self._look_up, session)
        while True:
            followed = await asyncio.to_thread(self._read, session)
            is_over = followed.is_over and all(job is None or job.is_over for job in _jobs(session))
            if is_over:
                await asyncio.to_thread(self._look_up, session)
            if is_over or (now := _state(session)) != seen:
                is_first, seen = seen is None, None if is_over else now
                yield await asyncio.to_thread(self.paint if is_first else self._repaint, session)
            if is_over or watchers.get(page) is not own:
                return
            await rhythm.rest(time.monotonic(), asyncio.Event())

    def _repaint(self, session: Session) -> list[Any]:
        """Paint all but the search, in which somebody may be writing."""
        painted = self.paint(session)
        painted[self.painted.index(self._line)] = gr.skip()
        return painted

    def _refresh(self, request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        self._look_up(session)
        return self._painted_anew(session)

    def _painted_anew(self, session: Session) -> list[Any]:
        self._read(session)
        return self.paint(session)

    # What is pressed --------------------------------------------------------------------------

    def _press_start(self, values: dict[Any, Any], request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        files, folder = values[self._files], values[self._folder]
        if not files and not folder:
            raise gr.Error(say("batch_nothing", session.locale))
        uploads = [Path(file) for file in files or ()]
        chosen = None if uploads else Path(str(folder))
        asked, batch = self._shell.viewer.request(values), f"{session.mark}{new_id()}"
        work = self._context.service.batches
        session.put(work.begin(batch, session.folder, uploads, chosen, asked))
        self._follow(session, batch)
        return self.paint(session)

    def _choose(self, batch: str | None, request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        coming = session.job_of(HandingIn)
        if coming is not None and coming.is_over:
            session.drop(HandingIn)
        self._follow(session, str(batch or ""))
        return self._painted_anew(session)

    def _follow(self, session: Session, batch: str) -> None:
        session.keep(Followed(batch))
        session.keep(
            BatchView(session.view(BatchView).by_name, recent=session.view(BatchView).recent)
        )

    def _press_cancel(self, request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        if (coming := _coming(session)) is not None:
            coming.cancel()
        self._queue().cancel_batch(session.view(Followed).batch)
        return self._painted_anew(session)

    def _press_retry(self, request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        self._queue().retry_batch(session.view(Followed).batch)
        return self._painted_anew(session)

    def _retry_row(self, event: gr.EventData, request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        self._queue().retry(events.read(event, events.Named).id)
        return self._painted_anew(session)

    def _cancel_row(self, event: gr.EventData, request: gr.Request) -> str:
        session = self._context.session(request)
        self._queue().cancel(events.read(event, events.Named).id)
        self._read(session)
        return self._rows(session)

    def _change_order(self, order: str, request: gr.Request) -> str:
        session = self._context.session(request)
        session.keep(replace(session.view(BatchView), by_name=order == BY_NAME, page=0))
        return self._rows(session)

    def _search(self, line: str | None, request: gr.Request) -> str:
        session = self._context.session(request)
        session.keep(replace(session.view(BatchView), line=(line or "")[:LONGEST_LINE], page=0))
        return self._rows(session)

    def _show_only(self, event: gr.EventData, request: gr.Request) -> str:
        session, chosen = self._context.session(request), events.read(event, Chosen).id
        group = None if chosen == "all" else Group(chosen)
        session.keep(replace(session.view(BatchView), group=group, page=0))
        return self._rows(session)

    def _turn(self, event: gr.EventData, request: gr.Request) -> str:
        session, page = self._context.session(request), events.read(event, events.Numbered).id
        session.keep(replace(session.view(BatchView), page=page))
        return self._rows(session)

    def _open(self, event: gr.EventData, request: gr.Request) -> Any:
        return self._opened(self._context.session(request), events.read(event, events.Named).id)

    def _step(self, event: gr.EventData, request: gr.Request) -> Any:
        session, step = self._context.session(request), events.read(event, Step)
        searched = self._searched(session, session.view(BatchView))
        row = beside(session.view(Followed), searched, step)
        if row is None:
            gr.Info(say(f"batch_no_{step.id}", session.locale), title=say("batch", session.locale))
            return gr.skip()
        return self._opened(session, row.id)

    def _opened(self, session: Session, identifier: str) -> Any:
        """Show what was heard in a job where transcripts are shown."""
        queue, service = self._queue(), self._context.service
        if is_refused_while_busy(session):
            return gr.skip()
        job, opened = queue.find(identifier), session.view(Opened).by_job
        shown = opened.get(job.id) or open_job(queue, job, session)
        if shown.entry is None:  # nobody else will know of what is corrected there
            opened[job.id] = shown
        session.keep(replace(session.view(BatchView), opened=job.id))
        at, count = place_of(session.view(Followed), session.view(BatchView))
        session.keep(Beside(shown.id, at, count, NAME))
        show(session, shown)
        service.playbacks.prepare(shown, session.folder)
        return self._shell.open(session)

    def _table_press(self, form: str) -> Callable[[gr.Request], str]:
        """Make what a button calls: gradio cannot count the arguments of a partial, and warns."""

        def press(request: gr.Request) -> str:
            return self._press_table(form, request)

        return press

    def _press_table(self, form: str, request: gr.Request) -> str:
        """Write what is known of all recordings, the riskiest first."""
        session = self._context.session(request)
        followed, locale = self._read(session), session.locale
        rows = batches.shown(self._queue(), in_order(followed.rows.values(), followed))
        path = session.folder / f"batch-{followed.batch[-8:]}.{form}"
        path.write_bytes(TABLES[form](table_of(rows, followed.overviews, locale), locale))
        audit.record(audit.Action.EXPORTED, form=form, count=len(rows))
        return str(path)

    def _press_pack(self, formats: list[str], request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        if not formats:
            raise gr.Error(say("batch_no_format", session.locale))
        look = WriterOptions(session.style, session.locale)
        before, batch = session.job_of(Packing), session.view(Followed).batch
        corrected = dict(session.view(Opened).by_job)
        work = self._context.service.batches
        session.put(work.pack(batch, session.folder, formats, look, corrected))
        if before is not None:
            before.cancel()
        return self.paint(session)

    def _press_stop_packing(self, request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        if (packing := _packing(session)) is not None:
            packing.cancel()
        return self.paint(session)


def _coming(session: Session) -> HandingIn | None:
    """Return the batch that is shown while it is not handed in yet."""
    return _of_shown(session, session.job_of(HandingIn))


def _packing(session: Session) -> Packing | None:
    """Return the zip of the batch that is shown."""
    return _of_shown(session, session.job_of(Packing))


def _of_shown(session: Session, job: OfBatch | None) -> OfBatch | None:
    return job if job is not None and job.batch == session.view(Followed).batch else None


def _jobs(session: Session) -> tuple[HandingIn | None, Packing | None]:
    return _coming(session), _packing(session)


def _state(session: Session) -> tuple[object, ...]:
    """Change whenever something has happened."""
    followed = session.view(Followed)
    jobs = (job and (job.changes, job.state) for job in _jobs(session))
    return (followed.batch, followed.changes, *jobs)


def _download_label(path: Path, locale: str) -> str:
    return say("batch_download", locale, size=size_text(path.stat().st_size, locale))


def folder_choices(allowed: Sequence[Path]) -> list[tuple[str, str]]:
    """Name the folders that people may choose, and those right below them."""
    found = [(folder.name, str(folder)) for folder in allowed]
    for folder in allowed:
        below = sorted(path for path in folder.glob("*") if path.is_dir())
        found += [(f"{folder.name} / {path.name}", str(path)) for path in below]
    return found[:MOST_FOLDERS]
