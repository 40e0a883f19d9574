"""WAVs whose header is wrong, made here: all of the sound is heard, and nothing else."""

import struct
import tracemalloc
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from richspeech.audio.chunks import WAVE64_START
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform, open_recording
from richspeech.audio.header import Sound
from richspeech.audio.mono import SAMPLE_RATE
from richspeech.audio.pieces import Pieces
from richspeech.errors import AudioError
from tests.unit.audio.test_audio import FREQUENCY, encode, frequency, tone

LIMITS = AudioLimits(10**9, 3600.0)
TAGS = b"LIST" + struct.pack("<I", 16) + b"INFOISFT" + struct.pack("<I", 4) + b"abc\0"
TEXT = b"this is no sound, but a long story about how a file came to be what it is. " * 60
WAVE64_REST = bytes.fromhex("f3acd3118cd100c04f8edb8a")


def samples(seconds: float, code: int = 1) -> bytes:
    wave = tone(seconds, SAMPLE_RATE)
    if code == 1:
        return (wave * 32767).astype("<i2").tobytes()
    return encode([wave], SAMPLE_RATE, "mulaw", "pcm_mulaw")


def wav(
    sound: bytes,
    claimed: int | None = None,
    behind: bytes = b"",
    *,
    code: int = 1,
    rate: int = 16_000,
) -> bytes:
    """Write a WAV that claims so many bytes of sound, by default as many as there are."""
    size = len(sound) if claimed is None else claimed
    width = 2 if code == 1 else 1
    shape = struct.pack("<HHIIHH", code, 1, rate, rate * width, width, 8 * width)
    return (
        struct.pack("<4sI4s", b"RIFF", min(size + 36 + len(behind), 2**32 - 1), b"WAVE")
        + struct.pack("<4sI", b"fmt ", 16) + shape
        + struct.pack("<4sI", b"data", size) + sound + behind
    )  # fmt: skip


def heard(content: bytes) -> tuple[float, list[str]]:
    """Seconds of the tone, and the codes of what was said about the file."""
    with open_recording(content, LIMITS) as recording:
        waveform = np.concatenate([*recording.blocks()])
    assert frequency(waveform) == pytest.approx(FREQUENCY, abs=5)
    assert np.abs(waveform).max() < 0.6  # noise would be louder
    return round(len(waveform) / SAMPLE_RATE, 3), [each.code for each in recording.warnings]


@pytest.mark.parametrize("behind", [b"", TAGS, b"TAG" + bytes(125), TAGS + b"\0"])
def test_a_right_header_is_read_as_it_is(behind: bytes) -> None:
    content = wav(samples(1.0), behind=behind)
    assert heard(content) == (1.0, [])
    sound = Sound(BytesIO(content))
    assert sound.read(len(content)) == content


@pytest.mark.parametrize("code", [1, 7])
@pytest.mark.parametrize("behind", [b"", TAGS])
@pytest.mark.parametrize(
    ("claimed", "said"),
    [
        (0, "wav_length_unknown"),
        (0xFFFF_FFFF, "wav_length_unknown"),
        (0xFFFF_FFF0, "wav_length_wrong"),
        (0x7FFF_FFFF, "wav_length_wrong"),
        (64_000, "wav_length_wrong"),
        (16_000, "wav_length_wrong"),
        (4, "wav_length_wrong"),
    ],
)
def test_a_wrong_length_is_said_and_all_is_heard(
    claimed: int, said: str, behind: bytes, code: int
) -> None:
    content = wav(samples(1.0 if code == 1 else 2.0, code), claimed, behind, code=code)
    assert heard(content) == (1.0 if code == 1 else 2.0, [said])


def test_the_warning_names_both_lengths() -> None:
    with open_recording(wav(samples(2.0), 16_000), LIMITS) as recording:
        [warning] = recording.warnings
        assert recording.duration == 2.0
    assert warning.fields == {"claimed": 0.5, "seconds": 2.0}
    assert "0.50 s" in warning.sentence("en")
    assert "2.00 秒" in warning.sentence("zh")


def test_a_wav_without_sound_does_not_take_its_tags_for_it() -> None:
    with pytest.raises(AudioError, match=r"no audio|holds no|no sound"):
        load_waveform(wav(b"", behind=TAGS), LIMITS)


