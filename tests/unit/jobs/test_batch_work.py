"""A batch at work: all is done, what fails fails alone, what is cancelled stops."""

import io
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import chain, repeat
from pathlib import Path

import pytest

from richspeech.audio.container import AudioLimits
from richspeech.cli.batch_report import Report
from richspeech.errors import AudioError, Cancelled, OptionError
from richspeech.jobs.batch.rows import BatchRow, Tally
from richspeech.jobs.batch.sources import Item, ZipLimits, open_sources
from richspeech.jobs.batch.work import Batch, transcribe_with
from richspeech.jobs.caching import CachingTranscriber, Step
from richspeech.model.job_state import State
from richspeech.model.options import Options
from richspeech.model.transcript import Transcript
from richspeech.recognition.pipeline import Cancel, Progress
from richspeech.recognition.reading import WaveformSource

WAIT_SECONDS = 60.0
"""How long a hung test lasts."""


def item(name: str, size_bytes: int = 100) -> Item:
    return Item(name, size_bytes, "1", name, lambda: nullcontext(b""))


def progress(seconds: float, total: float | None = 10.0, *, finished: bool = False) -> Progress:
    return Progress(Transcript(seconds, seconds / 100, "ear", "tiny"), (), total, finished)


def step(seconds: float, *, finished: bool = False) -> Step:
    return Step(progress(seconds, finished=finished))


def transcribe(_item: Item, _cancelled: Cancel) -> Iterator[Step]:
    yield step(5.0)
    yield step(10.0, finished=True)


def keep_nothing(_item: Item, _last: Step) -> None:
    return None


def states(batch: Batch) -> dict[str, State]:
    return {row.name: row.state for row in batch.rows}


@pytest.mark.parametrize("workers", [1, 4])
def test_everything_is_heard_kept_and_done(workers: int) -> None:
    kept: dict[str, float] = {}

    def keep(item: Item, last: Step) -> int:
        kept[item.name] = last.progress.transcript.duration
        return 7

    names = [f"{number}.wav" for number in range(10)]
    batch = Batch(map(item, names), transcribe, keep)
    assert set(states(batch).values()) == {State.WAITING}
    batch.run(workers)
    assert kept == dict.fromkeys(names, 10.0)
    assert [row.name for row in batch.rows] == names
    for row in batch.rows:
        assert (row.state, row.seconds_done, row.risk) == (State.FINISHED, 10.0, 7)


def test_every_change_of_a_row_is_told() -> None:
    told: list[tuple[State, float]] = []
    batch = Batch(
        [item("a.wav")],
        transcribe,
        keep_nothing,
        lambda row: told.append((row.state, row.seconds_done)),
    )
    batch.run(1)
    running = [(State.RUNNING, seconds) for seconds in (0.0, 5.0, 10.0)]
    assert told == [*running, (State.FINISHED, 10.0)]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (AudioError("bad.wav is empty: upload it again."), "bad.wav is empty: upload it again."),
        (
            OSError(28, "No space left on device"),
            "bad.wav cannot be kept (No space left on device): start the batch again.",
        ),
        (
            ZeroDivisionError("oh"),
            (
                "The program failed on bad.wav (ZeroDivisionError: oh): "
                "try again, or send the log to the administrator."
            ),
        ),
    ],
)
@pytest.mark.parametrize("where", ["transcribing", "keeping"])
def test_a_bad_recording_fails_alone(where: str, error: Exception, sentence: str) -> None:
    def hear_or_fail(item: Item, cancelled: Cancel) -> Iterator[Step]:
        yield step(5.0)
        if item.name == "bad.wav" and where == "transcribing":
            raise error
        yield step(10.0, finished=True)

    def keep_or_fail(item: Item, _last: Step) -> None:
        if item.name == "bad.wav" and where == "keeping":
            raise error

    batch = Batch(map(item, ("a.wav", "bad.wav", "c.wav")), hear_or_fail, keep_or_fail)
    batch.run(2)
    assert [*states(batch).values()] == [State.FINISHED, State.FAILED, State.FINISHED]
    assert str(batch.rows[1].error) == sentence


