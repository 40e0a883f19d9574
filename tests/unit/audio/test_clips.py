"""Recording → clips and reel. Every second of what is cut here has a tone and a colour of its own,
so a clip says by itself which seconds it plays and shows.
"""

from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from richspeech.audio import media_writer, video
from richspeech.audio.clips import SECOND_BEST, UNREADABLE, UNWRITABLE, Cut, cut
from richspeech.audio.container import AudioLimits
from richspeech.audio.media_writer import MediaWriter, SoundKind
from richspeech.audio.video import open_video
from richspeech.errors import AudioError, Cancelled, OptionError

LIMITS = AudioLimits(max_bytes=200_000_000, max_seconds=3_600.0)
SECONDS = 8
RATE = 16_000
LOWEST_TONE, TONE_STEP = 400, 200
DARKEST, COLOUR_STEP = 30, 25
CODECS = {
    "wav": "pcm_s16le", "flac": "flac", "mp3": "libmp3lame", "m4a": "aac", "ogg": "libopus",
    "webm": "libopus",
}  # fmt: skip

Signal = NDArray[np.float32]


# Making recordings --------------------------------------------------------------------------------


def tones(rate: int = RATE, seconds: int = SECONDS) -> Signal:
    """A tone for each second, each 200 Hz above the one before."""
    time = np.arange(rate) / rate
    pitches = [LOWEST_TONE + TONE_STEP * second for second in range(seconds)]
    return np.concatenate([0.3 * np.sin(2 * np.pi * pitch * time) for pitch in pitches])


def sound_file(
    path: Path, channels: Sequence[Signal], rate: int = RATE, layout: str = "mono"
) -> Path:
    with av.open(str(path), "w") as output:
        codec = CODECS[path.suffix[1:]]
        stream = cast("AudioStream", output.add_stream(codec, rate=rate, layout=layout))
        encode_sound(output, stream, channels, rate, layout)
    return path


def encode_sound(
    output: av.container.OutputContainer,
    stream: AudioStream,
    channels: Sequence[Signal],
    rate: int,
    layout: str,
    delay: float = 0.0,
) -> None:
    interleaved = np.stack(channels, axis=1).reshape(1, -1).astype(np.float32)
    frame = AudioFrame.from_ndarray(interleaved, format="flt", layout=layout)
    frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
    frame.pts = round(delay * rate)
    resampler = av.AudioResampler(stream.format, layout, rate, frame_size=stream.frame_size or 1024)
    for part in [*resampler.resample(frame), *resampler.resample(None), None]:
        output.mux(stream.encode(part))


