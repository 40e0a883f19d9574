"""What the transcript says as a whole: a verdict, insight, highlights to be cut, and risk."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from richspeech.console import events, render
from richspeech.console.page_load import PageLoad
from richspeech.console.panels.export.jobs import ExportJobs
from richspeech.console.panels.export.material import material_of, recording_of
from richspeech.console.panels.review import render as review_render
from richspeech.console.panels.review.reviews import Reviews
from richspeech.console.sessions import Session
from richspeech.console.shown import shown
from richspeech.console.tab import Context
from richspeech.console.view import lanes
from richspeech.console.widgets import CHOSEN, DRAWN, QUICK
from richspeech.jobs.export import CUTS
from richspeech.language.catalog import say
from richspeech.presets.rules import PRESETS, Preset
from richspeech.review.lists import LISTS
from richspeech.review.review import Review

CHOOSER = """
window.richspeech.chooser(element, props, watch, {
  make: (wish) => trigger("make", wish),
  trim: (asked) => trigger("trim", asked),
});
"""


OWN = "own"
"""Instead of a preset: the rules that the settings have."""


@dataclass(frozen=True)
class RiskView:
    """Which rules somebody looks at."""

    preset: Preset | None = None
    """None for those of the settings."""


class ReviewPanel:
    """One line over the tabs of a result, and three of the tabs."""

    def __init__(self, context: Context) -> None:
        self._context, self._widgets = context, context.widgets
        self._reviews = Reviews(context.settings)
        self._jobs = ExportJobs(context, "cuts", (*CUTS, *LISTS))

    def build_verdict(self) -> None:
        """Make the line, which is there once there is something to say."""
        self._verdict = gr.HTML("", elem_id="verdict", **DRAWN)

    def build_insight(self) -> None:
        """Make what one tab holds."""
        self._insight = gr.HTML("", elem_id="insight", **DRAWN)

    def build_highlights(self) -> None:
        """Make what one tab holds."""
        self._remark = gr.HTML("", elem_id="review-remark", **DRAWN)
        self.chooser = gr.HTML(
            html_template='<div class="chooser"></div>',
            js_on_load=CHOOSER,
            apply_default_css=False,
            elem_id="highlights",
        )
        self._jobs.build()

    def build_risk(self) -> None:
        """Make what one tab holds."""
        self._rules = self._widgets.add_for_session(
            gr.Dropdown, self._rules_words, elem_id="risk-rules"
        )
        self._risk = gr.HTML("", elem_id="risk", **DRAWN)

    def _rules_words(self, session: Session) -> dict[str, Any]:
        """Name the presets, and the own rules of the settings where there are any."""
        locale, settings = session.locale, self._context.settings.risk
        names = PRESETS if settings.rules is None else (OWN, *PRESETS)
        chosen = session.view(RiskView).preset
        usual = settings.preset if settings.rules is None else OWN
        return {
            "label": say("risk_preset", locale),
            "choices": [(say(f"risk_preset_{name}", locale), name) for name in names],
            "value": chosen or usual,
        }

    @property
    def painted(self) -> list[Any]:
        """The line, and what the tabs hold."""
        drawn = [self._verdict, self._remark, self._insight, self.chooser, self._rules, self._risk]
        return [*drawn, *self._jobs.painted]

    def wire(self) -> None:
        """Connect what can be made of highlights."""
        self.chooser.make(self._press_make, None, self._jobs.strip, **QUICK)
        self._rules.input(self._choose_rules, self._rules, [self._risk, self._verdict], **CHOSEN)
        self._jobs.wire()

    def resume(self, page_load: PageLoad) -> None:
        """Look on at what is being cut."""
        self._jobs.resume(page_load)

    def paint(self, session: Session) -> list[Any]:
        """Review the session's transcript."""
        job, locale = shown(session), session.locale
        review = self._review_of(session)
        if job is None or review is None or job.transcript is None:
            is_over = job is not None and job.is_over
            empty = render.empty("review_nothing" if is_over else "review_waits", locale)
            chooser: dict[str, Any] = {"job": None, "html": empty}
            hidden = gr.update(visible=False)
            return ["", "", empty, chooser, hidden, empty, *self._jobs.paint(session)]
        can_cut = recording_of(job) is not None
        chooser = {
            "job": job.id,
            "html": review_render.highlights(
                review.highlights, job.transcript, locale, can_cut=can_cut
            ),
        }
        insight = review_render.insight(
            review.insight,
            locale,
            hears_sounds="events" in lanes(job.transcript),
            speakers=job.transcript.speakers,
        )
        return [
            review_render.verdict(review, job.transcript, locale),
            "" if can_cut else render.remark(say("review_gone", locale)),
            insight + render.numbers(job, locale),
            chooser,
            gr.update(visible=True),
            self._drawn_risk(session, review),
            *self._jobs.paint(session),
        ]

    def _review_of(self, session: Session) -> Review | None:
        return self._reviews.of(shown(session), session.view(RiskView).preset)

    def _drawn_risk(self, session: Session, review: Review) -> str:
        rules = self._context.settings.risk.with_preset(session.view(RiskView).preset)
        return review_render.risk(review.risk, rules, session.locale)

    def _choose_rules(self, name: str, request: gr.Request) -> list[str]:
        session = self._context.session(request)
        preset = next((each for each in PRESETS if each == name), None)
        session.keep(RiskView(preset))
        job, review = shown(session), self._review_of(session)
        if review is None or job is None or job.transcript is None:
            return ["", ""]
        verdict = review_render.verdict(review, job.transcript, session.locale)
        return [self._drawn_risk(session, review), verdict]

    async def _press_make(
        self, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[dict[str, Any]]:
        session = self._context.session(request)
        review = self._review_of(session)
        material = material_of(session, emotions=True, sounds=True)
        wish = events.read(event, events.Wish)
        found = review.highlights if review else ()
        chosen = tuple(each for each in found if each.key in wish.chosen)
        if material is None or not chosen:
            yield self._jobs.show(session)
            return
        material = replace(material, highlights=chosen)
        async for values in self._jobs.make(session, wish.form, material):
            yield values
