"""MXF: read as it is, with its times and timecode, and refused where it cannot be what it says."""

import struct
from collections.abc import Sequence
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from richspeech.audio import mxf
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import open_recording
from richspeech.audio.header import Sound
from richspeech.audio.mxf import LABEL, LOCAL_SET, PARTITION, MxfError, sets_of
from richspeech.audio.sniff import holds_sound
from richspeech.audio.strands import open_strands
from richspeech.audio.video import open_video
from richspeech.cli.highlights import Files, write_files
from richspeech.errors import AudioError
from richspeech.language.localized import LocalizedText
from richspeech.model.options import Options
from richspeech.review.evidence import Evidence
from richspeech.review.highlights import Highlight

LIMITS = AudioLimits(10**9, 3600.0)
RATE, NTSC = 48_000, Fraction(30_000, 1_001)
SECONDS, ONSET = 4, 2.5
INDEX_KEY = bytes.fromhex("060e2b34 02530101 0d010201 01100100")
SOUND_KEY = bytes.fromhex("060e2b34 01020101 0d010301")


def film(tracks: int = 1, timecode: str | None = "01:00:00;00") -> bytes:
    """A film of one operational pattern 1a: a picture, and tones that begin at ONSET."""
    file = BytesIO()
    moments = np.arange(SECONDS * RATE) / RATE
    heard = 0.5 * np.sin(2 * np.pi * 700 * moments) * (moments >= ONSET)
    samples = (heard * 32_767).astype(np.int16)[np.newaxis]
    with av.open(file, "w", format="mxf") as output:
        if timecode:
            output.metadata["timecode"] = timecode
        screen = output.add_stream("mpeg2video", rate=NTSC)
        screen.width, screen.height, screen.pix_fmt = 64, 64, "yuv420p"
        streams = [output.add_stream("pcm_s16le", rate=RATE, layout="mono") for _ in range(tracks)]
        for number in range(int(SECONDS * NTSC)):
            picture = VideoFrame.from_ndarray(np.full((64, 64, 3), 100, np.uint8))
            picture.pts, picture.time_base = number, 1 / NTSC
            output.mux(screen.encode(picture))
        output.mux(screen.encode(None))
        for stream in streams:
            sound = AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            sound.sample_rate, sound.time_base, sound.pts = RATE, Fraction(1, RATE), 0
            output.mux([*stream.encode(sound), *stream.encode(None)])
    return file.getvalue()


@pytest.fixture(scope="module")
def content() -> bytes:
    return film()


def waveform_of(content: bytes) -> np.ndarray:
    with open_recording(content, LIMITS) as recording:
        return np.concatenate([*recording.blocks()])


def packet(key: bytes, value: bytes, length: int | None = None) -> bytes:
    claimed = len(value) if length is None else length
    return key + b"\x83" + claimed.to_bytes(3) + value


def header(index_bytes: int = 0) -> bytes:
    """The first partition of a file."""
    value = struct.pack(">HHIQQQQQIQI16sII", 1, 3, 1, 0, 0, 0, 0, index_bytes, 0, 0, 1, b"", 0, 16)
    return packet(PARTITION + b"\1\1\2\4\0", value)


def items(*pairs: tuple[int, bytes]) -> bytes:
    return b"".join(struct.pack(">HH", tag, len(value)) + value for tag, value in pairs)


def index(count: int, held: Sequence[bytes] = (), duration: int = 0) -> bytes:
    """An index table that says that it has so many entries."""
    entries = struct.pack(">II", count, 11) + b"".join(held)
    value = items((mxf.INDEX_ENTRIES, entries), (mxf.INDEX_DURATION, struct.pack(">Q", duration)))
    return packet(INDEX_KEY, value)


def is_refused(content: bytes) -> bool:
    try:
        found = sets_of(BytesIO(content), 0, len(content))
    except MxfError:
        return True
    assert found is not None
    return False


def test_a_film_is_heard_at_its_times_and_known_by_its_content(content: bytes) -> None:
    heard = waveform_of(content)
    assert len(heard) / 16_000 == pytest.approx(SECONDS, abs=0.05)
    assert np.flatnonzero(np.abs(heard) > 0.1)[0] / 16_000 == pytest.approx(ONSET, abs=0.01)
    assert holds_sound(content)


def test_all_tracks_of_a_film_can_be_heard() -> None:
    with open_strands(film(tracks=2), LIMITS, Options(tracks="all")) as recording:
        blocks = [*recording.blocks()]
        assert len(recording.strands) == 2
    assert np.abs(np.concatenate(blocks, axis=-1)).max(axis=-1) == pytest.approx(0.5, abs=0.05)


