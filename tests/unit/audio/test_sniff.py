"""What holds sound is told by its content, with the guards that every recording is opened with."""

from pathlib import Path

import numpy as np
import pytest

from richspeech.audio.sniff import holds_sound
from tests.unit.audio.test_audio import CODEC_OF, encode, small, tone
from tests.unit.audio.test_header import mp4_of_many_samples

PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489")


@pytest.mark.parametrize("container", CODEC_OF)
def test_sound_is_found_whatever_it_is_called(container: str, tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(small(container))
    assert holds_sound(tmp_path / "picture.png")


def test_a_picture_with_sound_holds_sound() -> None:
    assert holds_sound(encode([tone(1.0)], 48_000, "mov", "aac", picture=True))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text. " * 10_000,
        PNG,
        b"%PDF-1.7\n" + bytes(range(256)) * 100,
        b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1/a.ts\n",
        b"ffconcat version 1.0\nfile a.wav\n",
        bytes(100_000),
        *(np.random.default_rng(seed).bytes(50_000) for seed in range(20)),
        mp4_of_many_samples(5_000_000),
    ],
)
def test_anything_else_holds_none(content: bytes) -> None:
    assert not holds_sound(content)


def test_what_is_not_there_holds_none(tmp_path: Path) -> None:
    assert not holds_sound(tmp_path / "none.wav")
    assert not holds_sound(tmp_path)
