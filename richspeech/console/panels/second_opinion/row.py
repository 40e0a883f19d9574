"""The row below a transcript that asks an emotion recogniser for its opinion."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import gradio as gr

from richspeech.console.page_load import PageLoad
from richspeech.console.sessions import Session
from richspeech.console.shown import shown
from richspeech.console.tab import Context
from richspeech.console.tabs.emotion import render as emotion_render
from richspeech.console.widgets import BEGINS, DRAWN, QUICK
from richspeech.jobs.transcribe import Transcription
from richspeech.model.job_state import State


class SecondOpinionRow:
    """One button, a way to stop, and what came of it."""

    def __init__(
        self, context: Context, outputs: Callable[[], list[Any]], paint: Callable[..., list[Any]]
    ) -> None:
        """``paint`` draws ``outputs``, all views of the transcript, this row among them."""
        self._context, self._widgets = context, context.widgets
        self._outputs, self._paint_all = outputs, paint
        self._work = context.service.second_opinions

    def build(self) -> None:
        """Make the widgets."""
        with gr.Row(elem_id="second-opinion", visible=False) as self._row:
            self._ask = self._widgets.button(
                "ask_second_opinion",
                size="sm",
                scale=0,
                min_width=200,
                elem_id="ask-second-opinion",
            )
            self._said = gr.HTML("", elem_id="second-opinion-said", **DRAWN)
            self._stop = self._widgets.button(
                "cancel",
                size="sm",
                scale=0,
                min_width=88,
                visible=False,
                elem_id="stop-second-opinion",
            )

    @property
    def painted(self) -> list[Any]:
        """Whatever shows the opinion."""
        return [self._row, self._ask, self._said, self._stop]

    def wire(self) -> None:
        """Connect the buttons."""
        self._ask.click(self._press_ask, None, self.painted, **BEGINS).then(
            self._watch, None, self._outputs(), **QUICK
        )
        self._stop.click(self._press_stop, None, self.painted, **QUICK)

    def resume(self, page_load: PageLoad) -> None:
        """Go on painting an opinion that is being formed; the job's own event paints others."""
        page_load.add(_is_being_formed, self._watch, self._outputs())

    def _press_ask(self, request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        self._context.require_open()
        if (job := shown(session)) is not None:
            self._work.ask(job)
        return self.paint(session)

    def _press_stop(self, request: gr.Request) -> list[Any]:
        session = self._context.session(request)
        job = shown(session)
        if job is not None and job.second_opinion is not None:
            job.second_opinion.cancel()
        return self.paint(session)

    async def _watch(self, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        """Paint the row while the opinion is formed, and all views once it is there."""
        session = self._context.session(request)
        job = shown(session)
        second_opinion = job.second_opinion if job else None
        if second_opinion is None or second_opinion.is_over:
            # An event that yields nothing would empty what it writes to.
            yield dict(zip(self.painted, self.paint(session), strict=True))
            return
        rhythm = self._context.sessions.rhythm(request.session_hash)
        async for _ in second_opinion.watch(rhythm):
            if shown(session) is not job:
                return
            yield dict(zip(self.painted, self.paint(session), strict=True))
        drawn = await asyncio.to_thread(self._paint_all, session)
        yield dict(zip(self._outputs(), drawn, strict=True))

    def paint(self, session: Session) -> list[Any]:
        """Draw the opinion on the session's job; nothing where none can be had."""
        job, locale = shown(session), session.locale
        asked = job.second_opinion if job else None
        runs = asked is not None and not asked.is_over
        done = asked is not None and asked.state is State.FINISHED
        limits = self._context.settings.emotion.risk
        return [
            gr.update(visible=_can_be_asked(job) or asked is not None),
            gr.update(visible=not runs and not done),
            emotion_render.second_opinion(job, limits, locale),
            gr.update(visible=runs),
        ]


def _is_being_formed(session: Session) -> bool:
    job = shown(session)
    second_opinion = job.second_opinion if job else None
    return second_opinion is not None and not second_opinion.is_over


def _can_be_asked(job: Transcription | None) -> bool:
    """Say whether there is something to have an opinion on, and its sound."""
    over = job is not None and job.is_over
    return bool(over and job and job.path and job.transcript and job.transcript.segments)
