"""Durable jobs in both databases: taken by one worker at a time, taken over, and ended once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from postprocess import Emotion
from richspeech.access.principal import NOBODY, Principal, Role
from richspeech.errors import AudioError, JobLostError, StoreError
from richspeech.model.document import Document
from richspeech.model.job_state import State
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Segment, Transcript
from richspeech.storage.database import Database, JobRow
from richspeech.storage.jobs import Claim, JobStore, NewJob, Outcome, QueuedJob
from richspeech.storage.transcripts import Fingerprint, Store

REQUEST = TranscriptionRequest(Options(hotwords=("退款",)), engine="paraformer", sentiment=True)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DONE = Outcome(3.0)


class Clock:
    """Stands still until somebody moves it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def segment(start: float) -> Segment:
    return Segment(start, start + 1, "好", "zh", 0.9, Emotion.SAD, {"sad": 0.8}, (), {}, (), "好")


def new(content: str = "a", **values: object) -> NewJob:
    return replace(NewJob("客服 call.wav", 10, content, REQUEST), **values)  # type: ignore[arg-type]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of the database, whichever that is."""
    clock = Clock()
    monkeypatch.setattr(JobStore, "_clock", lambda *_: clock())
    return clock


@pytest.fixture
def database(empty: str) -> Iterator[Database]:
    with closing(Database(empty)) as database:
        yield database


@pytest.fixture
def jobs(database: Database, clock: Clock) -> JobStore:
    return JobStore(database, clock, lease_seconds=30.0, max_attempts=3)


def claimed(jobs: JobStore, worker: str = "w") -> Claim:
    claim = jobs.claim(worker)
    assert claim is not None
    return claim


def now(jobs: JobStore, job: QueuedJob) -> QueuedJob:
    found = jobs.find(job.id)
    assert found is not None
    return found


def test_what_is_handed_in_waits_as_it_was_asked_for(jobs: JobStore) -> None:
    (job,) = jobs.add([new(batch="b" * 8, priority=3, webhook="https://example.org/hook")])
    assert (job.name, job.state, job.request) == ("客服 call.wav", State.WAITING, REQUEST)
    assert (job.batch, job.priority, job.webhook) == ("b" * 8, 3, "https://example.org/hook")
    assert (job.created, job.started, job.ended, job.seconds_total) == (NOON, None, None, None)
    assert jobs.find(job.id) == job
    assert jobs.find("0" * 16) is None


def test_jobs_are_begun_by_priority_then_by_age(jobs: JobStore) -> None:
    first, second, urgent = jobs.add([new("a"), new("b"), new("c", priority=1)])
    assert [claimed(jobs).job.id for _ in range(3)] == [urgent.id, first.id, second.id]
    assert jobs.claim("w") is None


def test_a_recording_does_not_wait_for_somebodys_archive(jobs: JobStore) -> None:
    archive = [f"archive {number}" for number in range(4)]
    jobs.add([new(name, name=name, batch="a") for name in archive])
    assert [claimed(jobs).job.name for _ in range(2)] == archive[:2]
    jobs.add([new("b", name="b", batch="b"), new("c", name="c", batch="b"), new("d", name="d")])
    begun = [claimed(jobs) for _ in range(5)]
    assert [each.job.name for each in begun] == ["b", "d", *archive[2:], "c"]


def test_many_workers_at_once_never_begin_the_same_job(database: Database) -> None:
    jobs = JobStore(database)
    added = jobs.add([new(str(number)) for number in range(24)])

    def work(worker: int) -> list[str]:
        begun = []
        while (claim := jobs.claim(f"worker-{worker}")) is not None:
            begun.append(claim.job.id)
        return begun

    with ThreadPoolExecutor(8) as pool:
        begun = [each for ids in pool.map(work, range(8)) for each in ids]
    assert sorted(begun) == sorted(job.id for job in added)


def test_the_same_recording_with_the_same_request_waits_for_its_like(jobs: JobStore) -> None:
    first, second, other = jobs.add(
        [new("a"), new("a"), replace(new("a"), request=TranscriptionRequest())]
    )
    claim = claimed(jobs)
    assert claim.job.id == first.id
    assert claimed(jobs).job.id == other.id
    assert jobs.claim("w") is None
    jobs.finish(claim, DONE)
    assert claimed(jobs).job.id == second.id


