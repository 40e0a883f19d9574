"""Where speech begins and ends, as somebody asks for it."""

import pytest

from richspeech.audio.vad import VadOptions
from richspeech.errors import OptionError
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.model.turn_detection import TurnDetection


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"threshold": 1.1}, "threshold is 1.1: give 0 to 1"),
        ({"prefix_padding_ms": -1}, "prefix_padding_ms is -1: give 0 to 5000"),
        ({"silence_duration_ms": 199}, "silence_duration_ms is 199: give 200 to 6000"),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(asked: dict[str, float], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        TurnDetection(**asked)  # type: ignore[arg-type]


def test_it_outlives_being_written_and_read() -> None:
    request = TranscriptionRequest(Options(turn_detection=TurnDetection(0.5, 300, 500)))
    assert TranscriptionRequest.from_dict(request.to_dict()) == request


def test_the_detector_does_as_it_is_asked_and_keeps_the_rest() -> None:
    usual = VadOptions(max_single_segment_ms=20_000)
    assert usual.with_turns(None) == usual
    assert usual.with_turns(TurnDetection()) == usual
    assert usual.with_turns(TurnDetection(0.75, 300, 500)) == VadOptions(
        max_single_segment_ms=20_000,
        speech_noise_threshold=0.5,
        lookback_start_ms=300,
        max_end_silence_ms=500,
    )
