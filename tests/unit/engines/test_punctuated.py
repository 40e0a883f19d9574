"""What is recognised is punctuated where that is asked for, and only if there is something."""

from collections.abc import Sequence

import numpy as np

from postprocess import Emotion
from richspeech.engines.common.punctuated import Punctuated
from richspeech.model.options import Options
from richspeech.model.transcript import Hypothesis, Token
from richspeech.recognition.utterance import Request, Utterance
from richspeech.stages.sentences import Mark


class Ear:
    name = "ear"

    def recognise(self, requests: Sequence[Request]) -> list[Hypothesis]:
        return [hypothesis("好" * round(each.utterance.duration)) for each in requests]


class Stop:
    """Puts a full stop at the end, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def marks(self, text: str) -> list[Mark]:
        self.asked.append(text)
        return [Mark("。", len(text), 0.7)]


def hypothesis(text: str) -> Hypothesis:
    tokens = tuple(Token(letter, 0.0, 0.1, 0.9) for letter in text)
    return Hypothesis(text, "zh", {}, Emotion.UNKNOWN, {}, (), {}, tokens, text)


def request(seconds: float, *, itn: bool = True) -> Request:
    waveform, log_mel = np.zeros(1, np.float32), np.zeros((1, 80), np.float32)
    options = Options(inverse_text_normalization=itn)
    return Request(Utterance(0.0, seconds, waveform, log_mel), options)


def test_each_answer_is_punctuated_as_its_request_wants() -> None:
    stop = Stop()
    ear = Punctuated(Ear(), stop)
    heard = ear.recognise([request(2.0), request(0.0), request(3.0, itn=False)])
    assert [each.text for each in heard] == ["好好。", "", "好好好"]
    assert stop.asked == ["好好"]
    assert ear.name == "ear"
