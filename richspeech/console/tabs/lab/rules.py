"""The lab's second part: rules, and what they would do to the transcript that is there."""

import asyncio
from functools import partial
from typing import Any

import gradio as gr

from richspeech.console import render
from richspeech.console.page_load import PageLoad
from richspeech.console.sessions import Session
from richspeech.console.shown import shown
from richspeech.console.tab import Context
from richspeech.console.tabs.lab import render as lab_render
from richspeech.console.tabs.lab.rule_trials import RuleTrial, RuleTrials
from richspeech.console.tabs.lab.rule_trials_render import effect
from richspeech.console.widgets import DRAWN, QUICK


class RulesPanel:
    """An editor on one side, the segments that change on the other."""

    def __init__(self, context: Context, trials: RuleTrials) -> None:
        self._context, self._widgets, self._trials = context, context.widgets, trials
        self.editor: Any = None

    def build(self) -> None:
        """Make both sides."""
        with gr.Row(elem_classes="columns"):
            with gr.Column(scale=5, min_width=320, elem_classes="side"):
                self._build_editor()
            with gr.Column(scale=8, min_width=320, elem_classes="side"):
                self._build_effect()

    def _build_effect(self) -> None:
        with gr.Column(elem_classes="card", elem_id="lab-effect"):
            self._widgets.heading("lab_effect")
            self._effect = gr.HTML(self._draw(None, "zh"), elem_classes="status", **DRAWN)

    def _build_editor(self) -> None:
        with gr.Column(elem_classes="card"):
            self._widgets.heading("lab_rules")
            self._widgets.html(partial(render.note, "lab_rules_hint", "lab-hint"))
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
            self._back = self._widgets.button("lab_restore", size="sm", elem_id="lab-restore")
            if not self._trials.may_save:
                self._widgets.html(partial(render.note, "lab_may_not_save", "lab-note"))

    # Events ---------------------------------------------------------------------------------------

    @property
    def painted(self) -> list[Any]:
        """What shows the rules that were tried; the editor is left to whoever writes there."""
        return [self._effect]

    def wire(self, place: Any) -> None:
        """Connect the buttons; the editor is filled when the tab ``place`` is chosen."""
        place.select(self._fill, self.editor, self.editor, **QUICK)
        self._try.click(self._press_try, self.editor, self.painted, **QUICK)
        self._save.click(self._press_save, self.editor, self.painted, **QUICK)
        self._back.click(self._trials.current_text, None, self.editor, **QUICK)

    def resume(self, page_load: PageLoad) -> None:
        """Show what became of the rules that were tried before a reload."""
        page_load.add(lambda session: session.kept(RuleTrial) is not None, self._show, self.painted)

    def _show(self, request: gr.Request) -> list[Any]:
        return self.paint(self._context.session(request))

    def _fill(self, text: str, request: gr.Request) -> Any:
        """Give back what was written before a reload, or the rules in use."""
        if text:
            return gr.skip()
        trial = self._context.session(request).kept(RuleTrial)
        return trial.text if trial else self._trials.current_text()

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

    async def _press_save(self, text: str, request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        session.keep(await asyncio.to_thread(self._trials.save, text, shown(session)))
        return await asyncio.to_thread(self.paint, session)
