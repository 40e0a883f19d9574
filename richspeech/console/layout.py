"""The page: its head, its tabs and its foot, and how it is put on the server."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from types import MappingProxyType
from typing import Any, cast

import gradio as gr
from gradio.queueing import Queue
from gradio.route_utils import FnIndexInferError
from gradio.routes import file_upload_statuses

from richspeech.access.principal import Scope
from richspeech.audio.container import AudioLimits
from richspeech.console import events, render
from richspeech.console.examples import find_examples
from richspeech.console.gradio_state import GradioStates
from richspeech.console.input_validation import ValidatedBlocks
from richspeech.console.page_load import SIGHT, PageLoad
from richspeech.console.programs import Programs
from richspeech.console.root_page import Paint, RootPage, look_of
from richspeech.console.sessions import Session, Sessions
from richspeech.console.shown import shown
from richspeech.console.sparing import spare_searches
from richspeech.console.tab import TRANSCRIBE, Context, Viewer
from richspeech.console.tabs.live.windows import LiveWindows
from richspeech.console.tabs.registry import TABS
from richspeech.console.theme import looks, theme
from richspeech.console.visitor import visitor_key
from richspeech.console.widgets import CHOSEN, DRAWN, QUICK, Widgets
from richspeech.engines.readiness import State
from richspeech.language.catalog import DEFAULT_LOCALE, locales, say
from richspeech.model.labels import label_styles
from richspeech.operations.caller import caller
from richspeech.places import SHIPPED
from richspeech.service import Service
from richspeech.settings import Settings

EXAMPLES = SHIPPED / "examples"
MOST_EVENTS = 1_000
"""Events of all pages that gradio does at once. One that looks on at a job takes a place as long as
the job, so forty, as usual, would be forty busy windows before which all others stand still."""
SECONDS_BETWEEN_LOOKS = 0.02
"""How often Gradio's queue looks for events, in place of a thousand times a second, which keeps the
event loop busy while nobody is there."""
SECONDS_BETWEEN_PROGRESS = 1.0
"""The same for progress of its own kind, which no event here reports."""


@dataclass(frozen=True)
class Parts:
    """What the routes before the page's are made of."""

    windows: Sessions
    live: LiveWindows
    """Where live sessions begin."""
    root_page: RootPage
    """The page as it is sent, and its files."""
    programs: Programs
    """What gradio's own clients call."""
    progress: Any = file_upload_statuses
    """What gradio's front end asks how far an upload is."""


def mount(
    app: Any,
    service: Service,
    version: str,
    routes: Callable[[Parts], Iterable[Any]] = lambda _: (),
    answers: Mapping[Any, Any] = MappingProxyType({}),
) -> Sessions:
    """Put the page at / of a FastAPI ``app``, which may answer before any model is there.

    ``routes`` makes those that go before the page's, that of the page itself among them; without
    them gradio sends the page, in Chinese. ``answers`` are FastAPI's handlers of exceptions.

    Returns the windows. The page guards nothing by itself: it stands behind the middleware.
    """
    context = context_of(service, version)
    live = LiveWindows(context.sessions, service)
    # Examples are shown from where they are; copies of them would be nobody's upload.
    gr.set_static_paths([EXAMPLES])
    handlers = dict(answers)
    if LookupError in handlers:  # gradio has its own name for one kind
        handlers[FnIndexInferError] = handlers[LookupError]
    page = Page(context)
    blocks = page.build()
    root_page = RootPage(blocks, page.paint, service.settings.page.unsure_below)
    parts = Parts(context.sessions, live, root_page, page.programs)
    app.router.routes.extend(routes(parts))
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        app_kwargs={"exception_handlers": handlers},
        allowed_paths=[str(EXAMPLES)],
        max_file_size=service.limits.max_bytes,
        footer_links=["api"],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        theme=theme(),
        css=label_styles() + looks(),
    )
    # Mounted pages never count as launched, and only those are held to files of the upload folder.
    blocks.has_launched = True
    states = app.routes[-1].app.state_holder = GradioStates()
    states.set_blocks(blocks)
    return context.sessions


def context_of(service: Service, version: str) -> Context:
    """Gather what the tabs are made of."""
    settings = service.settings
    examples = find_examples(EXAMPLES)
    shared = [example.path for example in examples]
    sessions = Sessions(settings.limits.keep_seconds, settings.page.leave_seconds, shared)
    keeps_history = service.history is not None
    facts = page_facts(settings, service.limits, version, keeps_history=keeps_history)
    facts = replace(facts, has_users=service.accounts.are_needed)
    return Context(service, sessions, facts, examples, Widgets())


