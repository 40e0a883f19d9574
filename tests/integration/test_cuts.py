"""Speech without any pause: what becomes of the words at the cuts, with the embedded models."""

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

import jiwer
import numpy as np
import pytest

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform
from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.engines.common.fbank import Fbank
from richspeech.engines.common.fsmn_vad import FsmnVad
from richspeech.engines.hub import EMBEDDED_DETECTOR
from richspeech.engines.loader import Loaded
from richspeech.model.options import Options
from richspeech.recognition.pipeline import Pipeline, Progress
from richspeech.recognition.reading import Reader
from tests.integration.conftest import EXAMPLES

LIMITS = AudioLimits(10**9, 3600.0)
SPOKEN = ("zh-call.wav", "zh-laughter.wav", "zh-live-show.wav")
SENTENCES = 14
FRAME = SAMPLE_RATE // 100
LONGEST_SECONDS = 8.0
LONGEST_DIP = 3
"""Frames of silence that stay, as within words."""


class InMemory:
    """A recording that is there already."""

    warnings = ()

    def __init__(self, waveform: Waveform) -> None:
        self._waveform = waveform
        self.duration = len(waveform) / SAMPLE_RATE

    def blocks(self, block_seconds: float) -> Iterator[Waveform]:
        size = round(block_seconds * SAMPLE_RATE)
        for at in range(0, len(self._waveform), size):
            yield self._waveform[at : at + size]


def without_pauses(waveform: Waveform) -> Waveform:
    """Leave out whatever is 32 dB below the loudest, but for a few frames."""
    frames = waveform[: len(waveform) // FRAME * FRAME].reshape(-1, FRAME)
    level = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-10)
    quiet = level <= np.percentile(level, 95) - 32
    edges = [0, *(np.flatnonzero(np.diff(quiet)) + 1), len(quiet)]
    runs = [frames[a:b] for a, b in pairwise(edges)]
    kept = [
        each
        for each, a in zip(runs, edges, strict=False)
        if len(each) <= LONGEST_DIP or not quiet[a]
    ]
    return np.concatenate(kept).ravel()


def sentences() -> list[Waveform]:
    """What is said in the Mandarin examples, one utterance after the other."""
    reader = Reader(Fbank(), FsmnVad.load(EMBEDDED_DETECTOR))
    waveforms = (load_waveform(EXAMPLES / name, LIMITS) for name in SPOKEN)
    stretches = chain.from_iterable(reader.read(InMemory(each), Options()) for each in waveforms)
    spoken = [each.waveform for stretch in stretches for each in stretch.utterances]
    return [without_pauses(each) for each in spoken if len(each) < LONGEST_SECONDS * SAMPLE_RATE]


@pytest.fixture(scope="module")
def gapless(ours: Loaded) -> tuple[str, Waveform]:
    return gapless_of(ours, 0)


def gapless_of(ours: Loaded, seed: int) -> tuple[str, Waveform]:
    """Half a minute of speech without a pause; its words are those of each sentence by itself."""
    spoken = sentences()
    order = np.random.default_rng(seed).permutation(len(spoken))[:SENTENCES]
    chosen = [spoken[number] for number in order]
    plain = pipeline(ours, overlaps=False)
    words = "".join(letters_of(steps_of(plain, each)) for each in chosen)
    return words, np.concatenate(chosen)


def pipeline(ours: Loaded, *, overlaps: bool, block_seconds: float = 4.0) -> Pipeline:
    assert ours.sketcher is not None
    detector = FsmnVad.load(EMBEDDED_DETECTOR, 800, 8_000, cut_search_ms=4_000)
    reader = Reader(Fbank(), detector, block_seconds, overlaps=overlaps)
    return Pipeline(ours.sketcher.queue, reader, model="tiny")


def steps_of(one: Pipeline, waveform: Waveform) -> list[Progress]:
    return [*one.transcribe(InMemory(waveform), Options())]


def letters_of(steps: Sequence[Progress]) -> str:
    texts = (segment.text for segment in steps[-1].transcript.segments)
    return "".join(letter for text in texts for letter in text if letter.isalnum())


def places_of(steps: Sequence[Progress]) -> list[tuple[float, float, str]]:
    return [(each.start, each.end, each.text) for each in steps[-1].transcript.segments]


def wrong(truth: str, steps: Sequence[Progress]) -> int:
    done = jiwer.process_characters(truth, letters_of(steps))
    return int(done.substitutions + done.deletions + done.insertions)


def test_fewer_words_are_wrong_at_cuts_where_utterances_overlap(
    ours: Loaded, gapless: tuple[str, Waveform]
) -> None:
    truth, waveform = gapless
    plain = steps_of(pipeline(ours, overlaps=False), waveform)
    overlapping = steps_of(pipeline(ours, overlaps=True), waveform)
    assert wrong(truth, overlapping) < wrong(truth, plain)
    segments = overlapping[-1].transcript.segments
    assert all(one.end <= other.start for one, other in pairwise(segments))
    assert sum(one.end == other.start for one, other in pairwise(segments)) >= 3
    for each in segments:
        times = [(t.start or 0.0) + (t.end or 0.0) for t in each.tokens]
        assert all(2 * each.start <= time <= 2 * each.end for time in times)


@pytest.mark.parametrize("block_seconds", [0.5, 20.0])
def test_cuts_are_where_they_are_whatever_the_blocks(
    ours: Loaded, gapless: tuple[str, Waveform], block_seconds: float
) -> None:
    _, waveform = gapless
    one = steps_of(pipeline(ours, overlaps=True), waveform)
    other = steps_of(pipeline(ours, overlaps=True, block_seconds=block_seconds), waveform)
    assert places_of(other) == places_of(one)


def test_a_job_that_goes_on_between_two_cuts_ends_as_it_would_have(
    ours: Loaded, gapless: tuple[str, Waveform]
) -> None:
    _, waveform = gapless
    once = steps_of(pipeline(ours, overlaps=True), waveform)
    known = tuple(segment for step in once for segment in step.recognised)
    for count in range(1, len(known)):
        again = steps_of(pipeline(ours, overlaps=True).resuming(known[:count]), waveform)
        assert places_of(again) == places_of(once)
