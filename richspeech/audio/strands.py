"""A recording with everything in it that is to be heard: tracks, and channels where they differ.

    file → tracks that are wanted → windows of each → weights ─┬ one  → blocks [T]
                                                               └ more → blocks [S, T]

Every track has a demuxer of its own, so nothing waits in memory for a track that lies elsewhere in
the file, and every track is on the container's clock by itself. What channels are like is judged by
a dozen windows over the whole length where the container can seek, else by the first minute; the
same file is always judged alike.

Names of tracks come from the file. They are shortened, and printable.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container.input import InputContainer

from richspeech.audio.channels import MOST_APART, apart, weights_for
from richspeech.audio.container import AudioLimits, Source, called, open_container
from richspeech.audio.content import content_digest
from richspeech.audio.decode import BLOCK_SECONDS, Recording, open_recording
from richspeech.audio.mono import Waveform, Waveforms, Weights, framed, mixture
from richspeech.errors import AudioError
from richspeech.language.printing import shown
from richspeech.model.audio_track import AudioTrack
from richspeech.model.options import Options, Tracks
from richspeech.model.raw_format import RawFormat
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.strand import Strand, numbered
from richspeech.model.transcript import Segment

WINDOWS = 12
WINDOW_SECONDS = 5.0
"""Together as much as a minute tells, which is what is decoded where nothing can be sought."""
BEGINNING_SECONDS = WINDOWS * WINDOW_SECONDS

LONGEST_NAME = 40
GENERIC_NAMES = ("handler", "core media audio", "gpac", "iso media", "mainconcept")
"""Parts of what programs write in the place of a name."""
NAMELESS = "Track"
NO_LANGUAGE = ("und", "unk", "mis", "zxx")

NOTHING_TO_HEAR = ("audio.silent", "audio.damaged")


@dataclass(frozen=True)
class Track:
    """One audio track of a container."""

    number: int
    """From 0."""
    name: str
    """Its own name, or its number from 1."""
    facts: AudioTrack

    @property
    def channels(self) -> int:
        """As the container claims."""
        return self.facts.channels


@dataclass(eq=False)
class Strands:
    """An opened recording; `open_strands` makes it, `blocks` decodes it."""

    name: str
    """What messages call it: the file's own name without folders."""
    strands: tuple[Strand, ...]
    """One for each row of the blocks; none where they have no rows."""
    tracks: tuple[AudioTrack, ...]
    """All of the container, whether they are heard or not."""
    _source: Source
    _recordings: Sequence[Recording]
    """One a track."""
    _rows: Sequence[int]
    """Of the waveforms of each."""
    _warnings: list[RecordingWarning]
    _raw: RawFormat | None

    @property
    def warnings(self) -> tuple[RecordingWarning, ...]:
        """What is amiss with it, as far as is known yet; complete once all blocks are given."""
        of_tracks = (each for recording in self._recordings for each in recording.warnings)
        return tuple(dict.fromkeys((*self._warnings, *of_tracks)))

    @property
    def duration(self) -> float | None:
        """Seconds of the longest track, as the container claims; None if it claims none."""
        claimed = [each.duration for each in self._recordings]
        return max((each for each in claimed if each is not None), default=None)

    @property
    def zero(self) -> float:
        """Seconds of the container's own clock at which the recording begins."""
        return self._recordings[0].zero

    def content(self) -> str | None:
        """Digest the file and what decodes it; None where it would have to be fetched.

        Raises ``OSError``.
        """
        return content_digest(self._source, *filter(None, [self._raw]))

    def blocks(self, block_seconds: float = BLOCK_SECONDS) -> Iterator[Waveforms]:
        """Decode, once, block by block; every block but the last is exactly `block_seconds` long.

        Raises:
            AudioError: nothing can be decoded, or there is more sound than the limits allow.
        """
        blocks = [each.blocks(block_seconds) for each in self._recordings]
        for block in blocks[0] if len(blocks) == 1 else self._side_by_side(blocks):
            yield block if self.strands else mixture(block)

    def frames(self) -> Iterator[AudioFrame]:
        """Decode, once, for ears: one track as the codec gives it, of several the mixture.

        Raises ``AudioError`` as ``blocks`` does, where there are several.
        """
        if len(self._recordings) == 1:
            return self._recordings[0].frames()
        return map(framed, map(mixture, self.blocks()))

    def _side_by_side(self, blocks: Sequence[Iterator[Waveforms]]) -> Iterator[Waveforms]:
        """Give the blocks of all tracks as one; where a track is over it is silent."""
        errors: list[AudioError] = []
        for parts in zip_longest(*(_as_far_as_heard(each, errors) for each in blocks)):
            yield _stacked(parts, self._rows)
        if len(errors) == len(blocks):
            raise errors[0]