def page_facts(
    settings: Settings, limits: AudioLimits, version: str, *, keeps_history: bool = False
) -> render.Facts:
    """Gather what the page says about the program."""
    return render.Facts(
        version=version,
        port=settings.server.port,
        keep_seconds=settings.limits.keep_seconds,
        max_bytes=limits.max_bytes,
        max_seconds=limits.max_seconds,
        keeps_history=keeps_history,
        keep_days=settings.history.keep_days,
    )


class Page:
    """The head, the tabs and the foot."""

    def __init__(self, context: Context) -> None:
        self._context, self._widgets = context, context.widgets
        self._page_load = PageLoad()
        self._tabs = [make(context, self) for make in TABS]
        self._places: dict[str, Any] = {}
        self.programs = Programs(context.service, context.sessions)

    # What the tabs see of it ------------------------------------------------------------------

    @property
    def viewer(self) -> Viewer:
        """The tab that shows a transcript."""
        return cast("Viewer", next(tab for tab in self._tabs if tab.name == TRANSCRIBE))

    @property
    def around(self) -> list[Any]:
        """What stands around the tabs and tells of the engine in use."""
        return [self._banner, self._foot]

    def place(self, name: str) -> Any:
        """Return the ``gr.Tab`` of a tab."""
        return self._places[name]

    @property
    def opened(self) -> list[Any]:
        """What an event that opens a transcript writes."""
        return [self._tabs_widget, *self.viewer.painted]

    def open(self, session: Session) -> dict[Any, Any]:
        """Return values for ``opened``: the session's transcript, and its tab in front."""
        views = dict(zip(self.viewer.painted, self.viewer.paint(session), strict=True))
        return {self._tabs_widget: gr.update(selected=TRANSCRIBE), **views}

    # Its own parts ----------------------------------------------------------------------------

    def build(self) -> Any:
        """Lay out the page in Chinese; ``RootPage`` makes it English, too."""
        keep = int(self._context.facts.keep_seconds)
        with ValidatedBlocks(
            self._locale_of,
            title=say("page_title", "zh"),
            analytics_enabled=False,
            delete_cache=(min(keep, 300), keep),
        ) as blocks:
            self._build_head()
            with gr.Tabs(selected=TRANSCRIBE, elem_id="tabs") as self._tabs_widget:
                for tab in self._tabs:
                    with self._widgets.labelled(gr.Tab, f"tab_{tab.name}", id=tab.name) as place:
                        tab.build()
                    self._places[tab.name] = place
            self._foot = gr.HTML(elem_id="foot", **DRAWN)
            self._wire(blocks)
            self.programs.build(blocks)
        blocks.max_threads = blocks._queue.max_thread_count = MOST_EVENTS  # noqa: SLF001 - as launch
        spare_searches()
        rest_when_idle(blocks._queue)  # noqa: SLF001 - nothing public sets it
        return blocks

    def _locale_of(self, name: str | None) -> str:
        return self._context.sessions.get(name).locale

    def _build_head(self) -> None:
        with gr.Row(elem_id="head"):
            self._widgets.html(render.header, elem_id="title")
            self._switch = self._widgets.labelled(
                gr.Dropdown,
                "switch",
                choices=[(say("language_itself", each), each) for each in locales()],
                value="zh",
                elem_id="switch",
                filterable=False,
                container=False,
                show_label=False,
                min_width=116,
                scale=0,
            )
            if self._context.service.accounts.are_needed:
                self._widgets.html(render.logout, elem_id="logout")
            self._window = gr.Textbox("", visible="hidden", elem_id="window")
            self._timezone = gr.Textbox("", visible="hidden", elem_id="timezone")
            self._look = gr.Textbox("", visible="hidden", elem_id="look")
            self._link = gr.Textbox("", visible="hidden", elem_id="link")
        self._banner = gr.HTML(elem_id="banner", **DRAWN)
        self._read_only = self._widgets.html(_read_only, visible=False, elem_id="read-only")
        self._widgets.html(partial(render.insecure_notice, self._context.facts), elem_id="insecure")

    def paint_around(self, session: Session) -> list[str]:
        """Draw the banner and the footer, for the engine that heard what the session shows."""
        transcribers, job = self._context.service.transcribers, shown(session)
        locale, engine = session.locale, job.request.engine if job else None
        used = transcribers.loaded.get(engine or "", transcribers.main)
        return [
            render.banner(used, locale),
            render.footer(self._context.facts, used, locale, self._context.service.memory_bytes),
        ]

    def _wire(self, blocks: gr.Blocks) -> None:
        page_load = self._page_load
        page_load.add(lambda _: not self._has_settled, self._await_model, self.around)
        page_load.add(_may_only_read, lambda: gr.update(visible=True), self._read_only)
        for tab in self._tabs:
            tab.resume(page_load)
        bell = page_load.build()
        blocks.load(
            self._enter,
            [self._switch, self._window, self._timezone, self._look, self._link],
            [bell, *self.around],
            js="() => window.richspeech.visitor()",
            **QUICK,
        ).then(None, js="() => window.richspeech.settle()", **QUICK)
        self._switch.input(
            self._change_locale,
            self._switch,
            self._everything,
            js="(locale) => window.richspeech.choose(locale)",
            **CHOSEN,
        ).then(None, js="() => window.richspeech.settle()", **QUICK)
        for tab in self._tabs:
            tab.wire()
        getattr(bell, SIGHT)(self._take_sight, None, None, **QUICK)
        blocks.unload(self._leave)

    @property
    def _everything(self) -> list[Any]:
        """Whatever depends on the language or the session."""
        worded = [widget for widget, _ in self._widgets.worded]
        return [self._switch, *worded, *chain(*(tab.painted for tab in self._tabs))]

    @property
    def paint(self) -> Paint:
        """What makes the page one in another language."""
        return Paint(
            self._everything,
            lambda locale: self._values(Session(locale=locale)),
            lambda locale: self.paint_around(Session(locale=locale)),
        )

    def _values(self, session: Session) -> list[Any]:
        worded = [gr.update(**looks(session)) for _, looks in self._widgets.worded]
        chosen = gr.update(value=session.locale)
        return [chosen, *worded, *chain(*(tab.paint(session) for tab in self._tabs))]

    @property
    def _has_settled(self) -> bool:
        return self._context.service.readiness.state is not State.LOADING

    def _enter(
        self, locale: str, window: str, timezone: str, look: str, link: str, request: gr.Request
    ) -> list[Any]:
        """Give the page its session, and say what that has to show beside what was sent.

        ``look`` is what stood around the tabs when the page was made, ``link`` the number of the
        transcript to which its address leads, if it leads to one.
        """
        visitor = visitor_key(request)
        self._context.sessions.attach(request.session_hash, window, visitor).timezone = timezone
        session = set_locale(self._context.session(request), locale)
        self._page_load.follow(session, link)
        around = self.paint_around(session)
        is_right = look == look_of(around)
        return [
            self._page_load.wanted(session),
            *([gr.skip()] * len(around) if is_right else around),
        ]

    def _change_locale(self, locale: str, request: gr.Request) -> list[Any]:
        return self._values(set_locale(self._context.session(request), locale))

    async def _await_model(self, request: gr.Request) -> list[str]:
        await self._context.service.readiness.settled()
        return self.paint_around(self._context.session(request))

    async def _take_sight(self, event: gr.EventData, request: gr.Request) -> None:
        """Look seldom for a page that nobody sees, and at once when somebody does again."""
        is_hidden = events.read(event, events.Sight).hidden
        self._context.sessions.take_sight(request.session_hash, is_hidden=is_hidden)

    def _leave(self, request: gr.Request) -> None:
        self._context.sessions.leave(request.session_hash)


def rest_when_idle(queue: Queue) -> None:
    """Have Gradio's queue look for events less often than it does by itself."""
    queue.sleep_when_free = SECONDS_BETWEEN_LOOKS
    queue.progress_update_sleep_when_free = SECONDS_BETWEEN_PROGRESS


def _read_only(locale: str) -> str:
    return render.message("info", say("may_not_transcribe", locale), role="note")


def _may_only_read(_: Session) -> bool:
    return not caller().principal.may(Scope.TRANSCRIBE)


def set_locale(session: Session, locale: str) -> Session:
    """Change the language of the page."""
    session.locale = locale if locale in locales() else DEFAULT_LOCALE
    return session