@pytest.mark.parametrize("behind", [TEXT, np.random.default_rng(0).bytes(20_000)])
def test_what_is_no_sound_is_left_out_and_said(behind: bytes) -> None:
    assert heard(wav(samples(1.0), behind=behind)) == (1.0, ["wav_rest"])


@pytest.mark.parametrize("hiss", [3.9, 20.0])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.9])
@pytest.mark.parametrize(("code", "codec"), [(1, "s16le"), (6, "alaw"), (7, "mulaw")])
def test_words_with_hiss_between_them_are_heard(
    code: int, codec: str, part: float, hiss: float
) -> None:
    """Pauses are seldom digital silence, and hiss alone is as rough as junk."""
    words = tone(8.0, SAMPLE_RATE) * np.tile(np.repeat([1, 0, 0], 4_096), 11)[: 8 * SAMPLE_RATE]
    words += np.random.default_rng(0).normal(0.0, hiss / 32_768, len(words))
    sound = encode([words.astype(np.float32)], SAMPLE_RATE, codec, f"pcm_{codec}")
    claimed = round(len(sound) * part) // 2 * 2
    assert heard(wav(sound, claimed, code=code)) == (8.0, ["wav_length_wrong"])


@pytest.mark.parametrize("size", [20_000, 5 * 4_096 + 1])
@pytest.mark.parametrize("code", [1, 7])
def test_junk_behind_very_little_sound_is_left_out(code: int, size: int) -> None:
    sound = samples(1.0, code)[:1_000]
    content = wav(sound, behind=np.random.default_rng(0).bytes(size), code=code)
    with open_recording(content, LIMITS) as recording:
        assert sum(map(len, recording.blocks())) == len(sound) // (2 if code == 1 else 1)
        assert [each.code for each in recording.warnings] == ["wav_rest"]


def test_what_follows_a_codec_that_is_not_known_is_left_out_and_said() -> None:
    content = encode([tone(1.0, SAMPLE_RATE)], SAMPLE_RATE, "wav", "adpcm_ima_wav")
    whole, _ = heard(content)
    seconds, said = heard(content + bytes(range(1, 200)) * 30)
    assert (seconds, said) == (whole, ["wav_rest"])


@pytest.mark.parametrize("claimed", [None, 0, 0xFFFF_FFFF, 8_000])
@pytest.mark.parametrize("behind", [b"", TAGS])
@pytest.mark.parametrize("code", [1, 7])
def test_several_wavs_one_behind_the_other_are_one_recording(
    claimed: int | None, behind: bytes, code: int
) -> None:
    sound = samples(1.0, code)
    seconds, said = heard(wav(sound, claimed, behind, code=code) * 3)
    assert seconds == 3.0
    assert said[-1] == "wav_appended"
    assert (claimed is None) == (len(said) == 1)


def test_a_wav_of_another_rate_behind_the_first_is_said() -> None:
    second = wav(samples(1.0), rate=8_000)
    with open_recording(wav(samples(1.0)) + second, LIMITS) as recording:
        assert sum(map(len, recording.blocks())) == SAMPLE_RATE
        [warning] = recording.warnings
    assert (warning.code, warning.fields) == ("wav_other_format", {"size_bytes": len(second)})


def test_several_sounds_in_one_wav_are_heard() -> None:
    sound = samples(1.0)
    more = struct.pack("<4sI", b"data", len(sound)) + sound
    assert heard(wav(sound, behind=TAGS + more)) == (2.0, [])


def test_channels_keep_their_places_from_one_wav_to_the_next() -> None:
    left = tone(1.0, SAMPLE_RATE)
    one = encode([left, 0 * left], SAMPLE_RATE, "wav", "pcm_s16le")
    with open_recording(one[:-2] + one, LIMITS) as recording:
        frames = np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in recording.frames()])
    assert len(frames) == pytest.approx(2 * SAMPLE_RATE, abs=2)
    assert not frames[:, 1].any()


def test_a_tag_before_it_changes_nothing() -> None:
    tag = b"ID3\3\0\0\0\0\0\x10" + bytes(16)
    assert heard(tag + wav(samples(1.0), 100)) == (1.0, ["wav_length_wrong"])


