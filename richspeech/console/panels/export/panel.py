"""All formats in one place: a tab of the result."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import gradio as gr

from richspeech.console import render
from richspeech.console.page_load import PageLoad
from richspeech.console.panels.export.jobs import ExportJobs
from richspeech.console.panels.export.material import (
    can_train,
    has_files,
    recording_of,
)
from richspeech.console.panels.export.subtitles import SubtitlePanel
from richspeech.console.sessions import Session
from richspeech.console.shown import shown
from richspeech.console.tab import Context
from richspeech.console.widgets import BEGINS, DRAWN
from richspeech.jobs.export import TRAINING
from richspeech.language.catalog import knows, say
from richspeech.writers import FORMATS, WRITERS, Purpose

FORMS = (*WRITERS, TRAINING)
USUAL = "docx"
"""Exported by who has never exported anything else: it opens wherever people write."""
STYLE_NAMES = ("label", "emoji", "tags", "plain")


class ExportPanel:
    """Buttons by purpose, how labels look, and what is being made."""

    def __init__(self, context: Context) -> None:
        self._context, self._widgets = context, context.widgets
        self._jobs = ExportJobs(context, "export", FORMS)
        self._subtitles = SubtitlePanel(context)
        self._buttons: dict[str, Any] = {}

    def build_last(self) -> None:
        """Make the button of the format that was exported last, which the browser remembers."""
        self._last = gr.HTML(
            html_template='<button type="button" class="export-last" hidden></button>',
            js_on_load="window.richspeech.lastExport(element, props, watch);",
            apply_default_css=False,
            elem_id="export-last",
        )

    def build_jobs(self) -> None:
        """Make what tells of files that are being made, or were."""
        self._jobs.build()

    def build(self) -> None:
        """Make the panel."""
        self._nothing = gr.HTML("", elem_id="export-nothing", **DRAWN)
        with gr.Column(elem_id="exports", visible=False) as self._box:
            with gr.Row(elem_id="export-groups"):
                for purpose in Purpose:
                    self._build_group(purpose)
            self._remark = gr.HTML("", elem_id="export-remark", **DRAWN)
            self._build_look()
            self._subtitles.build_preview()

    def _build_group(self, purpose: Purpose) -> None:
        forms = [each.name for each in FORMATS if each.purpose is purpose]
        if purpose is Purpose.DATA:
            forms.append(TRAINING)
        with gr.Column(elem_classes="export-group", min_width=160):
            self._widgets.html(partial(render.group, f"export_{purpose}"))
            with gr.Row(elem_classes="export-buttons"):
                for form in forms:
                    self._buttons[form] = self._widgets.add(
                        gr.Button,
                        partial(_button_text, form),
                        size="sm",
                        min_width=60,
                        visible=form != TRAINING,
                        elem_id=f"download-{form}",
                    )

    def _build_look(self) -> None:
        with gr.Row(elem_id="export-look"):
            self.style = self._widgets.add(
                gr.Radio, self._style_words, value=STYLE_NAMES[0], elem_id="style"
            )
            with gr.Column(min_width=200):
                self._subtitles.build_choices()

    @staticmethod
    def _style_words(locale: str) -> dict[str, Any]:
        return {
            "label": say("style", locale),
            "info": say("style_info", locale),
            "choices": [(say(f"style_{name}", locale), name) for name in STYLE_NAMES],
        }

    @property
    def painted(self) -> list[Any]:
        """Whatever depends on the transcript."""
        button = self._buttons[TRAINING]
        drawn = [self._last, self._nothing, self._box, button, self._remark]
        return [*drawn, self.style, *self._subtitles.painted, *self._jobs.painted]

    def wire(self) -> None:
        """Connect the buttons; ``style`` changes the transcript, too, and is the tab's to wire."""
        for form, button in self._buttons.items():
            button.click(self._press(form), self._subtitles.choices, self._jobs.strip, **BEGINS)
        self._subtitles.wire()
        self._jobs.wire()

    def resume(self, page_load: PageLoad) -> None:
        """Look on at what is being made."""
        self._jobs.resume(page_load)

    def paint(self, session: Session) -> list[Any]:
        """Show what can be had of the session's transcript."""
        job = shown(session)
        silent = job is not None and recording_of(job) is None
        nothing = "review_nothing" if job is not None and job.is_over else "review_waits"
        return [
            _last(session.locale) if has_files(job) else None,
            "" if has_files(job) else render.empty(nothing, session.locale),
            gr.update(visible=has_files(job)),
            gr.update(visible=can_train(job)),
            render.remark(say("export_silent", session.locale)) if silent else "",
            gr.update(value=session.style),
            *self._subtitles.paint(session),
            *self._jobs.paint(session),
        ]

    def _press(self, form: str) -> Callable[..., AsyncIterator[dict[str, Any]]]:
        async def press(
            values: dict[Any, Any], request: gr.Request
        ) -> AsyncIterator[dict[str, Any]]:
            session = self._context.session(request)
            limit = self._context.service.settings.page.unsure_below
            material = self._subtitles.chosen(values).material(session, unsure_below=limit)
            if material is None:
                yield self._jobs.show(session)
                return
            async for strip in self._jobs.make(session, form, material):
                yield strip

        return press


def _last(locale: str) -> dict[str, str]:
    """Return what the button says for each format, the usual one first."""
    return {
        form: say("export_last", locale, name=_button_text(form, locale)["value"])
        for form in dict.fromkeys((USUAL, *WRITERS))
    }


def _button_text(form: str, locale: str) -> dict[str, Any]:
    """Name a format; one that nobody has named yet goes by the ending of its files."""
    key = f"download_{form}"
    return {"value": say(key, locale) if knows(key) else f".{form}"}
