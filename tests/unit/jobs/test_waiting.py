"""Some jobs run, some wait, and one more is told so: in every tab, with one line for all."""

import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from richspeech.audio.container import AudioLimits
from richspeech.console.sessions import Session, Sessions
from richspeech.console.shown import show, shown
from richspeech.console.tabs.live.windows import LiveWindows
from richspeech.console.tabs.transcribe.handlers import paint
from richspeech.engines.readiness import Readiness
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import BusyError, Cancelled
from richspeech.jobs.export import Exports, Material, order
from richspeech.jobs.job import Kind
from richspeech.jobs.runner import AT_ONCE, Runner
from richspeech.jobs.transcribe import Transcription, Transcriptions
from richspeech.jobs.waiting import Places, Turn, WaitingRoom
from richspeech.language.catalog import Notice
from richspeech.model.job_state import State
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Transcript
from richspeech.queue.batches import Batches
from richspeech.queue.queue import JobQueue
from richspeech.service import build
from richspeech.settings import Settings
from richspeech.storage.recordings import Recordings
from richspeech.storage.transcripts import Store
from richspeech.writers import WriterOptions
from tests.fakes import wait_until

LIMITS = AudioLimits(10**9, 3600.0)


def hold(places: Places) -> tuple[Turn, threading.Event]:
    """A turn that is held, or waited for, by a thread until the event is set."""
    turn, go = places.ask(), threading.Event()

    def work() -> None:
        with turn.taken(lambda: False):
            go.wait()

    threading.Thread(target=work, daemon=True).start()
    return turn, go


def test_who_comes_when_the_line_is_full_is_told_how_many_wait() -> None:
    places = WaitingRoom(2).places(1)
    for _ in range(3):
        places.ask()
    with pytest.raises(BusyError, match=r"^2 jobs are waiting here already") as caught:
        places.ask()
    assert caught.value.code == "busy"
    said = Notice.of(caught.value)
    assert "come back in a few minutes" in said.sentence("en")
    assert said.sentence("zh") == "现在已有 2 个任务在排队，排不下了：请过几分钟再来。"


def test_all_kinds_of_work_wait_in_one_room() -> None:
    room = WaitingRoom(1)
    one, other = room.places(1), room.places(1)
    for places in (one, other, one):
        places.ask()
    with pytest.raises(BusyError):
        other.ask()


def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    places = WaitingRoom().places(1)
    held = [hold(places) for _ in range(4)]
    for number, (turn, go) in enumerate(held):
        wait_until(turn.has_come.is_set)
        assert not any(later.has_come.is_set() for later, _ in held[number + 1 :])
        go.set()


def test_who_gives_up_leaves_room_for_another() -> None:
    room = WaitingRoom(1)
    places = room.places(1)
    places.ask()
    with pytest.raises(Cancelled), places.ask().taken(lambda: True):
        pytest.fail("the place is taken")
    assert room.waiting == 0
    places.ask()


def test_who_waits_sleeps_until_there_is_something_to_look_at() -> None:
    places = WaitingRoom().places(1)
    places.ask()
    asked, is_wanted = [], True

    def stopped() -> bool:
        asked.append(1)
        return not is_wanted

    turn = places.ask()
    thread = threading.Thread(target=lambda: attempt(turn, stopped), daemon=True)
    thread.start()
    wait_until(lambda: len(asked) == 1)
    time.sleep(0.2)
    assert len(asked) == 1
    turn.look()
    wait_until(lambda: len(asked) == 2)
    assert thread.is_alive()
    is_wanted = False
    turn.look()
    thread.join(60)
    assert not thread.is_alive()


def attempt(turn: Turn, stopped: Callable[[], bool]) -> None:
    with suppress(Cancelled), turn.taken(stopped):
        pytest.fail("the place is taken")


def test_a_job_that_waits_ends_at_once_when_it_is_cancelled() -> None:
    places, runner = WaitingRoom().places(1), Runner()
    places.ask()
    job = Transcription(None)
    runner.start(job, lambda: pytest.fail("its turn has not come"), places.ask())
    job.cancel()
    wait_until(lambda: job.state is State.CANCELLED)


def test_a_place_is_free_again_when_its_work_ends_however_it_ends() -> None:
    places = WaitingRoom(0).places(1)
    with pytest.raises(ZeroDivisionError), places.ask().taken(lambda: False):
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), places.ask().unless_it_fails():
        raise ZeroDivisionError
    places.ask()


def test_never_more_than_the_places_work_at_once() -> None:
    places, now, most = WaitingRoom(100).places(3), [0], [0]
    lock, over = threading.Lock(), []

    def work() -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.001)
        with lock:
            now[0] -= 1
            over.append(1)

    for _ in range(60):
        Runner().start(Transcription(None), work, places.ask())
    wait_until(lambda: len(over) == 60)
    assert most[0] <= 3


