"""The tab where people talk and read along; in the end it opens the recording in the main one."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from richspeech.console import render
from richspeech.console.offers import language_choices
from richspeech.console.page_load import PageLoad
from richspeech.console.sessions import Session
from richspeech.console.shown import show, shown, watch
from richspeech.console.tab import Context, Shell
from richspeech.console.tabs.live.windows import Recorded
from richspeech.console.widgets import BEGINS, QUICK
from richspeech.engines.registry import Engine, engine_named, engines_for
from richspeech.errors import NoRecordingError, RichSpeechError
from richspeech.jobs.live import LiveSession
from richspeech.jobs.transcribe import Transcription
from richspeech.language.catalog import Notice, say
from richspeech.model.capability import Capability
from richspeech.operations.caller import caller

LIVE = """
window.richspeech.live(element, props, watch, {
  talked: () => trigger("talked"),
  again: () => trigger("again"),
});
"""


class LiveTab:
    """What is drawn and done here is in live.js; api/live.py answers it."""

    name = "live"

    def __init__(self, context: Context, shell: Shell) -> None:
        self._shell = shell
        self._context, settings = context, context.settings
        self._engine, self._port = engine_named(settings.model.engine), settings.server.port

    def build(self) -> None:
        """Make the place where live.js draws."""
        self._place = self._context.widgets.add_for_session(
            gr.HTML,
            lambda session: {"value": self._value(session)},
            html_template='<div class="live"></div>',
            js_on_load=LIVE,
            apply_default_css=False,
            elem_id="live",
        )

    def _value(self, session: Session) -> dict[str, Any]:
        words = live_words(session.locale, self._port, self._engine)
        return {**words, "recording": recording(session)}

    @property
    def painted(self) -> Sequence[Any]:
        """Nothing: what it has of the session comes with its words."""
        return ()

    @property
    def _opened(self) -> list[Any]:
        """What changes when a recording is over: the other tab, and what is recorded, in both."""
        return [*self._shell.opened, *self._shell.viewer.sources, self._place]

    def wire(self) -> None:
        """Open what was said once it is over, and have it heard again."""
        self._place.talked(self._open, None, self._opened, **QUICK)
        again = self._place.again(
            self._press_again, self._shell.viewer.form, self._shell.opened, **BEGINS
        )
        again.then(self._follow, None, self._shell.opened, **QUICK)

    def resume(self, page_load: PageLoad) -> None:
        """Open a live session that the reload, or a lost connection, has ended.

        One that was over before is shown as what was recorded.
        """
        page_load.add(_has_live_session, self._open_left, self._opened)
        page_load.add(_has_recording, self._show, [*self._shell.viewer.sources, self._place])

    def paint(self, session: Session) -> list[Any]:  # noqa: ARG002 - as every tab
        """Draw nothing."""
        return []

    def _show(self, request: gr.Request) -> dict[Any, Any]:
        return self._shown(self._context.session(request))

    def _shown(self, session: Session) -> dict[Any, Any]:
        """Return values that tell what was recorded, on both tabs if the other one shows it."""
        job = session.view(Recorded).job
        is_shown = job is not None and job is shown(session) and recording(session) is not None
        source = self._shell.viewer.showing(str(job.path)) if job and is_shown else {}
        return {self._place: self._value(session), **source}

    async def _open_left(self, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        # It may be over since the page was told of it; then it is opened all the same.
        if self._context.session(request).job_of(LiveSession) is None:
            yield gr.skip()
            return
        async for values in self._open(request):
            yield values

    async def _open(self, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        """Bring the main tab to the front once, and paint there until the job is over."""
        session = self._context.session(request)
        live = session.job_of(LiveSession)
        if live is not None:
            async for _ in live.watch():
                pass
        yield {**await asyncio.to_thread(self._shell.open, session), **self._shown(session)}
        async for values in self._follow(request):
            yield values
        yield {self._place: self._value(session)}

    async def _follow(self, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        """Paint the main tab until its job is over."""
        front, *_ = self._shell.opened
        async for session in watch(self._context.sessions, request.session_hash):
            values = await asyncio.to_thread(self._shell.open, session)
            del values[front]
            yield values

    def _press_again(self, values: dict[Any, Any], request: gr.Request) -> dict[Any, Any]:
        """Have the recording heard as any other file, as the main tab's form wants it."""
        self._context.require_open()
        session = self._context.session(request)
        recorded = session.view(Recorded).job
        if recorded is None:
            raise NoRecordingError
        principal = recorded.caller.principal
        job = Transcription(
            recorded.path, is_played=True, caller=replace(caller(), principal=principal)
        )
        try:
            job.request = replace(self._shell.viewer.request(values), recalls=False)
        except RichSpeechError as error:
            job.fail(error)
        show(session, job)
        self._context.service.transcriptions.submit(job)
        return self._shell.open(session)


def _has_live_session(session: Session) -> bool:
    live = session.job_of(LiveSession)
    return live is not None and not live.is_over


def _has_recording(session: Session) -> bool:
    return not _has_live_session(session) and recording(session) is not None


def recording(session: Session) -> dict[str, Any] | None:
    """Return what live.js shows of the last recording: name, address, seconds.

    None before there is one, once its file is gone, and where nobody may hear it.
    """
    job = session.view(Recorded).job
    path = (job.playback or job.path) if job else None
    if job is None or path is None or job.hides_sound or not path.is_file():
        return None
    seconds = job.transcript.duration if job.transcript else None
    return {"name": job.name, "address": render.address(path), "seconds": seconds}


SCRIPT_WORDS = (
    *("live", "live_text", "live_start", "live_stop", "live_opening", "live_loading"),
    *("live_listening", "live_ending", "live_done", "live_idle", "live_empty", "live_empty_hint"),
    *(
        "live_level",
        "live_elapsed",
        "live_latency",
        "live_latency_hint",
        "live_seconds",
        "live_insecure",
    ),
    *("live_denied", "live_missing", "live_busy", "live_refused", "live_lost"),
    *("captions", "captions_hint", "screen", "screen_hint", "screen_link", "screen_here"),
    *("screen_end", "screen_gone", "screen_lost"),
    *("live_phone", "live_phone_hint", "live_waiting", "live_code", "live_link"),
    *("live_recording", "live_download", "live_again", "live_again_hint"),
)
"""What live.js writes."""


def live_words(locale: str, port: int, engine: Engine) -> dict[str, Any]:
    """Return what live.js writes: its texts, and the languages of the engine to choose from."""
    texts = {
        key: say(key, locale, value="{value}", time="{time}", port=port) for key in SCRIPT_WORDS
    }
    able = engines_for(Capability.LIVE)
    whole = Notice("live.whole", {"engine": engine.name, "known": able}).sentence(locale)
    return {
        **texts,
        "live_cannot": "" if engine.can(Capability.LIVE) else whole,
        "live_language": say("language", locale),
        "languages": [(value, label) for label, value in language_choices(engine, locale)],
    }
