"""One thread owns the model; batches are shared, turns are fair, and nobody waits for a stranger.

Nothing here measures time: the model stands at a gate until the test lets it go on.
"""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from postprocess import Emotion
from richspeech.audio.mono import Waveform
from richspeech.errors import ModelError
from richspeech.model.options import Options
from richspeech.model.transcript import Hypothesis, Segment
from richspeech.recognition.scheduler import MOST_PADDING, Job, Scheduler, WholeScheduler
from richspeech.recognition.utterance import Request, Utterance

WAIT_SECONDS = 60.0
"""How long a hung test lasts."""
ROOMY = 1e6

Futures = list[Future[Hypothesis]]


def hypothesis(text: str, language: str | None = None) -> Hypothesis:
    return Hypothesis(text, language, {}, Emotion.UNKNOWN, {}, (), {}, tokens=(), raw_text=text)


def request(number: int, seconds: float = 5.0, options: Options | None = None) -> Request:
    """An utterance whose name is its start."""
    nothing = np.zeros(1, np.float32), np.zeros((1, 80), np.float32)
    return Request(Utterance(number, number + seconds, *nothing), options or Options())


class FakeRecogniser:
    """Hears in an utterance its start and the language that was asked for; notes the batches."""

    name = "fake"

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.batches: list[list[int]] = []
        self.lengths: list[list[float]] = []

    def recognise(self, requests: Sequence[Request]) -> list[Hypothesis]:
        self.threads.add(threading.get_ident())
        self.batches.append([int(each.utterance.start) for each in requests])
        self.lengths.append([each.utterance.duration for each in requests])
        return [hypothesis(f"{r.utterance.start:g}", r.options.language) for r in requests]

    def segments(self, waveform: Waveform, options: Options) -> tuple[Segment, ...]:
        self.recognise([request(len(waveform), options=options)])
        return ()


class Gate(FakeRecogniser):
    """Lets a batch through for each permit."""

    def __init__(self) -> None:
        super().__init__()
        self.permits, self.entered = threading.Semaphore(0), threading.Semaphore(0)

    def recognise(self, requests: Sequence[Request]) -> list[Hypothesis]:
        found = super().recognise(requests)
        self.entered.release()
        assert self.permits.acquire(timeout=WAIT_SECONDS)
        return found

    def await_batch(self) -> None:
        assert self.entered.acquire(timeout=WAIT_SECONDS)

    def open(self) -> None:
        self.permits.release(1_000)


