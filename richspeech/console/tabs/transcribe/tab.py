"""The tab that transcribes: a recording on one side, the views of its transcript on the other."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from typing import Any

import gradio as gr

from richspeech.access.principal import Role, Scope
from richspeech.console import events, render
from richspeech.console.offers import (
    Offers,
    adapter_offer,
    allowed_offer,
    cascade_offer,
    denoise_offer,
    itn_offer,
    language_offer,
    offer_of,
    read_form,
    voices_offer,
)
from richspeech.console.page_load import PageLoad
from richspeech.console.panels.beside import beside_row, paint_beside
from richspeech.console.panels.export.material import has_files
from richspeech.console.panels.export.panel import ExportPanel
from richspeech.console.panels.review.panel import ReviewPanel
from richspeech.console.panels.second_opinion.row import SecondOpinionRow
from richspeech.console.panels.share.row import ShareRow
from richspeech.console.panels.voices.found import VoicesFound
from richspeech.console.refusal import refuse
from richspeech.console.sessions import Session
from richspeech.console.shown import Begun, is_busy, settle, shown, watch
from richspeech.console.sources import Sources
from richspeech.console.tab import TRANSCRIBE, Context, Shell
from richspeech.console.tabs.transcribe.drafts import JobDrafts
from richspeech.console.tabs.transcribe.handlers import (
    Choices,
    Handlers,
    Painting,
    Table,
    can_repeat,
    paint,
)
from richspeech.console.tabs.transcribe.tracks import TrackChoice
from richspeech.console.tabs.transcribe.welcome import SCRIPT as EXAMPLES
from richspeech.console.tabs.transcribe.welcome import welcome
from richspeech.console.widgets import BEGINS, CHOSEN, DRAWN, DRAWS, QUICK
from richspeech.engines.registry import Engine, engine_named, engines
from richspeech.errors import AccessError, OptionError, StoreError
from richspeech.language.catalog import Notice, say, sentence
from richspeech.model.capability import Capability
from richspeech.model.corrections import Correction
from richspeech.model.hotword_list import written_list
from richspeech.model.job_state import State
from richspeech.model.languages import AUTO
from richspeech.model.options import CHANNELS
from richspeech.model.request import TranscriptionRequest
from richspeech.model.speaker import LONGEST_NAME
from richspeech.operations.caller import caller

VIEWER = """
window.richspeech.view(element, props, watch, {
  correct: (correction, sent) => trigger("correct", { correction, sent }),
  draft: (draft) => trigger("draft", { draft }),
  step: (asked) => trigger("step", asked),
  load: () => trigger("reload"),
  replace: (found, by) => trigger("replace", { found, by }),
  rename: (speaker, name) => trigger("rename", { speaker, name }),
  undo: () => trigger("undo"),
});
"""

TABLE = "window.richspeech.segmentTable(element, props, watch);"


class TranscribeTab:
    """Main job of the page; other tabs open what they have in its views."""

    name = TRANSCRIBE

    def __init__(self, context: Context, shell: Shell) -> None:
        self._context, self._widgets, self._shell = context, context.widgets, shell
        self._handlers = Handlers(context.service.transcriptions, context.sessions)
        self._drafts = JobDrafts(context.service.history)
        self._sources = Sources(context)
        self._share = ShareRow(context)
        self._voices_found = VoicesFound(context)
        self._second_opinion = SecondOpinionRow(context, lambda: self.painted, self.paint)
        self._exports, self._review = ExportPanel(context), ReviewPanel(context)
        self._offers = Offers(context.widgets, self._engine_of)
        self._track_choice = TrackChoice(context)

    def build(self) -> None:
        """Make both sides."""
        with gr.Row(elem_id="columns", elem_classes="columns"):
            with gr.Column(scale=5, min_width=320, elem_id="left", elem_classes="side"):
                self._build_input()
            with gr.Column(scale=8, min_width=320, elem_id="right", elem_classes="side"):
                self._build_result()

    @property
    def _main(self) -> Engine:
        return engine_named(self._context.service.transcribers.engines[0])

    # The left side ---------------------------------------------------------------------------

    def _build_input(self) -> None:
        with gr.Column(elem_classes="card"):
            self._widgets.heading("recording")
            self._sources.build()
            self._engine = self._widgets.add(
                gr.Dropdown,
                self._engine_words,
                value=self._main.name,
                elem_id="engine",
            )
            transcribers = self._context.service.transcribers
            self._adapter = self._offers.add(
                gr.Dropdown,
                adapter_offer(transcribers),
                transcribers.main_adapter,
                elem_id="adapter",
            )
            self._unload = self._widgets.add(
                gr.Button, self._unload_words, size="sm", elem_id="unload-adapters"
            )
            self._cascade = self._offers.add(
                gr.Dropdown,
                cascade_offer(transcribers),
                transcribers.main_cascade,
                elem_id="cascade",
            )
            self._language = self._offers.add(
                gr.Dropdown,
                language_offer,
                self._context.service.defaults.language or AUTO,
                elem_id="language",
            )
            self._build_settings()
            self._start, self._cancel = self._widgets.start_and_cancel("start", prefix="")

    def _engine_of(self, session: Session) -> Engine:
        name = session.view(ChosenEngine).name
        return engine_named(name) if name else self._main

    def _engine_words(self, locale: str) -> dict[str, Any]:
        known = self._context.service.transcribers.engines
        choices = [(engines()[name].title.in_locale(locale), name) for name in known]
        return {
            "label": say("engine", locale),
            "info": say("engine_info", locale),
            "choices": choices,
        }

    def _unload_words(self, locale: str) -> dict[str, Any]:
        is_there = bool(self._context.service.transcribers.adapters)
        return {"value": say("adapter_unload", locale), "visible": is_there}

    def _press_unload(self, request: gr.Request) -> None:
        """Take all adapters out of memory that nobody uses; say which are left."""
        session, transcribers = self._context.session(request), self._context.service.transcribers
        principal = caller().principal
        if not principal.may(Scope.ADMIN):
            refusal = AccessError("access.role", role=principal.role.notice)
            refuse(session, sentence(refusal, session.locale))
            return
        loaded = sorted(transcribers.adapters_loaded)  # even such whose folder is gone
        left = [name for name in loaded if not transcribers.unload(name)]
        said = "adapter_left" if left else "adapter_unloaded"
        title = say("adapter", session.locale)
        gr.Info(say(said, session.locale, names=tuple(left)), title=title)

    def _build_settings(self) -> None:
        defaults, transcribers = self._context.service.defaults, self._context.service.transcribers
        with self._widgets.labelled(gr.Accordion, "settings", open=False, elem_id="settings"):
            self._hotwords = self._offers.add(
                gr.Textbox,
                offer_of(Capability.HOTWORDS, "hotwords", "hotwords_info"),
                "",
                lines=1,
                max_lines=6,
                elem_id="hotwords",
            )
            self._protected = self._offers.add(
                gr.Textbox,
                offer_of(Capability.HOTWORDS, "protected_words", "protected_words_info"),
                written_list(defaults.protected_words),
                lines=1,
                max_lines=6,
                elem_id="protected-words",
            )
            self._sentiment = self._widgets.explained(
                gr.Checkbox,
                "sentiment_switch",
                value=transcribers.reads(self._main.name),
                elem_id="sentiment",
            )
            self._allowed = self._offers.add(
                gr.CheckboxGroup,
                allowed_offer,
                [*(defaults.allowed_languages or ())],
                elem_id="allowed",
            )
            self._itn = self._offers.add(
                gr.Checkbox,
                itn_offer,
                defaults.inverse_text_normalization,
                elem_id="itn",
            )
            self._ban = self._offers.add(
                gr.Checkbox,
                offer_of(Capability.BAN_UNKNOWN_EMOTION, "ban_unknown", "ban_unknown_info"),
                defaults.ban_unknown_emotion,
                elem_id="ban",
            )
            self._merge = self._widgets.explained(
                gr.Checkbox, "merge", value=defaults.merge, elem_id="merge"
            )
            self._merge_length = self._widgets.labelled(
                gr.Slider,
                "merge_length",
                minimum=1,
                maximum=30,
                step=1,
                value=defaults.merge_length_s,
                visible=defaults.merge,
                buttons=[],
                elem_id="merge-length",
            )
            self._channels = self._widgets.add(
                gr.Radio, _channel_words, value=defaults.channels, elem_id="channels"
            )
            with gr.Row():
                self._speaker_left, self._speaker_right = (
                    self._widgets.labelled(
                        gr.Textbox,
                        f"speaker_{side}",
                        value=name or "",
                        max_lines=1,
                        max_length=LONGEST_NAME,
                        elem_id=f"speaker-{side}",
                        min_width=120,
                    )
                    for side, name in zip_longest(("left", "right"), defaults.speakers[:2])
                )
            voices = str(defaults.voices)
            self._voices = self._offers.add(
                gr.Dropdown, voices_offer(voices), voices, elem_id="voices"
            )
            self._denoise = self._offers.add(
                gr.Radio, denoise_offer("denoise_info"), defaults.denoise, elem_id="denoise"
            )
            self._mask = self._widgets.explained(
                gr.Checkbox,
                "mask",
                value=self._context.service.settings.privacy.masks(Role.ADMIN),
                elem_id="mask",
            )
            self._tracks = self._track_choice.build()

    # The right side --------------------------------------------------------------------------

    def _build_result(self) -> None:
        with gr.Column(elem_classes="card", elem_id="result"):
            self._widgets.heading("result")
            self.beside = beside_row()
            with gr.Row(elem_id="ending"):
                self._status = gr.HTML(
                    render.status(None, "zh"), elem_id="status", elem_classes="status", **DRAWN
                )
                self._again = self._widgets.button(
                    "again",
                    size="sm",
                    visible=False,
                    elem_id="again",
                    elem_classes="starts",
                    scale=0,
                    min_width=100,
                )
                self._exports.build_last()
            self._review.build_verdict()
            self._player = gr.HTML("", elem_id="player", **DRAWN)
            self._exports.build_jobs()
            with gr.Tabs(elem_id="result-tabs"):
                self._build_parts()
            self._examples = self._widgets.add(
                gr.HTML,
                lambda locale: {"value": welcome(self._context.examples, locale)},
                js_on_load=EXAMPLES,
                apply_default_css=False,
                elem_id="examples",
            )

    def _build_parts(self) -> None:
        """Make the tabs of the result; the page hides them until something is heard."""
        with self._part("text"):
            self._build_text()
        with self._part("analysis"):
            self._second_opinion.build()
            self._review.build_insight()
        with self._part("highlights"):
            self._review.build_highlights()
        with self._part("risk"):
            self._review.build_risk()
        with self._part("export"):
            self._exports.build()
            self._share.build()

    def _part(self, name: str) -> Any:
        return self._widgets.labelled(gr.Tab, f"part_{name}", id=name, render_children=True)

    def _build_text(self) -> None:
        self._voices_found.build()
        self._viewer = gr.HTML(
            html_template='<div class="viewer" hidden></div>',
            js_on_load=VIEWER,
            apply_default_css=False,
            elem_id="viewer",
        )
        with self._widgets.labelled(
            gr.Accordion, "segments", open=False, visible=False, elem_id="segments"
        ) as self._segments:
            self._table = gr.HTML(
                "",
                html_template='<div class="table"></div>',
                js_on_load=TABLE,
                apply_default_css=False,
                elem_id="table",
            )

    # Events ----------------------------------------------------------------------------------

    @property
    def painted(self) -> list[Any]:
        """The player, and whatever shows the job."""
        return [
            self.beside,
            self._player,
            self._again,
            self._segments,
            self._status,
            self._viewer,
            self._table,
            self._start,
            self._cancel,
            self._voices_found.lines,
            *self._second_opinion.painted,
            *self._share.painted,
            *self._exports.painted,
            *self._review.painted,
            *self._shell.around,
        ]

    @property
    def growing(self) -> list[Any]:
        """Those of them that show every step of a job; the others change with its state."""
        return [self._status, self._viewer, self._table]

    @property
    def _choices(self) -> dict[str, Any]:
        """The widgets that say how to transcribe, by the fields of ``Choices``."""
        return {
            "language": self._language,
            "allowed_languages": self._allowed,
            "inverse_text_normalization": self._itn,
            "merge": self._merge,
            "merge_length_s": self._merge_length,
            "ban_unknown_emotion": self._ban,
            "engine": self._engine,
            "hotwords": self._hotwords,
            "protected_words": self._protected,
            "sentiment": self._sentiment,
            "tracks": self._tracks,
            "channels": self._channels,
            "speaker_left": self._speaker_left,
            "speaker_right": self._speaker_right,
            "denoise": self._denoise,
            "voices": self._voices,
            "adapter": self._adapter,
            "cascade": self._cascade,
            "mask": self._mask,
        }

    @property
    def form(self) -> set[Any]:
        """Widgets that say how to transcribe."""
        return {*self._choices.values()}

    @property
    def sources(self) -> list[Any]:
        """Widgets that have the recording."""
        return self._sources.widgets

    def showing(self, path: str) -> dict[Any, Any]:
        """Return values for ``sources``."""
        return self._sources.showing(path)

    def request(self, values: Mapping[Any, Any]) -> TranscriptionRequest:
        """Read what these widgets say, among others; raises ``OptionError``."""
        return self._chosen(values).request()

    def _chosen(self, values: Mapping[Any, Any]) -> Choices:
        service = self._context.service
        form = read_form(service.transcribers, self._choices, values)
        return Choices(**form, more_speakers=service.defaults.speakers[2:])

    def wire(self) -> None:
        """Connect the buttons, the settings that need no new transcription, and the viewer."""
        style = self._exports.style
        style.input(self._change_style, style, self.painted, **CHOSEN)
        self._segments.expand(self._open_table, None, self._table, **QUICK)
        self._segments.collapse(self._close_table, None, self._table, **QUICK)
        self._merge.input(
            lambda merge: gr.update(visible=merge), self._merge, self._merge_length, **CHOSEN
        )
        self._engine.input(
            self._choose_engine,
            {self._engine, *self._offers.widgets},
            [self._sentiment, *self._offers.widgets],
            **CHOSEN,
        )
        self._unload.click(self._press_unload, None, None, **QUICK)
        self._sources.wire()
        self._track_choice.wire(self._sources)
        self._second_opinion.wire()
        self._share.wire()
        self._exports.wire()
        self._review.wire()
        self._cancel.click(self._press_cancel, None, self.painted, **QUICK)
        self._look_on(self._again.click(self._press_again, None, self.painted, **BEGINS))
        self._viewer.correct(self._press_correct, None, self.painted, **QUICK)
        self._viewer.step(self._press_step, None, self.painted, **QUICK)
        self._viewer.draft(self._write_draft, None, None, **QUICK)
        self._viewer.reload(self._press_load, None, self.painted, **QUICK)
        self._viewer.replace(self._press_replace, None, self.painted, **QUICK)
        self._viewer.rename(self._press_rename, None, self.painted, **QUICK)
        self._voices_found.lines.take_name(self._press_take_name, None, self.painted, **QUICK)
        self._review.chooser.trim(self._press_trim, None, self.painted, **QUICK)
        self._viewer.undo(self._press_undo, None, self.painted, **QUICK)
        filled = {*self._sources.widgets, *self.form}
        self._look_on(self._start.click(self._press_start, filled, self.painted, **BEGINS))
        shown_by_example = [*self._sources.widgets, *self.painted]
        self._look_on(
            self._examples.choose(self._press_example, self.form, shown_by_example, **BEGINS)
        )

    def _look_on(self, press: Any) -> None:
        """Paint what a press has begun: what grows with every step, and the rest by its state.

        Gradio takes a tenth of a millisecond and more for each widget that an event writes to.
        """
        press.then(self._watch, None, self.growing, **DRAWS)
        press.then(self._watch_state, None, self.painted, **QUICK)

    def listen(self, press: Any) -> None:
        """Show what is played of a transcript, and its waveform, once a press has opened it."""
        press.then(self._watch_playback, None, [self._player, self._viewer], **QUICK)

    def _choose_engine(self, values: dict[Any, Any], request: gr.Request) -> dict[Any, Any]:
        """Offer what the engine can do, and read the words where the settings want it."""
        session, name = self._context.session(request), values[self._engine]
        session.keep(ChosenEngine(name))
        reads = self._context.service.transcribers.reads(name)
        return {self._sentiment: reads, **self._offers.updates(session, values)}

    def resume(self, page_load: PageLoad) -> None:
        """Show the job and its engine, and go on painting it while it runs."""
        page_load.add(_is_used, self._watch_state, self.painted)
        page_load.add(is_busy, self._watch, self.growing, DRAWS)
        page_load.add(_is_being_prepared, self._watch_playback, [self._player, self._viewer])
        page_load.add(
            self._has_engine, self._restore, [self._engine, self._sentiment, *self._offers.widgets]
        )
        self._track_choice.resume(page_load)
        self._second_opinion.resume(page_load)
        self._exports.resume(page_load)
        self._review.resume(page_load)

    def _has_engine(self, session: Session) -> bool:
        return self._engine_to_show(session) is not self._main

    def _engine_to_show(self, session: Session) -> Engine:
        """Return the engine of the result; without one that which was chosen, or the main one."""
        job = shown(session)
        name = job.request.engine if job else session.view(ChosenEngine).name
        known = self._context.service.transcribers.engines
        return engine_named(name) if name in known else self._main

    def _restore(self, request: gr.Request) -> dict[Any, Any]:
        """Choose in a page that was opened the engine of what it shows."""
        session = self._context.session(request)
        engine, job = self._engine_to_show(session), shown(session)
        session.keep(ChosenEngine(engine.name))
        reads = job.request.sentiment if job else None
        if reads is None:
            reads = self._context.service.transcribers.reads(engine.name)
        offers = self._offers.updates(session)
        return {self._engine: engine.name, self._sentiment: reads, **offers}

    def paint(self, session: Session) -> list[Any]:
        """Draw the session's job."""
        job = shown(session)
        self._drafts.find(job)
        return [
            paint_beside(session),
            render.player(job, session.locale),
            gr.update(visible=can_repeat(job)),
            gr.update(visible=has_files(job)),
            *_updates(paint(session)),
            self._voices_found.paint(session),
            *self._second_opinion.paint(session),
            *self._share.paint(session),
            *self._exports.paint(session),
            *self._review.paint(session),
            *self._shell.paint_around(session),
        ]

    def _press_start(self, values: dict[Any, Any], request: gr.Request) -> list[Any]:
        return self._begin(request, self._sources.chosen(values), values)

    def _press_example(
        self, values: dict[Any, Any], event: gr.EventData, request: gr.Request
    ) -> dict[Any, Any]:
        number, examples = events.read(event, events.Numbered).id, self._context.examples
        if number >= len(examples):
            raise OptionError("page.unreadable")
        path = str(examples[number].path)
        painting = self._begin(request, path, values, is_example=True)
        return {**self._sources.showing(path), **dict(zip(self.painted, painting, strict=True))}

    def _begin(
        self,
        request: gr.Request,
        path: str | None,
        values: Mapping[Any, Any],
        *,
        is_example: bool = False,
    ) -> list[Any]:
        self._context.require_open()
        chosen, begin = self._chosen(values), self._handlers.begin
        session = begin(request.session_hash, path, chosen, is_example=is_example)
        return self._paint_begun(session, request)

    def _paint_begun(self, session: Session, request: gr.Request) -> list[Any]:
        """Paint a job that was just begun, and remember how, for the event that follows."""
        if (job := shown(session)) is not None:
            session.view(Begun).by_page[request.session_hash or ""] = job.state
        return self.paint(session)

    async def _watch(self, request: gr.Request) -> AsyncIterator[list[Any]]:
        async for session in watch(self._context.sessions, request.session_hash):
            # What little is new takes less than a thread would; what is much may not stop the loop.
            if _is_growing(session):
                yield _paint_growing(session)
            else:
                yield await asyncio.to_thread(_paint_growing, session)

    async def _watch_state(self, request: gr.Request) -> AsyncIterator[list[Any]]:
        session = self._context.session(request)
        painted = session.view(Begun).by_page.pop(request.session_hash or "", None)
        async for painting in self._settle(session, painted):
            yield painting

    async def _watch_playback(self, request: gr.Request) -> AsyncIterator[list[Any]]:
        session = self._context.session(request)
        job = shown(session)
        if job is None or not job.being_prepared:
            # An event that yields nothing would empty what it writes to.
            yield [gr.skip(), gr.skip()]
            return
        async for _ in job.being_prepared.states():
            pass
        yield await asyncio.to_thread(_paint_playback, session)

    async def _settle(
        self, session: Session, painted: State | None = None
    ) -> AsyncIterator[list[Any]]:
        async for each in settle(session, painted):
            yield await asyncio.to_thread(self.paint, each)

    async def _change_style(self, style: str, request: gr.Request) -> AsyncIterator[list[Any]]:
        async for painting in self._settle(self._handlers.set_style(request.session_hash, style)):
            yield painting

    async def _press_cancel(self, request: gr.Request) -> AsyncIterator[list[Any]]:
        async for painting in self._settle(self._handlers.cancel(request.session_hash)):
            yield painting

    async def _press_correct(
        self, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[list[Any]]:
        asked = events.read(event, events.Change)
        correct = self._handlers.correct
        change = partial(correct, request.session_hash, asked.correction, sent=asked.sent)
        async for painting in self._change(change, request):
            yield painting

    async def _press_step(
        self, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[list[Any]]:
        asked = events.read(event, events.Step)
        change = partial(self._handlers.step, request.session_hash, asked)
        async for painting in self._change(change, request):
            yield painting

    def _write_draft(self, event: gr.EventData, request: gr.Request) -> None:
        """Keep what somebody is writing; where that fails, their window has it all the same."""
        session, draft = self._context.session(request), events.read(event, events.Draft).draft
        self._drafts.write(shown(session), Correction.from_dict(draft))

    async def _press_load(self, request: gr.Request) -> AsyncIterator[list[Any]]:
        change = partial(self._handlers.load, request.session_hash)
        async for painting in self._change(change, request):
            yield painting

    async def _press_replace(
        self, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[list[Any]]:
        asked = events.read(event, events.Replace)
        change = partial(self._handlers.replace, request.session_hash, asked.found, asked.by)
        async for painting in self._change(change, request):
            yield painting

    async def _press_rename(
        self, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[list[Any]]:
        asked = events.read(event, events.Rename)
        change = partial(self._handlers.rename, request.session_hash, asked.speaker, asked.name)
        async for painting in self._change(change, request):
            yield painting

    async def _press_take_name(
        self, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[list[Any]]:
        session, voice = self._context.session(request), events.read(event, events.Named).id

        def change() -> Session:
            name = self._voices_found.name_of(session, voice)
            return self._handlers.rename(request.session_hash, voice, name)

        async for painting in self._change(change, request):
            yield painting

    async def _press_trim(
        self, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[list[Any]]:
        asked, settings = events.read(event, events.Trimming), self._context.settings.highlights
        change = partial(self._handlers.trim, request.session_hash, asked, settings)
        async for painting in self._change(change, request):
            yield painting

    async def _press_undo(self, request: gr.Request) -> AsyncIterator[list[Any]]:
        change = partial(self._handlers.undo, request.session_hash)
        async for painting in self._change(change, request):
            yield painting

    async def _change(
        self, change: Callable[[], Session], request: gr.Request
    ) -> AsyncIterator[list[Any]]:
        """Have a correction made; says so where it, or its place in the history, was refused."""
        session = self._context.session(request)
        try:
            await asyncio.to_thread(change)
        except (OptionError, StoreError) as error:
            refuse(session, Notice.of(error).sentence(session.locale))
        async for painting in self._settle(session):
            yield painting

    def _press_again(self, request: gr.Request) -> list[Any]:
        self._context.require_open()
        return self._paint_begun(self._handlers.repeat(request.session_hash), request)

    def _open_table(self, request: gr.Request) -> str:
        return paint(self._handlers.show_table(request.session_hash, shows=True)).table

    def _close_table(self, request: gr.Request) -> str:
        return paint(self._handlers.show_table(request.session_hash, shows=False)).table


@dataclass(frozen=True)
class ChosenEngine:
    """The engine that is chosen in the form."""

    name: str = ""
    """Empty for the main one."""


def _is_used(session: Session) -> bool:
    has_job, is_open = shown(session) is not None, session.view(Table).is_open
    return has_job or session.style != Session.style or is_open


def _is_being_prepared(session: Session) -> bool:
    job = shown(session)
    return job is not None and job.being_prepared is not None and not job.being_prepared.is_over


def _paint_playback(session: Session) -> list[Any]:
    return [render.player(shown(session), session.locale), paint(session).view]


def _is_growing(session: Session) -> bool:
    """Whether all but the newest lines are written, and nothing else is long."""
    job = shown(session)
    is_written = job is not None and not job.is_over and bool(job.written)
    return is_written and not session.view(Table).is_open


def _paint_growing(session: Session) -> list[Any]:
    """Draw what ``TranscribeTab.growing`` shows."""
    painting = paint(session)
    return [painting.status, painting.view, painting.table]


def _updates(painting: Painting) -> list[Any]:
    """Put a painting in the order of ``TranscribeTab.painted``."""
    return [
        painting.status,
        painting.view,
        painting.table,
        gr.update(interactive=painting.can_start),
        gr.update(interactive=painting.can_cancel),
    ]


def _channel_words(locale: str) -> dict[str, Any]:
    return {
        "label": say("channels", locale),
        "info": say("channels_info", locale),
        "choices": [(say(f"channels_{each}", locale), each) for each in CHANNELS],
    }
