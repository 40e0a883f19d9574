"""Corrected segments as SenseVoice's own training lines."""

import io
import json
import wave
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import AudioEvent, Emotion
from richspeech.audio.mono import SAMPLE_RATE
from richspeech.model.strand import Strand
from richspeech.model.transcript import Segment
from richspeech.review.training import training_line, training_segments, write_training
from tests.transcripts import segment, transcript

ANGRY = replace(segment(1, 2.5, "我要退款！", Emotion.ANGRY), corrected=("text",))


def test_a_line_is_in_sensevoices_form() -> None:
    assert training_line(ANGRY, "call-1", "wav/call-1.wav", 24_079) == {
        "key": "call-1",
        "source": "wav/call-1.wav",
        "source_len": 150,
        "target": "我要退款！",
        "target_len": 5,
        "text_language": "<|zh|>",
        "emo_target": "<|ANGRY|>",
        "event_target": "<|Speech|>",
        "with_or_wo_itn": "<|withitn|>",
    }


def test_words_with_blanks_are_counted_as_words_and_without_marks_there_is_no_itn() -> None:
    english = segment(0, 1, "it is broken", Emotion.UNKNOWN, AudioEvent.COUGH, language="en")
    line = training_line(english, "k", "s", 16_000)
    assert (line["target_len"], line["with_or_wo_itn"]) == (3, "<|woitn|>")
    assert (line["emo_target"], line["event_target"]) == ("<|EMO_UNKNOWN|>", "<|Cough|>")


@pytest.mark.parametrize(
    "useless",
    [
        replace(ANGRY, corrected=()),
        replace(ANGRY, corrected=("speaker",)),
        replace(ANGRY, text=""),
        replace(ANGRY, language=None),
        replace(ANGRY, language="nospeech"),
    ],
)
def test_nothing_can_be_learned_without_correction_words_and_language(useless: Segment) -> None:
    assert training_segments(transcript(useless, ANGRY)) == (ANGRY,)


@given(st.lists(st.integers(1, 40_000), min_size=3, max_size=20))
def test_each_line_has_its_sound(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    whole = np.linspace(-1, 1, 5 * SAMPLE_RATE, dtype=np.float32)
    cuts = np.cumsum(sizes)
    blocks = np.split(whole, cuts[cuts < len(whole)])
    second = replace(ANGRY, start=2.5, end=5.0, text="好")
    path = tmp_path_factory.mktemp("training") / "a.zip"
    write_training(transcript(ANGRY, second), blocks, "call", path)
    for line, (start, end) in zip(lines_of(path), [(1.0, 2.5), (2.5, 5.0)], strict=True):
        samples = samples_of(path, line["source"])
        assert line["source_len"] == round((end - start) * 100)
        expected = whole[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        np.testing.assert_allclose(samples / 32_767, expected, atol=1e-4)


def test_a_recording_that_ends_within_the_last_segment_gives_what_there_is(tmp_path: Path) -> None:
    write_training(transcript(ANGRY), [np.zeros(2 * SAMPLE_RATE, np.float32)], "a", tmp_path / "z")
    (line,) = lines_of(tmp_path / "z")
    assert line["source_len"] == 100


def test_those_who_talk_at_once_are_each_taken_from_their_own_channel(tmp_path: Path) -> None:
    strands = (Strand(None, 1, "A"), Strand(None, 2, "B"))
    agent = replace(ANGRY, start=0.5, end=3.0, channel=1, speaker="A")
    customer = replace(ANGRY, start=1.0, end=1.5, channel=2, speaker="B")
    both = np.repeat([[0.25], [0.75]], 4 * SAMPLE_RATE, axis=1).astype(np.float32)
    blocks = np.split(both, 8, axis=1)
    write_training(transcript(agent, customer), blocks, "a", tmp_path / "z", strands)
    short, long = lines_of(tmp_path / "z")
    assert (short["source_len"], long["source_len"]) == (50, 250)
    for line, level in ((short, 0.75), (long, 0.25)):
        samples = samples_of(tmp_path / "z", line["source"])
        np.testing.assert_allclose(samples / 32_767, level, atol=1e-4)


def lines_of(path: Path) -> list[dict[str, str | int]]:
    with zipfile.ZipFile(path) as archive:
        return [json.loads(line) for line in archive.read("train.jsonl").splitlines()]


def samples_of(path: Path, name: str | int) -> np.ndarray:
    with zipfile.ZipFile(path) as archive, wave.open(io.BytesIO(archive.read(str(name)))) as file:
        assert (file.getframerate(), file.getnchannels()) == (SAMPLE_RATE, 1)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")
