"""Sound without a header is read as whoever hands it in says, and in no other way."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from richspeech.audio import mono
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import open_recording
from richspeech.errors import AudioError, OptionError
from richspeech.model.raw_format import CHANNELS, DEMUXERS, RATES, RawFormat
from tests.unit.audio.test_audio import LEVEL, Signal, encode, frequency, level, tone

LIMITS = AudioLimits(10**9, 60.0)


def heard(source: bytes | Path, raw: RawFormat, limits: AudioLimits = LIMITS) -> Signal:
    with open_recording(source, limits, raw=raw) as recording:
        return np.concatenate([*recording.blocks()])


def linear(wave: Signal, kind: str) -> bytes:
    return np.round(wave * 32767).astype(kind).tobytes()


def written(text: str) -> bytes:
    """A second of the tone, as the text says."""
    form = RawFormat.read(text)
    wave = tone(1.0, form.sample_rate)
    if form.channels == 2:
        wave = np.repeat(wave, 2)
    match form.encoding:
        case "ulaw" | "alaw":
            codec = "pcm_" + form.demuxer
            return encode([wave], form.sample_rate, form.demuxer, codec)
        case "u8":
            return np.round(wave * 127 + 128).astype(np.uint8).tobytes()
        case "s24le":
            whole = np.round(wave * 8_388_607).astype("<i4")
            return whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
        case "f32le":
            return wave.astype("<f4").tobytes()
        case _:
            return linear(wave, ">i2" if form.encoding == "s16be" else "<i2")


@pytest.mark.parametrize(
    "text",
    [
        *("ulaw:8000", "alaw:8000", "u8:8000", "s16le:16000", "s16be:44100", "s24le:48000"),
        *("f32le:16000", "s16le:16000:2", "S16LE:16000:2 "),
    ],
)
def test_samples_are_what_was_said(text: str) -> None:
    waveform = heard(written(text), RawFormat.read(text))
    assert len(waveform) == pytest.approx(16_000, abs=2)
    assert frequency(waveform) == pytest.approx(1000.0, abs=5)
    assert level(waveform) == pytest.approx(LEVEL, rel=0.02)


def test_gsm_is_decoded_frame_by_frame() -> None:
    silence = bytes([0xD0]) + bytes(32)
    waveform = heard(silence * 50, RawFormat("gsm", 8_000))
    assert len(waveform) == 16_000


@pytest.mark.parametrize("head", [b"ID3\3\0\0\0\0\0\x10", b"RIFF\0\0\0\0WAVE", b"fLaC", b"OggS"])
def test_nothing_in_raw_sound_is_a_header(head: bytes) -> None:
    wave = written("s16le:16000")
    raw = RawFormat("s16le", 16_000)
    with open_recording(head + bytes(len(head) % 2) + wave, LIMITS, raw=raw) as recording:
        waveform = np.concatenate([*recording.blocks()])
        assert recording.duration == pytest.approx(1.0, abs=0.01)
        assert not recording.warnings
    assert len(waveform) == (len(head) + len(head) % 2 + len(wave)) // 2
    assert frequency(waveform[8:]) == pytest.approx(1000.0, abs=5)


def test_raw_sound_has_the_limits_of_any_recording(tmp_path: Path) -> None:
    path, raw = tmp_path / "call.raw", RawFormat("ulaw", 8_000)
    path.write_bytes(bytes(80_000))
    with pytest.raises(AudioError, match=r"call\.raw"):
        heard(path, raw, AudioLimits(10_000, 60.0))
    with pytest.raises(AudioError, match="longer than"):
        heard(path, raw, AudioLimits(10**6, 2.0))


def test_the_same_bytes_said_to_be_something_else_are_another_recording(tmp_path: Path) -> None:
    content = written("s16le:16000")
    (tmp_path / "a.raw").write_bytes(content)

    def digest(raw: RawFormat | None) -> str | None:
        with open_recording(tmp_path / "a.raw", LIMITS, raw=raw) as recording:
            return recording.content()

    formats = [RawFormat("s16le", 16_000), RawFormat("s16le", 8_000), RawFormat("s16le", 8_000, 2)]
    assert len({digest(raw) for raw in formats}) == 3
    assert digest(formats[0]) == digest(formats[0])


@given(
    st.sampled_from([*DEMUXERS]),
    st.integers(RATES[0], RATES[-1]),
    st.integers(CHANNELS[0], CHANNELS[-1]),
)
def test_what_is_written_is_read_back(encoding: str, rate: int, channels: int) -> None:
    form = RawFormat(encoding, rate, 1 if encoding == "gsm" else channels)
    assert RawFormat.read(str(form)) == form


@given(st.text() | st.from_regex(r"[a-z0-9]{1,6}:[0-9]{1,12}(:[0-9]{1,12})?", fullmatch=True))
def test_anything_is_a_format_or_refused_in_a_sentence(text: str) -> None:
    sentence = "."
    try:
        assert RawFormat.read(text).encoding in DEMUXERS
    except OptionError as error:
        sentence = str(error)
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ulaw", "ulaw does not say what raw sound is"),
        ("ulaw:8k", "ulaw:8k does not say"),
        ("opus:48000", "opus is no encoding of raw sound"),
        ("ulaw:100", "Raw sound of 100 Hz is not read"),
        ("ulaw:8000:0", "Raw sound of 0 channels is not read: name 1 to 64"),
        ("gsm:8000:2", "Raw sound of 2 channels is not read: name 1 to 1"),
    ],
)
def test_what_is_wrong_is_named(text: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        RawFormat.read(text)


def test_rates_and_channels_are_those_of_any_recording() -> None:
    assert (RATES[0], RATES[-1]) == (mono.LOWEST_SAMPLE_RATE, mono.HIGHEST_SAMPLE_RATE)
    assert CHANNELS[-1] == mono.MOST_CHANNELS


def test_half_a_sample_at_the_end_is_left_out() -> None:
    content = written("s16le:16000") + struct.pack("<b", 1)
    assert len(heard(content, RawFormat("s16le", 16_000))) == 16_000