def scheduler_of(
    recogniser: FakeRecogniser, batch_seconds: float = 15.0, queue_seconds: float = ROOMY
) -> Scheduler:
    return Scheduler(recogniser, batch_seconds=batch_seconds, queue_seconds=queue_seconds)


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Opened at the end, so that a test that fails does not hang."""
    gate = Gate()
    yield gate
    gate.open()


def texts(futures: Futures) -> list[str]:
    return [future.result(WAIT_SECONDS).text for future in futures]


def submit(job: Job, *numbers: int, seconds: float = 5.0) -> Futures:
    return [job.submit(request(number, seconds)) for number in numbers]


def occupy(gate: Gate, job: Job, seconds: float = 5.0) -> Futures:
    """Put utterance 0 into the model, which then stands at the gate."""
    futures = submit(job, 0, seconds=seconds)
    gate.await_batch()
    return futures


def let_through(gate: Gate, batches: int) -> None:
    """Let the model end its batch and begin the next, again and again."""
    for _ in range(batches):
        gate.permits.release()
        gate.await_batch()


# One thread ---------------------------------------------------------------------------------------


def test_everything_runs_on_one_thread_that_is_no_callers() -> None:
    recogniser = FakeRecogniser()
    scheduler = scheduler_of(recogniser)

    def caller(number: int) -> str:
        with scheduler.job() as job:
            return texts(submit(job, number))[0]

    with ThreadPoolExecutor(8) as callers:
        answers = [*callers.map(caller, range(100))]
    assert answers == [str(number) for number in range(100)]
    assert len(recogniser.threads) == 1
    assert threading.get_ident() not in recogniser.threads


def test_a_lone_utterance_does_not_wait_for_a_batch_to_fill() -> None:
    recogniser = FakeRecogniser()
    with scheduler_of(recogniser).job() as job:
        assert texts(submit(job, 7, seconds=0.5)) == ["7"]
    assert recogniser.batches == [[7]]


def test_requests_of_one_batch_may_want_different_things(gate: Gate) -> None:
    scheduler = scheduler_of(gate)
    with scheduler.job() as one, scheduler.job() as other:
        occupy(gate, one)
        japanese = one.submit(request(1, options=Options(language="ja")))
        english = other.submit(request(2, options=Options(language="en")))
        gate.open()
        found = [future.result(WAIT_SECONDS).language for future in (japanese, english)]
    assert found == ["ja", "en"]
    assert sorted(gate.batches[1]) == [1, 2]


def test_a_scheduler_has_the_name_of_its_engine() -> None:
    assert scheduler_of(FakeRecogniser()).name == "fake"
    assert WholeScheduler(FakeRecogniser()).name == "fake"


# Batches ------------------------------------------------------------------------------------------


def test_utterances_of_two_jobs_share_a_batch(gate: Gate) -> None:
    scheduler = scheduler_of(gate, batch_seconds=20.0)
    with scheduler.job() as one, scheduler.job() as other:
        occupy(gate, one)
        futures = submit(one, 1, 2) + submit(other, 11, 12)
        gate.open()
        texts(futures)
    assert sorted(gate.batches[1]) == [1, 2, 11, 12]


def test_similar_lengths_go_together(gate: Gate) -> None:
    with scheduler_of(gate).job() as job:
        occupy(gate, job)
        futures = [
            job.submit(request(number, seconds))
            for number, seconds in enumerate((5.0, 1.0, 4.9, 1.1, 5.1, 1.2), start=1)
        ]
        gate.open()
        texts(futures)
    assert [sorted(batch) for batch in gate.batches] == [[0], [1, 3], [2, 4, 6], [5]]


@hypothesis_settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(0.1, 30.0)), min_size=1, max_size=40),
    st.floats(1.0, 60.0),
)
def test_every_batch_is_within_its_limits_and_nothing_is_lost(
    utterances: list[tuple[int, float]], batch_seconds: float
) -> None:
    recogniser = Gate()
    scheduler = scheduler_of(recogniser, batch_seconds)
    with ExitStack() as stack:
        jobs = [stack.enter_context(scheduler.job()) for _ in range(4)]
        futures = occupy(recogniser, jobs[0])
        for number, (owner, seconds) in enumerate(utterances, start=1):
            futures += submit(jobs[owner], number, seconds=seconds)
        recogniser.open()
        assert texts(futures) == [str(number) for number in range(len(utterances) + 1)]
    for lengths in recogniser.lengths:
        padded = len(lengths) * max(lengths)
        assert len(lengths) == 1 or padded <= batch_seconds
        assert sum(lengths) >= (1 - MOST_PADDING) * padded * (1 - 1e-9)


def test_an_utterance_longer_than_a_batch_goes_alone(gate: Gate) -> None:
    with scheduler_of(gate, batch_seconds=2.0).job() as job:
        occupy(gate, job)
        futures = submit(job, 1, 2, seconds=5.0)
        gate.open()
        texts(futures)
    assert gate.batches == [[0], [1], [2]]


def test_what_is_done_first_is_delivered_first(gate: Gate) -> None:
    with scheduler_of(gate, batch_seconds=5.0).job() as job:
        first, second = occupy(gate, job) + submit(job, 1)
        gate.permits.release()
        assert first.result(WAIT_SECONDS).text == "0"
        assert not second.done()


# Turns --------------------------------------------------------------------------------------------


def test_a_clip_goes_before_the_hundred_waiting_utterances_of_a_long_file(gate: Gate) -> None:
    scheduler = scheduler_of(gate)
    with scheduler.job() as long, scheduler.job() as clip:
        occupy(gate, long, seconds=15.0)
        submit(long, *range(1, 101))
        futures = submit(clip, 1_000, seconds=4.0) + submit(clip, 1_001, seconds=3.0)
        gate.permits.release(2)
        assert texts(futures) == ["1000", "1001"]
    assert gate.batches[1] == [1_000, 1_001]  # and nothing of the long file with them


def test_a_clip_whose_utterances_come_one_by_one_keeps_its_turn(gate: Gate) -> None:
    scheduler = scheduler_of(gate)
    with scheduler.job() as long, scheduler.job() as clip:
        occupy(gate, long, seconds=15.0)
        submit(long, *range(1, 101))
        for number in (1_000, 1_001, 1_002):
            submit(clip, number, seconds=3.0)
            let_through(gate, 1)
    assert gate.batches[1:] == [[1_000], [1_001], [1_002]]


def test_clips_that_come_together_go_together(gate: Gate) -> None:
    scheduler = scheduler_of(gate, batch_seconds=25.0)
    with ExitStack() as stack:
        long = stack.enter_context(scheduler.job())
        occupy(gate, long, seconds=15.0)
        submit(long, *range(1, 101))
        for number in range(1_000, 1_005):
            submit(stack.enter_context(scheduler.job()), number)
        let_through(gate, 1)
    assert sorted(gate.batches[1]) == [*range(1_000, 1_005)]


def test_a_clip_overtakes_even_when_the_long_file_has_run_for_hours(gate: Gate) -> None:
    scheduler = scheduler_of(gate, batch_seconds=1.0)
    with scheduler.job() as long, scheduler.job() as clip:
        occupy(gate, long)
        submit(long, *range(1, 101))
        let_through(gate, 50)
        submit(clip, 1_000)
        let_through(gate, 1)
    assert gate.batches[-1] == [1_000]


def test_the_hundredth_clip_overtakes_like_the_first(gate: Gate) -> None:
    scheduler = scheduler_of(gate, batch_seconds=1.0)
    with ExitStack() as stack:
        long = stack.enter_context(scheduler.job())
        occupy(gate, long)
        submit(long, *[1] * 200)
        for _ in range(100):
            submit(stack.enter_context(scheduler.job()), 2, seconds=3.0)
            let_through(gate, 2)
    assert gate.batches[1:] == [[2], [1]] * 100


def turns(gate: Gate, *lengths: float, batches: int) -> list[int]:
    """Let a job for each length, all with much to do, share the model; return whose turns come."""
    scheduler = scheduler_of(gate, batch_seconds=1.0)  # so that every utterance goes alone
    with ExitStack() as stack:
        jobs = [stack.enter_context(scheduler.job()) for _ in lengths]
        occupy(gate, stack.enter_context(scheduler.job()))
        for number, (job, seconds) in enumerate(zip(jobs, lengths, strict=True), start=1):
            submit(job, *[number] * batches, seconds=seconds)
        let_through(gate, batches)
    return [number for batch in gate.batches[1:] for number in batch]


def test_long_jobs_take_turns(gate: Gate) -> None:
    assert turns(gate, 5.0, 5.0, batches=10) == [1, 2] * 5


def test_turns_are_counted_in_audio_seconds(gate: Gate) -> None:
    served = turns(gate, 10.0, 2.0, batches=60)
    assert served.count(2) / served.count(1) == pytest.approx(5.0, rel=0.1)


@pytest.mark.parametrize("others", [1, 16])
def test_neither_a_clip_nor_a_long_file_is_starved_by_others(gate: Gate, others: int) -> None:
    served = turns(gate, *[5.0] * (others + 1), batches=4 * (others + 1))
    assert {served.count(number) for number in range(1, others + 2)} == {4}


def test_a_clip_always_at_the_door_leaves_a_long_file_its_share(gate: Gate) -> None:
    scheduler = scheduler_of(gate, batch_seconds=1.0)
    with ExitStack() as stack:
        long = stack.enter_context(scheduler.job())
        occupy(gate, long)
        submit(long, *[1] * 100)
        for _ in range(40):
            if gate.batches[-1] != [1]:
                submit(stack.enter_context(scheduler.job()), 2)
            let_through(gate, 1)
    assert 15 <= gate.batches.count([1]) <= 25


def test_a_job_that_paused_does_not_make_up_for_it(gate: Gate) -> None:
    scheduler = scheduler_of(gate, batch_seconds=1.0)
    with scheduler.job() as paused, scheduler.job() as busy:
        occupy(gate, paused)
        submit(busy, *[1] * 40)
        let_through(gate, 20)
        submit(paused, *[2] * 20)
        let_through(gate, 10)
    assert 4 <= gate.batches.count([2]) <= 6


# The bound ----------------------------------------------------------------------------------------


def test_a_job_may_fill_its_share_of_the_queue_and_then_has_to_wait(gate: Gate) -> None:
    scheduler = scheduler_of(gate, batch_seconds=5.0, queue_seconds=20.0)
    with scheduler.job() as job, ThreadPoolExecutor(1) as thread:
        occupy(gate, job)
        for number in range(1, 5):
            assert job.has_room
            submit(job, number)
        assert not job.has_room
        late = thread.submit(submit, job, 5)
        assert not wait([late], timeout=0.05).done
        gate.permits.release()
        gate.await_batch()
        futures = late.result(WAIT_SECONDS)
        gate.open()
        assert texts(futures) == ["5"]


def test_jobs_share_the_queue(gate: Gate) -> None:
    scheduler = scheduler_of(gate, queue_seconds=40.0)
    with scheduler.job() as one, scheduler.job() as other, scheduler.job():
        occupy(gate, one)
        submit(one, 1, 2, 3, 4)
        room_alone = one.has_room
        submit(other, 11, 12, 13)
        assert (room_alone, one.has_room, other.has_room) == (True, False, True)


def test_a_job_of_which_nothing_waits_always_has_room(gate: Gate) -> None:
    scheduler = scheduler_of(gate, queue_seconds=1.0)
    with ExitStack() as stack:
        occupy(gate, stack.enter_context(scheduler.job()))
        for _ in range(20):
            job = stack.enter_context(scheduler.job())
            submit(job, 1, seconds=60.0)
            assert not job.has_room


def test_many_jobs_with_a_tiny_queue_all_come_to_their_end() -> None:
    scheduler = scheduler_of(FakeRecogniser(), queue_seconds=1.0)

    def caller(number: int) -> list[str]:
        with scheduler.job() as job:
            return texts(submit(job, *[number] * 50))

    with ThreadPoolExecutor(16) as callers:
        found = [*callers.map(caller, range(16))]
    assert found == [[str(number)] * 50 for number in range(16)]


def test_results_that_nobody_fetches_hold_up_nobody() -> None:
    scheduler = scheduler_of(FakeRecogniser(), queue_seconds=5.0)
    with scheduler.job() as slow, scheduler.job() as other:
        submit(slow, *range(20))
        assert texts(submit(other, *range(20))) == [str(number) for number in range(20)]


# Dropping -----------------------------------------------------------------------------------------


def test_leaving_a_job_drops_what_waits_and_nothing_else(gate: Gate) -> None:
    scheduler = scheduler_of(gate)
    with scheduler.job() as other:
        with scheduler.job() as left:
            in_the_model = occupy(gate, left)
            waiting = submit(left, 1, 2)
            kept = submit(other, 11)
        assert [future.cancelled() for future in waiting] == [True, True]
        gate.open()
        assert texts(in_the_model + kept) == ["0", "11"]
    assert gate.batches == [[0], [11]]


def test_leaving_a_job_makes_room_for_the_others(gate: Gate) -> None:
    scheduler = scheduler_of(gate, queue_seconds=20.0)
    with scheduler.job() as stays:
        with scheduler.job() as left:
            occupy(gate, left)
            submit(left, 1, 2)
            submit(stays, 11, 12)
            had_room = stays.has_room
        assert (had_room, stays.has_room) == (False, True)


def test_a_cancelled_future_is_not_recognised(gate: Gate) -> None:
    with scheduler_of(gate).job() as job:
        occupy(gate, job)
        futures = submit(job, 1, 2)
        assert futures[0].cancel()
        gate.open()
        assert texts(futures[1:]) == ["2"]
    assert gate.batches == [[0], [2]]


def test_closing_drops_what_waits_finishes_what_runs_and_refuses_the_rest(gate: Gate) -> None:
    scheduler = scheduler_of(gate, queue_seconds=5.0)
    with scheduler.job() as job, ThreadPoolExecutor(2) as threads:
        running, waiting = occupy(gate, job)[0], submit(job, 1)[0]
        blocked = threads.submit(submit, job, 2)
        closing = threads.submit(scheduler.close)
        with pytest.raises(ModelError, match="closed; load it again"):
            blocked.result(WAIT_SECONDS)
        gate.open()
        closing.result(WAIT_SECONDS)
        assert running.result().text == "0"
        assert waiting.cancelled()
        with pytest.raises(ModelError, match="closed; load it again"):
            submit(job, 3)
    assert not any(thread.ident in gate.threads for thread in threading.enumerate())


# Faults -------------------------------------------------------------------------------------------


class Picky(Gate):
    """Fails on every batch that has utterance 13 in it."""

    def recognise(self, requests: Sequence[Request]) -> list[Hypothesis]:
        found = super().recognise(requests)
        if 13 in self.batches[-1]:
            raise MemoryError
        return found


def test_one_bad_utterance_does_not_fail_its_neighbours() -> None:
    picky = Picky()
    scheduler = scheduler_of(picky, batch_seconds=100.0)
    with scheduler.job() as one, scheduler.job() as other:
        occupy(picky, one)
        good, bad = submit(one, 1, 2) + submit(other, 11), submit(other, 13)
        picky.open()
        assert texts(good) == ["1", "2", "11"]
        with pytest.raises(MemoryError):
            texts(bad)
        assert texts(submit(other, 14)) == ["14"]
    assert len(picky.threads) == 1


@pytest.mark.parametrize("answers", [0, 1, 3])
def test_a_recogniser_that_miscounts_is_a_fault_and_loses_no_text(answers: int) -> None:
    class Miscounting(Gate):
        def recognise(self, requests: Sequence[Request]) -> list[Hypothesis]:
            found = super().recognise(requests)
            return [hypothesis("?")] * answers if len(requests) == 2 else found

    gate = Miscounting()
    with scheduler_of(gate).job() as job:
        occupy(gate, job)
        futures = submit(job, 1, 2)
        gate.open()
        assert texts(futures) == ["1", "2"]  # each alone
    assert gate.batches == [[0], [1, 2], [1], [2]]


def test_an_answer_that_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeRecogniser, "recognise", lambda *_: [])
    with (
        scheduler_of(FakeRecogniser()).job() as job,
        pytest.raises(ModelError, match="0 of 1 utterances"),
    ):
        texts(submit(job, 1))


# Coroutines and whole recordings ------------------------------------------------------------------


def test_coroutines_await_the_futures() -> None:
    scheduler = scheduler_of(FakeRecogniser())

    async def clip(number: int) -> str:
        with scheduler.job() as job:
            assert job.has_room
            return (await asyncio.wrap_future(job.submit(request(number)))).text

    async def clips() -> list[str]:
        return await asyncio.gather(*map(clip, range(16)))

    assert asyncio.run(clips()) == [str(number) for number in range(16)]


def test_a_cancelled_coroutine_leaves_the_queue(gate: Gate) -> None:
    scheduler = scheduler_of(gate)

    async def abandoned(job: Job) -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.wrap_future(job.submit(request(1))), timeout=0.01)

    with scheduler.job() as job:
        futures = occupy(gate, job)
        asyncio.run(abandoned(job))
        futures += submit(job, 2)
        gate.open()
        texts(futures)
    assert gate.batches == [[0], [2]]


def test_a_whole_recording_is_recognised_on_the_models_thread() -> None:
    recogniser = FakeRecogniser()
    scheduler = WholeScheduler(recogniser)
    waveforms = [np.zeros(length, np.float32) for length in (7, 8)]
    futures = [scheduler.submit(waveform, Options()) for waveform in waveforms]
    assert [future.result(WAIT_SECONDS) for future in futures] == [(), ()]
    assert recogniser.batches == [[7], [8]]
    assert threading.get_ident() not in recogniser.threads
    scheduler.close()
    with pytest.raises(ModelError, match="closed; load it again"):
        scheduler.submit(waveforms[0], Options())