def test_a_job_whose_worker_is_not_heard_of_goes_to_the_next_who_is_alone_in_writing(
    jobs: JobStore, clock: Clock
) -> None:
    (job,) = jobs.add([new()])
    dead = claimed(jobs, "dead")
    clock.move(29)
    assert jobs.claim("alive") is None
    clock.move(2)
    alive = claimed(jobs, "alive")
    assert alive.job.id == job.id
    for write in (
        lambda: jobs.keep(dead, 0, [segment(0)], 1.0, None),
        lambda: jobs.resume(dead, "x"),
        lambda: jobs.finish(dead, DONE),
        lambda: jobs.fail(dead, AudioError("audio.empty", name="a")),
        lambda: jobs.stop(dead),
        lambda: jobs.give_back(dead),
    ):
        with pytest.raises(JobLostError):
            write()
    assert jobs.renew([dead.lease], "dead") == {}
    jobs.finish(alive, DONE)
    assert now(jobs, job).state is State.FINISHED


def test_a_lease_that_is_renewed_holds(jobs: JobStore, clock: Clock) -> None:
    jobs.add([new()])
    claim = claimed(jobs)
    for _ in range(4):
        clock.move(20)
        assert jobs.renew([claim.lease], "w") == {claim.lease: State.RUNNING}
        assert jobs.claim("other") is None


@pytest.mark.parametrize("hours", [-5, 5])
def test_no_jump_of_the_clock_loses_a_job_or_ends_it_twice(
    jobs: JobStore, clock: Clock, hours: int
) -> None:
    (job,) = jobs.add([new()])
    first = claimed(jobs)
    clock.move(hours * 3_600)
    second = claimed(jobs, "other")
    assert second.job.id == job.id
    with pytest.raises(JobLostError):
        jobs.finish(first, DONE)
    jobs.finish(second, DONE)
    assert now(jobs, job).state is State.FINISHED


def test_who_takes_a_job_over_has_what_was_heard_in_order(jobs: JobStore, clock: Clock) -> None:
    (job,) = jobs.add([new()])
    first = claimed(jobs)
    assert jobs.resume(first, "engine") == ()
    jobs.keep(first, 0, [segment(0), segment(2)], 4.0, 60.0)
    jobs.keep(first, 2, [segment(5)], 7.0, 60.0)
    assert (now(jobs, job).seconds_done, now(jobs, job).seconds_total) == (7.0, 60.0)
    clock.move(31)
    second = claimed(jobs)
    assert jobs.resume(second, "engine") == (segment(0), segment(2), segment(5))


def test_what_another_engine_has_heard_is_dropped(jobs: JobStore, clock: Clock) -> None:
    jobs.add([new()])
    first = claimed(jobs)
    jobs.resume(first, "engine")
    jobs.keep(first, 0, [segment(0)], 4.0, None)
    clock.move(31)
    second = claimed(jobs)
    assert jobs.resume(second, "another") == ()
    jobs.keep(second, 0, [segment(9)], 4.0, None)


def test_who_is_given_back_waits_no_time_and_one_that_failed_in_passing_a_while(
    jobs: JobStore, clock: Clock
) -> None:
    (job,) = jobs.add([new()])
    jobs.give_back(claimed(jobs))
    claim = claimed(jobs)
    assert claim.job.attempts == 0
    jobs.give_back(claim, StoreError("history.changed"))
    assert jobs.claim("w") is None
    waiting = now(jobs, job)
    assert (waiting.state, waiting.error_code) == (State.WAITING, "store")
    clock.move(2)
    assert claimed(jobs).job.id == job.id


def test_what_never_gets_further_has_failed_after_so_many_attempts(
    jobs: JobStore, clock: Clock
) -> None:
    (job,) = jobs.add([new()])
    for _ in range(3):
        claimed(jobs)
        clock.move(31)
    assert jobs.claim("w") is None
    failed = now(jobs, job)
    assert (failed.state, failed.error_code) == (State.FAILED, "job")
    assert "begun 3 times" in str(failed.error)


