"""Utterances on their way to another machine arrive as they were sent."""

from pathlib import Path

import numpy as np
import pytest

from postprocess import AudioEvent, Emotion
from richspeech.errors import ModelError
from richspeech.model.options import Options
from richspeech.model.transcript import Hypothesis, Token
from richspeech.queue.feature_file import HYPOTHESES, asked_of, read_features, write_features
from richspeech.recognition.utterance import Request, Utterance

OPTIONS = Options(language="yue", merge=True, hotwords=("达摩院",))


def request(start: float, rows: int, options: Options = OPTIONS) -> Request:
    mel = np.random.default_rng(rows).normal(size=(rows, 80)).astype(np.float32)
    waveform = np.zeros(rows * 160, np.float32)
    return Request(Utterance(start, start + rows / 100, waveform, mel, rows == 1), options)


def test_features_spans_and_options_arrive_and_the_sound_does_not(tmp_path: Path) -> None:
    sent = [request(0.25, 7), request(3.0, 1), request(4.1, 120)]
    write_features(tmp_path / "features", sent)
    arrived = read_features(tmp_path / "features")
    assert [each.options for each in arrived] == [OPTIONS] * 3
    for one, other in zip(sent, arrived, strict=True):
        assert (one.utterance.start, one.utterance.end) == (
            other.utterance.start,
            other.utterance.end,
        )
        assert one.utterance.is_sound == other.utterance.is_sound
        assert np.array_equal(one.utterance.log_mel, other.utterance.log_mel)
        assert len(other.utterance.waveform) == 0


def test_the_sound_arrives_where_it_is_asked_for(tmp_path: Path) -> None:
    sent = [request(0.25, 7), request(3.0, 1)]
    for number, each in enumerate(sent):
        each.utterance.waveform[:] = number + np.linspace(0, 1, len(each.utterance.waveform))
    write_features(tmp_path / "features", sent, has_sound=True)
    for one, other in zip(sent, read_features(tmp_path / "features"), strict=True):
        assert np.array_equal(one.utterance.waveform, other.utterance.waveform)


@pytest.mark.parametrize("content", [b"", b"PK\3\4 and no more", b"\x80\x04N.", b"\x93NUMPY\1\0"])
def test_a_file_that_holds_no_features_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "features").write_bytes(content)
    with pytest.raises(ModelError, match=r"features"):
        read_features(tmp_path / "features")


def test_the_same_utterances_with_other_options_are_something_else() -> None:
    first, second = request(0.0, 5), request(1.0, 5)
    assert asked_of([first, second]) == asked_of([request(0.0, 5), request(1.0, 5)])
    assert asked_of([first]) != asked_of([first, second])
    assert asked_of([first]) != asked_of([request(0.0, 5, Options(language="zh"))])


def test_what_was_heard_comes_back_to_the_last_digit() -> None:
    heard = Hypothesis(
        text="好",
        language="zh",
        language_probabilities={"zh": 1 / 3, "nospeech": 0.1},
        emotion=Emotion.HAPPY,
        emotion_probabilities={"happy": 2 / 3},
        events=(AudioEvent.BGM,),
        event_probabilities={"bgm": 1 / 7},
        tokens=(Token("好", 0.1, 0.30000000000000004, 0.9),),
        raw_text="<|zh|>好",
    )
    assert HYPOTHESES.validate_json(HYPOTHESES.dump_json((heard,))) == (heard,)
