"""What the tabs of the page have in common, and how one shows something in another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import gradio as gr

from richspeech.audio.decode import AudioLimits
from richspeech.console import render
from richspeech.console.arrivals import Arrivals
from richspeech.console.examples import Example
from richspeech.console.listening import Listening
from richspeech.console.panels.export.exports import Exporter
from richspeech.console.sentences import Notice
from richspeech.console.sessions import Session, Sessions
from richspeech.console.tabs.transcribe.handlers import Handlers
from richspeech.console.widgets import Widgets
from richspeech.console.work import Work
from richspeech.console.workers import Workers
from richspeech.engines.readiness import Readiness
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import StoppingError
from richspeech.model.options import Options
from richspeech.settings import Settings
from richspeech.storage.history import History
from richspeech.storage.quota import Quota
from richspeech.storage.rule_file import RuleFile

TRANSCRIBE = "transcribe"
"""Name of the tab with the views of a transcript."""


@dataclass
class Views:
    """The tab that shows a transcript, for other tabs that open one there."""

    outputs: list[Any] = field(default_factory=list)
    """What an event that opens a transcript writes."""
    show: Callable[[Session], list[Any]] = lambda _: []
    """The values of ``outputs``: the session's job in the views, and their tab in front."""
    places: dict[str, Any] = field(default_factory=dict)
    """The ``gr.Tab`` of each tab, by its name, for what happens when it is chosen."""
    around: list[Any] = field(default_factory=list)
    """What stands around the tabs and tells of the engine in use."""
    paint_around: Callable[[Session], list[Any]] = lambda _: []
    """The values of ``around``."""
    form: list[Any] = field(default_factory=list)
    """Widgets that say how to transcribe, in the order of ``handlers.Choices``."""


@dataclass(frozen=True)
class Context:
    """What tabs are made of."""

    settings: Settings
    limits: AudioLimits
    readiness: Readiness
    transcribers: Transcribers
    rule_file: RuleFile
    sessions: Sessions
    work: Work
    handlers: Handlers
    facts: render.Facts
    defaults: Options
    examples: tuple[Example, ...]
    widgets: Widgets
    listening: Listening
    exporter: Exporter
    quota: Quota
    views: Views = field(default_factory=Views)
    history: History | None = None
    """None when nothing is to be kept."""
    workers: Workers = field(default_factory=Workers)

    def session(self, request: gr.Request) -> Session:
        """Return the session of the page that asks."""
        return self.sessions.get(request.session_hash)

    def require_open(self, session: Session) -> None:
        """Refuse new work in a sentence on the page once the process is about to end."""
        try:
            self.workers.require_open()
        except StoppingError as error:
            raise gr.Error(
                Notice.of(error).sentence(session.locale), print_exception=False
            ) from error


class Tab(Protocol):
    """One tab: its widgets, its events, and how they look for a session."""

    name: str
    """Its id; ``tab_NAME`` is the text on it."""

    @property
    def painted(self) -> Sequence[Any]:
        """Widgets that depend on the session; a change of language paints them."""

    def build(self) -> None:
        """Make the widgets, within the tab."""

    def wire(self) -> None:
        """Connect the events, once the widgets of all tabs are there."""

    def resume(self, arrivals: Arrivals) -> None:
        """Say what an opened page shows, and looks on at, of what its session did before."""

    def paint(self, session: Session) -> list[Any]:
        """Return the values of ``painted``, in order."""
