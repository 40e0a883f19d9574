"""Uploads: POST /gradio_api/upload, into the folder of the window that sends them.

The answer is that of gradio's own route: the paths of the files, which its front end sends back in
events. Gradio's own knows no window, keeps aborted uploads and accepts any name.

Each upload has its own folder below the window's, so that files of the same name never collide.
"""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from richspeech.api.middleware.bodies import UPLOAD
from richspeech.api.middleware.visitors import is_program, visitor_of
from richspeech.api.middleware.windows import Windows
from richspeech.api.multipart import FormLimits, on_disk, read_form
from richspeech.errors import (
    AccessError,
    AudioError,
    BusyError,
    OptionError,
    QuotaError,
    RichSpeechError,
)
from richspeech.storage.quota import Quota

WINDOW_HEADER = "x-richspeech-window"
"""The key of the window that sends; page.js sets it."""
MOST_FILES = 1_000
"""As many as gradio's front end sends at once."""
MOST_LETTERS = 64
"""Of the name that the front end gives an upload; its own have a dozen."""
SECONDS_TO_LOOK = 30
STATUS_OF = {
    AccessError: 403,
    AudioError: 413,
    BusyError: 429,
    OptionError: 400,
    QuotaError: 413,
}


class Progress(Protocol):
    """Where gradio's front end looks how far an upload is."""

    def track(self, upload_id: str) -> None:
        """Begin."""

    def append(self, upload_id: str, filename: str, message_bytes: bytes) -> None:
        """Tell of some bytes of a file."""

    def set_done(self, upload_id: str) -> None:
        """End."""

    def stop_tracking(self, upload_id: str) -> None:
        """Forget; nothing happens if somebody else has forgotten it already."""


class Uploads:
    """The route; see the module."""

    def __init__(
        self, windows: Windows, quota: Quota, max_file_bytes: int, progress: Progress
    ) -> None:
        self._windows, self._quota = windows, quota
        self._limits = FormLimits(max_file_bytes, MOST_FILES, fields=0)
        self._progress = progress

    @property
    def route(self) -> Route:
        """What an application mounts, before gradio's own."""
        return Route(UPLOAD, self.upload, methods=["POST"])

    async def upload(self, request: Request) -> Response:
        """Keep what is sent, or nothing of it; the answer says why, in the window's language."""
        visitor = visitor_of(request).key
        own = visitor if is_program(request) else ""  # a client has one window, and no name for it
        window = request.headers.get(WINDOW_HEADER, own)
        try:
            with (
                on_disk(),
                self._windows.uploading(window, visitor) as home,
                _or_nothing(home) as folder,
            ):
                paths = await self._receive(request, home, folder)
        except RichSpeechError as error:
            sentence = self._windows.sentence(window, visitor, error)
            return PlainTextResponse(sentence, STATUS_OF[type(error)], {"connection": "close"})
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        return JSONResponse([str(path) for path in paths])

    async def _receive(self, request: Request, home: Path, folder: Path) -> list[Path]:
        tracked = request.query_params.get("upload_id", "")[:MOST_LETTERS]
        if tracked:
            self._progress.track(tracked)

        def seen(name: str, chunk: bytes) -> None:
            if tracked and name:
                self._progress.append(tracked, name, chunk)

        room = partial(self._quota.require_room, home.parent)
        try:
            form = await read_form(request, folder, self._limits, room, seen)
        finally:
            if tracked:
                self._progress.set_done(tracked)
                forget = self._progress.stop_tracking  # in case that nobody looks
                asyncio.get_running_loop().call_later(SECONDS_TO_LOOK, forget, tracked)
        if not form.files:
            raise OptionError("upload.incomplete")
        return [file.path for file in form.files]


@contextmanager
def _or_nothing(home: Path) -> Iterator[Path]:
    """Give an upload a folder below its window's, which is deleted unless all goes well."""
    folder = Path(mkdtemp(dir=home))
    try:
        yield folder
    except BaseException:  # a lost connection and a server that stops are no errors of ours
        shutil.rmtree(folder, ignore_errors=True)
        raise
