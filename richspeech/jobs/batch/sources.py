"""Files, folders and zips → the recordings in them, each with a name that is safe to write under.

A zip is never unpacked by name: each recording goes, when its turn comes, to a file without a name
that is gone with it. What a zip claims is checked before (how many, how big, which compression),
and the standard library reads no byte more than was claimed.

In folders and zips whatever opens and gives sound is a recording; what does not is counted. An
ending that promises sound, and a file that is named, are always tried: they fail with a sentence.

An archive within a folder or a zip is an item that fails, so that nobody takes its recordings for
done.

Not covered: links out of a folder, and encrypted zips. Of files in a zip whose ending promises no
sound the beginning alone is looked at, and no more of them than a zip may hold.
"""

import os
import shutil
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from hashlib import blake2b
from io import BufferedReader, FileIO
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import IO, Any, Literal, TypeAlias

from richspeech.audio.container import Source
from richspeech.audio.sniff import holds_sound
from richspeech.errors import AudioError, OptionError
from richspeech.jobs.batch.passed_over import PassedOver
from richspeech.model.raw_format import RawFormat
from richspeech.settings import Settings

ENDINGS = frozenset(
    {
        *(".3g2", ".3gp", ".3gpp", ".aac", ".ac3", ".aif", ".aifc", ".aiff", ".amr"),
        *(".ape", ".asf", ".au", ".avi", ".bwf", ".caf", ".eac3", ".flac", ".flv"),
        *(".m2ts", ".m4a", ".m4b", ".m4v", ".mka", ".mkv", ".mov", ".mp2", ".mp3"),
        *(".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".nist", ".oga", ".ogg", ".ogv"),
        *(".opus", ".rf64", ".sph", ".spx", ".tta", ".voc", ".w64", ".wav", ".weba"),
        *(".webm", ".wma", ".wmv", ".wv"),
    }
)
"""That promise sound: what cannot be read under one is a failure, not something else."""

SNIFFED_BYTES = 2**18
"""Of a file in a zip, to tell whether it holds sound."""

PICTURES = (b"avif", b"avis", b"heic", b"heim", b"heis", b"heix", b"mif1", b"msf1")
"""Brands of MP4's family without sound."""

LEFT_BEHIND = frozenset({"thumbs.db", "desktop.ini"})
"""By Windows, in small letters."""

RAW_ENDINGS = frozenset(
    {
        *(".al", ".alaw", ".g711", ".g711a", ".g711u", ".gsm", ".lin", ".mulaw", ".pcm", ".raw"),
        *(".s16", ".s24", ".sln", ".sw", ".u8", ".ub", ".ul", ".ulaw"),
    }
)
"""Of sound without a header, in folders and zips; it is read where somebody says what it is."""

ARCHIVES = frozenset({".7z", ".bz2", ".gz", ".rar", ".tar", ".tgz", ".txz", ".xz", ".zip", ".zst"})
"""Endings of what may hold recordings, and is not opened within something else."""

LONGEST_PART_BYTES = 180
"""Of a name between two slashes; file systems take 255, and endings are added to it."""

UNPACKED_WITH = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What every program makes. The others may need memory without limit."""

MOST_DIRECTORY_BYTES = 4 * 2**20
"""Of a zip's table of contents, which is read whole."""

FORGED = (OSError, ValueError, IndexError, NotImplementedError, struct.error)
"""What zipfile raises, beside its own error, over offsets, names, fields and flags."""

UTF8_NAMES = 0x800
ENCRYPTED = 0x1
"""Flags of a file in a zip."""


@dataclass(frozen=True)
class Item:
    """One recording that waits to be transcribed."""

    name: str
    """Path below any folder, with slashes, without anything that leads out of it."""
    size_bytes: int
    version: str
    """Changes with the content."""
    origin: str
    """Where it is; two items never have the same."""
    open: Callable[[], AbstractContextManager[Source]]
    """Gives what ``open_recording`` takes, in this process or another; raises ``AudioError``."""
    raw: RawFormat | None = None
    """What it is, where it has no header to say so."""


Hold: TypeAlias = Callable[[int], AbstractContextManager[None]]
"""Bytes → room for them, for the length of a ``with`` block."""


def unbounded(size_bytes: int) -> AbstractContextManager[None]:  # noqa: ARG001 - as every ``Hold``
    """Hold nothing: who gives recordings at the command line answers for the disk."""
    return nullcontext()


@dataclass(frozen=True)
class ZipLimits:
    """How much one zip may hold."""

    max_files: int
    max_bytes: int
    """Unpacked, in all."""
    max_file_bytes: int
    """Unpacked, each."""
    hold: Hold = unbounded
    """Keeps room on the disk for what is unpacked; raises ``QuotaError``."""


def zip_limits(settings: Settings, hold: Hold = unbounded) -> ZipLimits:
    """Return the limits on zips; ``hold`` keeps room on the disk for what they unpack."""
    batch = settings.batch
    return ZipLimits(batch.max_zip_files, batch.max_zip_bytes, settings.limits.max_bytes, hold)


@contextmanager
def open_sources(
    paths: Sequence[Path],
    limits: ZipLimits,
    passed_over: PassedOver | None = None,
    raw: RawFormat | None = None,
) -> Iterator[tuple[Item, ...]]:
    """Find the recordings in files, folders and zips, in the order of their names.

    What holds no sound is counted in ``passed_over``. Files that are named, and RAW_ENDINGS in
    folders and zips, are ``raw`` sound where that is given.

    What cannot be read is an item that fails. With more than one path, those in a folder or a zip
    have its name before theirs. Raises ``OptionError`` when there is no recording at all.
    """
    wanted = _Wanted(PassedOver() if passed_over is None else passed_over, raw)
    with ExitStack() as stack:
        items: list[Item] = []
        for path in paths:
            above = "" if len(paths) == 1 else f"{path.name}/"
            items += _found(path, above, limits, wanted, stack)
        items = [_taken_for(item, raw, paths) for item in items]
        if not items:
            raise OptionError("batch.no_recording", names=[path.name for path in paths])
        yield tuple(sorted(_told_apart(items), key=lambda item: item.name))


def _taken_for(item: Item, raw: RawFormat | None, named: Sequence[Path]) -> Item:
    """Have an item read as raw sound where it is."""
    is_named = item.origin in {str(path.absolute()) for path in named if not _is_zip(path)}
    if raw is None or not (is_named or _has_raw_ending(item.name)):
        return item
    return replace(item, raw=raw, version=f"{item.version}-{raw}")


def recordings_in(folder: Path, passed_over: PassedOver) -> tuple[Item, ...]:
    """Return what is in a folder now, in the order of names; there may be nothing.

    What cannot be read, and archives, are items that fail; what holds no sound is counted.
    """
    found = [*_in_folder(folder, "", _Wanted(passed_over))]
    return tuple(sorted(_told_apart(found), key=lambda item: item.name))


def require_allowed(folder: Path, allowed: Iterable[Path]) -> Path:
    """Return a folder that lies in one of the allowed ones; raises ``OptionError`` else."""
    real = folder.resolve()
    if not real.is_dir() or not any(real.is_relative_to(each.resolve()) for each in allowed):
        raise OptionError("batch.folder_refused", name=folder.name)
    return real


def safe_name(name: str) -> str:
    """Make a relative path that leads nowhere else: no "..", no root, no odd letters.

    >>> safe_name("/etc/../../x/y.wav")
    'etc/x/y.wav'
    """
    parts = (_safe_part(part) for part in name.replace("\\", "/").split("/"))
    return "/".join(part for part in parts if part.strip(".")) or "recording"


def _safe_part(part: str) -> str:
    printable = "".join(letter if letter.isprintable() else "�" for letter in part).strip()
    if len(printable.encode()) <= LONGEST_PART_BYTES:
        return printable
    mark = f"~{_digest(part)}{PurePosixPath(printable).suffix[:10]}"
    kept = printable.encode()[: LONGEST_PART_BYTES - len(mark.encode())]
    return kept.decode(errors="ignore") + mark


def _told_apart(items: Sequence[Item]) -> Iterator[Item]:
    """Mark all whose names would meet, also where capitals or accents are the same to a disk."""
    counts = Counter(_on_disk(item.name) for item in items)
    for item in items:
        path = PurePosixPath(item.name)
        marked = path.with_name(f"{path.stem}~{_digest(item.origin)}{path.suffix}")
        yield item if counts[_on_disk(item.name)] == 1 else replace(item, name=str(marked))


def _on_disk(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _digest(text: str) -> str:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=6).hexdigest()


def _promises_sound(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in ENDINGS


def _has_raw_ending(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in RAW_ENDINGS


@dataclass(frozen=True)
class _Wanted:
    """What of a folder or a zip is a recording; the rest is counted."""

    passed: PassedOver
    raw: RawFormat | None = None

    def takes(self, name: str, sounds: Callable[[], bool]) -> bool:
        """Whether a file is one; ``sounds`` looks into it, where its name promises nothing."""
        is_raw = self.raw is not None and _has_raw_ending(name)
        if is_raw or _promises_sound(name) or sounds():
            return True
        self.passed.add(name)
        return False


def _is_archive(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in ARCHIVES


def _is_hidden(name: str) -> bool:
    path = PurePosixPath(name)
    is_left = path.name.lower() in LEFT_BEHIND
    return is_left or any(part.startswith((".", "__MACOSX")) for part in path.parts)


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


def _found(
    path: Path, above: str, limits: ZipLimits, wanted: _Wanted, stack: ExitStack
) -> list[Item]:
    """Find the recordings in ``path``; ``above`` goes before their names if it holds several."""
    if path.is_dir():
        return [*_in_folder(path, above, wanted)]
    if not _is_zip(path):
        return [_file(path, path.name)]
    try:
        archive = stack.enter_context(_opened_zip(path))
        return [*_in_zip(path, archive, above, limits, wanted)]
    except AudioError as error:
        return [_unreadable(path, path.name, error)]


def place_at(source: Source, path: Path) -> None:
    """Have a recording at ``path`` as well, without copying it where the disk allows that."""
    if isinstance(source, str | Path):
        try:
            path.hardlink_to(source)
        except OSError:  # another disk, or one that knows no links
            shutil.copyfile(source, path)
    elif isinstance(source, bytes):
        path.write_bytes(source)
    else:
        with path.open("wb") as file:
            shutil.copyfileobj(source, file)


# Files and folders --------------------------------------------------------------------------------


def _in_folder(folder: Path, above: str, wanted: _Wanted) -> Iterator[Item]:
    errors: list[OSError] = []
    root = folder.resolve()
    for place, folders, names in os.walk(folder, onerror=errors.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for path in (Path(place, name) for name in names):
            within = path.relative_to(folder)
            if not path.is_file() or not path.resolve().is_relative_to(root):
                continue
            if _is_hidden(str(within)):
                wanted.passed.hidden += 1
            elif _is_archive(path.name):
                yield _archive(path, f"{above}{within}", where="folder")
            elif wanted.takes(path.name, partial(_holds_sound, path)):
                yield _file(path, f"{above}{within}")
    for error in errors:
        closed = Path(error.filename)
        name = folder.name if closed == folder else f"{above}{closed.relative_to(folder)}"
        refused = AudioError("batch.unopened", name=closed.name, why=str(error.strerror))
        yield _unreadable(closed, name, refused)


def _holds_sound(path: Path) -> bool:
    """Look into a file, once as long as it stays as it is: a watched folder is listed often."""
    try:
        state = path.stat()
    except OSError:
        return False
    return _sniffed(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=100_000)
def _sniffed(path: Path, size_bytes: int, time_ns: int) -> bool:  # noqa: ARG001 - they are its key
    return holds_sound(path)


def _file(path: Path, name: str) -> Item:
    place = path.absolute()
    begin = partial(_at, place)
    try:
        state = path.stat()
    except OSError:  # audio.py has the sentence
        return Item(safe_name(name), 0, "", str(place), begin)
    version = f"{state.st_size}-{state.st_mtime_ns}"
    return Item(safe_name(name), state.st_size, version, str(place), begin)


def _at(path: Path) -> AbstractContextManager[Source]:
    return nullcontext(path)


def _archive(path: Path, name: str, *, where: Literal["folder", "archive"]) -> Item:
    inner = PurePosixPath(safe_name(name)).name
    if where == "folder":
        return _unreadable(path, name, AudioError("batch.archive_in_folder", name=inner))
    return _unreadable(path, name, AudioError("batch.nested", name=inner))


def _unreadable(path: Path, name: str, error: AudioError) -> Item:
    return Item(safe_name(name), 0, "", str(path.absolute()), partial(_refuse, error))


def _refuse(error: AudioError) -> AbstractContextManager[Source]:
    raise error


# Zips ---------------------------------------------------------------------------------------------


class _ModestFile(BufferedReader):
    """A file that refuses to give much at once: zipfile reads a table of contents of any length."""

    def read(self, size: int | None = -1, /) -> bytes:
        left = os.fstat(self.fileno()).st_size - self.tell()
        wanted = left if size is None or size < 0 else min(size, left)
        if wanted > MOST_DIRECTORY_BYTES:
            message = "the table of contents is too long"
            raise zipfile.BadZipFile(message)
        return super().read(size)


@contextmanager
def _opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    with ExitStack() as stack:
        try:
            file = stack.enter_context(_ModestFile(FileIO(path)))
            archive = stack.enter_context(zipfile.ZipFile(file))
        except (*FORGED, zipfile.BadZipFile) as error:
            raise AudioError("zip.unreadable", name=path.name) from error
        yield archive


def _in_zip(
    path: Path, archive: zipfile.ZipFile, above: str, limits: ZipLimits, wanted: _Wanted
) -> Iterator[Item]:
    files = (info for info in archive.infolist() if not info.filename.endswith("/"))
    named = [(info, _name_in_zip(info)) for info in files]
    seen = [each for each in named if not _is_hidden(safe_name(each[1]))]
    wanted.passed.hidden += len(named) - len(seen)
    recordings = [*_sounding(archive, seen, limits, wanted)]
    _check_zip(path.name, [info for info, _ in recordings], limits)
    for _, name in seen:
        if _is_archive(safe_name(name)):
            yield _archive(path / name, f"{above}{name}", where="archive")
    for info, name in recordings:
        yield Item(
            name=safe_name(f"{above}{name}"),
            size_bytes=info.file_size,
            version=f"{info.file_size}-{info.CRC:08x}",
            origin=f"{path.absolute()}:{info.header_offset}:{name}",
            open=_InZip(archive, path.absolute(), info, limits),
        )


_Named: TypeAlias = tuple[zipfile.ZipInfo, str]


def _sounding(
    archive: zipfile.ZipFile, named: Iterable[_Named], limits: ZipLimits, wanted: _Wanted
) -> Iterator[_Named]:
    """Give what is a recording, and count the rest."""
    looks = iter(range(limits.max_files))
    for info, name in named:
        safe = safe_name(name)
        sounds = partial(_begins_with_sound, archive, info, limits, looks)
        if not _is_archive(safe) and wanted.takes(safe, sounds):
            yield info, name


def _begins_with_sound(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: ZipLimits, looks: Iterator[int]
) -> bool:
    """Whether the beginning of a file gives sound; an MP4, whose index may be last, is believed.

    As soon as ``looks`` has no more, nothing does.
    """
    if next(looks, None) is None:
        return False
    try:
        _check_packed(info, limits)
        with _opened_in(archive, info) as packed:
            content = packed.read(SNIFFED_BYTES)
    except (AudioError, zipfile.BadZipFile, zlib.error, EOFError):
        return False
    is_mp4 = content[4:8] == b"ftyp" and content[8:12] not in PICTURES
    return is_mp4 or holds_sound(content)


def _check_zip(name: str, files: Sequence[zipfile.ZipInfo], limits: ZipLimits) -> None:
    if len(files) > limits.max_files:
        raise AudioError("zip.too_many", name=name, count=len(files), most=limits.max_files)
    total_bytes = sum(info.file_size for info in files)
    if total_bytes > limits.max_bytes:
        raise AudioError("zip.too_big", name=name, size=total_bytes, most=limits.max_bytes)


def _name_in_zip(info: zipfile.ZipInfo) -> str:
    """Read a name as it was meant: Chinese Windows writes it in GBK and does not say so."""
    if info.flag_bits & UTF8_NAMES:
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return info.filename.encode("cp437").decode(encoding)
        except UnicodeError:
            continue
    return info.filename


class _InZip:
    """Opens a recording in an open zip; in another process, which has no open one, in its file."""

    def __init__(
        self, archive: zipfile.ZipFile, path: Path, info: zipfile.ZipInfo, limits: ZipLimits
    ) -> None:
        self._archive, self._path, self._info, self._limits = archive, path, info, limits

    def __call__(self) -> AbstractContextManager[Source]:
        return _unpacked(self._archive, self._info, self._limits)

    def __reduce__(self) -> tuple[Any, ...]:
        return partial, (_found_again, self._path, self._info, self._limits)


@contextmanager
def _found_again(path: Path, info: zipfile.ZipInfo, limits: ZipLimits) -> Iterator[Source]:
    with _opened_zip(path) as archive, _unpacked(archive, info, limits) as copy:
        yield copy


@contextmanager
def _unpacked(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: ZipLimits
) -> Iterator[Source]:
    _check_packed(info, limits)
    with limits.hold(info.file_size), TemporaryFile() as copy:
        try:
            with _opened_in(archive, info) as packed:
                shutil.copyfileobj(packed, copy)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise AudioError("zip.damaged", name=_last_part(info)) from error
        copy.seek(0)
        yield copy


def _opened_in(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    try:
        return archive.open(info)
    except FORGED as error:
        raise zipfile.BadZipFile from error


def _check_packed(info: zipfile.ZipInfo, limits: ZipLimits) -> None:
    name = _last_part(info)
    if info.flag_bits & ENCRYPTED:
        raise AudioError("zip.encrypted", name=name)
    if info.compress_type not in UNPACKED_WITH:
        raise AudioError("zip.method", name=name)
    if info.file_size > limits.max_file_bytes:
        raise AudioError(
            "audio.too_big", name=name, size=info.file_size, most=limits.max_file_bytes
        )


def _last_part(info: zipfile.ZipInfo) -> str:
    return PurePosixPath(safe_name(_name_in_zip(info))).name
