"""Open an upload as a container, without trusting it.

ffmpeg never learns the name of the file, so the content alone says what it is. An allow list of
containers keeps out playlists (HLS, DASH, ffconcat), which would make ffmpeg open other files or
addresses. Only audio decoders are allowed, so no picture is ever decoded; ``audio.clips`` alone
asks for a few video decoders too.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, TypeAlias

import av
from av.codec.codec import UnknownCodecError
from av.container.input import InputContainer
from av.error import FFmpegError

from richspeech.audio.header import Sound
from richspeech.audio.mxf import MxfError
from richspeech.audio.pieces import Pieces
from richspeech.errors import AudioError
from richspeech.language.catalog import Notice
from richspeech.language.printing import shown
from richspeech.model.raw_format import RawFormat
from richspeech.model.recording_warning import RecordingWarning

Source: TypeAlias = Path | str | bytes | BinaryIO
"""A path of this machine, the content itself, or an open binary file that can seek."""

CONTAINERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,eac3,flac,flv,matroska,mov,mp3,mpeg,mpegts,"
    "nistsphere,ogg,tta,voc,w64,wav,wv"
)
"""ffmpeg's names of what may be uploaded; each holds its own sound and refers to no other file."""

GUARDED = "mxf"
"""The one that may open what ``audio.mxf`` has looked through, and nothing else."""

TIMECODE_LETTERS = len("00:00:00:00")
TIME_REFERENCE = re.compile(r"[0-9]{1,12}", re.ASCII)

UNNAMED = "The recording"
"""Stands for a recording that has no name."""

DECODER_ERRORS = (FFmpegError, OSError, ValueError, RuntimeError, MemoryError)
"""What PyAV raises on a broken file; the builtin ones come from PyAV itself and from reading."""


@dataclass(frozen=True)
class AudioLimits:
    """How much one recording may hold."""

    max_bytes: int
    """Size of the file, compressed as it came."""

    max_seconds: float
    """Length of the sound, counted while decoding, whatever the header says."""


@dataclass(frozen=True)
class Opened:
    """A file as a container."""

    container: InputContainer
    name: str
    """What messages call it."""
    size_bytes: int
    warnings: tuple[RecordingWarning, ...]
    """What is wrong with its header."""
    timecode: str | None = None
    """Of its first frame, as it says itself."""
    time_reference: int = 0
    """Samples since midnight at which it begins, as a Broadcast Wave says (EBU Tech 3285)."""


@contextmanager
def open_container(
    source: Source,
    limits: AudioLimits,
    *,
    name: str | None = None,
    video: str = "",
    raw: RawFormat | None = None,
) -> Iterator[Opened]:
    """Open a file for the length of a `with` block.

    Args:
        source: as for `open_recording`.
        limits: as for `open_recording`; only the bytes count here.
        name: as for `open_recording`.
        video: ffmpeg's names of the decoders of video that are allowed, comma-separated.
        raw: as for `open_recording`.

    Raises:
        AudioError: it is no recording, or has more bytes than the limits allow.
    """
    with open_source(source, limits, name=name) as (file, plain_name, size_bytes):
        if raw is not None:
            everything = Pieces(file, b"", [(0, size_bytes)])
            with _opened_raw(everything, plain_name, raw) as container:
                yield Opened(container, plain_name, size_bytes, ())
            return
        sound = _guarded(file, plain_name)
        with _opened_container(sound, plain_name, video) as container:
            timecode = timecode_in(container.metadata)
            since_midnight = _time_reference(container.metadata)
            container.metadata.clear()  # a copy of the tags, which may be long
            yield Opened(
                container, plain_name, size_bytes, tuple(sound.warnings), timecode, since_midnight
            )


