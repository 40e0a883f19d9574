"""What a job tells of itself, and the events of one that is followed."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from richspeech.api.jobs.answers import Pace, described
from richspeech.api.jobs.events import COMMENT, events
from richspeech.api.jobs.results import JSONS, result_of
from richspeech.errors import JobError, StoreError
from richspeech.language.catalog import Notice, locales
from richspeech.model.delivery import DeliveryState, Told
from richspeech.model.job_state import State
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Transcript
from richspeech.storage.jobs import QueuedJob
from richspeech.writers import WriterOptions

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
WAITING = QueuedJob(
    number=1,
    id="0123456789abcdef",
    batch="b",
    owner=None,
    name="客服.wav",
    size_bytes=1_000,
    state=State.WAITING,
    priority=0,
    request=TranscriptionRequest(),
    created=NOON,
    started=None,
    ended=None,
    changed=NOON,
    attempts=0,
    seconds_done=0.0,
    seconds_total=None,
    error=None,
    error_code=None,
    transcript=None,
    is_cached=False,
    webhook=None,
    request_id=None,
)
RUNNING = replace(WAITING, state=State.RUNNING, started=NOON)
WHY = Notice.of(StoreError("history.off"))
DELAYED = replace(WAITING, error=WHY, error_code="store")
OVER = replace(RUNNING, state=State.FINISHED, ended=NOON, seconds_done=60.0, seconds_total=60.0)


@pytest.mark.parametrize(
    ("job", "code", "sentence"),
    [
        (WAITING, "waiting", "It waits for its turn."),
        (RUNNING, "running", "It is being recognised."),
        (
            replace(RUNNING, seconds_done=75.0, seconds_total=120.0),
            "running",
            "1:15 of 2:00 are recognised.",
        ),
        (replace(OVER, is_cached=True), "finished", "It has finished; the history knew"),
        (replace(DELAYED, state=State.FAILED), "store", str(WHY)),
        (DELAYED, "store", f"It will be tried again soon. {WHY}"),
    ],
)
def test_a_job_says_how_far_it_is(job: QueuedJob, code: str, sentence: str) -> None:
    shown = described(job, "en")
    assert shown.code == code
    assert shown.sentence.startswith(sentence)
    assert (shown.error is None) is (job.error is None)


@pytest.mark.parametrize("locale", locales())
@pytest.mark.parametrize("state", [state for state in State if state is not State.LOADING])
def test_every_state_has_a_sentence(state: State, locale: str) -> None:
    assert described(replace(WAITING, state=state), locale).sentence.endswith((".", "。"))


def test_a_webhook_is_shown_with_what_came_of_it() -> None:
    asked = replace(OVER, webhook="https://hooks.example.org/")
    shown = described(asked, "en").webhook
    assert shown is not None
    assert (shown.url, shown.state, shown.attempts) == ("https://hooks.example.org/", None, 0)
    told = Told(DeliveryState.DELIVERED, 2, "204")
    shown = described(replace(asked, told=told), "en").webhook
    assert shown is not None
    assert (shown.state, shown.attempts, shown.answer) == (DeliveryState.DELIVERED, 2, "204")


def test_the_time_left_is_known_once_a_job_was_seen_to_get_further() -> None:
    now = [100.0]
    pace = Pace(lambda: now[0])

    def left(job: QueuedJob, seconds: float) -> float | None:
        now[0] += seconds
        return pace.seconds_left(job)

    resumed = replace(RUNNING, seconds_done=40.0, seconds_total=100.0)
    assert left(WAITING, 0) is None
    assert left(resumed, 5) is None
    assert left(replace(resumed, seconds_done=50.0), 2) == 10.0
    again = replace(resumed, started=NOON.replace(hour=13), seconds_done=60.0)
    assert left(again, 30) is None
    assert left(replace(again, seconds_done=80.0), 10) == 10.0
    assert left(OVER, 1) is None


def told(changes: AsyncGenerator[QueuedJob], *, is_closing: bool = False) -> list[str]:
    async def whole() -> list[str]:
        return [event async for event in events(changes, lambda: is_closing, "en")]

    return asyncio.run(whole())


def read(event: str) -> Any:
    assert event.endswith("\n\n")
    return json.loads(event.removeprefix("data: "))


async def deleted_soon() -> AsyncGenerator[QueuedJob]:
    yield RUNNING
    raise JobError("job.gone", number=RUNNING.id)


async def slow() -> AsyncGenerator[QueuedJob]:
    yield RUNNING
    await asyncio.sleep(0.1)
    yield OVER


def test_a_job_that_is_deleted_ends_its_events_with_the_reason() -> None:
    first, last = told(deleted_soon())
    assert read(first)["state"] == "running"
    assert read(last)["error"]["code"] == "job"


async def until_a_comment() -> list[str]:
    """The events of a job that ends once somebody was told that nothing is new."""
    told_so, heard = asyncio.Event(), []

    async def changes() -> AsyncGenerator[QueuedJob]:
        yield RUNNING
        await told_so.wait()
        yield OVER

    async for event in events(changes(), lambda: False, "en"):
        heard.append(event)
        if event == COMMENT:
            told_so.set()
    return heard


def test_where_nothing_changes_a_comment_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("richspeech.api.jobs.events.SILENT_SECONDS", 0.0)
    monkeypatch.setattr("richspeech.api.jobs.events.PAGE_POLL_SECONDS", 0.01)
    first, *comments, last = asyncio.run(until_a_comment())
    assert (read(first)["state"], read(last)["state"]) == ("running", "finished")
    assert set(comments) == {COMMENT}


def test_a_server_that_ends_says_so_instead_of_waiting_for_the_job() -> None:
    [only] = told(slow(), is_closing=True)
    assert read(only)["error"]["code"] == "stopping"


def test_whoever_stops_listening_leaves_no_look_behind() -> None:
    ends: list[bool] = []

    async def endless() -> AsyncGenerator[QueuedJob]:
        try:
            yield RUNNING
            await asyncio.Event().wait()
        finally:
            ends.append(True)

    async def listen() -> None:
        stream = events(endless(), lambda: False, "en")
        assert "running" in await anext(stream)
        await stream.aclose()

    asyncio.run(listen())
    assert ends == [True]


@pytest.mark.parametrize("form", JSONS)
def test_a_result_says_what_is_amiss_with_the_recording(form: str) -> None:
    warning = RecordingWarning.of("missing_sound", seconds=2.5)
    heard = Transcript(16.5, 1.0, "sensevoice", "tiny", (), (warning,))
    answer = result_of(OVER, heard, form, ["segment"], WriterOptions(locale="zh"))
    [said] = json.loads(bytes(answer.body))["warnings"]
    assert said == warning.to_dict("zh")
