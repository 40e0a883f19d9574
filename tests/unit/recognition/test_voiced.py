"""Voices are told apart at the end; whatever they do, the words are there."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from richspeech.audio.mono import SAMPLE_RATE
from richspeech.errors import ModelError
from richspeech.model.options import Options
from richspeech.model.strand import ALONE, Strand
from richspeech.model.transcript import Segment, Transcript
from richspeech.recognition.pipeline import Cancel, Hear, Progress
from richspeech.recognition.reading import WaveformSource
from richspeech.recognition.staged import StagedTranscriber
from richspeech.recognition.utterance import Utterance
from richspeech.recognition.voiced import VoicedTranscriber, VoiceEncoder, windows_of
from richspeech.stages.chain import Recipe
from tests.fakes import FakeRecording
from tests.transcripts import segment

SECONDS = 4.0


class ByLevel:
    """Knows a voice by how loud it is."""

    name, same_from, is_embedded = "levels 1", 0.9, False

    def __init__(self) -> None:
        self.asked = 0

    def embed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        self.asked += len(windows)
        loud = np.abs(windows).mean(axis=1) > 0.5
        return np.stack([loud, ~loud], axis=1).astype(np.float32)


class Failing(ByLevel):
    def embed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        message = f"no memory for {len(windows)} windows"
        raise RuntimeError(message)


class Encoders:
    def __init__(self, encoder: VoiceEncoder | ModelError) -> None:
        self.encoder = encoder

    def use(self) -> AbstractContextManager[VoiceEncoder]:
        if isinstance(self.encoder, ModelError):
            raise self.encoder
        return nullcontext(self.encoder)


def utterance(start: float, level: float, strand: Strand = ALONE) -> Utterance:
    waveform = np.full(round(SECONDS * SAMPLE_RATE), level, np.float32)
    return Utterance(
        start, start + SECONDS, waveform, np.zeros((398, 80), np.float32), strand=strand
    )


class Ear:
    """Hears a quiet and a loud one by turns, a segment a step."""

    def __init__(self, hear: Hear = lambda _: None, strand: Strand = ALONE) -> None:
        self._hear, self._strand = hear, strand

    def overheard(self, hear: Hear) -> "Ear":
        return Ear(hear, self._strand)

    def transcribe(
        self,
        recording: WaveformSource,  # noqa: ARG002
        options: Options,  # noqa: ARG002
        cancelled: Cancel,  # noqa: ARG002
    ) -> Iterator[Progress]:
        heard: tuple[Segment, ...] = ()
        for at in range(4):
            start = at * 5.0
            self._hear(utterance(start, 0.9 if at % 2 else 0.1, self._strand))
            heard += (segment(start, start + SECONDS, "word"),)
            yield Progress(
                Transcript(start, 1.0, "ear", "m", heard), heard[-1:], 20.0, finished=False
            )
        yield Progress(Transcript(20.0, 1.0, "ear", "m", heard), (), 20.0, finished=True)


def steps_of(
    encoder: VoiceEncoder | ModelError, options: Options, strand: Strand = ALONE
) -> list[Progress]:
    transcriber = StagedTranscriber(
        VoicedTranscriber(Ear(strand=strand), Encoders(encoder)), Recipe()
    )
    return [*transcriber.transcribe(FakeRecording([], 20.0), options)]


def speakers(step: Progress) -> list[str | None]:
    return [each.speaker for each in step.transcript.segments]


def test_speakers_come_with_the_last_step() -> None:
    steps = steps_of(ByLevel(), Options(voices="auto"))
    assert speakers(steps[-2]) == [None] * 4
    assert speakers(steps[-1]) == ["A", "B", "A", "B"]
    assert steps[-1].measured is not None
    assert [each.speaker for each in steps[-1].measured.segments] == ["A", "B", "A", "B"]
    assert steps[-1].new == steps[-1].transcript.segments
    assert steps[-1].transcript.speakers == ("A", "B")


def test_one_who_is_known_to_be_alone_is_one() -> None:
    assert speakers(steps_of(ByLevel(), Options(voices=1))[-1]) == ["A"] * 4


def test_nobody_listens_who_was_not_asked() -> None:
    encoder = ByLevel()
    assert speakers(steps_of(encoder, Options())[-1]) == [None] * 4
    assert encoder.asked == 0


def test_a_channel_that_was_heard_apart_has_its_speaker_already() -> None:
    encoder = ByLevel()
    steps = steps_of(encoder, Options(voices="auto"), Strand(None, 1, "A"))
    assert speakers(steps[-1]) == [None] * 4
    assert encoder.asked == 0


@pytest.mark.parametrize(
    "broken", [Failing, lambda: ModelError("hub.no_model", name="nothing")], ids=["hears", "loads"]
)
def test_what_fails_costs_the_speakers_alone(
    broken: Callable[[], VoiceEncoder | ModelError],
) -> None:
    last = steps_of(broken(), Options(voices="auto"))[-1]
    assert [each.text for each in last.transcript.segments] == ["word"] * 4
    assert speakers(last) == [None] * 4
    (warning,) = last.transcript.warnings
    assert warning.code == "voices_failed"
    assert "memory" in str(warning) or "nothing" in str(warning)


def test_an_utterance_shorter_than_a_window_is_one_window() -> None:
    short = Utterance(3.0, 3.5, np.full(8_000, 0.9, np.float32), np.zeros((48, 80), np.float32))
    (windows,) = windows_of(short, ByLevel())
    ((start, end),) = windows.spans
    assert (start, end) == pytest.approx((3.0, 3.5), abs=0.03)
    assert windows.embeddings.tolist() == [[1.0, 0.0]]


def test_a_pause_within_an_utterance_is_in_no_window() -> None:
    frames = np.zeros((398, 80), np.float32)
    frames[150:250] = -20.0
    before, after = windows_of(replace(utterance(5.0, 0.9), log_mel=frames), ByLevel())
    assert before.spans[-1][1] == pytest.approx(6.5, abs=0.05)
    assert after.spans[0][0] == pytest.approx(7.5, abs=0.05)