def test_whoever_gets_further_may_be_killed_as_often_as_it_pleases_fate(
    jobs: JobStore, clock: Clock
) -> None:
    (job,) = jobs.add([new()])
    for number in range(10):
        jobs.keep(claimed(jobs), number, [segment(number)], number + 1.0, None)
        clock.move(31)
    assert now(jobs, job).state is State.RUNNING


def test_whoever_gets_further_may_be_given_back_as_often(jobs: JobStore, clock: Clock) -> None:
    (job,) = jobs.add([new()])
    for number in range(6):
        claim = claimed(jobs)
        jobs.keep(claim, number, [segment(number)], number + 1.0, None)
        jobs.give_back(claim, StoreError("history.changed"))
        clock.move(600)
    assert now(jobs, job).state is State.WAITING
    claim = claimed(jobs)
    jobs.keep(claim, 6, [segment(6)], 7.0, None)
    jobs.give_back(claim)
    assert now(jobs, job).attempts == 0


def test_a_job_that_cannot_be_read_fails_and_holds_up_no_other(
    database: Database, jobs: JobStore
) -> None:
    odd, next_one = jobs.add([new("a"), new("b")])
    with database.session() as session:
        row = session.get_one(JobRow, odd.number)
        row.request = {"options": {"language": "no language at all"}}
    assert jobs.claim("w") is None
    assert claimed(jobs).job.id == next_one.id
    assert jobs.counts()[State.FAILED] == 1
    assert [job.id for job in jobs.list()] == [next_one.id]


def test_two_processes_with_other_leases_steal_nothing_from_each_other(jobs: JobStore) -> None:
    patient = jobs.with_limits(3_600.0, 3)
    jobs.add([new()])
    claimed(patient)
    assert jobs.claim("hasty") is None


def test_what_may_kill_its_workers_goes_after_all_others(jobs: JobStore, clock: Clock) -> None:
    jobs = jobs.with_limits(30.0, 10)
    (deadly,) = jobs.add([new("d", priority=9)])
    for _ in range(4):
        assert claimed(jobs).job.id == deadly.id
        clock.move(31)
    (harmless,) = jobs.add([new("h")])
    assert claimed(jobs).job.id == harmless.id


def test_cancelling_ends_what_waits_and_stops_what_is_at_work(jobs: JobStore, clock: Clock) -> None:
    works, waits = jobs.add([new("a"), new("b")])
    claim = claimed(jobs)
    for job in (works, waits):
        jobs.cancel(job.id)
    assert now(jobs, waits).state is State.CANCELLED
    assert jobs.renew([claim.lease], "w") == {claim.lease: State.STOPPING}
    jobs.stop(claim)
    assert now(jobs, works).state is State.CANCELLED
    assert now(jobs, works).ended == clock.now


def test_what_is_stopping_when_its_worker_dies_is_cancelled(jobs: JobStore, clock: Clock) -> None:
    (job,) = jobs.add([new()])
    claimed(jobs)
    jobs.cancel(job.id)
    clock.move(31)
    assert jobs.claim("w") is None
    assert now(jobs, job).state is State.CANCELLED


def test_what_has_failed_is_tried_again_and_goes_on_where_it_was(jobs: JobStore) -> None:
    (job,) = jobs.add([new()])
    claim = claimed(jobs)
    jobs.resume(claim, "engine")
    jobs.keep(claim, 0, [segment(0)], 4.0, None)
    jobs.fail(claim, AudioError("audio.empty", name="call.wav"))
    failed = now(jobs, job)
    assert (failed.state, failed.error_code) == (State.FAILED, "audio")
    again = jobs.retry(job.id)
    assert again is not None
    assert (again.state, again.error, again.ended) == (State.WAITING, None, None)
    assert jobs.resume(claimed(jobs), "engine") == (segment(0),)


def test_what_is_over_is_neither_cancelled_nor_what_has_finished_tried_again(
    jobs: JobStore,
) -> None:
    (job,) = jobs.add([new()])
    jobs.finish(claimed(jobs), DONE)
    finished = now(jobs, job)
    assert jobs.cancel(job.id) == jobs.retry(job.id) == finished


