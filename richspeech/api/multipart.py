"""multipart/form-data as it comes: files onto the disk, fields into memory, all of it bounded.

    request → parts → a field          kept, while all fields together are small
                    → a file           written without its name, while there is room
                    → the end          its name, in a folder of its own

Parts may come in any order, and a file is never in memory as a whole.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import BinaryIO

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from richspeech.errors import AudioError, OptionError, QuotaError, RichSpeechError
from richspeech.jobs.batch.sources import safe_name
from richspeech.storage.quota import STEP_BYTES, Quota

MULTIPART = b"multipart/form-data"
MOST_FIELDS = 1_000
MOST_FIELD_BYTES = 256 * 1024
"""Of the names and values of all fields together: two hundred hotwords are a few kilobytes."""
FOLDER_PREFIX = "request-"


@dataclass(frozen=True)
class FormLimits:
    """What a form may hold."""

    file_bytes: int
    """Of each file."""
    files: int = 1
    fields: int = MOST_FIELDS
    """With none, a part that names no file is a file without a name, and refused as such."""


@dataclass(frozen=True)
class FormFile:
    """A file of a form."""

    field: str
    """Name of its part."""
    path: Path
    """In a folder of its own, under the last part of the name that it was sent with."""


@dataclass(frozen=True)
class Form:
    """What was sent, in its order."""

    fields: tuple[tuple[str, str], ...]
    files: tuple[FormFile, ...]


@dataclass
class _Part:
    """What comes between two boundaries."""

    field: str
    name: str
    """Of a file; empty for a field."""
    file: BinaryIO | None = None
    """Called after its number, until all is there."""
    value: bytes = b""


class FormReader:
    """Takes the bytes of one form."""

    def __init__(self, content_type: str, folder: Path, limits: FormLimits) -> None:
        """Put files into ``folder``; raises ``OptionError`` for a body that is no form."""
        self._folder, self._limits = folder, limits
        self._parts: list[_Part] = []
        self._header, self._value, self._disposition = b"", b"", b""
        self._field_bytes, self._is_whole = 0, False
        self._parser = MultipartParser(
            _boundary(content_type),
            {
                "on_part_begin": self._begin,
                "on_header_field": self._take_header,
                "on_header_value": self._take_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._open,
                "on_part_data": self._take,
                "on_part_end": self._close_part,
                "on_end": self._end,
            },
        )

    @property
    def file_name(self) -> str:
        """Name of the file that comes now; empty while none does."""
        return self._parts[-1].name if self._parts else ""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes; raises ``OptionError``, ``AudioError`` and ``OSError``."""
        try:
            self._parser.write(chunk)
        except MultipartParseError as error:
            raise OptionError("upload.unreadable") from error

    def finish(self) -> Form:
        """Have all on the disk, under its names; raises ``OSError`` and ``OptionError``."""
        if not self._is_whole:
            raise OptionError("upload.incomplete")
        self.close()
        fields = ((part.field, _text(part.value)) for part in self._parts if part.file is None)
        files = (part for part in self._parts if part.file is not None)
        return Form((*fields,), tuple(self._named(*each) for each in enumerate(files)))

    def close(self) -> None:
        """Close the files; what is not finished is left to be deleted."""
        for part in self._parts:
            if part.file is not None:
                part.file.close()

    def _named(self, number: int, part: _Part) -> FormFile:
        path = self._folder / f"{number}-of" / part.name
        path.parent.mkdir()
        (self._folder / str(number)).rename(path)
        return FormFile(part.field, path)

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
        field = _text(options.get(b"name", b""))
        if b"filename" in options or not self._limits.fields:
            self._parts.append(self._file(field, options.get(b"filename", b"")))
        else:
            self._count_field(field)
            self._parts.append(_Part(field, ""))

    def _file(self, field: str, sent: bytes) -> _Part:
        name = sent.decode("utf-8", "replace").strip()
        if not name:
            raise OptionError("upload.nameless")
        number = sum(part.file is not None for part in self._parts)
        if number >= self._limits.files:
            raise OptionError("upload.too_many", most=self._limits.files)
        plain = PurePosixPath(safe_name(name)).name
        return _Part(field, plain, (self._folder / str(number)).open("xb"))

    def _count_field(self, field: str) -> None:
        if sum(part.file is None for part in self._parts) >= self._limits.fields:
            raise OptionError("upload.fields", most=self._limits.fields)
        self._count(len(field.encode()))

    def _count(self, size: int) -> None:
        self._field_bytes += size
        if self._field_bytes > MOST_FIELD_BYTES:
            raise OptionError("upload.fields_too_big", most=MOST_FIELD_BYTES)

    def _take(self, data: bytes, start: int, end: int) -> None:
        part, size = self._parts[-1], end - start
        if part.file is None:
            self._count(size)
            part.value += data[start:end]
            return
        if part.file.tell() + size > self._limits.file_bytes:
            raise AudioError("upload.too_big", name=part.name, most=self._limits.file_bytes)
        part.file.write(data[start:end])

    def _close_part(self) -> None:
        file = self._parts[-1].file
        if file is not None:  # a thousand open ones are as many as a process may have
            file.close()

    def _end(self) -> None:
        self._is_whole = True


