"""Everything here is synthesised; real recordings are in tests/integration/test_shared_audio.py."""

import logging
import struct
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from io import BytesIO
from pathlib import Path
from zlib import crc32

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from richspeech.audio import decode as audio
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform, open_recording
from richspeech.audio.mono import SAMPLE_RATE, resampled
from richspeech.errors import AudioError

LIMITS = AudioLimits(max_bytes=200_000_000, max_seconds=3600.0)
FREQUENCY = 1000.0
LEVEL = 0.5
CODEC_OF = {
    "wav": "pcm_s16le", "mp3": "libmp3lame", "flac": "flac", "ogg": "libopus", "ipod": "aac",
    "webm": "libopus",
}  # fmt: skip
LAYOUTS = ["mono", "stereo", "2.1", "4.0", "5.0", "5.1", "6.1", "7.1"]

Signal = NDArray[np.float32]


# ── making and measuring sound ────────────────────────────────────────────────────────────────


def tone(seconds: float = 1.0, sample_rate: int = 48_000, level: float = LEVEL) -> Signal:
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    return (level * np.sin(2 * np.pi * FREQUENCY * time)).astype(np.float32)


def encode(
    channels: list[Signal], sample_rate: int, container: str, codec: str, *, picture: bool = False
) -> bytes:
    """Write sound through PyAV, with a small moving picture if one is wanted."""
    file = BytesIO()
    layout = LAYOUTS[len(channels) - 1]
    interleaved = np.stack(channels, axis=1).reshape(1, -1)
    options = {"strict": "experimental"}  # for Vorbis
    if codec == "wmav2":
        options["b"] = "128000"
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=sample_rate, layout=layout, options=options)
        assert isinstance(stream, AudioStream)
        video = output.add_stream("mpeg4", rate=10, width=32, height=32) if picture else None
        resampler = av.AudioResampler(
            stream.format, layout, sample_rate, frame_size=stream.frame_size or 1024
        )
        frame = AudioFrame.from_ndarray(interleaved, format="flt", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = sample_rate, 0, Fraction(1, sample_rate)
        if video is not None:
            for index in range(10):
                image = VideoFrame.from_ndarray(np.full((32, 32, 3), 20 * index, np.uint8))
                output.mux(video.encode(image))
            output.mux(video.encode(None))
        for part in [*resampler.resample(frame), *resampler.resample(None), None]:
            output.mux(stream.encode(part))
    return file.getvalue()


def wav_header(
    *,
    channels: int = 1,
    sample_rate: int = SAMPLE_RATE,
    bits: int = 16,
    code: int = 1,
    data_bytes: int = 0xFFFF_FFF0,
) -> bytes:
    frame_bytes = channels * bits // 8
    return (
        struct.pack("<4sI4s4sI", b"RIFF", min(data_bytes + 36, 0xFFFF_FFFF), b"WAVE", b"fmt ", 16)
        + struct.pack("<HHI", code, channels, sample_rate)
        + struct.pack("<IHH", sample_rate * frame_bytes & 0xFFFF_FFFF, frame_bytes & 0xFFFF, bits)
        + struct.pack("<4sI", b"data", data_bytes)
    )


@cache
def small(container: str) -> bytes:
    return encode([tone(0.3)], 48_000, container, CODEC_OF[container])


def middle(waveform: Signal) -> Signal:
    return waveform[len(waveform) // 4 : -len(waveform) // 4]


def frequency(waveform: Signal) -> float:
    part = middle(waveform)
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
    return float(np.argmax(spectrum) * SAMPLE_RATE / len(part))


def level(waveform: Signal) -> float:
    return float(np.sqrt(2 * np.mean(middle(waveform) ** 2)))


def assert_is_the_tone(waveform: Signal, *, expected_level: float, seconds: float) -> None:
    assert waveform.dtype == np.float32
    assert waveform.ndim == 1
    assert frequency(waveform) == pytest.approx(FREQUENCY, abs=5)
    assert level(waveform) == pytest.approx(expected_level, rel=0.01)
    assert len(waveform) / SAMPLE_RATE == pytest.approx(seconds, abs=0.01)


def message_of(source: Path | str | bytes, limits: AudioLimits = LIMITS) -> str:
    with pytest.raises(AudioError) as caught:
        load_waveform(source, limits)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    assert "Errno" not in message
    assert "/" not in message
    return message


# ── what people upload ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "sample_rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000]
)
def test_every_sample_rate_keeps_pitch_level_and_length(sample_rate: int) -> None:
    content = encode([tone(1.0, sample_rate)], sample_rate, "wav", "pcm_s16le")
    assert_is_the_tone(load_waveform(content, LIMITS), expected_level=LEVEL, seconds=1.0)


@pytest.mark.parametrize(
    "codec", ["u8", "s16le", "s24le", "s32le", "f32le", "f64le", "alaw", "mulaw"]
)
def test_every_sample_format_of_wav_has_the_same_level(codec: str) -> None:
    content = encode([tone()], 48_000, "wav", f"pcm_{codec}")
    assert_is_the_tone(load_waveform(content, LIMITS), expected_level=LEVEL, seconds=1.0)


@pytest.mark.parametrize(
    ("container", "codec", "channels", "sample_rate"),
    [
        ("flac", "flac", 2, 44_100),
        ("ogg", "flac", 1, 48_000),
        ("aiff", "pcm_s16be", 2, 44_100),
        ("au", "pcm_s16be", 1, 22_050),
        ("caf", "pcm_s16be", 1, 44_100),
        ("w64", "pcm_s24le", 1, 48_000),
        ("ipod", "alac", 2, 44_100),
        ("tta", "tta", 2, 44_100),
        ("wv", "wavpack", 2, 44_100),
    ],
)
def test_lossless_uploads_come_back_exactly(
    container: str, codec: str, channels: int, sample_rate: int
) -> None:
    content = encode([tone(1.0, sample_rate)] * channels, sample_rate, container, codec)
    assert_is_the_tone(load_waveform(content, LIMITS), expected_level=LEVEL, seconds=1.0)


@pytest.mark.parametrize(
    ("container", "codec", "channels", "sample_rate"),
    [
        ("mp3", "libmp3lame", 1, 16_000),
        ("mp3", "libmp3lame", 2, 44_100),
        ("ipod", "aac", 2, 44_100),
        ("ipod", "aac", 6, 48_000),
        ("adts", "aac", 1, 22_050),
        ("3gp", "libopencore_amrnb", 1, 8_000),
        ("amr", "libopencore_amrnb", 1, 8_000),
        ("ogg", "vorbis", 2, 44_100),
        ("ogg", "libopus", 1, 48_000),
        ("opus", "libopus", 8, 48_000),
        ("webm", "libopus", 2, 48_000),
        ("asf", "wmav2", 2, 44_100),
        ("avi", "libmp3lame", 2, 44_100),
        ("mpegts", "aac", 2, 48_000),
        ("ac3", "ac3", 6, 48_000),
    ],
)
def test_lossy_uploads_keep_the_sound(
    container: str, codec: str, channels: int, sample_rate: int
) -> None:
    content = encode([tone(1.0, sample_rate)] * channels, sample_rate, container, codec)
    waveform = load_waveform(content, LIMITS)
    assert frequency(waveform) == pytest.approx(FREQUENCY, abs=5)
    expected_level = LEVEL * 5 / 6 if channels == 6 else LEVEL  # the bass channel keeps no tone
    assert level(waveform) == pytest.approx(expected_level, rel=0.15)
    assert len(waveform) / SAMPLE_RATE == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize(("container", "codec"), [("mp4", "aac"), ("matroska", "libopus")])
def test_a_video_gives_its_sound(container: str, codec: str) -> None:
    content = encode([tone()], 48_000, container, codec, picture=True)
    waveform = load_waveform(content, LIMITS)
    assert frequency(waveform) == pytest.approx(FREQUENCY, abs=5)
    assert level(waveform) == pytest.approx(LEVEL, rel=0.1)


def test_a_click_in_an_m4a_stays_where_it_was() -> None:
    click = np.zeros(48_000, np.float32)
    click[24_000:24_048] = 0.9
    waveform = load_waveform(encode([click], 48_000, "ipod", "aac"), LIMITS)
    assert np.argmax(np.abs(waveform)) / SAMPLE_RATE == pytest.approx(0.5, abs=0.06)


def test_a_click_stays_exactly_where_it_was_through_resampling() -> None:
    click = np.zeros(44_100, np.float32)
    click[22_050] = 1.0
    waveform = load_waveform(encode([click], 44_100, "wav", "pcm_f32le"), LIMITS)
    assert np.argmax(np.abs(waveform)) / SAMPLE_RATE == pytest.approx(0.5, abs=0.0002)


def test_the_last_milliseconds_are_not_lost_in_the_resampler() -> None:
    burst = np.concatenate([np.zeros(44_100, np.float32), tone(0.02, 44_100)])
    waveform = load_waveform(encode([burst], 44_100, "wav", "pcm_s16le"), LIMITS)
    assert np.abs(waveform[-80:]).max() > 0.4  # the last 5 ms


def test_sound_above_the_new_bandwidth_does_not_fold_back() -> None:
    time = np.arange(48_000) / 48_000
    whistle = (0.5 * np.sin(2 * np.pi * 15_000 * time)).astype(np.float32)
    assert level(load_waveform(encode([whistle], 48_000, "wav", "pcm_s16le"), LIMITS)) < 0.001


@pytest.mark.parametrize("wrong_name", ["talk.mp3", "talk.m3u8", "talk.txt", "talk"])
def test_the_content_counts_not_the_extension(tmp_path: Path, wrong_name: str) -> None:
    path = tmp_path / wrong_name
    path.write_bytes(small("flac"))
    assert len(load_waveform(path, LIMITS)) == pytest.approx(0.3 * SAMPLE_RATE, abs=2)
    assert len(load_waveform(str(path), LIMITS)) == pytest.approx(0.3 * SAMPLE_RATE, abs=2)
    with path.open("rb") as file:
        assert len(load_waveform(file, LIMITS)) == pytest.approx(0.3 * SAMPLE_RATE, abs=2)


# ── channels ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("count", range(1, 9))
def test_channels_that_agree_keep_their_level(count: int) -> None:
    content = encode([tone()] * count, 48_000, "wav", "pcm_s16le")
    assert_is_the_tone(load_waveform(content, LIMITS), expected_level=LEVEL, seconds=1.0)


@pytest.mark.parametrize("count", range(2, 9))
def test_a_voice_on_any_single_channel_stays_audible(count: int) -> None:
    for speaking in range(count):
        channels = [tone() * np.float32(channel == speaking) for channel in range(count)]
        waveform = load_waveform(encode(channels, 48_000, "flac", "flac"), LIMITS)
        assert_is_the_tone(waveform, expected_level=LEVEL / count, seconds=1.0)


@pytest.mark.parametrize("count", [3, 8, 16, 64])
def test_channels_without_a_layout_are_averaged(count: int) -> None:
    samples = np.repeat(np.round(tone(1.0, 16_000) * 32768)[:, np.newaxis], count, axis=1)
    content = wav_header(channels=count, data_bytes=samples.size * 2)
    content += samples.astype("<i2").tobytes()
    assert_is_the_tone(load_waveform(content, LIMITS), expected_level=LEVEL, seconds=1.0)


def test_loud_stereo_does_not_clip() -> None:
    content = encode([tone(level=0.99)] * 2, 48_000, "wav", "pcm_f32le")
    assert_is_the_tone(load_waveform(content, LIMITS), expected_level=0.99, seconds=1.0)


# ── blocks, memory, limits ────────────────────────────────────────────────────────────────────


def test_blocks_are_of_one_length_and_join_to_the_whole() -> None:
    content = encode([tone(2.35)], 48_000, "mp3", "libmp3lame")
    with open_recording(content, LIMITS) as recording:
        blocks = list(recording.blocks(0.5))
    assert {len(block) for block in blocks[:-1]} == {SAMPLE_RATE // 2}
    assert 0 < len(blocks[-1]) <= SAMPLE_RATE // 2
    assert np.array_equal(np.concatenate(blocks), load_waveform(content, LIMITS))


def test_a_recording_of_a_whole_number_of_blocks_ends_without_an_empty_one() -> None:
    content = encode([tone(1.0, 16_000)], 16_000, "wav", "pcm_s16le")
    with open_recording(content, LIMITS) as recording:
        assert [len(block) for block in recording.blocks(0.5)] == [8_000, 8_000]


def test_blocks_do_not_share_memory() -> None:
    content = encode([tone(1.0, 16_000)], 16_000, "wav", "pcm_s16le")
    with open_recording(content, LIMITS) as recording:
        first, second = recording.blocks(0.5)
    assert not np.shares_memory(first, second)


def test_ten_minutes_take_no_more_memory_than_a_few_blocks(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    data_bytes = 600 * 48_000 * 4
    with path.open("wb") as file:
        file.write(wav_header(channels=2, sample_rate=48_000, data_bytes=data_bytes))
        file.truncate(44 + data_bytes)
    tracemalloc.start()
    try:
        with open_recording(path, LIMITS) as recording:
            seconds = sum(len(block) for block in recording.blocks(10.0)) / SAMPLE_RATE
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seconds == pytest.approx(600.0, abs=0.01)
    assert peak_bytes < 4 * 10 * SAMPLE_RATE * 4


def test_the_claimed_duration_is_told() -> None:
    with open_recording(small("ipod"), LIMITS) as recording:
        assert recording.duration == pytest.approx(0.3, abs=0.05)


def test_a_duration_that_the_bytes_cannot_hold_is_not_told() -> None:
    with open_recording(FORGERIES["flac of 2^36 samples"](), LIMITS) as recording:
        assert recording.duration is None
        assert sum(map(len, recording.blocks())) == pytest.approx(0.3 * SAMPLE_RATE, abs=2)


def gsm_in_aiff(seconds: int, claimed_frames: int) -> bytes:
    """Noise of 50 packets a second, under a header that counts samples, packets or anything."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">4sI", kind, len(body)) + body

    rate = struct.pack(">HQ", 16_383 + 12, 8000 << 51)  # 8000 Hz, as 80 bits of floating point
    kind = struct.pack(">hIh", 1, claimed_frames, 16) + rate + b"GSM \x03GSM"
    sound = bytes(8) + (b"\xd5" * 33) * 50 * seconds
    form = b"AIFC" + chunk(b"COMM", kind) + chunk(b"SSND", sound)
    return chunk(b"FORM", form)


def flac_that_claims(seconds: float, samples: int) -> bytes:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, round(seconds * 48_000))
    content = bytearray(encode([noise.astype(np.float32)], 48_000, "flac", "flac"))
    content[22:26] = struct.pack(">I", samples)
    return bytes(content)


def durations_told(content: bytes) -> list[float | None]:
    """What is told of the length after each second that was decoded."""
    with open_recording(content, LIMITS) as recording:
        return [recording.duration for _ in recording.blocks(1.0)]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda: gsm_in_aiff(10, 10 * 8000), id="samples taken for packets"),
        pytest.param(lambda: flac_that_claims(3, 48_000 * 3600), id="an hour in three seconds"),
        pytest.param(lambda: gsm_in_aiff(10, 1), id="less than there is"),
    ],
)
def test_a_length_that_the_sound_so_far_contradicts_is_taken_back(
    content: Callable[[], bytes],
) -> None:
    told = durations_told(content())
    assert len(told) >= 3
    assert told[len(told) // 2] is None


def test_a_length_that_counts_packets_is_told_to_the_end() -> None:
    assert durations_told(gsm_in_aiff(10, 500)) == [10.0] * 10


@pytest.mark.parametrize("container", CODEC_OF)
def test_an_honest_length_is_told_to_the_end(container: str) -> None:
    quiet, loud = tone(3.0, level=0.001), tone(3.0)
    content = encode([np.concatenate([loud, quiet])], 48_000, container, CODEC_OF[container])
    assert durations_told(content) == pytest.approx([6.0] * len(durations_told(content)), abs=0.1)


def test_too_many_bytes_are_refused_before_decoding(tmp_path: Path) -> None:
    limits = AudioLimits(max_bytes=1000, max_seconds=60.0)
    (tmp_path / "talk.wav").write_bytes(small("wav"))
    assert "more than the allowed" in message_of(small("wav"), limits)
    assert message_of(tmp_path / "talk.wav", limits).startswith("talk.wav ")


def test_seconds_are_counted_whatever_the_header_claims() -> None:
    limits = AudioLimits(max_bytes=10_000_000, max_seconds=1.5)
    real = encode([tone(2.0)], 48_000, "ogg", "libopus")
    assert "longer than the allowed 1.5 sec" in message_of(real, limits)
    with open_recording(real, limits) as recording:
        blocks = recording.blocks(0.5)
        assert len(next(blocks)) == SAMPLE_RATE // 2  # sound before the limit is given


def test_a_header_that_claims_little_does_not_hide_too_much_sound() -> None:
    content = bytearray(encode([tone(2.0)], 48_000, "flac", "flac"))
    content[22:26] = struct.pack(">I", 48_000)  # one second
    assert "longer than" in message_of(bytes(content), AudioLimits(10_000_000, 1.5))


def test_a_recording_of_exactly_the_limit_is_allowed() -> None:
    content = encode([tone(1.0, 16_000)], 16_000, "wav", "pcm_s16le")
    assert len(load_waveform(content, AudioLimits(1_000_000, 1.0))) == SAMPLE_RATE


# ── what is wrong is said in a sentence ───────────────────────────────────────────────────────


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "nothing.mp3").touch()
    assert message_of(tmp_path / "nothing.mp3").startswith("nothing.mp3 is empty")


def test_a_header_without_samples_holds_no_sound() -> None:
    assert "no sound" in message_of(wav_header(data_bytes=0))


def test_text_cannot_be_read_as_sound() -> None:
    assert "cannot be read" in message_of(b"Dear listener, this is a letter.\n" * 100)


def test_a_video_without_sound_has_no_audio() -> None:
    file = BytesIO()
    with av.open(file, "w", format="mp4") as output:
        video = output.add_stream("mpeg4", rate=10, width=32, height=32)
        for _ in range(5):
            output.mux(video.encode(VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))))
        output.mux(video.encode(None))
    assert "has no audio" in message_of(file.getvalue())


@pytest.mark.parametrize("sample_rate", [1, 100, 3_999, 400_000, 2**31 - 1])
def test_an_absurd_sample_rate_is_refused(sample_rate: int) -> None:
    content = wav_header(sample_rate=sample_rate, data_bytes=2000) + bytes(2000)
    assert f"{sample_rate} Hz" in message_of(content) or sample_rate > 10**6


def test_too_many_channels_are_refused() -> None:
    content = wav_header(channels=100, data_bytes=20_000) + bytes(20_000)
    assert "100 channels" in message_of(content)


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:9/a.wav",
        "file:talk.wav",
        "concat:talk.wav",
        "data:,x",
        "talk\0.wav",
        "a" * 5000,
        "",
    ],
)
def test_a_string_is_never_taken_for_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / "talk.wav").write_bytes(small("wav"))
    monkeypatch.chdir(tmp_path)
    message_of(text)


def test_a_folder_or_a_device_is_not_a_file(tmp_path: Path) -> None:
    assert "not a file" in message_of(tmp_path)
    assert "not a file" in message_of("/dev/zero")


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1.0,\nsecret.wav\n#EXT-X-ENDLIST\n",
    "ffconcat": "ffconcat version 1.0\nfile secret.wav\n",
    "dash": """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S">
<Period><AdaptationSet contentType="audio"><Representation id="1"><BaseURL>secret.wav</BaseURL>
</Representation></AdaptationSet></Period></MPD>""",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
}


@pytest.mark.parametrize("name", ["list.m3u8", "list.ffconcat", "list.mpd", "list.sdp", "x.wav"])
@pytest.mark.parametrize("text", PLAYLISTS.values(), ids=PLAYLISTS.keys())
def test_a_playlist_cannot_reach_other_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    (tmp_path / "secret.wav").write_bytes(small("wav"))
    (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    assert "cannot be read" in message_of(tmp_path / name)


def test_messages_and_logs_never_tell_the_folder(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "line\nbreak.wav").write_bytes(b"no sound")
    with caplog.at_level(logging.DEBUG):
        message = message_of(tmp_path / "line\nbreak.wav")
    assert message.startswith("line�break.wav ")
    assert str(tmp_path) not in caplog.text


def test_a_name_can_be_given_for_content_that_has_none() -> None:
    with pytest.raises(AudioError, match=r"^talk\.ogg cannot"):
        load_waveform(b"no sound", LIMITS, name="C:\\Users\\me\\talk.ogg")


# ── damage ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("container", ["wav", "mp3", "flac", "ogg", "webm"])
def test_a_recording_cut_off_in_the_middle_gives_its_beginning(container: str) -> None:
    content = encode([tone(6.0)], 48_000, container, CODEC_OF[container])
    waveform = load_waveform(content[: len(content) * 2 // 3], LIMITS)
    assert 1.0 < len(waveform) / SAMPLE_RATE < 5.0
    assert frequency(waveform) == pytest.approx(FREQUENCY, abs=5)


def test_damaged_packets_are_left_out_and_reported_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    content = bytearray(encode([tone(2.0)], 48_000, "ipod", "aac"))
    start = content.index(b"mdat") + 4
    content[start + 10_000 : start + 14_000] = b"\xff" * 4_000
    with caplog.at_level(logging.INFO):
        waveform = load_waveform(bytes(content), LIMITS, name="talk.m4a")
    assert len(waveform) / SAMPLE_RATE == pytest.approx(2.0, abs=0.1)
    assert len(caplog.records) == 1
    assert " damaged packets " in caplog.records[0].getMessage()


def test_a_recording_with_nothing_but_damage_is_refused() -> None:
    content = bytearray(encode([tone()], 48_000, "ipod", "aac"))
    start, end = content.index(b"mdat") + 4, content.rindex(b"moov") - 4
    content[start:end] = b"\xff" * (end - start)
    assert "too damaged" in message_of(bytes(content))


def test_rate_and_channels_may_change_within_a_recording() -> None:
    first = encode([tone(1.0, 16_000)], 16_000, "mp3", "libmp3lame")
    second = encode([tone(1.0, 44_100)] * 2, 44_100, "mp3", "libmp3lame")
    waveform = load_waveform(first + second, LIMITS)
    assert len(waveform) / SAMPLE_RATE == pytest.approx(2.0, abs=0.15)
    assert frequency(waveform[: SAMPLE_RATE * 9 // 10]) == pytest.approx(FREQUENCY, abs=5)
    assert frequency(waveform[SAMPLE_RATE * 11 // 10 :]) == pytest.approx(FREQUENCY, abs=5)


@given(st.lists(st.integers(1, 30_000), min_size=1, max_size=12), st.sampled_from([8_000, 44_100]))
def test_frames_of_any_length_are_mixed_as_if_they_were_one(
    lengths: list[int], sample_rate: int
) -> None:
    samples = np.stack([tone(sum(lengths) / sample_rate, sample_rate)[: sum(lengths)]] * 2)
    samples[1] *= 0.5

    def mixed(parts: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        frames = [AudioFrame.from_ndarray(each, format="fltp", layout="stereo") for each in parts]
        for frame in frames:
            frame.sample_rate = sample_rate
        return np.concatenate([*resampled(frames, "a.wav")])

    parts = np.split(samples, np.cumsum(lengths)[:-1], axis=1)
    np.testing.assert_array_equal(mixed(parts), mixed([samples]))


def test_samples_that_are_no_numbers_become_silence_and_too_loud_ones_are_cut() -> None:
    samples = tone(1.0, 16_000)
    samples[4_000], samples[8_000], samples[12_000] = np.nan, np.inf, -7.0
    content = wav_header(code=3, bits=32, data_bytes=samples.nbytes) + samples.tobytes()
    waveform = load_waveform(content, LIMITS)
    assert [waveform[4_000], waveform[8_000], waveform[12_000]] == [0.0, 0.0, -1.0]
    assert level(waveform) == pytest.approx(LEVEL, rel=0.02)


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 192_000])
def test_a_single_sample_is_sound_enough_to_be_ten_milliseconds(sample_rate: int) -> None:
    content = wav_header(sample_rate=sample_rate, data_bytes=2) + b"\0\x40"
    assert len(load_waveform(content, LIMITS)) == SAMPLE_RATE // 100


def mp4_that_claims(samples: int) -> bytes:
    """Sixty bytes of sound under tables that promise any number of samples."""

    def box(kind: bytes, *parts: bytes) -> bytes:
        body = b"".join(parts)
        return struct.pack(">I4s", len(body) + 8, kind) + body

    def table(kind: bytes, *numbers: int) -> bytes:
        return box(kind, bytes(4), struct.pack(f">{len(numbers)}I", *numbers))

    sound = struct.pack(">6xHHHIHHHHI", 1, 0, 0, 0, 1, 16, 0, 0, 8000 << 16)
    tables = box(
        b"stbl",
        box(b"stsd", bytes(4), struct.pack(">I", 1), box(b"alac", sound)),
        table(b"stts", 1, samples, 1),
        table(b"stsc", 1, 1, samples, 1),
        table(b"stsz", 2, samples),
        table(b"stco", 1, 40),
    )
    media = box(
        b"mdia",
        box(b"mdhd", bytes(4), struct.pack(">IIIII", 0, 0, 8000, samples, 0)),
        box(b"hdlr", bytes(8), b"soun", bytes(13)),
        box(b"minf", box(b"smhd", bytes(8)), tables),
    )
    track = box(
        b"trak", box(b"tkhd", bytes(4), struct.pack(">5I", 0, 0, 1, 0, samples), bytes(60)), media
    )
    header = box(b"mvhd", bytes(4), struct.pack(">4I", 0, 0, 8000, samples), bytes(80))
    return box(b"ftyp", b"M4A ", bytes(4)) + box(b"mdat", b"\1" * 60) + box(b"moov", header, track)


FORGERIES: dict[str, Callable[[], bytes]] = {
    "wav of 4 GB and 65535 channels": lambda: wav_header(channels=65_535) + bytes(1000),
    "wav of 4 GB": lambda: wav_header() + bytes(1000),
    "wav of 65535 bytes in a sample frame": lambda: wav_header(bits=65_535) + bytes(1000),
    "flac of 2^36 samples": lambda: small("flac")[:21] + b"\xff" * 5 + small("flac")[26:],
    "mp4 of 2^32 samples": lambda: mp4_that_claims(2**32 - 1),
    "mp4 of 10^8 samples": lambda: mp4_that_claims(10**8),
    "png of 60000 by 60000 pixels": lambda: (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", 60_000, 60_000, 8, 6, 0, 0, 0, 0)
    ),
}

DECODE_WITH_LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform
from richspeech.errors import AudioError
load_waveform(Path(sys.argv[1]), AudioLimits(10**6, 60.0))
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 200_000_000, used + 200_000_000))
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
for path in sys.argv[2:]:
    try:
        load_waveform(Path(path), AudioLimits(10**6, 60.0))
    except AudioError as error:
        assert "memory" not in repr(error.__cause__).lower(), error
status = Path("/proc/self/status").read_text()  # ru_maxrss would count the parent, too
print(status.partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are set as Linux does")
def test_a_forged_header_gets_no_memory(tmp_path: Path) -> None:
    paths = [tmp_path / "honest.wav"]
    paths[0].write_bytes(small("wav"))
    for name, content in FORGERIES.items():
        paths.append(tmp_path / name)
        paths[-1].write_bytes(content())
    root = Path(audio.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", DECODE_WITH_LITTLE_MEMORY, *map(str, paths)],
        cwd=root, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 300_000  # KB


def test_no_picture_is_decoded_however_big_it_claims_to_be() -> None:
    resource = pytest.importorskip("resource")
    file = BytesIO()
    with av.open(file, "w", format="mov") as output:
        picture = output.add_stream("png", rate=10, width=32, height=32)
        picture.pix_fmt = "rgb24"
        sound = output.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout="mono")
        output.mux(picture.encode(VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))))
        frame = AudioFrame.from_ndarray(np.ones((1, 8000), np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE, 0
        output.mux(sound.encode(frame))
    content = bytearray(file.getvalue())
    header = content.index(b"IHDR")
    content[header + 4 : header + 12] = struct.pack(">II", 16_000, 16_000)  # 768 MB of pixels
    checked = crc32(content[header : header + 17])
    content[header + 17 : header + 21] = struct.pack(">I", checked)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert len(load_waveform(bytes(content), LIMITS)) == 8000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 100_000


# ── anything at all ───────────────────────────────────────────────────────────────────────────


def assert_is_sound_or_one_sentence(content: bytes) -> None:
    try:
        waveform = load_waveform(content, AudioLimits(max_bytes=1_000_000, max_seconds=60.0))
    except AudioError as error:
        message = str(error)
    else:
        message = "."
        assert waveform.dtype == np.float32
        assert waveform.size
        assert np.abs(waveform).max() <= 1.0
    assert message.endswith(".")
    assert "\n" not in message


MAGIC = [
    b"", b"RIFF\0\1\0\0WAVEfmt ", b"fLaC", b"OggS", b"ID3\4\0", b"\xff\xfb", b"\xff\xf1",
    b"\0\0\0\x18ftypM4A ", b"\x1aE\xdf\xa3", b"FORM\0\0\1\0AIFF", b"#!AMR\n", b"NIST_1A\n",
    b"0&\xb2u\x8ef\xcf\x11\xa6\xd9\0\xaa\0b\xcel", b".snd", b"caff\0\1\0\0", b"TTA1", b"wvpk",
    b"MAC ", b"FLV\1",
]  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(MAGIC), st.binary(max_size=4000))
def test_any_bytes_are_sound_or_one_sentence(magic: bytes, rest: bytes) -> None:
    assert_is_sound_or_one_sentence(magic + rest)


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(["wav", "mp3", "flac", "ogg", "ipod", "webm"]),
    st.floats(0.0, 1.0),
    st.lists(st.tuples(st.floats(0.0, 1.0, exclude_max=True), st.integers(0, 255)), max_size=8),
)
def test_any_damage_leaves_sound_or_one_sentence(
    container: str, kept: float, changes: list[tuple[float, int]]
) -> None:
    content = bytearray(small(container))
    for where, value in changes:
        content[int(where**2 * len(content))] = value  # rather near the header
    assert_is_sound_or_one_sentence(bytes(content[: round(kept * len(content))]))
