"""What the tabs of the page have in common, and how one shows something in another."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import gradio as gr

from richspeech.console import render
from richspeech.console.examples import Example
from richspeech.console.page_load import PageLoad
from richspeech.console.sessions import Session, Sessions
from richspeech.console.widgets import Widgets
from richspeech.jobs.job import Job
from richspeech.model.request import TranscriptionRequest
from richspeech.operations.caller import go_on_for
from richspeech.service import Service
from richspeech.settings import Settings

TRANSCRIBE = "transcribe"
"""Name of the tab with the views of a transcript."""


@dataclass(frozen=True)
class Context:
    """What tabs are made of."""

    service: Service
    sessions: Sessions
    facts: render.Facts
    examples: tuple[Example, ...]
    widgets: Widgets

    @property
    def settings(self) -> Settings:
        """Those of the process."""
        return self.service.settings

    def session(self, request: gr.Request) -> Session:
        """Return the session of the page that asks; what is done from here on is done for it."""
        if request.request is not None:  # gradio handles events in tasks that know no request
            go_on_for(request.request.state.caller)
        return self.sessions.get(request.session_hash)

    async def paintings(
        self, request: gr.Request, kind: type[Job], paint: Callable[[Session], list[Any]]
    ) -> AsyncIterator[list[Any]]:
        """Paint a session now, and its job of a kind whenever that has changed, until it is over.

        A job that comes in its place is somebody else's to paint.
        """
        session = self.session(request)
        job = session.job_of(kind)
        if job is None:  # an event that yields nothing would empty what it writes to
            yield await asyncio.to_thread(paint, session)
            return
        async for _ in job.watch(self.sessions.rhythm(request.session_hash)):
            if session.job_of(kind) is not job:
                return
            yield await asyncio.to_thread(paint, self.session(request))

    def require_open(self) -> None:
        """Raise ``StoppingError`` once the process is about to end."""
        self.service.runner.require_open()


class Tab(Protocol):
    """One tab: its widgets, its events, and how they look for a session.

    What its jobs hold, their end when the window is left, and the painting of all tabs when the
    language changes follow from these and from ``Session``.
    """

    name: str
    """Its id; ``tab_NAME`` is the text on it."""

    @property
    def painted(self) -> Sequence[Any]:
        """Widgets that depend on the session; a change of language paints them."""

    def build(self) -> None:
        """Make the widgets, within the tab."""

    def wire(self) -> None:
        """Connect the events, once the widgets of all tabs are there."""

    def resume(self, page_load: PageLoad) -> None:
        """Say what an opened page shows, and looks on at, of what its session did before."""

    def paint(self, session: Session) -> list[Any]:
        """Return the values of ``painted``, in order."""


class Viewer(Tab, Protocol):
    """The tab that shows a transcript, and asks how to transcribe."""

    @property
    def beside(self) -> Any:
        """The row that leads to what is beside it in its list."""

    @property
    def form(self) -> set[Any]:
        """Widgets that say how to transcribe."""

    @property
    def sources(self) -> list[Any]:
        """Widgets that have the recording."""

    def showing(self, path: str) -> dict[Any, Any]:
        """Return values for ``sources``: a file that was sent from the window, or an example."""

    def request(self, values: Mapping[Any, Any]) -> TranscriptionRequest:
        """Read what these widgets say, among others; raises ``OptionError``."""

    def listen(self, press: Any) -> None:
        """Show what is played of a transcript, and its waveform, once a press has opened it."""


class Shell(Protocol):
    """The page around the tabs; what it gives is there once all of them are built."""

    @property
    def viewer(self) -> Viewer:
        """The tab that shows a transcript."""

    @property
    def around(self) -> list[Any]:
        """What stands around the tabs and tells of the engine in use."""

    def paint_around(self, session: Session) -> list[Any]:
        """Return the values of ``around``, in order."""

    def place(self, name: str) -> Any:
        """Return the ``gr.Tab`` of a tab, for what happens when it is chosen."""

    @property
    def opened(self) -> list[Any]:
        """What an event that opens a transcript writes."""

    def open(self, session: Session) -> dict[Any, Any]:
        """Return values for ``opened``: the session's transcript, and its tab in front."""


MakeTab = Callable[[Context, Shell], Tab]
