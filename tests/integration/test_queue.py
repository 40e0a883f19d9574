"""Durable jobs from hand to hand: heard once, gone on with after kill -9, never lost."""

import asyncio
import errno
import os
import resource
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from richspeech.access.principal import ANYBODY, NOBODY, Principal, Role
from richspeech.errors import (
    AccessError,
    AudioError,
    Cancelled,
    JobError,
    ModelError,
    QuotaError,
    StoreError,
)
from richspeech.jobs.job import Kind
from richspeech.jobs.runner import Runner
from richspeech.model.job_state import State
from richspeech.model.request import TranscriptionRequest
from richspeech.queue.queue import HandedIn, JobQueue, Unreadable
from richspeech.storage.jobs import QueuedJob
from richspeech.storage.query import parse_query
from richspeech.storage.transcripts import Store
from tests.fakes import wait_until
from tests.integration.queue_place import Ear, Place, ended, queue_of, texts
from tests.processes import started

ASKED = TranscriptionRequest()
REFUSED = 3
"""Exit status of a process that was told a sentence."""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_what_is_handed_in_is_heard_and_its_transcript_is_in_the_history(place: Place) -> None:
    with place.process() as service, service.at_work():
        queue = queue_of(service)
        (job,) = ended(queue, *queue.submit([place.recording(0.1, 0.2)], ASKED))
        assert (job.state, job.seconds_done, job.is_cached) == (State.FINISHED, 8.0, False)
        assert texts(queue, job) == ["0.10", "0.20"]
        assert service.history is not None
        (entry,) = service.history.store.search(parse_query(""))
        assert (entry.id, entry.name) == (job.transcript, "客服 0.1-0.2.wav")


def test_the_same_sound_with_the_same_settings_is_recognised_once(place: Place) -> None:
    with place.process(Ear(place.notes, 0.05)) as service, service.at_work():
        queue = queue_of(service)
        twice = [place.recording(0.1, 0.2), place.recording(0.1, 0.2), place.recording(0.3)]
        jobs = ended(queue, *queue.submit(twice, ASKED))
        assert [job.is_cached for job in jobs] == [False, True, False]
        assert [texts(queue, job) for job in jobs] == [["0.10", "0.20"]] * 2 + [["0.30"]]
    assert sorted(place.heard) == ["0.10", "0.20", "0.30"]


def test_without_a_history_the_result_is_with_the_job_and_nothing_outlasts_the_process(
    place: Place,
) -> None:
    with place.process(keeps=False) as service, service.at_work():
        queue = queue_of(service)
        (job,) = ended(queue, *queue.submit([place.recording(0.1)], ASKED))
        assert (texts(queue, job), job.transcript) == (["0.10"], None)
    assert not (place.folder / "recordings").exists()
    with place.process(keeps=False) as service:
        assert queue_of(service).list() == ()


def work_slowly(folder: Path) -> None:
    """Do jobs until somebody kills the process."""
    place = Place(folder)
    with place.process(Ear(place.notes, 0.1)) as service, service.at_work():
        threading.Event().wait()


def test_after_kill_9_a_job_goes_on_behind_what_was_heard(place: Place) -> None:
    levels = [number / 20 for number in range(1, 13)]
    with place.process() as service:
        (job,) = queue_of(service).submit([place.recording(*levels)], ASKED)
    child = started(work_slowly, place.folder)
    wait_until(lambda: len(place.heard) >= 4)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    before = len(place.heard)
    assert before < len(levels)
    with place.process() as service, service.at_work():
        queue = queue_of(service)
        (over,) = ended(queue, job)
        assert over.state is State.FINISHED
        assert texts(queue, over) == [f"{level:.2f}" for level in levels]
        assert service.history is not None
        assert len(service.history.store.search(parse_query(""))) == 1
    assert len(place.heard) <= len(levels) + 1  # but for what was heard and not yet kept


def test_a_process_that_ends_in_peace_leaves_its_jobs_to_the_next_at_once(place: Place) -> None:
    levels = [number / 20 for number in range(1, 13)]
    with place.process(Ear(place.notes, 0.1)) as service, service.at_work():
        (job,) = queue_of(service).submit([place.recording(*levels)], ASKED)
        wait_until(lambda: len(place.heard) >= 3)
        service.runner.close(5, 5)
        left = queue_of(service).find(job.id)
        assert (left.state, left.error) == (State.WAITING, None)
    assert len(place.heard) < len(levels)
    with place.process() as service, service.at_work():
        (over,) = ended(queue_of(service), job)
        assert texts(queue_of(service), over) == [f"{level:.2f}" for level in levels]
    assert len(place.heard) <= len(levels) + 1


