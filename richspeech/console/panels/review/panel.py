"""What the transcript says as a whole: insight, highlights with what can be cut, and risk."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import gradio as gr

from richspeech.console import events, render
from richspeech.console.page_load import PageLoad
from richspeech.console.panels.export.jobs import ExportJobs
from richspeech.console.panels.export.panel import material_of, recording_of
from richspeech.console.panels.review import render as review_render
from richspeech.console.panels.review.reviews import Reviews
from richspeech.console.sessions import Session
from richspeech.console.shown import shown
from richspeech.console.tab import Context
from richspeech.console.view import lanes
from richspeech.console.widgets import DRAWN, QUICK
from richspeech.jobs.export import CUTS
from richspeech.language.catalog import say
from richspeech.review.lists import LISTS

CHOOSER = """
window.richspeech.chooser(element, props, watch, (wish) => trigger("make", wish));
"""


class ReviewPanel:
    """Three tabs of one card."""

    def __init__(self, context: Context) -> None:
        self._context, self._widgets = context, context.widgets
        self._reviews = Reviews(context.settings)
        self._jobs = ExportJobs(context, "cuts", (*CUTS, *LISTS))

    def build(self) -> None:
        """Make the card, which is there once there is something to say."""
        with gr.Column(elem_classes="card", elem_id="review", visible=False) as self._card:
            self._widgets.heading("review")
            self._remark = gr.HTML("", elem_id="review-remark", **DRAWN)
            with gr.Tabs(elem_id="review-tabs"):
                with self._tab("insight"):
                    self._insight = gr.HTML("", elem_id="insight", **DRAWN)
                with self._tab("highlights"):
                    self._chooser = gr.HTML(
                        html_template='<div class="chooser"></div>',
                        js_on_load=CHOOSER,
                        apply_default_css=False,
                        elem_id="highlights",
                    )
                    self._jobs.build()
                with self._tab("risk"):
                    self._risk = gr.HTML("", elem_id="risk", **DRAWN)

    def _tab(self, name: str) -> Any:
        return self._widgets.labelled(gr.Tab, f"review_{name}", id=name, render_children=True)

    @property
    def painted(self) -> list[Any]:
        """The card and what is in it."""
        drawn = [self._remark, self._insight, self._chooser, self._risk]
        return [self._card, *drawn, *self._jobs.painted]

    def wire(self) -> None:
        """Connect what can be made of highlights."""
        self._chooser.make(self._press_make, None, self._jobs.strip, **QUICK)
        self._jobs.wire()

    def resume(self, page_load: PageLoad) -> None:
        """Look on at what is being cut."""
        self._jobs.resume(page_load)

    def paint(self, session: Session) -> list[Any]:
        """Review the session's transcript."""
        job, locale = shown(session), session.locale
        review = self._reviews.of(job)
        if job is None or review is None or job.transcript is None:
            return [gr.update(visible=False), "", "", None, "", *self._jobs.paint(session)]
        can_cut = recording_of(job) is not None
        chooser = {
            "job": job.id,
            "html": review_render.highlights(
                review.highlights, job.transcript, locale, can_cut=can_cut
            ),
        }
        return [
            gr.update(visible=True),
            "" if can_cut else render.remark(say("review_gone", locale)),
            review_render.insight(
                review.insight, locale, hears_sounds="events" in lanes(job.transcript)
            ),
            chooser,
            review_render.risk(review.risk, self._context.settings.risk, locale),
            *self._jobs.paint(session),
        ]

    async def _press_make(
        self, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[dict[str, Any]]:
        session = self._context.session(request)
        review = self._reviews.of(shown(session))
        material = material_of(session, emotions=True, sounds=True)
        wish = events.read(event, events.Wish)
        found = review.highlights if review else ()
        chosen = tuple(each for each in found if review_render.highlight_key(each) in wish.chosen)
        if material is None or not chosen:
            yield self._jobs.show(session)
            return
        material = replace(material, highlights=chosen)
        async for values in self._jobs.make(session, wish.form, material):
            yield values
