"""Where noise is taken out: before anything is looked for, and nowhere else."""

from dataclasses import dataclass

import numpy as np

from richspeech.audio.mono import Waveform
from richspeech.model.options import Denoise, Options
from richspeech.recognition.reading import Reader, Stretch
from richspeech.recognition.utterance import Frames
from tests.unit.recognition.test_sounds_heard import (
    SPEECH,
    FakeDetector,
    FakeFrontend,
    MadeUpRecording,
)

HELD = 400
SPOKEN = [(1.0, 0), (2.0, SPEECH), (1.5, 0)]


class Halving:
    """Halves what it is given, and holds some of it back."""

    def __init__(self) -> None:
        self._held: Waveform = np.zeros(0, np.float32)

    def feed(self, waveform: Waveform) -> Waveform:
        rest: Waveform = np.concatenate((self._held, waveform / np.float32(2)))
        cut = max(len(rest) - HELD, 0)
        self._held = rest[cut:]
        return rest[:cut]

    def finish(self) -> Waveform:
        return self._held


@dataclass(frozen=True)
class Halvers:
    def stream(self, denoise: Denoise) -> Halving | None:
        return None if denoise == "off" else Halving()


@dataclass
class Doubling(FakeFrontend):
    """Knows what is said in half of a sample as well."""

    def stream(self) -> "Doubling":
        return Doubling()

    def feed(self, waveform: Waveform) -> Frames:
        return super().feed(waveform * 2)


def read(denoise: Denoise, block_seconds: float = 1.0) -> list[Stretch]:
    frontend = FakeFrontend() if denoise == "off" else Doubling()
    reader = Reader(frontend, FakeDetector(), block_seconds, denoisers=Halvers())
    return [*reader.read(MadeUpRecording(SPOKEN), Options(denoise=denoise))]


def utterances(stretches: list[Stretch]) -> list[tuple[float, float, bytes]]:
    found = [each for stretch in stretches for each in stretch.utterances]
    return [(each.start, each.end, each.waveform.tobytes()) for each in found]


def test_what_is_recognised_is_without_noise_and_what_is_played_is_not() -> None:
    noisy, clean = read("off"), read("rnnoise")
    [usual], [half] = (
        [each for stretch in stretches for each in stretch.utterances]
        for stretches in (noisy, clean)
    )
    assert (half.start, half.end) == (usual.start, usual.end)
    assert np.array_equal(half.waveform, usual.waveform / 2)
    played, heard = (np.concatenate([each.block for each in read]) for read in (noisy, clean))
    assert np.array_equal(played, heard)


def test_a_recording_is_as_long_as_it_was_in_the_end() -> None:
    assert read("rnnoise")[-1].seconds == read("off")[-1].seconds == 4.5


def test_blocks_change_no_utterance() -> None:
    assert utterances(read("rnnoise", 0.1)) == utterances(read("rnnoise", 4.0)) != []
