"""Uploads: POST /gradio_api/upload, into the folder of the window that sends them.

The answer is that of gradio's own route: the paths of the files, which its front end sends back in
events. Gradio's own knows no window, keeps aborted uploads and accepts any name.

    request → parts → a file without its name, while there is room → its name, in a new folder

Each upload has its own folder below the window's, so that files of the same name never collide.
"""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import BinaryIO, Protocol

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from richspeech.api.middleware.bodies import UPLOAD
from richspeech.api.middleware.visitors import visitor_of
from richspeech.api.middleware.windows import Windows
from richspeech.errors import (
    AccessError,
    AudioError,
    BusyError,
    OptionError,
    QuotaError,
    RichSpeechError,
)
from richspeech.jobs.batch.sources import safe_name
from richspeech.storage.quota import STEP_BYTES, Quota

WINDOW_HEADER = "x-richspeech-window"
"""The key of the window that sends; page.js sets it."""
MULTIPART = b"multipart/form-data"
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
        self._max_file_bytes, self._progress = max_file_bytes, progress

    @property
    def route(self) -> Route:
        """What an application mounts, before gradio's own."""
        return Route(UPLOAD, self.upload, methods=["POST"])

    async def upload(self, request: Request) -> Response:
        """Keep what is sent, or nothing of it; the answer says why, in the window's language."""
        window = request.headers.get(WINDOW_HEADER, "")
        visitor = visitor_of(request).key
        try:
            boundary = _boundary(request.headers.get("content-type", ""))
            with (
                _on_disk(),
                self._windows.uploading(window, visitor) as home,
                _or_nothing(home) as folder,
            ):
                paths = await self._receive(request, boundary, home, folder)
        except RichSpeechError as error:
            sentence = self._windows.sentence(window, visitor, error)
            return PlainTextResponse(sentence, STATUS_OF[type(error)], {"connection": "close"})
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        return JSONResponse([str(path) for path in paths])

    async def _receive(
        self, request: Request, boundary: bytes, home: Path, folder: Path
    ) -> list[Path]:
        parts = _Parts(boundary, folder, self._max_file_bytes)
        tracked = request.query_params.get("upload_id", "")[:MOST_LETTERS]
        if tracked:
            self._progress.track(tracked)
        try:
            await run_in_threadpool(self._quota.require_room, home.parent)
            counted = 0
            async for chunk in request.stream():
                await run_in_threadpool(parts.feed, chunk)
                counted += len(chunk)
                if counted >= STEP_BYTES:
                    await run_in_threadpool(self._quota.require_room, home.parent)
                    counted = 0
                if tracked and parts.name:
                    self._progress.append(tracked, parts.name, chunk)
            await run_in_threadpool(parts.finish)
            await run_in_threadpool(self._quota.require_room, home.parent)
            return parts.named()
        finally:
            with suppress(OSError):  # a disk that took no more takes no rest either
                parts.close()
            if tracked:
                self._progress.set_done(tracked)
                forget = self._progress.stop_tracking  # in case that nobody looks
                asyncio.get_running_loop().call_later(SECONDS_TO_LOOK, forget, tracked)


class _Parts:
    """The files of one request, each written to the disk as it comes."""

    def __init__(self, boundary: bytes, folder: Path, max_file_bytes: int) -> None:
        self._folder, self._max_file_bytes = folder, max_file_bytes
        self._files: list[tuple[str, BinaryIO]] = []
        """Names, and the files that are called after their numbers."""
        self._header, self._value = b"", b""
        self._disposition = b""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._take_header,
                "on_header_value": self._take_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._open,
                "on_part_data": self._write,
                "on_end": self._end,
            },
        )
        self._is_whole = False

    @property
    def name(self) -> str:
        """Of the file that comes now."""
        return self._files[-1][0] if self._files else ""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes; raises ``OptionError``, ``AudioError`` and ``OSError``."""
        try:
            self._parser.write(chunk)
        except MultipartParseError as error:
            raise OptionError("upload.unreadable") from error

    def finish(self) -> None:
        """Have all of it on the disk; raises ``OSError``, and ``OptionError`` if it broke off."""
        if not self._is_whole or not self._files:
            raise OptionError("upload.incomplete")
        self.close()

    def close(self) -> None:
        """Close the files; what is not finished is left to be deleted."""
        for _, file in self._files:
            file.close()

    def named(self) -> list[Path]:
        """Give every file its name, and return where they are."""
        return [self._named(number, name) for number, (name, _) in enumerate(self._files)]

    def _named(self, number: int, name: str) -> Path:
        path = self._folder / f"{number}-of" / name
        path.parent.mkdir()
        (self._folder / str(number)).rename(path)
        return path

    # What the parser finds ------------------------------------------------------------------------

    def _begin(self) -> None:
        self._disposition = b""

    def _take_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def _open(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"filename", b"").decode("utf-8", "replace").strip()
        if not name:
            raise OptionError("upload.nameless")
        if len(self._files) >= MOST_FILES:
            raise OptionError("upload.too_many", most=MOST_FILES)
        plain = PurePosixPath(safe_name(name)).name
        self._files.append((plain, (self._folder / str(len(self._files))).open("xb")))

    def _write(self, data: bytes, start: int, end: int) -> None:
        name, file = self._files[-1]
        if file.tell() + end - start > self._max_file_bytes:
            raise AudioError("upload.too_big", name=name, most=self._max_file_bytes)
        file.write(data[start:end])

    def _end(self) -> None:
        self._is_whole = True


def _boundary(content_type: str) -> bytes:
    """Return what stands between the parts; raises ``OptionError`` for another kind of body."""
    kind, options = parse_options_header(content_type)
    if kind != MULTIPART or not options.get(b"boundary"):
        raise OptionError("upload.kind")
    return options[b"boundary"]


@contextmanager
def _on_disk() -> Iterator[None]:
    """Turn what the disk refuses into ``QuotaError``."""
    try:
        yield
    except RichSpeechError:
        raise
    except OSError as error:
        raise QuotaError("upload.unwritable", why=str(error.strerror)) from error


@contextmanager
def _or_nothing(home: Path) -> Iterator[Path]:
    """Give an upload a folder below its window's, which is deleted unless all goes well."""
    folder = Path(mkdtemp(dir=home))
    try:
        yield folder
    except BaseException:  # a lost connection and a server that stops are no errors of ours
        shutil.rmtree(folder, ignore_errors=True)
        raise