Seen = Callable[[str, bytes], None]
"""Is told of every chunk, and of the file that comes then."""


async def read_form(
    request: Request,
    folder: Path,
    limits: FormLimits,
    require_room: Callable[[], None],
    seen: Seen = lambda _name, _chunk: None,
) -> Form:
    """Read the form of a request, whose files go into ``folder``.

    ``require_room`` is called before, now and then, and after. Raises what that raises,
    ``OptionError`` for what is no form or no whole one, ``AudioError`` for a file that is too
    large, ``QuotaError`` when the disk takes no more, and ``ClientDisconnect``.
    """
    reader = FormReader(request.headers.get("content-type", ""), folder, limits)
    with on_disk():
        try:
            await run_in_threadpool(require_room)
            counted = 0
            async for chunk in request.stream():
                await run_in_threadpool(reader.feed, chunk)
                counted += len(chunk)
                if counted >= STEP_BYTES:
                    await run_in_threadpool(require_room)
                    counted = 0
                seen(reader.file_name, chunk)
            return await run_in_threadpool(_finished, reader, require_room)
        finally:
            with suppress(OSError):  # a disk that took no more takes no rest either
                reader.close()


def _finished(reader: FormReader, require_room: Callable[[], None]) -> Form:
    form = reader.finish()
    require_room()
    return form


@asynccontextmanager
async def request_folder(quota: Quota) -> AsyncIterator[Path]:
    """Give a request a folder of its own in the workspace, which goes when the request ends.

    As a window's, it counts against the quota. Raises ``QuotaError`` when the disk has no room.
    """
    with on_disk():
        folder = Path(await run_in_threadpool(mkdtemp, prefix=FOLDER_PREFIX, dir=quota.root))
    try:
        yield folder
    finally:
        # In a thread, for it takes a dozen calls of the system, each of which may lose the loop its
        # turn; shielded, for who goes away in the middle leaves no time to wait in.
        gone = partial(shutil.rmtree, folder, ignore_errors=True)
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, gone))


@contextmanager
def on_disk() -> Iterator[None]:
    """Turn what the disk refuses into ``QuotaError``."""
    try:
        yield
    except RichSpeechError:
        raise
    except OSError as error:
        raise QuotaError("upload.unwritable", why=str(error.strerror)) from error


def _boundary(content_type: str) -> bytes:
    """Return what stands between the parts; raises ``OptionError`` for another kind of body."""
    kind, options = parse_options_header(content_type)
    if kind != MULTIPART or not options.get(b"boundary"):
        raise OptionError("upload.kind")
    return options[b"boundary"]


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise OptionError("upload.unreadable") from error