# What the page sees -------------------------------------------------------------------------------


@pytest.fixture
def workers() -> Runner:
    """Those for whom nobody may wait."""
    return Runner(WaitingRoom(0))


@pytest.fixture
def loading() -> Transcribers:
    """A model that never comes, so that work that has begun stays."""
    return Transcribers(Readiness(), Settings())


def recording(folder: Path) -> Path:
    path = folder / f"{secrets.token_hex(4)}.wav"
    path.write_bytes(Path("examples/zh-laughter.wav").read_bytes())
    return path


def test_one_transcription_too_many_has_failed_and_says_why(
    loading: Transcribers, workers: Runner, tmp_path: Path
) -> None:
    work = Transcriptions(workers, loading, LIMITS)
    jobs = [Transcription(recording(tmp_path)) for _ in range(AT_ONCE[Kind.TRANSCRIBE] + 1)]
    for job in jobs:
        work.submit(job)
    *taken, refused = jobs
    assert refused.state is State.FAILED
    assert refused.error is not None
    assert refused.error.code == "busy"
    assert all(not job.is_over for job in taken)
    for job in taken:
        job.cancel()
    wait_until(lambda: all(job.state is State.CANCELLED for job in taken))
    again = Transcription(recording(tmp_path))
    work.submit(again)
    wait_until(lambda: again.state is not State.WAITING)
    assert not again.is_over
    again.cancel()


def test_the_page_says_how_many_wait_in_its_language(loading: Transcribers, tmp_path: Path) -> None:
    work = Transcriptions(Runner(WaitingRoom(2)), loading, LIMITS)
    jobs = [Transcription(recording(tmp_path)) for _ in range(AT_ONCE[Kind.TRANSCRIBE] + 3)]
    for job in jobs:
        work.submit(job)
    session = Session()
    show(session, jobs[-1])
    assert "现在已有 2 个任务在排队" in paint(session).status
    session.locale = "en"
    assert "2 jobs are waiting here already" in paint(session).status
    assert paint(session).can_start
    for job in jobs:
        job.cancel()
    wait_until(lambda: all(job.is_over for job in jobs))


def test_a_talk_that_has_ended_is_never_sent_away(loading: Transcribers, tmp_path: Path) -> None:
    service = build(Settings(), transcribers=loading, runner=Runner(WaitingRoom(0)))
    jobs = [Transcription(recording(tmp_path)) for _ in range(AT_ONCE[Kind.TRANSCRIBE])]
    for job in jobs:
        service.transcriptions.submit(job)
    sessions = Sessions(3600)
    live = LiveWindows(sessions, service).open("window", "", Options())
    live.recording.finish()
    live.path.write_bytes(Path("examples/zh-laughter.wav").read_bytes())
    live.end(None)
    talk = shown(sessions.of_window("window"))
    assert talk is not None
    assert talk.state is State.WAITING
    for job in (*jobs, talk):
        job.cancel()
    wait_until(lambda: talk.state is State.CANCELLED)


def test_a_batch_too_many_is_refused_and_those_before_go_on(
    workers: Runner, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    queue = JobQueue(store.jobs, Recordings(tmp_path / "recordings"))
    work, asked = Batches(workers, queue, Settings()), TranscriptionRequest()
    with monkeypatch.context() as patch:
        patch.setattr(JobQueue, "require_room", lambda *_: go_on.wait())
        paths = [recording(tmp_path)]
        jobs = [
            work.begin(f"b{number}", tmp_path, paths, None, asked)
            for number in range(AT_ONCE[Kind.BATCH])
        ]
        with pytest.raises(BusyError):
            work.begin("many", tmp_path, paths, None, asked)
        go_on.set()
        wait_until(lambda: all(job.state is State.FINISHED for job in jobs))
    assert {each.batch for each in store.jobs.batches()} == {job.batch for job in jobs}


def test_a_long_export_too_many_has_failed_and_a_quick_one_waits_for_nobody(
    workers: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter, go_on = Exports(workers, LIMITS), threading.Event()
    monkeypatch.setattr(Exports, "make", lambda *_: go_on.wait())
    material = Material(
        Transcript(1.0, 0.1, "sensevoice", "models/tiny"), "a", None, Options(), WriterOptions()
    )
    slow: list[Any] = [order("html", material, tmp_path) for _ in range(AT_ONCE[Kind.EXPORT] + 1)]
    for export in slow:
        exporter.submit(export)
    assert slow[-1].error.code == "busy"
    monkeypatch.undo()
    quick = order("txt", material, tmp_path)
    exporter.submit(quick)
    wait_until(lambda: quick.is_over)
    assert quick.state is State.FINISHED
    go_on.set()
