"""Where a panel's files are made: progress and cancel on the way, the download at the end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from richspeech.console import events
from richspeech.console.page_load import PageLoad
from richspeech.console.panels.export import render as export_render
from richspeech.console.sessions import Session
from richspeech.console.shown import drop_export
from richspeech.console.tab import Context
from richspeech.console.widgets import QUICK
from richspeech.jobs.export import Export, Material, order

SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 0.5
"""Seconds between two paintings: what is quick is there at once, and what takes long is no stream
that a slow browser cannot follow, whose buttons then answer late."""
PAUSE_GROWTH = 1.2

SCRIPT = """
window.richspeech.exportJobs(element, props, watch, {
  stop: (form) => trigger("stop", { form }), save: (form) => trigger("save", { form }),
});
"""


class ExportJobs:
    """Files of some forms; the page downloads each by itself as soon as it is there."""

    def __init__(self, context: Context, name: str, forms: Sequence[str]) -> None:
        self._context, self._name, self._forms = context, name, tuple(forms)

    def build(self) -> None:
        """Make the strip that shows what goes on."""
        self.strip = gr.HTML(
            html_template='<div class="export-jobs"></div>',
            js_on_load=SCRIPT,
            apply_default_css=False,
            elem_id=f"{self._name}-jobs",
        )
        self._file = gr.DownloadButton(elem_id=f"{self._name}-file", elem_classes="fetched")

    @property
    def painted(self) -> list[Any]:
        """The strip."""
        return [self.strip]

    def wire(self) -> None:
        """Connect its buttons."""
        self.strip.stop(self._press_stop, None, self.strip, **QUICK)
        self.strip.save(self._press_save, None, self._file, **QUICK).success(
            None, js=f"() => window.richspeech.download('#{self._name}-file')", **QUICK
        )

    def resume(self, page_load: PageLoad) -> None:
        """Look on at what is being made."""
        page_load.add(lambda session: bool(self._exports(session)), self._watch, self.strip)

    def paint(self, session: Session) -> list[Any]:
        """Return the value of the strip, among those of other widgets."""
        return [self.show(session)]

    def show(self, session: Session) -> dict[str, Any]:
        """Draw what is being made, and say which files are there."""
        exports = self._exports(session)
        ready = {each.id: each.form for each in exports if each.path is not None}
        return {"html": export_render.exports(exports, session.locale), "ready": ready}

    async def make(
        self, session: Session, form: str, material: Material
    ) -> AsyncIterator[dict[str, Any]]:
        """Have a file made, and give the values of ``strip`` until it is there.

        Others that are being made have events of their own, which show them.
        """
        if form not in self._forms:
            yield self.show(session)
            return
        export = order(form, material, session.folder)
        drop_export(session, form)
        session.put(export, form)
        self._context.service.exports.submit(export)

        def goes_on() -> bool:
            return session.job_of(Export, form) is export and not export.is_over

        async for shown in self._show_while(goes_on, session):
            yield shown

    async def _watch(self, request: gr.Request) -> AsyncIterator[dict[str, Any]]:
        session = self._context.session(request)

        def goes_on() -> bool:
            return not all(each.is_over for each in self._exports(session))

        async for shown in self._show_while(goes_on, session):
            yield shown

    async def _show_while(
        self, goes_on: Callable[[], bool], session: Session
    ) -> AsyncIterator[dict[str, Any]]:
        """Give what is to be seen, whenever that is something else, and at the end."""
        seen: dict[str, Any] | None = None
        pause = SHORTEST_PAUSE
        while goes_on():
            if (now := self.show(session)) != seen:
                yield (seen := now)
            await asyncio.sleep(pause)
            pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE)
        yield self.show(session)

    def _exports(self, session: Session) -> list[Export]:
        """Return the session's exports of this panel, the oldest first."""
        return [each for each in session.jobs_of(Export) if each.form in self._forms]

    def _press_stop(self, event: gr.EventData, request: gr.Request) -> dict[str, Any]:
        session = self._context.session(request)
        drop_export(session, events.read(event, events.Form).form)
        return self.show(session)

    def _press_save(self, event: gr.EventData, request: gr.Request) -> Path | None:
        form = events.read(event, events.Form).form
        export = self._context.session(request).job_of(Export, form)
        return export.path if export else None