@contextmanager
def open_strands(
    source: Source, limits: AudioLimits, options: Options, *, name: str | None = None
) -> Iterator[Strands]:
    """Open what is wanted of a recording for the length of a `with` block.

    Args:
        source: as for `open_recording`.
        limits: as for `open_recording`; every track may have so many seconds.
        options: their ``tracks``, ``channels`` and ``raw`` count.
        name: as for `open_recording`.

    Raises:
        AudioError: as `open_recording`, and where there is no such track, or too many channels are
            to be split.
    """
    with open_container(source, limits, name=name, raw=options.raw) as opened:
        name = opened.name
        tracks = _tracks(opened.container, name)
        wanted = _wanted(opened.container, tracks, options.tracks, name)
    weights = [_weights(source, limits, options, each, name) for each in wanted]
    if sum(map(_rows, weights)) > MOST_APART:
        if options.channels == "split":
            count = sum(map(_rows, weights))
            raise AudioError("audio.strands", name=called(name), count=count, most=MOST_APART)
        weights = [None for _ in wanted]
    rows = [*map(_rows, weights)]
    with ExitStack() as stack:
        recordings = [
            stack.enter_context(
                open_recording(
                    view, limits, name=name, track=track.number, weights=mix, raw=options.raw
                )
            )
            for view, track, mix in zip(_views(source, len(wanted)), wanted, weights, strict=True)
        ]
        strands = () if options.tracks == "mix" else _strands(wanted, rows)
        unheard = [] if isinstance(options.tracks, int) else _unheard(tracks, wanted)
        listed = tuple(each.facts for each in tracks)
        yield Strands(name, strands, listed, source, recordings, rows, unheard, options.raw)


def as_heard(segments: Iterable[Segment], tracks: Tracks | int | None = None) -> Options:
    """Return options with which the strands of these segments are opened once more.

    Only for documents whose request nobody knows: a ``mix`` of tracks, or one that was chosen by
    its number, is known to whoever chose ``tracks`` alone.
    """
    strands = [segment.strand for segment in segments]
    return Options(
        tracks=tracks or ("all" if any(each.track for each in strands) else "default"),
        channels="split" if any(each.channel and not each.track for each in strands) else "auto",
    )


def part_of(block: Waveforms, strands: Sequence[Strand], wanted: Strand) -> Waveform:
    """Return of a block what one strand has, or the mixture where there is no such."""
    own = (row for row, strand in enumerate(strands) if strand.has_place_of(wanted))
    return mixture(block) if (row := next(own, None)) is None else block[row]


def _as_far_as_heard(blocks: Iterator[Waveforms], errors: list[AudioError]) -> Iterator[Waveforms]:
    """Give blocks; a track without any sound is no fault while there are others."""
    try:
        yield from blocks
    except AudioError as error:
        if error.key not in NOTHING_TO_HEAR:
            raise
        errors.append(error)


def _stacked(parts: Sequence[Waveforms | None], rows: Sequence[int]) -> Waveforms:
    """Return blocks of several tracks as one, [S, T]; what is shorter is followed by silence."""
    length = max(part.shape[-1] for part in parts if part is not None)
    stacked = np.zeros((sum(rows), length), np.float32)
    first = 0
    for part, count in zip(parts, rows, strict=True):
        if part is not None:
            stacked[first : first + count, : part.shape[-1]] = part
        first += count
    return stacked


def _strands(tracks: Sequence[Track], rows: Sequence[int]) -> tuple[Strand, ...]:
    if sum(rows) == 1:
        return ()
    names = [track.name if len(tracks) > 1 else None for track in tracks]
    return numbered([*zip(names, rows, strict=True)])


# Tracks -------------------------------------------------------------------------------------------


def _tracks(container: InputContainer, name: str) -> list[Track]:
    """Return the audio tracks that can be decoded. Raises ``AudioError`` where there is none."""
    streams = [*enumerate(container.streams.audio)]
    known = [(at, each) for at, each in streams if each.codec_context is not None]
    if not known:
        raise AudioError("audio.unknown_codec" if streams else "audio.no_track", name=called(name))
    names = [_own_name(stream) for _, stream in known]
    return [
        Track(
            at,
            own if own and names.count(own) == 1 else f"{own or NAMELESS} {at + 1}",
            _facts(at, stream),
        )
        for (at, stream), own in zip(known, names, strict=True)
    ]


