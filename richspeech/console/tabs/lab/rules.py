"""The lab's second part: rules, and what they would do to the transcript that is there.

They can be edited in a form and as YAML. The YAML is what counts: the form is drawn from it when
it is opened, and whatever changes in the form is written there.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

import gradio as gr

from richspeech.console import events, render
from richspeech.console.page_load import PageLoad
from richspeech.console.sessions import Session
from richspeech.console.shown import shown
from richspeech.console.tab import Context
from richspeech.console.tabs.lab import render as lab_render
from richspeech.console.tabs.lab.rule_form import answer_of, form_words, opened_form
from richspeech.console.tabs.lab.rule_trials import RuleTrial, RuleTrials
from richspeech.console.tabs.lab.rule_trials_render import effect
from richspeech.console.widgets import DRAWN, QUICK
from richspeech.errors import SettingsError
from richspeech.jobs.transcribe import Transcription
from richspeech.language.catalog import Notice
from richspeech.storage.rule_form import changed_form

Use: TypeAlias = Callable[[str, Transcription | None], RuleTrial]
"""What becomes of rules that are written: they are tried, or saved."""


FORM = """
window.richspeech.ruleForm(element, props, watch, {
  edit: (rules) => trigger("edit", rules), save: (rules) => trigger("save", rules),
});
"""


class RulesPanel:
    """Editors on one side, the segments that change on the other."""

    def __init__(self, context: Context, trials: RuleTrials) -> None:
        self._context, self._widgets, self._trials = context, context.widgets, trials
        self.editor: Any = None

    def build(self) -> None:
        """Make both sides."""
        with gr.Row(elem_classes="columns"):
            with gr.Column(scale=6, min_width=320, elem_classes="side"):
                self._build_editor()
            with gr.Column(scale=7, min_width=320, elem_classes="side"):
                self._build_effect()

    def _build_effect(self) -> None:
        with gr.Column(elem_classes="card", elem_id="lab-effect"):
            self._widgets.heading("lab_effect")
            self._effect = gr.HTML(self._draw(None, "zh"), elem_classes="status", **DRAWN)

    def _build_editor(self) -> None:
        with gr.Column(elem_classes="card"):
            self._widgets.heading("lab_rules")
            self._widgets.html(partial(render.note, "lab_rules_hint", "lab-hint"))
            with gr.Tabs(elem_id="lab-views"):
                with self._widgets.labelled(gr.Tab, "rule_view_form", id="form") as self._form_view:
                    self._form = self._widgets.add(
                        gr.HTML,
                        self._form_words,
                        html_template='<div class="rule-form"></div>',
                        js_on_load=FORM,
                        apply_default_css=False,
                        elem_id="lab-form",
                    )
                with self._widgets.labelled(
                    gr.Tab, "rule_view_yaml", id="yaml", render_children=True
                ):
                    self._build_yaml()
            self._back = self._widgets.button("lab_restore", size="sm", elem_id="lab-restore")
            if not self._trials.may_save:
                self._widgets.html(partial(render.note, "lab_may_not_save", "lab-note"))

    def _build_yaml(self) -> None:
        self.editor = self._widgets.labelled(
            gr.Textbox,
            "lab_rules_text",
            value="",
            lines=14,
            max_lines=30,
            elem_id="lab-editor",
            elem_classes="code",
        )
        self._widgets.html(lab_render.rules_help)
        with gr.Row(elem_classes="actions"):
            self._try = self._widgets.button(
                "lab_try", variant="primary", elem_id="lab-try", elem_classes="starts", scale=2
            )
            self._save = self._widgets.button(
                "lab_save", interactive=self._trials.may_save, elem_id="lab-save", scale=2
            )

    def _form_words(self, locale: str) -> dict[str, Any]:
        return {"value": {"words": form_words(locale, may_save=self._trials.may_save)}}

    # Events ---------------------------------------------------------------------------------------

    @property
    def painted(self) -> list[Any]:
        """What shows the rules that were tried; the editor is left to whoever writes there."""
        return [self._effect]

    def wire(self, place: Any) -> None:
        """Connect the buttons; the editor is filled when the tab ``place`` is chosen."""
        both = [self.editor, self._form]
        place.select(self._fill, self.editor, both, **QUICK)
        self._form_view.select(self._open, self.editor, both, **QUICK)
        self._form.edit(self._press_edit, None, [*both, *self.painted], **QUICK)
        self._form.save(self._press_keep, None, [*both, *self.painted], **QUICK)
        self._try.click(self._press_try, self.editor, self.painted, **QUICK)
        self._save.click(self._press_save, self.editor, self.painted, **QUICK)
        self._back.click(self._restore, None, both, **QUICK)

    def resume(self, page_load: PageLoad) -> None:
        """Show what became of the rules that were tried before a reload."""
        page_load.add(lambda session: session.kept(RuleTrial) is not None, self._show, self.painted)

    def _show(self, request: gr.Request) -> list[Any]:
        return self.paint(self._context.session(request))

    def _fill(self, text: str, request: gr.Request) -> Any:
        """Give back what was written before a reload, or the rules in use."""
        return (gr.skip(), gr.skip()) if text else self._open(text, request)

    def _open(self, text: str, request: gr.Request) -> tuple[str, dict[str, Any]]:
        """Draw the form of what is written as YAML."""
        session = self._context.session(request)
        trial = session.kept(RuleTrial)
        return self._opened(text or (trial.text if trial else self._trials.current_text()), session)

    def _opened(self, text: str, session: Session) -> tuple[str, dict[str, Any]]:
        return text, opened_form(text, session.locale, may_save=self._trials.may_save)

    def _restore(self, request: gr.Request) -> tuple[str, dict[str, Any]]:
        return self._opened(self._trials.current_text(), self._context.session(request))

    def paint(self, session: Session) -> list[Any]:
        """Draw what became of the rules."""
        return [self._draw(session, session.locale)]

    def _draw(self, session: Session | None, locale: str) -> str:
        file = self._trials.file
        trial = session.kept(RuleTrial) if session else None
        return effect(trial, file.path.name, file.backup.name, locale)

    async def _press_try(self, text: str, request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        session.keep(await asyncio.to_thread(self._trials.attempt, text, shown(session)))
        return await asyncio.to_thread(self.paint, session)

    async def _press_edit(self, event: gr.EventData, request: gr.Request) -> list[Any]:
        return await asyncio.to_thread(self._take, event, request, self._trials.attempt)

    async def _press_keep(self, event: gr.EventData, request: gr.Request) -> list[Any]:
        return await asyncio.to_thread(self._take, event, request, self._trials.save)

    def _take(self, event: gr.EventData, request: gr.Request, use: Use) -> list[Any]:
        """Write what the form holds as YAML, and try or save that."""
        session, sent = self._context.session(request), events.read(event, events.Rules)
        try:
            form = changed_form(sent.prologue, sent.rules)
        except SettingsError as error:
            session.keep(RuleTrial("", Notice.of(error)))
            return [gr.skip(), answer_of(None, sent.sent, session.locale), *self.paint(session)]
        trial = use(form.text, shown(session))
        if trial.problem and any(draft.problem for draft in form.drafts):
            trial = replace(trial, problem=Notice("rule_unfinished"))
        session.keep(trial)
        return [form.text, answer_of(form, sent.sent, session.locale), *self.paint(session)]

    async def _press_save(self, text: str, request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        session.keep(await asyncio.to_thread(self._trials.save, text, shown(session)))
        return await asyncio.to_thread(self.paint, session)