def test_a_result_without_a_history_is_with_the_job(jobs: JobStore) -> None:
    (job,) = jobs.add([new()])
    document = Document(Transcript(3.0, 0.1, "e", "m", (segment(0),)))
    jobs.finish(claimed(jobs), Outcome(3.0, document=document))
    assert jobs.document(job.id) == document


def test_a_transcript_that_is_deleted_takes_its_job_along(
    empty: str, jobs: JobStore, clock: Clock
) -> None:
    (job,) = jobs.add([new()])
    claim = claimed(jobs)
    with closing(Store(empty)) as store:
        document = Document(Transcript(3.0, 0.1, "e", "m", (segment(0),)))
        entry = store.keep(Fingerprint("b", "w"), "call.wav", REQUEST, document)
        jobs.finish(claim, Outcome(3.0, entry.id))
        assert now(jobs, job).transcript == entry.id
        store.delete(entry.id)
    assert jobs.find(job.id) is None


def test_lists_are_of_a_batch_or_of_states_newest_first_page_by_page(jobs: JobStore) -> None:
    added = jobs.add([new(str(number), batch="b" if number % 2 else None) for number in range(6)])
    claimed(jobs)
    newest = [job.id for job in reversed(added)]
    assert [job.id for job in jobs.list()] == newest
    first = jobs.list(limit=4)
    rest = jobs.list(limit=4, before=first[-1].number)
    assert [job.id for job in (*first, *rest)] == newest
    assert [job.id for job in jobs.list(batch="b")] == [newest[0], newest[2], newest[4]]
    assert [job.id for job in jobs.list(states=[State.RUNNING])] == [added[0].id]


def test_all_states_are_counted(jobs: JobStore) -> None:
    jobs.add([new(str(number)) for number in range(3)])
    jobs.finish(claimed(jobs), DONE)
    claimed(jobs)
    counts = {state: count for state, count in jobs.counts().items() if count}
    assert counts == {State.WAITING: 1, State.RUNNING: 1, State.FINISHED: 1}


def test_nobody_sees_or_changes_what_is_somebody_elses(jobs: JobStore) -> None:
    ann, bob = (Principal.at_browser(name, Role.MEMBER) for name in ("ann", "bob"))
    (job,) = jobs.add([new(owner="ann")])
    for others in (jobs.seen_by(bob), jobs.seen_by(NOBODY)):
        assert others.find(job.id) is others.cancel(job.id) is others.retry(job.id) is None
        assert others.list() == ()
        assert not others.delete(job.id)
    assert jobs.seen_by(ann).find(job.id) == jobs.find(job.id) == job


def test_what_was_over_for_long_is_deleted_and_nothing_else(jobs: JobStore, clock: Clock) -> None:
    old, waits = jobs.add([new("a"), new("b")])
    jobs.finish(claimed(jobs), DONE)
    assert jobs.delete_old(24) == ()
    clock.move(25 * 3_600)
    assert jobs.delete_old(24) == (old.id,)
    assert [job.id for job in jobs.list()] == [waits.id]
    assert jobs.size_bytes == 10


def test_a_worker_finds_out_that_its_job_was_deleted(jobs: JobStore) -> None:
    (job,) = jobs.add([new()])
    claim = claimed(jobs)
    assert jobs.delete(job.id)
    assert jobs.renew([claim.lease], "w") == {}
    with pytest.raises(JobLostError):
        jobs.finish(claim, DONE)


def test_a_database_has_a_name_of_its_own_that_lasts(empty: str, tmp_path: Path) -> None:
    names = []
    for url in (empty, empty, f"sqlite:///{tmp_path}/another.sqlite"):
        with closing(Database(url)) as database:
            names.append(database.name)
    assert names[0] == names[1] != names[2]


def test_who_wipes_the_history_deletes_the_names_of_what_is_over(store: Store) -> None:
    works, over = store.jobs.add([new("a"), new("b", priority=1)])
    store.jobs.finish(claimed(store.jobs), DONE)
    store.wipe()
    assert [job.id for job in store.jobs.list()] == [works.id]
    assert over.id not in store.jobs.identifiers()