@contextmanager
def open_source(
    source: Source, limits: AudioLimits, *, name: str | None = None
) -> Iterator[tuple[BinaryIO, str, int]]:
    """Open a file without looking into it: itself, its plain name and its size in bytes.

    Raises:
        AudioError: it is not there, is empty, or has more bytes than the limits allow.
    """
    plain_name = _plain_name(name or _own_name(source))
    with _opened_file(source, plain_name) as file:
        size_bytes = file.seek(0, os.SEEK_END)
        _check_size(size_bytes, limits, plain_name)
        file.seek(0)
        yield file, plain_name, size_bytes


def timecode_in(tags: Mapping[str, str]) -> str | None:
    """Return the timecode among tags, in whatever case a container spells its name."""
    found = (value for key, value in tags.items() if key.lower() == "timecode")
    return next((value for value in found if len(value) == TIMECODE_LETTERS), None)


def _time_reference(tags: Mapping[str, str]) -> int:
    said = tags.get("time_reference", "")
    return int(said) if TIME_REFERENCE.fullmatch(said) else 0


def called(name: str) -> str | Notice:
    """Return what messages call a recording of this name."""
    return Notice("audio.unnamed") if name == UNNAMED else name


def _own_name(source: Source) -> str:
    path = source if isinstance(source, Path | str) else getattr(source, "name", None)
    return Path(path).name if isinstance(path, Path | str) else ""


def _plain_name(name: str) -> str:
    """Take away folders (of either system), control characters and excess of length."""
    last = name.replace("\\", "/").rpartition("/")[2]
    printable = shown(last, blank="\N{REPLACEMENT CHARACTER}")
    shortened = printable if len(printable) <= 80 else f"{printable[:60]}…{printable[-16:]}"
    return shortened or UNNAMED


def _opened_file(source: Source, name: str) -> AbstractContextManager[BinaryIO]:
    if isinstance(source, bytes):
        return BytesIO(source)
    if not isinstance(source, Path | str):
        return nullcontext(source)
    try:
        if not Path(source).is_file():
            raise AudioError("audio.missing", name=called(name))
        return Path(source).open("rb")
    except OSError as error:
        raise AudioError("audio.unopened", name=called(name)) from error


def _check_size(size_bytes: int, limits: AudioLimits, name: str) -> None:
    if size_bytes == 0:
        raise AudioError("audio.empty", name=called(name))
    if size_bytes > limits.max_bytes:
        raise AudioError("audio.too_big", name=called(name), size=size_bytes, most=limits.max_bytes)


@cache
def _audio_decoders() -> str:
    return ",".join(name for name in sorted(av.codecs_available) if _decodes_sound(name))


def _decodes_sound(codec: str) -> bool:
    try:
        return av.Codec(codec, "r").type == "audio"
    except UnknownCodecError:
        return False  # it only encodes


def _guarded(file: BinaryIO, name: str) -> Sound:
    try:
        return Sound(file)
    except MxfError as error:
        raise AudioError("audio.mxf", name=called(name), place=error.place) from error


def _opened_container(sound: Sound, name: str, video: str) -> InputContainer:
    options = {
        "format_whitelist": GUARDED if sound.is_mxf else CONTAINERS,
        "codec_whitelist": f"{_audio_decoders()},{video}" if video else _audio_decoders(),
        "protocol_whitelist": "none",
    }
    try:
        container = av.open(sound, "r", options=options, metadata_errors="ignore")
    except DECODER_ERRORS as error:
        _require_shown(sound, name)
        raise AudioError("audio.unreadable", name=called(name)) from error
    _require_shown(sound, name)
    sound.open()
    return container


def _opened_raw(file: Pieces, name: str, raw: RawFormat) -> InputContainer:
    """Take all bytes for samples; nothing in them is a header."""
    options = {
        **raw.options,
        "format_whitelist": raw.demuxer,
        "codec_whitelist": _audio_decoders(),
        "protocol_whitelist": "none",
    }
    try:
        return av.open(file, "r", format=raw.demuxer, options=options)
    except DECODER_ERRORS as error:
        raise AudioError("audio.unreadable", name=called(name)) from error


def _require_shown(sound: Sound, name: str) -> None:
    if sound.is_refused:
        raise AudioError("audio.header_too_big", name=called(name))