def wave64(sound: bytes, claimed: int) -> bytes:
    shape = struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16)
    return (
        WAVE64_START + struct.pack("<Q", 112 + len(sound)) + b"wave" + WAVE64_REST
        + b"fmt " + WAVE64_REST + struct.pack("<Q", 40) + shape
        + b"data" + WAVE64_REST + struct.pack("<Q", 24 + claimed) + sound
    )  # fmt: skip


def rf64(sound: bytes, claimed: int, magic: bytes = b"RF64") -> bytes:
    plain = wav(sound, 0xFFFF_FFFF)
    sizes = struct.pack("<4sIQQQI", b"ds64", 28, claimed + 72, claimed, claimed // 2, 0)
    return magic + struct.pack("<I", 0xFFFF_FFFF) + b"WAVE" + sizes + plain[12:]


@pytest.mark.parametrize("written", [wave64, rf64])
def test_64_bit_dialects_are_read_to_their_end(written: Callable[[bytes, int], bytes]) -> None:
    sound = samples(1.0)
    assert heard(written(sound, len(sound))) == (1.0, [])
    assert heard(written(sound, 8_000)) == (1.0, ["wav_length_wrong"])
    assert heard(written(sound, 10**12)) == (1.0, ["wav_length_wrong"])
    assert heard(written(sound, len(sound)) * 2) == (2.0, ["wav_appended"])


def big_endian(sound: bytes, claimed: int) -> bytes:
    shape = struct.pack(">HHIIHH", 1, 1, 16_000, 32_000, 2, 16)
    swapped = np.frombuffer(sound, "<i2").astype(">i2").tobytes()
    start = struct.pack(">4sI4s4sI", b"RIFX", claimed + 36, b"WAVE", b"fmt ", 16) + shape
    return start + struct.pack(">4sI", b"data", claimed) + swapped


def test_a_big_endian_wav_is_heard_as_it_was_meant() -> None:
    sound = samples(1.0)
    assert heard(big_endian(sound, len(sound))) == (1.0, [])
    assert heard(big_endian(sound, 8)) == (1.0, ["wav_length_wrong"])


def test_the_time_of_day_stays() -> None:
    day = bytearray(602)
    day[320:330], day[330:338] = b"2026-11-28", b"10:00:00"
    day[338:346] = struct.pack("<Q", 16_000 * 36_000)
    content = wav(samples(1.0), 100)
    broadcast = content[:12] + b"bext" + struct.pack("<I", len(day)) + day + content[12:]
    shown = Sound(BytesIO(broadcast)).read(10_000)
    assert bytes(day) in shown
    assert heard(broadcast) == (1.0, ["wav_length_wrong"])


def test_a_long_wav_is_not_read_into_memory() -> None:
    content = wav(samples(1.0) * 60, 100)
    file = BytesIO(content)
    tracemalloc.start()
    Sound(file)
    [_, peak] = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * 2**20 + 2**20


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=300), cut=st.integers(0, 60), claimed=st.integers(0, 2**32 - 1))
def test_no_header_breaks_the_walk(content: bytes, cut: int, claimed: int) -> None:
    start = wav(b"", claimed)
    Sound(BytesIO(start[:cut] + content + start[cut:]))
    Sound(BytesIO(start + content + start[:cut]))


@given(
    head=st.binary(max_size=8),
    content=st.binary(min_size=1, max_size=60),
    places=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=4),
    seek=st.integers(0, 80),
    count=st.integers(0, 80),
)
def test_pieces_read_as_one_file(
    head: bytes, content: bytes, places: list[tuple[int, int]], seek: int, count: int
) -> None:
    ranges = [(min(at, len(content)), min(at + length, len(content))) for at, length in places]
    whole = head + b"".join(content[start:end] for start, end in ranges)
    pieces = Pieces(BytesIO(content), head, ranges)
    assert pieces.seek(0, 2) == len(whole)
    pieces.seek(seek)
    assert pieces.read(count) == whole[seek : seek + count]
    assert pieces.tell() == seek + len(whole[seek : seek + count])