def _own_name(stream: AudioStream) -> str:
    """Return title or language of a track; empty where it has none."""
    title, language = _title(stream), _language(stream)
    return f"{title} ({language})" if title and language else title or language


def _facts(at: int, stream: AudioStream) -> AudioTrack:
    codec = stream.codec_context
    return AudioTrack(
        at + 1, _title(stream), _language(stream), codec.name, codec.layout.nb_channels
    )


def _title(stream: AudioStream) -> str:
    written = (_printable(stream.metadata.get(key, "")) for key in ("title", "handler_name"))
    return next((each for each in written if each and not _is_generic(each)), "")


def _language(stream: AudioStream) -> str:
    language = _printable(stream.metadata.get("language", ""))
    return "" if language in NO_LANGUAGE else language


def _printable(text: str) -> str:
    plain = " ".join(shown(text[:200], other=" ").split())
    return plain if len(plain) <= LONGEST_NAME else f"{plain[: LONGEST_NAME - 1]}…"


def _is_generic(title: str) -> bool:
    return any(part in title.lower() for part in GENERIC_NAMES)


def _wanted(
    container: InputContainer, tracks: Sequence[Track], wanted: Tracks | int, name: str
) -> Sequence[Track]:
    """Return the tracks that are to be heard. Raises ``AudioError`` where there is no such."""
    if isinstance(wanted, int):
        chosen = [each for each in tracks if each.number == wanted - 1]
        if not chosen:
            count = len(container.streams.audio)
            raise AudioError("audio.track", name=called(name), number=wanted, count=count)
        return chosen
    if wanted in ("all", "mix"):
        return tracks[:MOST_APART]
    best = container.streams.best("audio")
    found = [each for each in tracks if container.streams.audio[each.number] is best]
    return found or tracks[:1]


def _unheard(tracks: Sequence[Track], heard: Sequence[Track]) -> list[RecordingWarning]:
    names = tuple(each.name for each in tracks if each not in heard)
    if not names:
        return []
    only = ", ".join(each.name for each in heard)
    return [RecordingWarning.of("tracks_unheard", count=len(tracks), heard=only, unheard=names)]


# Channels -----------------------------------------------------------------------------------------


def _rows(weights: Weights | None) -> int:
    return 1 if weights is None else len(weights)


def _weights(
    source: Source, limits: AudioLimits, options: Options, track: Track, name: str
) -> Weights | None:
    """Return how the channels of a track are mixed; None averages them."""
    wanted, raw = options.channels, options.raw
    if wanted == "mix" or (wanted == "auto" and track.channels == 1):
        return None
    with open_recording(source, limits, name=name, track=track.number, raw=raw) as recording:
        if wanted == "auto":
            return weights_for(_windows(recording))
        first = next(recording.windows([0.0], 0.0), None)
    return None if first is None or len(first) == 1 else apart(len(first))


def _windows(recording: Recording) -> Iterator[Waveforms]:
    """Give a dozen windows of a track, over all of it if that can be sought."""
    seconds = recording.duration
    if seconds is None or seconds <= BEGINNING_SECONDS or not recording.can_seek:
        return recording.windows([0.0], BEGINNING_SECONDS)
    starts = np.linspace(0.0, seconds - WINDOW_SECONDS, WINDOWS)
    return recording.windows(starts.tolist(), WINDOW_SECONDS)


# Several demuxers of one file ---------------------------------------------------------------------


def _views(source: Source, count: int) -> Sequence[Source]:
    """Return what as many demuxers may read at once: an open file has one place only."""
    if count == 1 or isinstance(source, Path | str | bytes):
        return [source] * count
    return [cast("BinaryIO", _View(source)) for _ in range(count)]


@dataclass(eq=False)
class _View:
    """An open file with a place of its own, for one thread."""

    _file: BinaryIO
    _place: int = 0

    def read(self, count: int = -1) -> bytes:
        """Return the next bytes."""
        self._file.seek(self._place)
        content = self._file.read(count)
        self._place += len(content)
        return content

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        if whence == os.SEEK_CUR:
            offset, whence = offset + self._place, os.SEEK_SET
        self._place = self._file.seek(offset, whence)
        return self._place

    def tell(self) -> int:
        """Return the place."""
        return self._place