# Batches ------------------------------------------------------------------------------------------


def test_a_list_reads_a_batch_once_and_then_what_has_changed(jobs: JobStore, clock: Clock) -> None:
    first, second = jobs.add([new("a", batch="ba"), new("b", batch="ba", name="b.wav")])
    jobs.add([new("c", batch="bb"), new("d")])
    assert [each.id for each in jobs.summaries("ba")] == [first.id, second.id]
    assert jobs.summaries("ba")[1].name == "b.wav"
    clock.move(5)
    claim = claimed(jobs)
    assert claim.job.id == first.id
    clock.move(5)
    jobs.keep(claim, 0, [segment(0.0)], 1.0, 9.0)
    (changed,) = jobs.summaries("ba", since=clock.now)
    assert (changed.id, changed.seconds_done, changed.seconds_total) == (first.id, 1.0, 9.0)
    assert (changed.state, changed.changed) == (State.RUNNING, clock.now)
    clock.move(1)
    assert jobs.summaries("ba", since=clock.now) == ()


def test_batches_are_named_newest_first_with_how_far_they_are(jobs: JobStore, clock: Clock) -> None:
    jobs.add([new("a", batch="aa1"), new("b", batch="aa1")])
    claim = claimed(jobs)
    clock.move(60)
    jobs.add([new("c", batch="bb1"), new("d")])
    jobs.fail(claim, AudioError("audio.empty", name="a"))
    newest, older = jobs.batches()
    assert (newest.batch, newest.created, newest.jobs, newest.over) == ("bb1", clock.now, 1, 0)
    assert (older.batch, older.created, older.jobs, older.over) == ("aa1", NOON, 2, 1)
    assert jobs.batches(limit=1) == (newest,)
    assert jobs.batches("aa") == (older,)


def test_a_batch_is_cancelled_and_its_failures_are_tried_again_together(jobs: JobStore) -> None:
    bad, at_work, waiting = jobs.add([new(each, batch="ba") for each in "abc"])
    (other,) = jobs.add([new("d", batch="bb")])
    jobs.fail(claimed(jobs), AudioError("audio.empty", name="a"))
    claimed(jobs)
    jobs.cancel_batch("ba")
    assert [each.state for each in jobs.summaries("ba")] == [
        *(State.FAILED, State.STOPPING, State.CANCELLED)
    ]
    jobs.retry_batch("ba")
    assert now(jobs, bad).state is State.WAITING
    assert now(jobs, at_work).state is State.STOPPING
    assert now(jobs, waiting).state is State.CANCELLED
    assert now(jobs, other).state is State.WAITING


def test_what_cannot_be_read_has_failed_from_the_start_and_stays_so(jobs: JobStore) -> None:
    error = AudioError("zip.unreadable", name="a.zip")
    (bad,) = jobs.add([NewJob("a.zip", 0, "", error=error, batch="ba")])
    assert (bad.state, bad.error_code, bad.ended) == (State.FAILED, "audio", NOON)
    (shown,) = jobs.summaries("ba")
    assert (str(shown.error), shown.may_retry) == (str(error), False)
    assert jobs.claim("w") is None
    again = jobs.retry(bad.id)
    assert again is not None
    assert again.state is State.FAILED


def test_batches_are_those_of_who_asks(jobs: JobStore) -> None:
    ann, bob = (Principal.at_browser(name, Role.MEMBER) for name in ("ann", "bob"))
    boss = Principal.at_browser("boss", Role.ADMIN)
    jobs.add([new("a", batch="ba", owner="ann"), new("b", batch="bb", owner="boss")])
    names = [[each.batch for each in jobs.seen_by(who).batches()] for who in (ann, bob, boss)]
    assert names == [["ba"], [], ["bb"]]
    assert [each.batch for each in jobs.batches()] == ["bb", "ba"]  # where nobody logs in
    assert jobs.seen_by(NOBODY).batches() == ()
    assert jobs.seen_by(bob).summaries("ba") == ()
    jobs.seen_by(bob).cancel_batch("ba")
    assert [each.state for each in jobs.seen_by(boss).summaries("ba")] == [State.WAITING]