def test_what_is_broken_fails_with_a_sentence_and_the_rest_goes_on(place: Place) -> None:
    (place.folder / "letter.wav").write_text("Dear Sir or Madam")
    with place.process() as service, service.at_work():
        queue = queue_of(service)
        letter = HandedIn(place.folder / "letter.wav", "letter.wav")
        bad, good = ended(queue, *queue.submit([letter, place.recording(0.1)], ASKED))
        assert (bad.state, bad.error_code) == (State.FAILED, "audio")
        assert "letter.wav" in str(bad.error)
        assert good.state is State.FINISHED
        with pytest.raises(JobError, match="its error says why"):
            queue.result(bad.id)


def test_who_cancels_is_obeyed_while_the_job_is_at_work(place: Place) -> None:
    with place.process(Ear(place.notes, 0.05)) as service, service.at_work():
        queue = queue_of(service)
        (job,) = queue.submit([place.recording(*[0.5] * 200)], ASKED)
        wait_until(lambda: len(place.heard) >= 2)
        assert queue.cancel(job.id).state is State.STOPPING
        (over,) = ended(queue, job)
        assert over.state is State.CANCELLED
        assert len(place.heard) < 200


def test_a_model_that_is_missing_loses_nothing_and_the_job_goes_on_when_asked(place: Place) -> None:
    gone = ModelError("model.closed")
    with place.process(Ear(place.notes, error=gone)) as service, service.at_work():
        queue = queue_of(service)
        (job,) = ended(queue, *queue.submit([place.recording(0.1)], ASKED))
        assert (job.state, job.error_code) == (State.FAILED, "model")
    with place.process() as service, service.at_work():
        queue = queue_of(service)
        assert queue.retry(job.id).state is State.WAITING
        (over,) = ended(queue, job)
        assert texts(queue, over) == ["0.10"]


