"""The tab for many recordings: what to transcribe on one side, a row a recording on the other."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from richspeech.console import events, render
from richspeech.console.page_load import PageLoad
from richspeech.console.row_list import row_list
from richspeech.console.sessions import Session
from richspeech.console.shown import is_busy, show
from richspeech.console.tab import Context, Shell
from richspeech.console.tabs.batch import render as batch_render
from richspeech.console.tabs.batch.seen import BatchView
from richspeech.console.widgets import BEGINS, CHOSEN, DRAWN, QUICK
from richspeech.jobs.batch.job import BatchJob
from richspeech.language.catalog import say
from richspeech.language.figures import duration_text, size_text
from richspeech.model.job_state import State
from richspeech.polling import PAGE_POLL_SECONDS
from richspeech.writers import WRITERS, WriterOptions

NAME = "batch"
USUAL_FORMATS = ["txt", "srt", "json"]
BY_RISK, BY_NAME = "risk", "name"
MOST_FOLDERS = 500
"""In the list to choose from; deeper ones and more of them are for the command line."""


class BatchTab:
    """Takes uploads and folders that the settings allow."""

    name = NAME

    def __init__(self, context: Context, shell: Shell) -> None:
        self._context, self._widgets, self._shell = context, context.widgets, shell
        self._work = context.service.batches

    # Widgets ----------------------------------------------------------------------------------

    def build(self) -> None:
        """Make both sides."""
        with gr.Row(elem_classes="columns"):
            with gr.Column(scale=4, min_width=320, elem_classes="side"):
                self._build_input()
            with gr.Column(scale=8, min_width=320, elem_classes="side"):
                self._build_result()

    def _build_input(self) -> None:
        with gr.Column(elem_classes="card"):
            self._widgets.heading("batch")
            if self._context.settings.batch.folders:
                with gr.Tabs(elem_id="batch-sources", elem_classes="sources"):
                    with self._widgets.labelled(gr.Tab, "batch_upload", id="upload"):
                        self._build_files()
                    with self._widgets.labelled(gr.Tab, "batch_folder_tab", id="folder"):
                        self._folder = self._build_folder(visible=True)
            else:
                self._build_files()
                self._folder = self._build_folder(visible=False)
            self._widgets.html(self._draw_hint, elem_classes="file-hint")
            self._start, self._cancel = self._widgets.start_and_cancel(
                "start", "batch-", "batch_cancel", 100
            )

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
        seconds = self._context.settings.page.leave_seconds
        key = "batch_stay" if self._context.service.history is None else "batch_stay_kept"
        stay = say(key, locale, time=duration_text(seconds, locale))
        return render.paragraphs(say("batch_hint", locale), stay)

    def _build_result(self) -> None:
        with gr.Column(elem_classes="card", elem_id="batch-result"):
            self._widgets.heading("batch_result")
            self._status = gr.HTML(
                batch_render.status(None, "zh"),
                elem_id="batch-status",
                elem_classes="status",
                **DRAWN,
            )
            self._order = self._widgets.add(
                gr.Radio, self._order_words, value=BY_RISK, visible=False, elem_id="batch-order"
            )
            self._list = row_list(("open_row", "cancel_row", "turn_page"), elem_id="batch-list")
            with gr.Column(visible=False, elem_id="batch-pack") as self._pack_box:
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
    def _order_words(locale: str) -> dict[str, Any]:
        choices = [(say("batch_by_risk", locale), BY_RISK), (say("batch_by_name", locale), BY_NAME)]
        return {"label": say("batch_order", locale), "choices": choices}

    # Events -----------------------------------------------------------------------------------

    @property
    def painted(self) -> list[Any]:
        """Whatever shows the batch."""
        return [
            self._status,
            self._order,
            self._list,
            self._start,
            self._cancel,
            self._pack_box,
            self._pack,
            self._stop_packing,
            self._download,
            self._packing,
        ]

    def wire(self) -> None:
        """Connect the buttons, and those of the rows."""
        begin = {self._files, self._folder, *self._shell.viewer.form}
        self._start.click(self._press_start, begin, self.painted, **BEGINS).then(
            self._watch, None, self.painted, **QUICK
        )
        self._files.upload(lambda: None, None, self._folder, **QUICK)
        self._folder.input(lambda: None, None, self._files, **QUICK)
        self._cancel.click(self._press_cancel, None, self.painted, **QUICK)
        self._order.input(self._change_order, self._order, self._list, **CHOSEN)
        self._list.turn_page(self._turn, None, self._list, **QUICK)
        self._list.cancel_row(self._cancel_row, None, self._list, **QUICK)
        self._list.open_row(self._open, None, self._shell.opened, **QUICK)
        self._pack.click(self._press_pack, self._formats, self.painted, **BEGINS).then(
            self._watch, None, self.painted, **QUICK
        )
        self._stop_packing.click(self._press_stop_packing, None, self.painted, **QUICK)

    def resume(self, page_load: PageLoad) -> None:
        """Show the batch, and go on painting it while it runs."""
        page_load.add(_has_batch, self._watch, self.painted)

    def paint(self, session: Session) -> list[Any]:
        """Draw the session's batch."""
        run, locale, view = session.job_of(BatchJob), session.locale, session.view(BatchView)
        over = run is None or run.is_over
        has_results = run is not None and over and bool(run.transcribed)
        packing = run.packing if run else None
        is_packing = packing is not None and not packing.is_over
        packed = packing if packing and packing.state is State.FINISHED else None
        return [
            batch_render.status(run, locale),
            gr.update(visible=bool(run and run.rows), value=BY_NAME if view.by_name else BY_RISK),
            batch_render.rows(run, view, self._context.settings.risk, locale),
            gr.update(interactive=over),
            gr.update(interactive=not over),
            gr.update(visible=has_results),
            gr.update(interactive=not is_packing),
            gr.update(visible=is_packing),
            gr.update(
                visible=packed is not None,
                value=packed.path if packed else None,
                label=_download_label(packed.path, locale) if packed else None,
            ),
            batch_render.packing(packing, locale),
        ]

    def _press_start(self, values: dict[Any, Any], request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        files, folder = values[self._files], values[self._folder]
        if not files and not folder:
            raise gr.Error(say("batch_nothing", session.locale))
        uploads = [Path(file) for file in files or ()]
        chosen = None if uploads else Path(str(folder))
        asked, before = self._shell.viewer.request(values), session.job_of(BatchJob)
        session.put(self._work.begin(session.folder, uploads, chosen, asked, before))
        session.keep(BatchView(session.view(BatchView).by_name))
        return self.paint(session)

    async def _watch(self, request: gr.Request) -> AsyncIterator[list[Any]]:
        # An event that yields nothing would empty what it writes to.
        session = self._context.session(request)
        seen: object = None
        while (run := session.job_of(BatchJob)) is not None and not _is_over(run):
            if (now := _state(run)) != seen:
                seen = now
                yield await asyncio.to_thread(self.paint, session)
            await asyncio.sleep(PAGE_POLL_SECONDS)
        yield await asyncio.to_thread(self.paint, session)

    def _press_cancel(self, request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        if (run := session.job_of(BatchJob)) is not None:
            run.cancel()
        return self.paint(session)

    def _change_order(self, order: str, request: gr.Request) -> str:
        session = self._context.session(request)
        session.keep(BatchView(order == BY_NAME))
        return self._rows(session)

    def _turn(self, event: gr.EventData, request: gr.Request) -> str:
        session, page = self._context.session(request), events.read(event, events.Numbered).id
        session.keep(BatchView(session.view(BatchView).by_name, page))
        return self._rows(session)

    def _cancel_row(self, event: gr.EventData, request: gr.Request) -> str:
        session = self._context.session(request)
        run, name = session.job_of(BatchJob), events.read(event, events.Named).id
        if run is not None and run.batch is not None and name in {r.name for r in run.rows}:
            run.batch.cancel(name)
        return self._rows(session)

    def _open(self, event: gr.EventData, request: gr.Request) -> Any:
        session = self._context.session(request)
        run, name = session.job_of(BatchJob), events.read(event, events.Named).id
        if is_busy(session) or run is None or name not in run.transcribed:
            gr.Warning(say("still_busy", session.locale), title=say("refused", session.locale))
            return gr.skip()
        show(session, run.job(name))
        return self._shell.open(session)

    def _press_pack(self, formats: list[str], request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        if not formats:
            raise gr.Error(say("batch_no_format", session.locale))
        if (run := session.job_of(BatchJob)) is not None:
            look = WriterOptions(session.style, session.locale)
            self._work.pack(run, formats, look)
        return self.paint(session)

    def _press_stop_packing(self, request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        run = session.job_of(BatchJob)
        if run is not None and run.packing is not None:
            run.packing.cancel()
        return self.paint(session)

    def _rows(self, session: Session) -> str:
        settings = self._context.settings.risk
        return batch_render.rows(
            session.job_of(BatchJob), session.view(BatchView), settings, session.locale
        )


def _has_batch(session: Session) -> bool:
    return session.job_of(BatchJob) is not None


def _is_over(run: BatchJob) -> bool:
    return run.is_over and (run.packing is None or run.packing.is_over)


def _state(run: BatchJob) -> tuple[object, ...]:
    """Change whenever something has happened."""
    packing = run.packing
    return run.changes, run.state, packing and (packing.changes, packing.state)


def _download_label(path: Path, locale: str) -> str:
    return say("batch_download", locale, size=size_text(path.stat().st_size, locale))


def folder_choices(allowed: Sequence[Path]) -> list[tuple[str, str]]:
    """Name the folders that people may choose, and those right below them."""
    found = [(folder.name, str(folder)) for folder in allowed]
    for folder in allowed:
        below = sorted(path for path in folder.glob("*") if path.is_dir())
        found += [(f"{folder.name} / {path.name}", str(path)) for path in below]
    return found[:MOST_FOLDERS]
