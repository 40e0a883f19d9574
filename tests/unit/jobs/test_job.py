"""A job goes one way, and tells who looks on."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from richspeech.errors import AudioError, Cancelled
from richspeech.jobs.job import Job, Kind
from richspeech.model.job_state import NEXT, State
from richspeech.polling import Rhythm

OVER = (State.FINISHED, State.CANCELLED, State.FAILED)


@dataclass(eq=False)
class Digging(Job):
    """Work that is only looked at here."""

    kind: ClassVar[Kind] = Kind.EXPORT

    @property
    def name(self) -> str:
        return "a.wav"


def test_three_states_are_ends_and_every_other_leads_to_all_of_them() -> None:
    assert tuple(state for state in State if state.is_over) == OVER
    for state in set(State) - set(OVER):
        assert set(OVER) < set(NEXT[state])


@given(st.lists(st.sampled_from(["run", "load", "cancel", "finish", "fail", "withdraw"])))
def test_whatever_happens_a_job_that_is_over_stays_as_it_ended(steps: list[str]) -> None:
    job, ended = Digging(), None
    do = {
        "run": lambda: job.enter(State.RUNNING),
        "load": lambda: job.enter(State.LOADING),
        "cancel": job.cancel,
        "finish": lambda: job.enter(State.FINISHED),
        "fail": lambda: job.fail(AudioError("The recording is empty.")),
        "withdraw": job.withdraw,
    }
    for step in steps:
        do[step]()
        ended = ended or (job.state if job.is_over else None)
    assert job.state is (ended or job.state)
    assert (job.error is not None) is (job.state is State.FAILED)


def test_no_job_goes_back() -> None:
    with pytest.raises(ValueError, match=r"a\.wav is running and cannot become waiting"):
        Digging(state=State.RUNNING).enter(State.WAITING)


def test_who_was_asked_to_stop_does_not_run_again_but_may_still_finish() -> None:
    job = Digging(state=State.RUNNING)
    job.cancel()
    job.enter(State.RUNNING)
    assert job.state.value == "stopping"
    with pytest.raises(Cancelled):
        job.require_wanted()
    job.enter(State.FINISHED)
    assert job.state.value == "finished"


def test_who_fails_says_why_once() -> None:
    job = Digging()
    job.fail(AudioError("The recording is empty."))
    job.fail(AudioError("Something else."))
    assert (job.state, str(job.error)) == (State.FAILED, "The recording is empty.")


def test_whoever_looks_on_hears_of_the_beginning_of_changes_and_of_the_end() -> None:
    async def seen() -> list[State]:
        job, states = Digging(), []
        async for _ in job.watch():
            states.append(job.state)
            job.enter({State.WAITING: State.RUNNING}.get(job.state, State.FINISHED))
        return states

    assert asyncio.run(seen()) == [State.WAITING, State.RUNNING, State.FINISHED]


def test_the_end_is_told_at_once_and_changes_only_as_often_as_they_can_be_shown() -> None:
    async def seen() -> list[State]:
        job, states = Digging(state=State.RUNNING), list[State]()

        def dig() -> None:
            for _ in range(1_000):
                job.touch()
            job.enter(State.FINISHED)

        async for _ in job.watch(Rhythm(600)):
            states.append(job.state)
            if len(states) == 1:  # not before its state was seen: it may be done at once
                asyncio.get_running_loop().run_in_executor(None, dig)
        assert not job.listeners
        return states

    assert asyncio.run(asyncio.wait_for(seen(), 60)) == [State.RUNNING, State.FINISHED]


def test_who_looks_more_often_from_now_on_sees_at_once_what_has_changed_meanwhile() -> None:
    async def seen() -> list[int]:
        job, rhythm, looks = Digging(state=State.RUNNING), Rhythm(600), list[int]()
        async for _ in job.watch(rhythm):
            looks.append(job.changes)
            match len(looks):
                case 1:
                    job.touch()
                    asyncio.get_running_loop().call_later(0.02, rhythm.change, 0)
                case 2:
                    job.enter(State.FINISHED)
        assert not rhythm.listeners
        return looks

    assert asyncio.run(asyncio.wait_for(seen(), 60)) == [0, 1, 2]


def test_who_waits_for_another_state_hears_of_nothing_else() -> None:
    async def seen() -> list[State]:
        job, states = Digging(), []
        async for state in job.states():
            states.append(state)
            for _ in range(3):
                job.touch()
                await asyncio.sleep(0)
            job.enter({State.WAITING: State.RUNNING}.get(state, State.FINISHED))
        assert not job.listeners
        return states

    assert asyncio.run(seen()) == [State.WAITING, State.RUNNING, State.FINISHED]


def test_a_loop_is_woken_up_once_for_all_that_it_has_not_heard_of() -> None:
    async def woken() -> int:
        job, loop = Digging(state=State.RUNNING), asyncio.get_running_loop()
        with job.told() as changed:
            job.touch()
            await changed.wait()
            wakings = []
            loop.call_soon_threadsafe = lambda *call: wakings.append(call)  # type: ignore[assignment,method-assign]
            for _ in range(100):
                job.touch()
            changed.clear()
            job.touch()
            return len(wakings)

    assert asyncio.run(woken()) == 1


def test_who_looks_on_after_the_loop_has_ended_holds_no_job_up() -> None:
    job = Digging(state=State.RUNNING)

    async def leave() -> None:
        watching = job.watch()
        await anext(watching)
        job.listeners.append(job.listeners[0])  # as of a loop that was stopped at once

    asyncio.run(leave())
    job.enter(State.FINISHED)
    assert job.is_over


def test_whoever_attends_to_a_job_sees_its_changes_and_its_end() -> None:
    job, seen = Digging(), []

    async def look() -> None:
        seen.append(job.state)
        job.enter(State.FINISHED)

    asyncio.run(job.attend(look))
    assert seen == [State.WAITING, State.FINISHED]


def test_whoever_attends_to_a_job_is_told_why_there_is_no_result() -> None:
    job = Digging()
    job.fail(AudioError("audio.empty", name="a.wav"))
    with pytest.raises(AudioError):
        asyncio.run(job.attend())
    job = Digging()
    job.withdraw()
    with pytest.raises(Cancelled):
        asyncio.run(job.attend())


def test_a_job_is_cancelled_once_whoever_attends_to_it_has_gone() -> None:
    async def leave(job: Job) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(job.attend(), 0.01)

    job = Digging()
    asyncio.run(leave(job))
    assert job.state is State.STOPPING
