"""Every odd and broken file of ../shared/audio, held against its row in EXPECTED.tsv."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform
from richspeech.audio.mono import SAMPLE_RATE
from richspeech.errors import AudioError

SHARED_AUDIO = Path(__file__).resolve().parents[2].parent / "shared" / "audio"
LIMITS = AudioLimits(max_bytes=10_000_000, max_seconds=60.0)
Row = dict[str, str]


def rows(folder: str) -> list[Row]:
    table = SHARED_AUDIO / "EXPECTED.tsv"
    if not table.is_file():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        found = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row for row in found if row["path"].startswith(folder)]


def name(row: Row) -> str:
    return row["path"]


HEARD_ALL_THE_SAME = ("formats/scipy__test-44100Hz-2ch-32bit-float-be.wav",)
"""What PyAV alone does not decode, and `audio.wav` shows it in another way."""


def is_said_to_decode(row: Row) -> bool:
    refused = row["note"].startswith(("DECODE ERROR", "no samples"))
    return not refused or row["path"] in HEARD_ALL_THE_SAME


def assert_is_the_recording(row: Row) -> None:
    waveform = load_waveform(SHARED_AUDIO / row["path"], LIMITS)
    assert waveform.dtype == np.float32
    assert waveform.size
    assert np.abs(waveform).max() <= 1.0
    if row["duration_s"] != "?":
        seconds = len(waveform) / SAMPLE_RATE
        assert seconds == pytest.approx(float(row["duration_s"]), abs=0.03)


def assert_is_one_sentence(message: str, row: Row) -> None:
    assert message.startswith(Path(row["path"]).name[:60])
    assert message.endswith(".")
    assert "\n" not in message
    assert "Errno" not in message
    assert str(SHARED_AUDIO) not in message


def test_the_shared_recordings_are_at_hand() -> None:
    if not rows("formats/") and not os.environ.get("CI"):
        pytest.skip(f"{SHARED_AUDIO} is absent")
    assert len(rows("formats/")) > 30
    assert len(rows("broken/")) > 20


def test_every_shared_file_has_its_row() -> None:
    for folder in ("formats", "broken"):
        listed = {name(row) for row in rows(f"{folder}/")}
        assert {f"{folder}/{path.name}" for path in SHARED_AUDIO.glob(f"{folder}/*")} <= listed


@pytest.mark.parametrize("row", [*filter(is_said_to_decode, rows("formats/"))], ids=name)
def test_every_format_decodes_to_its_length(row: Row) -> None:
    assert_is_the_recording(row)


@pytest.mark.parametrize("row", [*filter(is_said_to_decode, rows("broken/"))], ids=name)
def test_a_broken_file_that_can_be_saved_is_saved(row: Row) -> None:
    assert_is_the_recording(row)


@pytest.mark.parametrize(
    "row",
    [row for row in rows("formats/") + rows("broken/") if not is_said_to_decode(row)],
    ids=name,
)
def test_a_file_without_usable_sound_is_refused_in_one_sentence(row: Row) -> None:
    with pytest.raises(AudioError) as caught:
        load_waveform(SHARED_AUDIO / row["path"], LIMITS)
    assert_is_one_sentence(str(caught.value), row)