def video_file(
    path: Path,
    *,
    frame_rate: Fraction | int = 25,
    codec: str = "libx264",
    delay: float = 0.0,
    rotation: int = 0,
    rate: int = RATE,
    seconds: int = SECONDS,
) -> Path:
    """A grey for each second, with one key frame in all; the sound may begin later."""
    with av.open(str(path), "w") as output:
        screen = cast("VideoStream", output.add_stream(codec, rate=frame_rate))
        screen.width, screen.height, screen.pix_fmt = 64, 48, "yuv420p"
        screen.gop_size = 10_000
        if rotation:
            screen.set_display_rotation(rotation)
        stream = output.add_stream("aac", rate=rate, layout="mono")
        for number in range(int(seconds * frame_rate)):
            grey = DARKEST + COLOUR_STEP * int(number / frame_rate)
            frame = VideoFrame.from_ndarray(np.full((48, 64, 3), grey, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, 1 / Fraction(frame_rate)
            output.mux(screen.encode(frame))
        output.mux(screen.encode(None))
        encode_sound(output, stream, [tones(rate, seconds)], rate, "mono", delay)
    return path


# Playing clips ------------------------------------------------------------------------------------


def sound_of(path: Path) -> tuple[Signal, int]:
    """All channels, shape [C, T], and the sample rate."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    resampler = av.AudioResampler(format="fltp")
    parts = [part for frame in frames for part in resampler.resample(frame)]
    return np.concatenate([part.to_ndarray() for part in parts], axis=1), frames[0].sample_rate


def heard_second(sound: Signal, rate: int, moment: float) -> int:
    """Which second of the recording is heard around a moment of the clip."""
    around = sound[round((moment - 0.05) * rate) : round((moment + 0.05) * rate)]
    spectrum = np.abs(np.fft.rfft(around * np.hanning(len(around)), 4 * rate))
    return round((np.argmax(spectrum) / 4 - LOWEST_TONE) / TONE_STEP)


def heard_seconds(path: Path, moments: Sequence[float]) -> list[int]:
    sound, rate = sound_of(path)
    return [heard_second(sound[0], rate, moment) for moment in moments]


def seen_seconds(path: Path) -> list[int]:
    """Which second of the recording each frame shows."""
    with av.open(str(path)) as container:
        greys = [frame.to_ndarray(format="gray").mean() for frame in container.decode(video=0)]
    return [round((float(grey) - DARKEST) / COLOUR_STEP) for grey in greys]


def cut_one(source: Path, start: float, end: float, folder: Path) -> Path:
    (clip,) = cut(source, [(start, end)], folder, LIMITS, stem="clip").clips
    return clip


# Sound --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", sorted(CODECS))
def test_a_clip_plays_the_sound_of_its_span(ending: str, tmp_path: Path) -> None:
    rate = 48_000 if CODECS[ending] == "libopus" else RATE
    source = sound_file(tmp_path / f"source.{ending}", [tones(rate)], rate)
    clip = cut_one(source, 2.5, 5.5, tmp_path)
    assert clip.name == "clip-01.wav"
    sound, clip_rate = sound_of(clip)
    assert (sound.shape, clip_rate) == ((1, 3 * rate), rate)
    moments = [0.1, 0.4, 0.6, 1.4, 1.6, 2.4, 2.6, 2.9]
    assert heard_seconds(clip, moments) == [2, 2, 3, 3, 4, 4, 5, 5]


def test_a_clip_of_a_wav_file_is_the_very_samples(tmp_path: Path) -> None:
    source = sound_file(tmp_path / "source.wav", [tones()])
    sound, _ = sound_of(cut_one(source, 1.2345, 3.21, tmp_path))
    whole, _ = sound_of(source)
    assert np.array_equal(sound, whole[:, round(1.2345 * RATE) : round(3.21 * RATE)])


def test_stereo_stays_stereo(tmp_path: Path) -> None:
    source = sound_file(tmp_path / "source.wav", [tones(), tones()[::-1]], layout="stereo")
    sound, _ = sound_of(cut_one(source, 1, 3, tmp_path))
    heard = [[heard_second(channel, RATE, moment) for moment in (0.5, 1.5)] for channel in sound]
    assert heard == [[1, 2], [6, 5]]


@pytest.mark.parametrize(("layout", "count"), [("5.1", 6), ("7.1", 8)])
def test_more_channels_become_their_mean(layout: str, count: int, tmp_path: Path) -> None:
    channels = [tones(), *[np.zeros(SECONDS * RATE, np.float32)] * (count - 1)]
    source = sound_file(tmp_path / "source.wav", channels, layout=layout)
    clip = cut_one(source, 1, 3, tmp_path)
    sound, _ = sound_of(clip)
    assert len(sound) == 1
    assert np.abs(sound).max() == pytest.approx(0.3 / count, abs=0.001)
    assert heard_seconds(clip, [0.5, 1.5]) == [1, 2]


def test_a_reel_plays_the_spans_in_a_row(tmp_path: Path) -> None:
    source = sound_file(tmp_path / "source.mp3", [tones()])
    done = cut(source, [(1, 2), (4, 5.5), (7, 8)], tmp_path, LIMITS, stem="x", reel=True)
    assert [path.name for path in done.clips] == ["x-01.wav", "x-02.wav", "x-03.wav"]
    assert done.reel == tmp_path / "x-reel.wav"
    assert sound_of(done.reel)[0].shape[1] == 3.5 * RATE
    assert heard_seconds(done.reel, [0.5, 1.5, 2.25, 2.75, 3.25]) == [1, 4, 5, 7, 7]


def test_a_reel_can_be_had_without_clips(tmp_path: Path) -> None:
    source = sound_file(tmp_path / "source.wav", [tones()])
    done = cut(source, [(1, 2), (4, 5)], tmp_path, LIMITS, stem="x", clips=False, reel=True)
    assert done == Cut((), tmp_path / "x-reel.wav", None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source.wav", "x-reel.wav"]


def test_spans_that_touch_share_no_sample_and_lose_none(tmp_path: Path) -> None:
    source = sound_file(tmp_path / "source.wav", [tones()])
    moments = np.linspace(0, SECONDS, 24)
    spans = list(pairwise(moments))
    done = cut(source, spans, tmp_path, LIMITS, stem="x", clips=False, reel=True)
    assert done.reel
    assert np.array_equal(sound_of(done.reel)[0], sound_of(source)[0])


def test_no_span_makes_no_file(tmp_path: Path) -> None:
    source = sound_file(tmp_path / "source.wav", [tones()])
    assert cut(source, [], tmp_path, LIMITS, stem="x", reel=True) == Cut((), None, None)
    assert [*tmp_path.iterdir()] == [source]


def test_a_recording_may_change_its_kind_of_sound(tmp_path: Path) -> None:
    path = tmp_path / "changing.wav"
    with MediaWriter(path, SoundKind(RATE, 1), None, None) as made:
        made.add_sound(np.full((1, RATE), 3_000, np.int16), SoundKind(RATE, 1))
        made.add_sound(np.full((2, 48_000), 3_000, np.int16), SoundKind(48_000, 2))
    sound, rate = sound_of(path)
    assert (rate, sound.shape[0]) == (RATE, 1)
    assert sound.shape[1] == pytest.approx(2 * RATE, abs=50)
    assert sound[0, -RATE // 2] > 0.05


# Video --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["mp4", "mkv", "mov"])
def test_a_clip_of_a_video_shows_and_plays_its_span(ending: str, tmp_path: Path) -> None:
    clip = cut_one(video_file(tmp_path / f"source.{ending}"), 2.6, 5.2, tmp_path)
    assert clip.name == "clip-01.mp4"
    assert seen_seconds(clip) == [2] * 10 + [3] * 25 + [4] * 25 + [5] * 5
    assert heard_seconds(clip, [0.2, 0.6, 1.2, 1.6, 2.2, 2.5]) == [2, 3, 3, 4, 4, 5]


def test_pictures_follow_the_sound_where_a_container_counts_the_run_in_of_a_codec(
    tmp_path: Path,
) -> None:
    clip = cut_one(video_file(tmp_path / "source.ts"), 2.6, 5.2, tmp_path)
    moments = [0.2, 0.6, 1.2, 1.6, 2.2]
    seen = seen_seconds(clip)
    assert heard_seconds(clip, moments) == [seen[round(moment * 25)] for moment in moments]
    assert heard_seconds(clip, moments) == [2, 3, 3, 4, 4]


def test_pictures_and_sound_stay_together_over_many_spans(tmp_path: Path) -> None:
    source = video_file(tmp_path / "source.mp4", frame_rate=Fraction(30_000, 1_001))
    spans = [(0.25 * number, 0.25 * number + 0.139) for number in range(4 * SECONDS)]
    done = cut(source, spans, tmp_path, LIMITS, stem="x", clips=False, reel=True)
    assert done.reel
    sound, rate = sound_of(done.reel)
    seen = seen_seconds(done.reel)
    assert len(seen) / (30_000 / 1_001) == pytest.approx(sound.shape[1] / rate, abs=0.1)
    middles = [(number + 0.5) * 4 * 0.139 for number in range(SECONDS)]
    assert [heard_second(sound[0], rate, moment) for moment in middles] == [*range(SECONDS)]
    assert [seen[int(moment * 30_000 / 1_001)] for moment in middles] == [*range(SECONDS)]


@pytest.mark.parametrize("ending", ["mkv", "mp4", "ts"])
def test_times_count_from_the_first_picture_though_sound_begins_later(
    ending: str, tmp_path: Path
) -> None:
    source = video_file(tmp_path / f"source.{ending}", delay=1.0)
    clip = cut_one(source, 2, 4, tmp_path)
    assert heard_seconds(clip, [0.5, 1.5]) == [1, 2]
    assert seen_seconds(clip) == [2] * 25 + [3] * 25


def test_a_clip_from_before_the_sound_begins_is_silent_and_shows_what_is_seen(
    tmp_path: Path,
) -> None:
    source = video_file(tmp_path / "source.mkv", delay=3.0)
    clip = cut_one(source, 1, 2, tmp_path)
    sound, _ = sound_of(clip)
    assert np.abs(sound).max() < 0.01
    assert seen_seconds(clip) == [1] * 25


def test_the_last_picture_stays_where_the_sound_goes_on(tmp_path: Path) -> None:
    clip = cut_one(video_file(tmp_path / "source.mkv", delay=2.0), 9, 10, tmp_path)
    assert heard_seconds(clip, [0.5]) == [7]
    assert seen_seconds(clip) == [7] * 25


@pytest.mark.parametrize(("ending", "timecode"), [("mov", "01:00:00;00"), ("mkv", "10:00:00:00")])
def test_the_timecode_of_a_video_is_known(ending: str, timecode: str, tmp_path: Path) -> None:
    path = tmp_path / f"source.{ending}"
    with av.open(str(path), "w") as output:
        output.metadata["timecode"] = timecode
        screen = output.add_stream("mpeg4", rate=Fraction(30_000, 1_001))
        screen.width, screen.height = 64, 48
        screen.metadata["timecode"] = timecode
        output.mux(screen.encode(VideoFrame(64, 48, "yuv420p")))
        output.mux(screen.encode(None))
    with open_video(path, LIMITS) as found:
        assert found
        assert found.timecode == timecode
    with open_video(video_file(tmp_path / "without.mp4"), LIMITS) as found:
        assert found
        assert found.timecode is None


def test_a_turned_video_stays_turned(tmp_path: Path) -> None:
    clip = cut_one(video_file(tmp_path / "source.mp4", rotation=90), 1, 2, tmp_path)
    with open_video(clip, LIMITS) as found:
        assert found
        assert (found.rotation, found.size) == (90, (64, 48))


def test_a_sample_rate_that_aac_has_not_becomes_one_that_it_has(tmp_path: Path) -> None:
    path = tmp_path / "odd.mp4"
    with open_video(video_file(tmp_path / "source.mp4"), LIMITS) as found:
        kind = SoundKind(6_000, 1)
        with MediaWriter(path, kind, found, "libx264") as made:
            made.add_sound((tones(6_000) * 32_767).astype(np.int16)[np.newaxis], kind)
            made.end_span(SECONDS)
    sound, rate = sound_of(path)
    assert rate == 48_000
    assert heard_second(sound[0], rate, 3.5) == 3


def test_pictures_that_cannot_be_decoded_leave_the_sound_and_a_sentence(tmp_path: Path) -> None:
    source = video_file(tmp_path / "source.mkv", codec="ffv1")
    done = cut(source, [(2, 3)], tmp_path, LIMITS, stem="x")
    assert (done.clips, done.note) == ((tmp_path / "x-01.wav",), UNREADABLE)
    assert heard_seconds(done.clips[0], [0.5]) == [2]


def test_giant_pictures_are_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "MOST_PIXELS", 64 * 47)
    done = cut(video_file(tmp_path / "source.mp4"), [(2, 3)], tmp_path, LIMITS, stem="x")
    assert done.note == UNREADABLE


def test_the_cover_of_a_song_is_no_moving_picture(tmp_path: Path) -> None:
    path = tmp_path / "song.m4a"
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("aac", rate=RATE, layout="mono")
        cover = output.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        output.mux(cover.encode(VideoFrame(64, 48, "yuvj420p")))
        output.mux(cover.encode(None))
        encode_sound(output, stream, [tones()], RATE, "mono")
    done = cut(path, [(2, 3)], tmp_path, LIMITS, stem="x")
    assert (done.clips, done.note) == ((tmp_path / "x-01.wav",), None)


@pytest.mark.parametrize(
    ("encoders", "name", "note"),
    [(["nonesuch"], "x-01.wav", UNWRITABLE), (["nonesuch", "mpeg4"], "x-01.mp4", SECOND_BEST)],
)
def test_without_h264_there_is_the_next_best_and_a_sentence(
    encoders: list[str], name: str, note: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_writer, "ENCODERS", encoders)
    done = cut(video_file(tmp_path / "source.mp4"), [(2, 4)], tmp_path, LIMITS, stem="x")
    assert (done.clips, done.note) == ((tmp_path / name,), note)
    assert heard_seconds(done.clips[0], [0.5, 1.5]) == [2, 3]
    if name.endswith("mp4"):
        assert seen_seconds(done.clips[0]) == [2] * 25 + [3] * 25


# What goes wrong ----------------------------------------------------------------------------------


def refusal(kind: type[Exception], source: Path, spans: list[tuple[float, float]]) -> str:
    with pytest.raises(kind) as caught:
        cut(source, spans, source.parent, LIMITS, stem="x", reel=True)
    return str(caught.value)


def test_a_span_beyond_the_end_is_refused(tmp_path: Path) -> None:
    source = sound_file(tmp_path / "source.wav", [tones()])
    message = refusal(AudioError, source, [(1, 2), (65, 70)])
    assert message.startswith("source.wav ends before 1:05, where span 2 begins: choose")


@pytest.mark.parametrize(
    "spans", [[(2, 1)], [(1, 1)], [(1, 3), (2, 4)], [(3, 4), (1, 2)], [(-1, 2)]]
)
def test_spans_out_of_order_are_refused(spans: list[tuple[float, float]], tmp_path: Path) -> None:
    source = sound_file(tmp_path / "source.wav", [tones()])
    assert "out of order" in refusal(OptionError, source, spans)


def test_a_folder_that_does_not_exist_is_named_in_a_sentence(tmp_path: Path) -> None:
    source = sound_file(tmp_path / "source.wav", [tones()])
    with pytest.raises(AudioError, match="The clips of x cannot be written"):
        cut(source, [(1, 2)], tmp_path / "missing", LIMITS, stem="x")


@pytest.mark.parametrize("questions", [0, 3, 60])
def test_work_that_is_stopped_leaves_no_file_half_written(questions: int, tmp_path: Path) -> None:
    source = video_file(tmp_path / "source.mp4")
    left = iter(range(questions))
    with pytest.raises(Cancelled):
        cut(
            *(source, [(1, 5)], tmp_path, LIMITS),
            stem="x",
            reel=True,
            stopped=lambda: next(left, None) is None,
        )
    assert [*tmp_path.iterdir()] == [source]


def test_the_seconds_decoded_are_told_and_work_stops_on_the_way_to_a_span(tmp_path: Path) -> None:
    source = sound_file(tmp_path / "source.flac", [tones()])
    told: list[float] = []
    with pytest.raises(Cancelled):
        cut(
            *(source, [(7, 8)], tmp_path, LIMITS),
            stem="x",
            stopped=lambda: bool(told) and told[-1] > 3,
            told=told.append,
        )
    assert told == sorted(told)
    assert 3 < told[-1] < 4
    assert [*tmp_path.iterdir()] == [source]


@cache
def small_video() -> bytes:
    with TemporaryDirectory() as folder:
        return video_file(Path(folder) / "small.mkv", seconds=3).read_bytes()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=200), st.floats(0, 1))
def test_a_broken_video_is_cut_or_refused_in_a_sentence(
    tmp_path: Path, damage: list[tuple[float, int]], kept: float
) -> None:
    broken = bytearray(small_video())
    for place, value in damage:
        broken[int(place * len(broken))] = value
    with suppress(AudioError):
        done = cut(bytes(broken[: int(kept * len(broken))]), [(1, 2)], tmp_path, LIMITS, stem="x")
        assert sound_of(done.clips[0])[0].size
