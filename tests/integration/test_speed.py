"""What speed and memory must be, as ratios, with the embedded model; the rest is the bench's."""

import statistics
import threading
import time
from collections.abc import Iterator

import pytest

from richspeech.audio.mono import SAMPLE_RATE
from richspeech.bench import sections
from richspeech.bench.measure import MemoryGrowth
from richspeech.bench.sections import Bench
from richspeech.bench.setup import make_setup
from richspeech.bench.speech import Repeated, clips
from richspeech.errors import Cancelled

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def bench() -> Bench:
    bench = Bench(make_setup("embedded", device="cpu", seconds=60.0, repeat=3))
    assert len(bench.speech) == 60 * SAMPLE_RATE
    return bench


def test_a_recording_is_transcribed_faster_than_by_the_reference(bench: Bench) -> None:
    found = sections.speed(bench)["rtfx"]
    assert found["ours"] > 2 * found["reference"]


def test_the_same_utterances_get_the_tokens_of_the_reference(bench: Bench) -> None:
    found = sections.tokens(bench)
    assert found["tokens"] > 100
    assert found["tokens_equal_percent"]["float32"] >= 99.9
    assert found["tokens_equal_percent"]["as_used"] >= 97.0


def test_speech_is_found_ten_times_faster_than_by_funasr_and_in_the_same_places(
    bench: Bench,
) -> None:
    found = sections.voice_activity(bench)
    assert found["vad_spans_equal"]
    assert found["vad_speedup"] > 10
    assert found["vad_rtfx"]["ours"] > 2 * found["vad_rtfx"]["reference"]


def test_the_first_words_of_ten_hours_come_no_later_than_those_of_a_minute(bench: Bench) -> None:
    def wait(seconds: float) -> float:
        recording = Repeated(bench.speech, seconds)
        return statistics.median(bench.ours.seconds_to_first_text(recording) for _ in range(5))

    wait(60.0)
    assert wait(36_000.0) < 3 * wait(60.0)


def test_who_cancels_is_let_go_within_a_second(bench: Bench) -> None:
    stop = threading.Event()
    steps = bench.ours.follow(Repeated(bench.speech, 36_000.0), stop.is_set)
    next(steps)
    stop.set()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        list(steps)
    assert time.monotonic() - began < 1


def memory_over(steps: Iterator[bool]) -> float:
    """Return by how many MB the process grew after the steps that say they were early ones."""
    memory = MemoryGrowth()
    for early in steps:
        memory.look(early=early)
    return memory.late_mb - memory.early_mb


def test_a_long_recording_needs_no_more_memory_than_its_beginning(bench: Bench) -> None:
    recording = Repeated(bench.speech, 1_800.0)
    steps = (progress.seconds_done < 300.0 for progress in bench.ours.follow(recording))
    assert memory_over(steps) < 40


def test_many_clips_in_a_row_need_no_more_memory_than_the_first_of_them(bench: Bench) -> None:
    recordings = clips(bench.speech, 4.0, 150)
    steps = (number < 50 for number, clip in enumerate(recordings) if bench.ours.transcribe(clip))
    assert memory_over(steps) < 20


def test_many_clients_lose_little_of_what_one_caller_would_get(bench: Bench) -> None:
    found = sections.clients(bench)
    assert found["clients"]["share"] > 0.4
    assert found["clip_beside_long"]["ratio"] < 8