def test_a_history_that_cannot_keep_it_has_the_job_wait_and_be_tried_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.process() as service, service.at_work():
        queue = queue_of(service)
        refused: list[bool] = []
        keep = Store.keep

        def full_at_first(self: Store, *arguments: object) -> object:
            if not refused:
                refused.append(True)
                raise StoreError("history.unusable", why="disk full")
            return keep(self, *arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(Store, "keep", full_at_first)
        (job,) = queue.submit([place.recording(0.1)], ASKED)
        wait_until(lambda: queue.find(job.id).error_code == "store")
        assert queue.find(job.id).state is State.WAITING
        (over,) = ended(queue, job)
        assert (over.state, over.error, texts(queue, over)) == (State.FINISHED, None, ["0.10"])


def test_a_database_that_is_gone_for_a_while_costs_no_job(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.process(Ear(place.notes, 0.02)) as service, service.at_work():
        queue = queue_of(service)
        (job,) = queue.submit([place.recording(*[0.5] * 8)], ASKED)
        wait_until(lambda: len(place.heard) >= 2)
        session = type(queue.store)._session

        def gone(_: object) -> object:
            raise StoreError("history.unusable", why="connection refused")

        with monkeypatch.context() as patch:
            patch.setattr(type(queue.store), "_session", gone)
            wait_until(lambda: not service.runner.busy)
        assert type(queue.store)._session is session
        (over,) = ended(queue, job)
        assert (over.state, texts(queue, over)) == (State.FINISHED, ["0.50"] * 8)


def work_with_little_room(folder: Path, more_bytes: int) -> None:
    """Do jobs on a disk that is soon full, until that is found out."""
    place = Place(folder)
    with place.process(Ear(place.notes)) as service:
        log = Path(f"{place.folder}/history.sqlite-wal")
        most = log.stat().st_size + more_bytes
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        with service.at_work():
            wait_until(lambda: bool(place.heard) and not service.runner.busy)
            os._exit(0)


def test_a_disk_that_is_full_loses_nothing_of_a_job(place: Place) -> None:
    levels = [number / 100 for number in range(1, 61)]
    with place.process() as service:
        (job,) = queue_of(service).submit([place.recording(*levels)], ASKED)
    child = started(work_with_little_room, place.folder, 100_000)
    child.join()
    assert child.exitcode == 0
    with place.process() as service:
        assert not queue_of(service).find(job.id).state.is_over
        with service.at_work():
            (over,) = ended(queue_of(service), job)
            assert texts(queue_of(service), over) == [f"{level:.2f}" for level in levels]


def hand_in_with_little_room(folder: Path, recording: HandedIn) -> None:
    """Try to copy a recording onto a disk that is full."""
    with Place(folder).process() as service:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        Path.hardlink_to = _other_disk  # type: ignore[assignment,method-assign]
        try:
            queue_of(service).submit([recording], ASKED)
        except StoreError as error:
            os._exit(REFUSED if "make room" in str(error) else 1)
    os._exit(0)


def _other_disk(*_: object) -> None:
    raise OSError(errno.EXDEV, "Invalid cross-device link")


def test_what_the_disk_has_no_room_for_is_refused_with_a_sentence_and_leaves_nothing(
    place: Place,
) -> None:
    child = started(hand_in_with_little_room, place.folder, place.recording(0.1))
    child.join()
    assert child.exitcode == REFUSED
    with place.process() as service:
        assert queue_of(service).list() == ()
    assert [each for each in (place.folder / "recordings").rglob("*") if each.is_file()] == []


def test_so_many_jobs_are_at_work_as_the_settings_allow(place: Place) -> None:
    with place.process(Ear(place.notes, 0.02)) as service, service.at_work():
        queue = queue_of(service)
        several = [place.recording(level / 20, 0.5) for level in range(1, 13)]
        jobs, most = queue.submit(several, ASKED), 0
        while not all(queue.find(job.id).state.is_over for job in jobs):
            most = max(most, len([job for job in service.runner.busy if job.kind is Kind.QUEUED]))
        assert most == service.settings.jobs.workers


def test_a_fault_in_tidying_up_keeps_no_job_waiting(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: JobQueue, __: float) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(JobQueue, "tidy", broken)
    with place.process() as service, service.at_work():
        queue = queue_of(service)
        (job,) = ended(queue, *queue.submit([place.recording(0.1)], ASKED))
        assert job.state is State.FINISHED


def test_a_job_for_which_there_is_no_thread_is_given_back(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with place.process() as service:
        queue = queue_of(service)
        (job,) = queue.submit([place.recording(0.1)], ASKED)
        assert service.worker is not None
        with monkeypatch.context() as patch:
            patch.setattr(Runner, "start", none_left)
            with pytest.raises(RuntimeError):
                service.worker.begin()
        assert queue.find(job.id).state is State.WAITING
        with service.at_work():
            (over,) = ended(queue, job)
    assert over.state is State.FINISHED


def recordings_of(place: Place) -> list[Path]:
    return [each for each in (place.folder / "recordings").rglob("*") if each.is_file()]


@pytest.mark.parametrize("wipes", [False, True])
def test_whoever_deletes_a_transcript_deletes_its_recording_as_well(
    place: Place, *, wipes: bool
) -> None:
    with place.process() as service, service.at_work():
        queue = queue_of(service)
        twice = [place.recording(0.1), place.recording(0.1)]
        (job, _) = ended(queue, *queue.submit(twice, ASKED))
        (kept,) = ended(queue, *queue.submit([place.recording(0.2)], ASKED))
        assert len(recordings_of(place)) == 3
        assert service.history is not None
        assert job.transcript is not None
        store = service.history.seen_by(ANYBODY).store
        if wipes:
            store.wipe()
        else:
            store.delete(job.transcript)
        left = [] if wipes else [kept.id]
        assert [each.name for each in recordings_of(place)] == left
        assert [each.id for each in queue.list()] == left


def test_what_does_not_fit_is_refused_whole(place: Place) -> None:
    with place.process() as service:
        queue = replace(queue_of(service), max_bytes=200_000)
        queue.submit([place.recording(0.1)], ASKED)
        with pytest.raises(QuotaError, match="200,000"):
            queue.submit([place.recording(0.2)], ASKED)
        assert len(queue.list()) == 1
        assert len([*(place.folder / "recordings").rglob("*")]) == 2


def test_who_hands_in_a_file_that_is_gone_leaves_nothing(place: Place) -> None:
    with place.process() as service:
        gone = HandedIn(place.folder / "gone.wav", "gone.wav")
        with pytest.raises(FileNotFoundError):
            queue_of(service).submit([place.recording(0.1), gone], ASKED)
        assert queue_of(service).list() == ()


def test_recordings_are_asked_for_one_by_one_and_what_is_none_has_failed(place: Place) -> None:
    names: list[str] = []

    def unpacked() -> Iterator[HandedIn | Unreadable]:
        for number in (1, 2):
            each = place.recording(number / 10)
            yield HandedIn(each.path, f"{number}.wav")
            names.append(each.path.name)
            each.path.unlink()
        yield Unreadable("inner.zip", AudioError("batch.nested", name="inner.zip"))

    with place.process() as service, service.at_work():
        queue = queue_of(service)
        jobs = ended(queue, *queue.submit(unpacked(), ASKED, batch="ba"))
        assert [(job.name, job.state) for job in jobs] == [
            ("1.wav", State.FINISHED),
            ("2.wav", State.FINISHED),
            ("inner.zip", State.FAILED),
        ]
        assert len(names) == 2
        assert "inner.zip" in str(jobs[2].error)


def test_jobs_are_seen_by_those_who_handed_them_in_and_their_transcripts_are_theirs(
    place: Place,
) -> None:
    ann, bob = (Principal.at_browser(name, Role.MEMBER) for name in ("ann", "bob"))
    with place.process() as service, service.at_work():
        anns, bobs = (queue_of(service).seen_by(each) for each in (ann, bob))
        (job,) = ended(anns, *anns.submit([place.recording(0.1)], ASKED))
        (same,) = ended(bobs, *bobs.submit([place.recording(0.1)], ASKED))
        assert texts(anns, job) == texts(bobs, same) == ["0.10"]
        assert job.transcript != same.transcript
        assert anns.list() == (job,)
        for look in (bobs.find, bobs.cancel, bobs.retry, bobs.delete, bobs.result):
            with pytest.raises(JobError, match="no job"):
                look(job.id)
        with pytest.raises(AccessError):
            queue_of(service).seen_by(NOBODY).submit([place.recording(0.2)], ASKED)
    assert place.heard == ["0.10"]


def test_whoever_watches_sees_a_job_get_further_and_end(place: Place) -> None:
    async def seen(queue: JobQueue, job: QueuedJob) -> list[QueuedJob]:
        return [each async for each in queue.watch(job.id)]

    with place.process(Ear(place.notes, 0.2)) as service:
        queue = queue_of(service)
        (job,) = queue.submit([place.recording(*[0.5] * 5)], ASKED)
        with service.at_work():
            states = asyncio.run(seen(queue, job))
    assert states[-1].state is State.FINISHED
    done = [each.seconds_done for each in states]
    assert done == sorted(done)
    assert len(set(done)) >= 3


def test_whoever_watches_a_job_that_waits_looks_less_and_less_often(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    mine: list[asyncio.AbstractEventLoop] = []
    sleep = asyncio.sleep

    async def pause(seconds: float) -> None:
        if asyncio.get_running_loop() not in mine:  # other tests' servers may run beside
            await sleep(seconds)
            return
        pauses.append(seconds)
        if len(pauses) == 20:
            raise Cancelled

    async def watch(queue: JobQueue, job: QueuedJob) -> None:
        mine.append(asyncio.get_running_loop())
        monkeypatch.setattr(asyncio, "sleep", pause)
        with pytest.raises(Cancelled):
            [_ async for _ in queue.watch(job.id)]

    with place.process() as service:
        (job,) = queue_of(service).submit([place.recording(0.1)], ASKED)
        asyncio.run(watch(queue_of(service), job))
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[-1] == pauses[-2]


def test_what_is_over_for_long_goes_with_its_recording(place: Place) -> None:
    with place.process() as service, service.at_work():
        (job,) = ended(queue_of(service), *queue_of(service).submit([place.recording(0.1)], ASKED))
    settings = place.settings
    place.settings = settings.model_copy(
        update={"jobs": settings.jobs.model_copy(update={"keep_hours": 1e-6})}
    )
    with place.process() as service, service.at_work():
        wait_until(lambda: not queue_of(service).list())
        wait_until(lambda: not [*(place.folder / "recordings").rglob(job.id)])
        assert service.history is not None
        assert len(service.history.store.search(parse_query(""))) == 1
