"""One thread owns the model; callers from everywhere wait for their turn, first come first served.

Not covered: utterances of different requests in one batch; calls are queued, not joined.
"""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from postprocess import Emotion
from richspeech.audio import Waveform
from richspeech.errors import ModelError
from richspeech.options import Options
from richspeech.scheduler import Scheduler, WholeScheduler
from richspeech.transcript import Hypothesis, Segment

WAIT_SECONDS = 60.0


def hypothesis(text: str) -> Hypothesis:
    return Hypothesis(text, None, {}, Emotion.UNKNOWN, {}, (), {}, tokens=(), raw_text=text)


def waveform(value: float) -> Waveform:
    return np.full(1, value, np.float32)


class FakeRecogniser:
    """Hears the first sample as its text; notes who called, and two calls at once."""

    name = "fake"

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.calls: list[str] = []
        self.overlaps = 0
        self._busy = threading.Lock()

    def recognise(self, waveforms: Sequence[Waveform], _: Options) -> list[Hypothesis]:
        if not self._busy.acquire(blocking=False):
            self.overlaps += 1
        self.threads.add(threading.get_ident())
        texts = [str(int(w[0])) for w in waveforms]
        self.calls.append(",".join(texts))
        self._busy.release()
        return [hypothesis(text) for text in texts]

    def segments(self, waveform: Waveform, options: Options) -> tuple[Segment, ...]:
        self.recognise([waveform], options)
        return ()


class Gate(FakeRecogniser):
    """Lets a call through for each permit."""

    def __init__(self) -> None:
        super().__init__()
        self.permits = threading.Semaphore(0)
        self.entered = threading.Semaphore(0)

    def recognise(self, waveforms: Sequence[Waveform], options: Options) -> list[Hypothesis]:
        self.entered.release()
        assert self.permits.acquire(timeout=WAIT_SECONDS)
        return super().recognise(waveforms, options)


def test_all_calls_run_on_one_thread_that_is_no_callers() -> None:
    recogniser = FakeRecogniser()
    scheduler = Scheduler(recogniser)
    with ThreadPoolExecutor(8) as callers:
        answers = callers.map(lambda n: scheduler.recognise([waveform(n)], Options()), range(100))
        texts = [answer[0].text for answer in answers]
    assert texts == [str(n) for n in range(100)]
    assert len(recogniser.threads) == 1
    assert threading.get_ident() not in recogniser.threads
    assert recogniser.overlaps == 0


def test_the_answer_is_in_the_order_of_the_question() -> None:
    answer = Scheduler(FakeRecogniser()).recognise([waveform(n) for n in (3, 1, 2)], Options())
    assert [each.text for each in answer] == ["3", "1", "2"]


def test_a_fault_reaches_its_caller_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    recogniser = FakeRecogniser()
    scheduler = Scheduler(recogniser)
    with monkeypatch.context() as broken:

        def fail(*_: object) -> list[Hypothesis]:
            raise ModelError("out of memory")

        broken.setattr(recogniser, "recognise", fail)
        with pytest.raises(ModelError, match="out of memory"):
            scheduler.recognise([waveform(1)], Options())
    assert scheduler.recognise([waveform(2)], Options())[0].text == "2"


def test_a_short_job_does_not_wait_for_all_of_a_long_one() -> None:
    gate = Gate()
    scheduler = Scheduler(gate)

    def long_job() -> None:
        for n in (10, 11, 12):
            scheduler.recognise([waveform(n)], Options())

    long = threading.Thread(target=long_job)
    long.start()
    assert gate.entered.acquire(timeout=WAIT_SECONDS)  # its first batch is on the model
    short = threading.Thread(target=lambda: scheduler.recognise([waveform(1)], Options()))
    short.start()
    while scheduler._executor._work_queue.qsize() < 1:
        assert short.is_alive()
        time.sleep(0.001)
    for _ in range(4):
        gate.permits.release()
    for thread in (short, long):
        thread.join(WAIT_SECONDS)
    assert gate.calls == ["10", "1", "11", "12"]


def test_two_long_jobs_take_turns() -> None:
    gate = Gate()
    scheduler = Scheduler(gate)
    start = threading.Barrier(2)

    def job(first: int) -> None:
        start.wait(WAIT_SECONDS)
        for n in range(first, first + 5):
            scheduler.recognise([waveform(n)], Options())

    jobs = [threading.Thread(target=job, args=(first,)) for first in (10, 20)]
    for thread in jobs:
        thread.start()
    for left in range(9, -1, -1):
        assert gate.entered.acquire(timeout=WAIT_SECONDS)
        while left > 1 and scheduler._executor._work_queue.qsize() < 1:
            assert any(thread.is_alive() for thread in jobs)
            time.sleep(0.001)
        gate.permits.release()
    for thread in jobs:
        thread.join(WAIT_SECONDS)
    owners = [call[0] for call in gate.calls]
    assert sorted(gate.calls) == [str(n) for n in (*range(10, 15), *range(20, 25))]
    assert owners in (["1", "2"] * 5, ["2", "1"] * 5)


def test_a_whole_recording_is_recognised_on_the_models_thread() -> None:
    recogniser = FakeRecogniser()
    scheduler = WholeScheduler(recogniser)
    assert scheduler.segments(waveform(7), Options()) == ()
    assert recogniser.calls == ["7"]
    assert threading.get_ident() not in recogniser.threads


def test_a_scheduler_has_the_name_of_its_engine() -> None:
    assert (Scheduler(FakeRecogniser()).name, WholeScheduler(FakeRecogniser()).name) == (
        "fake",
        "fake",
    )