def test_the_list_of_cuts_goes_by_the_timecode_of_a_film(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "film.mxf"
    path.write_bytes(content)
    with open_video(path, LIMITS) as video:
        assert video is not None
        assert video.timecode == "01:00:00;00"
    found = Evidence(1.0, 2.0, "laughter", 0.9)
    highlight = Highlight(1.0, 2.0, ("laughter",), (LocalizedText("笑", "L"),), 1.0, (found,))
    wanted = Files(output=tmp_path, edl=True)
    files = write_files(path, wanted, (highlight,), LIMITS, Options())
    assert "01:00:01;00 01:00:02;00" in Path(files["edl"]).read_text(encoding="utf-8")


def test_a_film_that_was_cut_off_is_heard_as_far_as_it_goes(content: bytes) -> None:
    sound = content.rindex(SOUND_KEY)
    cut = content[: sound - 10_000]
    assert 1.0 < len(waveform_of(cut)) / 16_000 < SECONDS


def test_a_film_is_heard_beyond_a_place_that_is_damaged(content: bytes) -> None:
    place = content.index(SOUND_KEY, len(content) // 2)
    damaged = content[:place] + bytes(16) + content[place + 16 :]
    assert len(waveform_of(damaged)) / 16_000 == pytest.approx(SECONDS, abs=0.2)


def test_an_index_table_has_the_entries_that_it_says(content: bytes) -> None:
    entry = bytes(11)
    assert content.count(INDEX_KEY) >= 1
    assert not is_refused(header() + index(2, [entry, entry], duration=2))
    assert is_refused(header() + index(3, [entry, entry]))
    assert is_refused(header() + index(2, [entry, entry], duration=3))


def test_an_index_table_is_for_no_more_units_than_the_file_has_bytes() -> None:
    shortest = header() + index(0, duration=0)
    assert not is_refused(header() + index(0, duration=len(shortest)))
    assert is_refused(header() + index(0, duration=len(shortest) + 1))


@pytest.mark.parametrize(
    "rest",
    [
        packet(LOCAL_SET + bytes(10), bytes(10), length=11),
        packet(SOUND_KEY + bytes(4), bytes(10), length=10_000),
        SOUND_KEY + bytes(4) + b"\x89" + bytes(9),
        packet(LOCAL_SET + bytes(10), struct.pack(">HH", 0x3C0A, 5) + bytes(4)),
        packet(LOCAL_SET + bytes(10), items((0x4403, struct.pack(">II", 2, 16) + bytes(16)))),
        packet(PARTITION + b"\1\1\5\1\0", struct.pack(">II", 2, 18) + bytes(18)),
        packet(PARTITION + b"\1\1\4\4\0", bytes(8)),
    ],
    ids=[
        "a set beyond the end",
        "a length beyond the file",
        "a length of nine bytes",
        "an item beyond its set",
        "references beyond their item",
        "local tags beyond their pack",
        "a partition that is too short",
    ],
)
def test_what_cannot_be_is_refused(rest: bytes) -> None:
    assert not is_refused(header() + packet(SOUND_KEY + bytes(4), bytes(100)))
    assert is_refused(header() + rest)


def test_parts_of_a_partition_are_no_longer_than_the_file() -> None:
    assert is_refused(header(index_bytes=1_000))


def test_packets_and_sets_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    content = header() + packet(LOCAL_SET + bytes(10), b"") * 3
    monkeypatch.setattr(mxf, "MOST_SETS", 4)
    assert not is_refused(content)
    monkeypatch.setattr(mxf, "MOST_SETS", 3)
    assert is_refused(content)
    monkeypatch.setattr(mxf, "MOST_SETS", 4)
    monkeypatch.setattr(mxf, "MOST_PACKETS", 3)
    assert is_refused(content)


def test_who_hands_in_such_a_file_is_told_where_it_is_wrong() -> None:
    with (
        pytest.raises(AudioError, match="at byte 108") as raised,
        open_recording(header() + index(3), LIMITS, name="film.mxf"),
    ):
        pass
    assert raised.value.key == "audio.mxf"


def test_a_set_within_sound_is_not_shown() -> None:
    hidden = packet(SOUND_KEY + bytes(4), index(9))
    content = header() + index(0) + hidden
    sound = Sound(BytesIO(content))
    shown = sound.read(len(content))
    place = content.rindex(INDEX_KEY)
    assert sound.is_mxf
    assert shown == content[:place] + b"\0" + content[place + 1 :]
    sound.seek(place - 3)
    assert sound.read(4) == content[place - 3 : place] + b"\0"


@given(st.binary(max_size=200), st.integers(0, 300))
def test_any_bytes_are_an_mxf_or_none_or_refused(rest: bytes, size: int) -> None:
    for content in (rest, header() + LABEL + rest, header() + LOCAL_SET + bytes(10) + rest):
        try:
            found = sets_of(BytesIO(content), 0, max(size, len(content)))
        except MxfError as error:
            found = frozenset({error.place})
        assert all(content[each:].startswith(LABEL) for each in found or ())
