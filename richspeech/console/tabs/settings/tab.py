"""The tab of the settings: for administrators, with a form of what they change most.

It changes no setting of the server: it hands out the config.yaml that would, for whoever may put it
there. The rules of risk and highlights, which open no door, it may save itself.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from richspeech.console import events, render
from richspeech.console.page_load import PageLoad
from richspeech.console.panels.review.render import found_highlights, risk
from richspeech.console.sessions import Session
from richspeech.console.shown import shown
from richspeech.console.tab import Context, Shell
from richspeech.console.tabs.settings.editing import SettingsEditing
from richspeech.console.tabs.settings.form import SettingsForm, form_words
from richspeech.console.widgets import QUICK
from richspeech.errors import SettingsError
from richspeech.language.catalog import sentence
from richspeech.review.highlights import pick_highlights
from richspeech.review.risk import assess_risk

NAME = "settings"
FORM = """
window.richspeech.settingsForm(element, props, watch, (wish) => trigger("ask", wish));
"""


@dataclass(frozen=True)
class SettingsDraft:
    """What somebody has made of config.yaml, without its secrets."""

    text: str = ""
    """Nothing for what stands there."""


class SettingsTab:
    """What is drawn here is in settings_form.js; every answer has all of it."""

    name = NAME

    def __init__(self, context: Context, shell: Shell) -> None:
        self._context, self._shell = context, shell
        self._editing = SettingsEditing(context.service)

    def build(self) -> None:
        """Make the place where the script draws, which asks for the rest."""
        self._place = self._context.widgets.add(
            gr.HTML,
            lambda locale: {"value": {"locale": locale}},
            html_template='<div class="settings rule-form"></div>',
            js_on_load=FORM,
            apply_default_css=False,
            container=False,
            padding=False,
            elem_id="server-settings",
        )

    @property
    def painted(self) -> Sequence[Any]:
        """Nothing: the script asks anew when the language changes."""
        return ()

    def wire(self) -> None:
        """Answer the script; show the tab to those whom it is for."""
        is_for_all = not self._context.facts.has_users and self._editing.is_open
        self._shell.place(self.name).visible = is_for_all
        self._place.ask(self._answer, None, self._place, **QUICK)

    def resume(self, page_load: PageLoad) -> None:
        """Show the tab to those whom it is for, where people log in."""
        if self._context.facts.has_users and self._editing.is_open:
            place = self._shell.place(self.name)
            page_load.add(
                lambda _: self._editing.is_for_caller, lambda: gr.update(visible=True), place
            )

    def paint(self, session: Session) -> list[Any]:  # noqa: ARG002 - as every tab
        """Draw nothing."""
        return []

    async def _answer(self, event: gr.EventData, request: gr.Request) -> dict[str, Any]:
        session = self._context.session(request)
        self._editing.require_for_caller()
        return await asyncio.to_thread(self._answered, events.read(event, events.Wishes), session)

    def _answered(self, asked: events.Wishes, session: Session) -> dict[str, Any]:
        written = asked.text if asked.text is not None else session.view(SettingsDraft).text
        try:
            form, said = self._editing.made(asked, written)
            answer = {**form.to_dict(session.locale), **self._effects(form, session)}
        except SettingsError as error:
            problems = [sentence(error, session.locale)]
            return {**self._around(asked, session), "problems": problems, "sections": None}
        session.keep(SettingsDraft(form.text.text))
        told = {"text": form.text.text, "said": said.sentence(session.locale) if said else ""}
        return {**self._around(asked, session), **answer, **told}

    def _around(self, asked: events.Wishes, session: Session) -> dict[str, Any]:
        words = form_words(session.locale, may_save=self._editing.may_save)
        return {"locale": session.locale, "sent": asked.sent, "kind": asked.kind, "words": words}

    def _effects(self, form: SettingsForm, session: Session) -> dict[str, Any]:
        """Show what risk and highlights would be found in the transcript in sight."""
        job, locale = shown(session), session.locale
        transcript = job.transcript if job is not None and job.is_over else None
        if transcript is None or not transcript.segments:
            return {"effects": [render.note("settings_no_effect", "lab-note", locale)]}
        rules, wanted = form.group("risk"), form.group("highlights")
        drawn = []
        if rules is not None:
            drawn.append(risk(assess_risk(transcript, rules), rules, locale))
        if wanted is not None:
            drawn.append(found_highlights(pick_highlights(transcript, wanted), locale))
        return {"effects": drawn}