class Endless:
    """Hears without end until it is stopped."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)

    def __call__(self, _: Item, cancelled: Cancel) -> Iterator[Step]:
        self.begun.release()
        while not cancelled():
            yield step(1.0)
        raise Cancelled


def running(batch: Batch, workers: int) -> threading.Thread:
    thread = threading.Thread(target=batch.run, args=(workers,))
    thread.start()
    return thread


def test_a_cancelled_recording_stops_and_the_others_go_on() -> None:
    endless = Endless()

    def hear_some(item: Item, cancelled: Cancel) -> Iterator[Step]:
        return endless(item, cancelled) if item.name == "long.wav" else transcribe(item, cancelled)

    batch = Batch(map(item, ("a.wav", "long.wav", "waiting.wav", "z.wav")), hear_some, keep_nothing)
    batch.cancel("waiting.wav")
    work = running(batch, 1)
    assert endless.begun.acquire(timeout=WAIT_SECONDS)
    batch.cancel("long.wav", "a.wav")
    assert states(batch)["long.wav"] is State.CANCELLED
    work.join(WAIT_SECONDS)
    assert [*states(batch).values()] == ["finished", "cancelled", "cancelled", "finished"]


def test_all_can_be_stopped_at_once() -> None:
    endless = Endless()
    batch = Batch(map(item, "abcdef"), endless, keep_nothing)
    work = running(batch, 2)
    for _ in range(2):
        assert endless.begun.acquire(timeout=WAIT_SECONDS)
    batch.cancel()
    work.join(WAIT_SECONDS)
    assert set(states(batch).values()) == {State.CANCELLED}
    assert not endless.begun.acquire(blocking=False)


def test_what_is_cancelled_at_the_last_moment_is_not_kept() -> None:
    def hear_late(item: Item, _: Cancel) -> Iterator[Step]:
        batch.cancel(item.name)
        yield step(10.0, finished=True)

    kept: list[str] = []
    batch = Batch([item("a.wav")], hear_late, lambda item, _: kept.append(item.name))
    batch.run(1)
    assert (kept, states(batch)) == ([], {"a.wav": State.CANCELLED})


def test_a_manifest_that_cannot_be_written_ends_the_batch() -> None:
    def watch(row: BatchRow) -> None:
        if row.state is State.FAILED:
            raise OptionError("manifest.jsonl cannot be written.")

    def fail(_item: Item, _cancelled: Cancel) -> Iterator[Step]:
        raise AudioError("bad.")

    batch = Batch([item("a.wav"), *map(item, "bcdefgh")], fail, keep_nothing, watch)
    with pytest.raises(OptionError):
        batch.run(1)
    assert all(row.state.is_over for row in batch.rows)


class Ear:
    """Remembers what it was handed."""

    def transcribe(
        self, recording: WaveformSource, options: Options, cancelled: Cancel
    ) -> Iterator[Progress]:
        self.name, self.options = getattr(recording, "name", None), options
        self.cancelled = cancelled
        seconds = sum(len(block) for block in recording.blocks(10.0)) / 16_000
        yield progress(seconds, finished=True)


def test_what_an_item_holds_is_decoded_under_its_own_name() -> None:
    ear, examples = Ear(), Path(__file__).parents[3] / "examples"
    heard = transcribe_with(
        CachingTranscriber(ear), AudioLimits(10**8, 600.0), Options(language="zh")
    )
    with open_sources([examples], ZipLimits(1, 1, 1)) as items:
        *_, last = heard(items[0], lambda: True)
    assert ear.name == items[0].name == "en-cough.wav"
    assert (ear.options, ear.cancelled()) == (Options(language="zh"), True)
    assert last.progress.transcript.duration > 1.0


# Time left and the line of progress ---------------------------------------------------------------


def test_nothing_is_said_of_time_before_something_is_known() -> None:
    batch = Batch([item("a.wav")], transcribe, keep_nothing)
    assert batch.seconds_left(Tally(1, 0, 0, 10.0, 20.0)) is None
    batch.run(1)
    assert batch.seconds_left(Tally(2, 1, 0, 10.0, None)) is None
    assert batch.seconds_left(Tally(2, 1, 0, 0.0, 20.0)) is None


def test_time_left_is_what_the_rest_takes_at_the_speed_so_far() -> None:
    batch = Batch([item("a.wav")], transcribe, keep_nothing)
    batch.run(1)
    half, tenth = (batch.seconds_left(Tally(9, 1, 0, part, 100.0)) for part in (50.0, 10.0))
    assert half is not None
    assert tenth is not None
    assert 0.0 < half < tenth
    assert batch.seconds_left(Tally(9, 9, 0, 100.0, 100.0)) == 0.0


class Terminal(io.StringIO):
    """Says that it is one."""

    def isatty(self) -> bool:
        return True


def written(stream: io.StringIO) -> str:
    """Run three recordings, the second of which fails, with ten seconds between any two looks."""
    seconds = iter(range(0, 10_000, 10))

    def hear_or_fail(item: Item, cancelled: Cancel) -> Iterator[Step]:
        if item.name == "x/b.wav":
            raise AudioError("b.wav is empty.")
        yield from transcribe(item, cancelled)

    report = Report(stream, lambda: float(next(seconds)))
    batch = Batch(
        map(item, ("a.wav", "x/b.wav", "c.wav")),
        hear_or_fail,
        keep_nothing,
        lambda row: report.show(batch, row),
    )
    batch.run(1)
    report.end(batch, done_before=4)
    return stream.getvalue()


def test_a_log_gets_lines() -> None:
    lines = written(io.StringIO()).splitlines()
    assert lines[0] == "0 of 3 recordings, 0:00 of audio"
    assert lines[1].startswith("0 of 3 recordings, 0:05 of about 0:30 of audio, about 0:0")
    assert "x/b.wav is empty." in lines
    assert any(line.startswith("2 of 3 recordings, 1 failed, 0:15 of about 0:20") for line in lines)
    assert lines[-1] == "2 done (0:20 of audio), 1 failed. 4 were done before."


def test_a_terminal_has_one_line_that_changes() -> None:
    text = written(Terminal())
    assert text.count("\n") == 2
    assert text.count("\r") > 5
    assert "\rx/b.wav is empty.\x1b[K\n" in text
    assert text.endswith("\r2 done (0:20 of audio), 1 failed. 4 were done before.\x1b[K\n")


def test_a_log_is_not_flooded() -> None:
    stream, seconds = io.StringIO(), chain([0.0], repeat(10.0))
    report = Report(stream, lambda: next(seconds))
    batch = Batch(map(item, "abc"), transcribe, keep_nothing, lambda row: report.show(batch, row))
    batch.run(1)
    assert stream.getvalue().count("\n") == 1


def test_a_log_is_told_nothing_before_there_is_anything_to_tell() -> None:
    stream = io.StringIO()
    report = Report(stream, lambda: 0.0)
    batch = Batch(map(item, "abc"), transcribe, keep_nothing, lambda row: report.show(batch, row))
    batch.run(1)
    assert stream.getvalue() == ""
