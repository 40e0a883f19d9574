"""Jobs in the database: written over and over, found unfinished by the next process, deleted."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from richspeech.errors import AudioError
from richspeech.jobs.job import JobRecord, Kind
from richspeech.language.catalog import Notice
from richspeech.model.job_state import State
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.storage.jobs import OVER, JobStore
from richspeech.storage.transcripts import Store

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
REQUEST = TranscriptionRequest(Options(hotwords=("退款",)), engine="paraformer", sentiment=True)


def record(identifier: str, state: State = State.WAITING, minute: int = 0) -> JobRecord:
    return JobRecord(
        id=identifier,
        kind=Kind.TRANSCRIBE,
        state=state,
        created=(NOON + timedelta(minutes=minute)).isoformat(timespec="seconds"),
        name="客服 call.wav",
        request=REQUEST.to_dict(),
        seconds_done=12.5,
    )


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/history.sqlite"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = Store(url)
    yield store
    store.close()


@pytest.fixture
def jobs(store: Store) -> JobStore:
    return store.jobs


def test_the_states_that_are_over_are_those_of_jobs() -> None:
    assert {*OVER} == {state.value for state in State if state.is_over}


def test_a_restart_finds_what_was_not_over_oldest_first(url: str, jobs: JobStore) -> None:
    for each in (
        record("b" * 16, State.RUNNING, minute=2),
        record("a" * 16, State.WAITING, minute=1),
        *(record(state[:2] * 8, state) for state in State if state.is_over),
    ):
        jobs.write(each.to_dict())
    again = Store(url)
    found = [JobRecord.from_dict(each) for each in again.jobs.unfinished()]
    again.close()
    assert found == [record("a" * 16, minute=1), record("b" * 16, State.RUNNING, minute=2)]
    assert TranscriptionRequest.from_dict(found[0].request) == REQUEST


def test_a_job_is_as_it_was_written_last(jobs: JobStore) -> None:
    failed = JobRecord(
        **{
            **vars(record("a" * 16, State.FAILED)),
            "error_code": AudioError.__name__,
            "error": Notice.of(AudioError("audio.empty")).to_dict(),
        }
    )
    for each in (record("a" * 16), record("a" * 16, State.RUNNING), failed):
        jobs.write(each.to_dict())
    kept = jobs.read("a" * 16)
    assert kept is not None
    assert JobRecord.from_dict(kept) == failed
    assert jobs.unfinished() == ()
    assert jobs.read("b" * 16) is None


def test_jobs_are_deleted_one_by_one_and_when_they_are_over(jobs: JobStore) -> None:
    jobs.write(record("a" * 16).to_dict())
    jobs.write(record("b" * 16, State.FINISHED).to_dict())
    jobs.write(record("c" * 16, State.FAILED).to_dict())
    jobs.delete("c" * 16)
    jobs.delete("c" * 16)
    assert jobs.delete_over(NOON) == 0  # it was written after that
    assert jobs.delete_over() == 1
    assert [each["id"] for each in jobs.unfinished()] == ["a" * 16]


def test_who_wipes_the_history_deletes_the_names_of_what_is_over(store: Store) -> None:
    store.jobs.write(record("a" * 16, State.RUNNING).to_dict())
    store.jobs.write(record("b" * 16, State.FINISHED).to_dict())
    store.wipe()
    assert store.jobs.read("b" * 16) is None
    assert store.jobs.read("a" * 16) is not None
