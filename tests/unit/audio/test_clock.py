"""What is heard lies where the container presents it, whatever times a file says."""

import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from richspeech.audio.clock import Clock, part, silence
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import Recording, open_recording
from richspeech.audio.mono import SAMPLE_RATE
from richspeech.audio.planes import planes
from tests.unit.test_imports import ROOT

LIMITS = AudioLimits(max_bytes=200_000_000, max_seconds=3_600.0)
RATE = 48_000
SECONDS = 4.0
ONSETS = (0.5, 1.5, 2.75)
"""At which tones of a fifth of a second begin."""

CASES = ROOT.parent / "shared" / "cases"

Signal = NDArray[np.float32]


# Making and measuring -----------------------------------------------------------------------------


def beeps(rate: int = RATE) -> Signal:
    sound = np.zeros(round(SECONDS * rate), np.float32)
    tone = 0.5 * np.sin(2 * np.pi * 700 * np.arange(rate // 5) / rate)
    for onset in ONSETS:
        first = round(onset * rate)
        sound[first : first + len(tone)] = tone
    return sound


def encode(
    container: str,
    codec: str,
    *,
    late: float = 0.0,
    picture: bool = False,
    hole: tuple[float, float] | None = None,
    rate: int = RATE,
    options: dict[str, str] | None = None,
) -> bytes:
    """Write beeps that begin ``late``, with a picture from 0 on; packets in a hole are left out."""
    file = BytesIO()
    layout = "stereo" if codec == "vorbis" else "mono"
    with av.open(file, "w", format=container, options=options or {}) as output:
        screen = output.add_stream("mpeg4", rate=10, width=32, height=32) if picture else None
        strict = {"strict": "experimental"}  # for Vorbis
        stream = output.add_stream(codec, rate=rate, layout=layout, options=strict)
        assert isinstance(stream, AudioStream)
        if screen is not None:
            for number in range(round((SECONDS + late) * 10)):
                grey = np.full((32, 32, 3), number, np.uint8)
                output.mux(screen.encode(VideoFrame.from_ndarray(grey)))
            output.mux(screen.encode(None))
        resampler = av.AudioResampler(
            stream.format, layout, rate, frame_size=stream.frame_size or 1024
        )
        frame = AudioFrame.from_ndarray(beeps(rate)[np.newaxis], format="flt", layout="mono")
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = round(late * rate)
        for each in [*resampler.resample(frame), *resampler.resample(None), None]:
            for packet in stream.encode(each):
                assert packet.pts is not None
                assert packet.time_base is not None
                start = float(packet.pts * packet.time_base) - late
                if hole is None or not hole[0] <= start < hole[1]:
                    output.mux(packet)
    return file.getvalue()


def with_itunes_tag(content: bytes, priming: int) -> bytes:
    """Write into an MP4 without an edit list how many samples precede the sound, as iTunes did."""

    def box(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I4s", 8 + len(content), name) + content

    said = f" 00000000 {priming:08X} 00000000 {round(SECONDS * RATE):016X}" + " 00000000" * 8
    kind = box(b"mean", bytes(4) + b"com.apple.iTunes") + box(b"name", bytes(4) + b"iTunSMPB")
    tag = box(b"----", kind + box(b"data", struct.pack(">II", 1, 0) + said.encode()))
    handler = box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    tags = box(b"udta", box(b"meta", bytes(4) + handler + box(b"ilst", tag)))
    index = content.rindex(b"moov") - 4
    [size] = struct.unpack(">I", content[index : index + 4])
    assert index + size == len(content)
    others = content[index + 4 :].replace(b"udta", b"free")
    return content[:index] + struct.pack(">I", size + len(tags)) + others + tags


def onsets(waveform: Signal) -> list[float]:
    """Seconds at which sound begins after a quarter of a second without any."""
    loud = np.flatnonzero(np.abs(waveform) > 0.1)
    first = np.diff(loud, prepend=-SAMPLE_RATE) > SAMPLE_RATE / 4
    return [float(each) / SAMPLE_RATE for each in loud[first]]


def heard(content: bytes | Path, limits: AudioLimits = LIMITS) -> tuple[Signal, Recording]:
    with open_recording(content, limits) as recording:
        return np.concatenate([*recording.blocks()]), recording


def codes(recording: Recording) -> list[str]:
    return [warning.code for warning in recording.warnings]


def about(*seconds: float) -> object:
    return pytest.approx([*seconds], abs=0.02)


# Files --------------------------------------------------------------------------------------------

SAYS_ITS_PRIMING = [
    *(("wav", "pcm_s16le"), ("flac", "flac"), ("mp3", "libmp3lame"), ("ipod", "aac")),
    *(("mov", "aac"), ("mp4", "libmp3lame"), ("mp4", "libopus"), ("matroska", "aac")),
    *(("matroska", "libopus"), ("matroska", "libmp3lame"), ("webm", "libopus")),
    *(
        ("ogg", "libopus"),
        ("ogg", "vorbis"),
        ("ogg", "flac"),
        ("aiff", "pcm_s16be"),
        ("caf", "alac"),
    ),
]
KEEPS_A_LATE_START = [
    *(("mp4", "aac"), ("mov", "aac"), ("mp4", "libopus"), ("matroska", "aac")),
    *(("matroska", "libopus"), ("mpegts", "aac"), ("mpegts", "libmp3lame"), ("mpeg", "mp2")),
]


@pytest.mark.parametrize(("container", "codec"), SAYS_ITS_PRIMING)
def test_priming_and_padding_are_cut(container: str, codec: str) -> None:
    waveform, recording = heard(encode(container, codec))
    assert onsets(waveform) == about(*ONSETS)
    assert len(waveform) / SAMPLE_RATE == pytest.approx(SECONDS, abs=0.02)
    assert codes(recording) == []


def test_priming_that_a_tag_tells_of_is_cut() -> None:
    plain = encode("ipod", "aac", options={"use_editlist": "0"})
    assert onsets(heard(plain)[0]) == about(*(each + 1024 / RATE for each in ONSETS))
    waveform, recording = heard(with_itunes_tag(plain, 1024))
    assert onsets(waveform) == pytest.approx([*ONSETS], abs=0.005)
    assert codes(recording) == []


@pytest.mark.parametrize(("container", "codec"), KEEPS_A_LATE_START)
def test_sound_that_begins_after_the_picture_is_heard_later(container: str, codec: str) -> None:
    waveform, recording = heard(encode(container, codec, late=1.3, picture=True))
    assert onsets(waveform) == about(*(1.3 + onset for onset in ONSETS))
    assert recording.duration == pytest.approx(1.3 + SECONDS, abs=0.03)
    assert codes(recording) == []


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_sound_alone_begins_late_as_well_where_the_clock_is_the_recordings(container: str) -> None:
    waveform, _ = heard(encode(container, "libopus", late=1.3))
    assert onsets(waveform) == about(*(1.3 + onset for onset in ONSETS))


def test_a_clock_that_begins_anywhere_counts_from_the_first_stream() -> None:
    waveform, _ = heard(encode("mpegts", "libmp3lame", late=1.3))
    assert onsets(waveform) == pytest.approx(ONSETS, abs=0.03)  # it does not say its priming


@pytest.mark.parametrize(
    ("container", "codec"),
    [("mp4", "aac"), ("matroska", "libopus"), ("mpegts", "aac"), ("matroska", "pcm_s16le")],
)
def test_packets_that_are_missing_leave_a_hole_of_their_length(container: str, codec: str) -> None:
    waveform, recording = heard(encode(container, codec, hole=(1.0, 2.3), picture=True))
    assert onsets(waveform) == pytest.approx([0.5, 2.75], abs=0.03)
    assert np.abs(waveform[round(1.3 * SAMPLE_RATE) : round(2.0 * SAMPLE_RATE)]).max() < 0.001
    [warning] = recording.warnings
    assert warning.code == "missing_sound"
    assert warning.fields["seconds"] == pytest.approx(1.3, abs=0.05)


@pytest.mark.parametrize("container", ["mp3", "flac", "ogg"])
def test_a_recording_that_is_shorter_than_it_says_is_told(container: str) -> None:
    codec = {"mp3": "libmp3lame", "flac": "flac", "ogg": "libopus"}[container]
    content = encode(container, codec)
    waveform, recording = heard(content[: len(content) // 2])
    assert len(waveform) / SAMPLE_RATE < 3.0
    expected = [] if container == "ogg" else ["length_differs"]  # Ogg says it at its end
    assert [code for code in codes(recording) if code != "damaged_packets"] == expected


def test_a_length_that_ffmpeg_guesses_is_compared_with_nothing() -> None:
    waveform, recording = heard(encode("adts", "aac"))
    assert recording.duration != pytest.approx(len(waveform) / SAMPLE_RATE, abs=0.5)
    assert codes(recording) == []


@pytest.mark.skipif(not CASES.is_dir(), reason="needs the recordings beside the checkout")
@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("audio-starts-4.087s-late_speech-at-6.087-12.087-17.087.mp4", (6.087, 12.087, 17.087)),
        ("aac-packets-5to7.5s-missing_speech-at-2-8-13.mp4", (2.0, 8.0, 13.0)),
    ],
)
def test_speech_of_a_film_begins_where_the_film_has_it(name: str, seconds: Sequence[float]) -> None:
    waveform, _ = heard(CASES / name)
    for second in seconds:
        first = round(second * SAMPLE_RATE)
        assert np.abs(waveform[first - SAMPLE_RATE // 2 : first - 800]).max() < 0.01
        assert np.abs(waveform[first : first + SAMPLE_RATE // 2]).max() > 0.05


# Times that are not to be believed ----------------------------------------------------------------

FRAME = 480
"""Samples of a frame: 10 ms."""


def frames(times: Sequence[float | None], level: int = 1) -> Iterator[AudioFrame]:
    """Frames of 10 ms at these seconds."""
    for seconds in times:
        frame = AudioFrame.from_ndarray(np.full((1, FRAME), level, np.int16), layout="mono")
        frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
        frame.pts = None if seconds is None else round(seconds * RATE)
        yield frame


def clock(most_seconds: float = 100.0, *, longest_hole: float | None = None) -> Clock:
    hole = most_seconds if longest_hole is None else longest_hole
    return Clock(1 / RATE, zero=0.0, longest_hole=hole, most_seconds=most_seconds)


def laid(times: Sequence[float | None], placing: Clock | None = None) -> list[bool]:
    """Whether there is sound, for every 10 ms."""
    samples = samples_of(placing or clock(), times)
    return [bool(samples[at : at + FRAME].mean() > 0.5) for at in range(0, len(samples), FRAME)]


def samples_of(placing: Clock, times: Sequence[float | None]) -> NDArray[np.int16]:
    return np.concatenate([each.to_ndarray()[0] for each in placing.placed(frames(times))])


def steady(count: int, start: float = 0.0) -> list[float]:
    return [start + number / 100 for number in range(count)]


def test_frames_that_follow_each_other_stay_as_they_are() -> None:
    assert laid(steady(50)) == [True] * 50


def test_frames_without_times_follow_each_other() -> None:
    assert laid([*steady(10), *[None] * 10]) == [True] * 20


def test_one_wrong_time_moves_nothing() -> None:
    for wrong in (50.0, -50.0, 0.0, 1e9):
        times = steady(60)
        times[30] = wrong
        assert laid(times) == [True] * 60


def test_jitter_moves_nothing() -> None:
    numbers = np.random.default_rng(0).uniform(-0.06, 0.06, 400)
    assert laid([at + float(off) for at, off in zip(steady(400), numbers, strict=True)]) == (
        [True] * 400
    )


def test_a_hole_is_as_long_as_its_times_say() -> None:
    assert laid([*steady(10), *steady(10, 2.1)]) == [True] * 10 + [False] * 200 + [True] * 10


def test_a_hole_before_the_last_frame_is_kept() -> None:
    assert laid([*steady(10), 0.4]) == [True] * 10 + [False] * 30 + [True]


def test_a_small_shift_has_to_last() -> None:
    assert laid([*steady(10), *steady(120, 0.15)]) == [True] * 10 + [False] * 5 + [True] * 120
    assert laid([*steady(10), *steady(50, 0.15), *steady(10, 0.6)]) == [True] * 70


def test_what_lies_before_the_beginning_is_cut() -> None:
    placing = clock()
    assert all(laid(steady(30, -0.1), placing))
    assert placing.seconds == pytest.approx(0.2, abs=0.02)


def test_sound_that_lies_far_before_the_beginning_is_kept() -> None:
    assert laid(steady(30, -500.0)) == [True] * 30


def test_a_clock_that_begins_anew_goes_on() -> None:
    assert laid([*steady(20, 0.0), *steady(20, 3.0), *steady(20, 0.0)]) == (
        [True] * 20 + [False] * 280 + [True] * 40
    )
    assert laid([*steady(2_000), *steady(20)]) == [True] * 2_020


def test_a_hole_makes_up_for_sound_that_came_too_late() -> None:
    times = [*steady(10), *steady(10, 1.1), *steady(10, 0.2), *steady(10, 1.3)]
    assert laid(times) == [True] * 10 + [False] * 100 + [True] * 20 + [False] * 0 + [True] * 10


def test_a_recorder_whose_clock_is_slow_stays_in_place() -> None:
    placing = clock()
    [*placing.placed(frames([number * 0.0099 for number in range(3_000)]))]
    assert placing.seconds == pytest.approx(29.7, abs=0.04)


def test_a_hole_that_nobody_can_believe_is_not_filled() -> None:
    placing = clock(most_seconds=5.0)
    assert laid([*steady(10), *steady(10, 50.0), *steady(10, 50.1)], placing) == [True] * 30
    assert placing.disbelieved_seconds == pytest.approx(49.9)
    placing = clock(longest_hole=10.0)
    assert laid([*steady(10), *steady(10, 50.0)], placing) == [True] * 20


@given(
    st.lists(
        st.one_of(st.none(), st.floats(-1e12, 1e12), st.floats(-1, 20), st.sampled_from([0.0, 9])),
        min_size=1,
        max_size=200,
    ),
    st.booleans(),
)
@settings(deadline=None)
def test_whatever_the_times_are_sound_is_kept_and_holes_are_bounded(
    times: list[float | None], runs: bool
) -> None:
    """A run is four frames that agree with each other, so that they are believed."""
    if runs:
        times = [
            None if each is None else each + number / 100 for each in times for number in range(4)
        ]
    placing = clock(most_seconds=30.0)
    samples = samples_of(placing, times)
    assert placing.seconds == pytest.approx(len(samples) / RATE)
    assert placing.seconds <= 30.0 + len(times) / 100 + 1e-6
    overlaps = sum(abs(each) < 0.2 for each in np.diff([each or 0 for each in times]))
    assert samples.sum() >= FRAME * max(1, len(times) - 25 - 10 * overlaps)


# Frames -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["u8", "u8p", "s16", "s16p", "s32", "flt", "fltp", "dblp"])
@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1", "7.1"])
def test_silence_and_parts_are_of_the_same_kind(form: str, layout: str) -> None:
    frame = AudioFrame(format=form, layout=layout, samples=100)
    channels, packed = frame.layout.nb_channels, not frame.format.is_planar
    for number, plane in enumerate(planes(frame)):
        plane.update((np.arange(plane.buffer_size) + number).astype(np.uint8).tobytes())
    frame.sample_rate = RATE
    cut = part(frame, 10, 30)
    size = frame.format.bytes * (channels if packed else 1)
    pairs = [*zip(planes(cut), planes(frame), strict=True)]
    assert len(pairs) == (1 if packed else channels)
    assert all(bytes(one) == bytes(other)[10 * size : 30 * size] for one, other in pairs)
    [one, other] = silence(1.5, frame)
    assert (one.samples, other.samples, one.layout.name) == (RATE, RATE // 2, layout)
    kind, full = {
        "u8": (np.uint8, 2.0**7),
        "s16": (np.int16, 2.0**15),
        "s32": (np.int32, 2.0**31),
        "flt": (np.float32, 1.0),
        "dbl": (np.float64, 1.0),
    }[form.removesuffix("p")]
    rows = [np.frombuffer(bytes(each), kind) for each in planes(one)]
    level = np.stack(rows).astype(np.float64) / full - (1.0 if form.startswith("u8") else 0.0)
    assert np.sqrt((level**2).mean()) < 1.2 * 2.0**-15
    assert (level.any()) == (not form.startswith("u8"))
