"""The tab where people talk and read along; in the end it opens the recording in the main one."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import gradio as gr

from richspeech.console.offers import language_choices
from richspeech.console.page_load import PageLoad
from richspeech.console.sessions import Session
from richspeech.console.shown import watch
from richspeech.console.tab import Context, Shell
from richspeech.console.widgets import QUICK
from richspeech.engines.registry import Engine, engine_named, engines_for
from richspeech.jobs.live import LiveSession
from richspeech.language.catalog import Notice, say
from richspeech.model.capability import Capability

LIVE = 'window.richspeech.live(element, props, watch, () => trigger("talked"));'


class LiveTab:
    """What is drawn and done here is in live.js; api/live.py answers it."""

    name = "live"

    def __init__(self, context: Context, shell: Shell) -> None:
        self._shell = shell
        self._context, settings = context, context.settings
        self._engine, self._port = engine_named(settings.model.engine), settings.server.port

    def build(self) -> None:
        """Make the place where live.js draws."""
        self._place = self._context.widgets.add(
            gr.HTML,
            lambda locale: {"value": live_words(locale, self._port, self._engine)},
            html_template='<div class="live"></div>',
            js_on_load=LIVE,
            apply_default_css=False,
            elem_id="live",
        )

    @property
    def painted(self) -> Sequence[Any]:
        """Nothing: a reload ends the live session, and its recording is in the main tab."""
        return ()

    def wire(self) -> None:
        """Open what was said once it is over."""
        self._place.talked(self._open, None, self._shell.opened, **QUICK)

    def resume(self, page_load: PageLoad) -> None:
        """Open a live session that the reload, or a lost connection, has ended."""
        page_load.add(_has_live_session, self._open_left, self._shell.opened)

    def paint(self, session: Session) -> list[Any]:  # noqa: ARG002 - as every tab
        """Draw nothing."""
        return []

    async def _open_left(self, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        if not _has_live_session(self._context.session(request)):
            yield gr.skip()
            return
        async for values in self._open(request):
            yield values

    async def _open(self, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        """Bring the main tab to the front once, and paint there until the job is over."""
        live = self._context.session(request).job_of(LiveSession)
        if live is not None:
            async for _ in live.watch():
                pass
        front, *_ = self._shell.opened
        is_shown = False
        async for session in watch(self._context.sessions, request.session_hash):
            values = await asyncio.to_thread(self._shell.open, session)
            if is_shown:
                del values[front]
            yield values
            is_shown = True


def _has_live_session(session: Session) -> bool:
    live = session.job_of(LiveSession)
    return live is not None and not live.is_over


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
)
"""What live.js writes."""


def live_words(locale: str, port: int, engine: Engine) -> dict[str, Any]:
    """Return what live.js writes: its texts, and the languages of the engine to choose from."""
    texts = {key: say(key, locale, value="{value}", port=port) for key in SCRIPT_WORDS}
    able = engines_for(Capability.LIVE)
    whole = Notice("live.whole", {"engine": engine.name, "known": able}).sentence(locale)
    return {
        **texts,
        "live_cannot": "" if engine.can(Capability.LIVE) else whole,
        "live_language": say("language", locale),
        "languages": [(value, label) for label, value in language_choices(engine, locale)],
    }
