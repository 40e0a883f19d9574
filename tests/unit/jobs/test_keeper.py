"""A job that a process has left is found by the next one, with its recording and its request."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from richspeech.errors import AudioError
from richspeech.jobs.job import Job
from richspeech.jobs.keeper import Keeper
from richspeech.jobs.runner import Runner
from richspeech.jobs.transcribe import Transcription
from richspeech.model.job_state import State
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.storage.database import Database
from richspeech.storage.jobs import JobStore
from richspeech.storage.recordings import Recordings
from tests.fakes import wait_until

ASKED = TranscriptionRequest(Options(language="yue"), "paraformer")


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    database = Database(f"sqlite:///{tmp_path}/history.sqlite")
    yield Keeper(JobStore(database), Recordings(tmp_path / "recordings"))
    database.close()


@pytest.fixture
def job(tmp_path: Path, keeper: Keeper) -> Transcription:
    (tmp_path / "call.wav").write_bytes(b"sound")
    job = Transcription(tmp_path / "call.wav", ASKED)
    keeper.recording(job, tmp_path / "call.wav")
    return job


def test_work_that_a_process_has_left_is_found_with_what_was_asked(
    keeper: Keeper, job: Transcription
) -> None:
    go_on, runner = threading.Event(), Runner(keeper=keeper)

    def work() -> None:
        go_on.wait(10)

    runner.start(job, work)
    [(record, path)] = keeper.unfinished()
    assert (record.id, record.name, record.state) == (job.id, "call.wav", State.WAITING)
    assert TranscriptionRequest.from_dict(record.request) == ASKED
    assert path.read_bytes() == b"sound"
    go_on.set()
    runner.close(10, 10)
    assert [*keeper.unfinished()] == []


def test_a_runner_is_closed_once_the_end_of_its_jobs_is_kept(
    keeper: Keeper, job: Transcription, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = keeper.keep

    def keep_slowly(job: Job) -> None:
        if job.is_over:
            time.sleep(0.2)
        keep(job)

    monkeypatch.setattr(keeper, "keep", keep_slowly)
    runner = Runner(keeper=keeper)
    runner.start(job, lambda: None)
    wait_until(lambda: job.is_over)
    runner.close(10, 10)
    assert [*keeper.unfinished()] == []


@pytest.mark.parametrize("error", [None, AudioError("audio.empty", name="call.wav")])
def test_what_is_over_is_not_begun_again_and_its_recording_goes(
    keeper: Keeper, job: Transcription, error: AudioError | None
) -> None:
    def work() -> None:
        if error is not None:
            raise error

    Runner(keeper=keeper).run(job, work)
    assert [*keeper.unfinished()] == []
    assert job.state is (State.FAILED if error else State.FINISHED)
