"""What funasr answers becomes segments, timed only where it is known which span they are of."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from postprocess import AudioEvent, Emotion
from richspeech.audio.mono import SAMPLE_RATE
from richspeech.engines.reference.engine import Reference
from richspeech.model.options import Options


class Model(NamedTuple):
    emo_dict: dict[str, int]
    vocab_size: int = 100


class AutoModel:
    """Answers with a text; hears two spans, of the first and the third second."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.model = Model({"unk": 8})
        self.vad_model = None
        self.vad_kwargs: dict[str, Any] = {}
        self._base_kwargs_map: dict[str, dict[str, Any]] = {"kwargs": {}}

    def generate(self, *_: object, **__: object) -> list[dict[str, str]]:
        return [{"text": self.text}]

    def inference(self, *_: object, **__: object) -> list[dict[str, list[list[int]]]]:
        return [{"value": [[0, 1_000], [2_000, 3_000]]}]


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("<|zh|><|HAPPY|>一 <|zh|>二", [(0, 1), (2, 3)]),
        ("<|HAPPY|>一 <|zh|>二", [(0, 1), (2, 3)]),
        ("<|zh|>一", [(0, 4)]),
        ("一<|HAPPY|>二", [(0, 4), (0, 4)]),
    ],
)
def test_pieces_have_times_where_each_is_the_group_of_one_span(
    text: str, spans: list[tuple[int, int]]
) -> None:
    waveform = np.zeros(4 * SAMPLE_RATE, dtype=np.float32)
    segments = Reference(AutoModel(text)).segments(waveform, Options(merge=False))
    assert [(segment.start, segment.end) for segment in segments] == spans


def test_a_tag_without_words_is_a_segment_without_words() -> None:
    waveform = np.zeros(4 * SAMPLE_RATE, dtype=np.float32)
    segments = Reference(AutoModel("一<|HAPPY|>二<|Cry|>")).segments(waveform, Options(merge=False))
    assert [(each.text, each.emotion, each.events) for each in segments] == [
        ("一", Emotion.HAPPY, ()),
        ("二", Emotion.UNKNOWN, ()),
        ("", Emotion.UNKNOWN, (AudioEvent.CRY,)),
    ]
