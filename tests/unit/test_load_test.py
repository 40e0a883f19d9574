"""What scripts/load_test.py sends, takes for right and reports, without a server."""

import asyncio
import io
import wave
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from richspeech.language.catalog import say
from scripts.load import clients
from scripts.load.clients import ApiClient, come_and_go, insist
from scripts.load.idle import idle_server
from scripts.load.plan import Clip, Outcome, Plan, Record, same
from scripts.load.report import markdown, percentiles, summary, verdicts
from scripts.load.watch import FIRST_LOOKS, Seen
from scripts.measure_page import probed


def a_wav(samples: int = 1000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(16_000)
        writer.writeframes(b"\x10\x00" * samples)
    return file.getvalue()


CLIP = Clip("one.wav", 3.0, a_wav(), "good morning")
OTHER = Clip("two.wav", 3.0, a_wav(), "good night")


@pytest.fixture
def plan() -> Plan:
    begun = Plan([CLIP, OTHER], seconds=60)
    begun.begin()
    return begun


def samples_of(content: bytes) -> list[int]:
    with wave.open(io.BytesIO(content)) as reader:
        frames = reader.readframes(reader.getnframes())
    return [int.from_bytes(frames[at : at + 2], "little") for at in range(0, len(frames), 2)]


def test_a_number_changes_the_last_samples_of_a_clip_by_one_at_most() -> None:
    numbered = [CLIP.numbered(number) for number in (1, 2, 2**32 - 1)]
    assert len({each.content for each in numbered}) == 3
    before = samples_of(CLIP.content)
    for each in numbered:
        after = samples_of(each.content)
        assert after[:-32] == before[:-32]
        assert all(abs(one - other) <= 1 for one, other in zip(before, after, strict=True))


def test_the_words_of_another_clip_are_told_from_wrong_ones(plan: Plan) -> None:
    assert plan.outcome_of(CLIP, "good  morning")[0] is Outcome.RIGHT
    assert plan.outcome_of(CLIP, "good night")[0] is Outcome.MIXED_UP
    assert plan.outcome_of(CLIP, "good mourning")[0] is Outcome.WRONG
    assert plan.outcome_of(CLIP, None)[0] is Outcome.WRONG
    assert not same("", "good")


def test_who_is_told_to_come_later_sends_the_same_again(plan: Plan) -> None:
    answers = iter([(Outcome.LATER, "0.01"), (Outcome.LATER, "0.01"), (Outcome.RIGHT, "")])
    sent = []

    async def send(clip: Clip) -> tuple[Outcome, str]:
        sent.append(clip)
        return next(answers)

    asyncio.run(insist(plan, "API", send, CLIP))
    assert sent == [CLIP] * 3
    assert [each.outcome for each in plan.records] == ["told to come later"] * 2 + ["right"]
    assert plan.records[-1].waited > plan.records[-1].seconds


def test_what_breaks_the_line_is_a_failure(plan: Plan) -> None:
    async def send(_: Clip) -> tuple[Outcome, str]:
        raise httpx.RemoteProtocolError("cut off")

    asyncio.run(insist(plan, "API", send, CLIP))
    [record] = plan.records
    assert (record.outcome, record.note) == (Outcome.FAILED, "RemoteProtocolError('cut off')")


def test_one_in_twenty_is_broken_and_one_in_fifty_hangs_up(plan: Plan) -> None:
    left = []

    async def send(clip: Clip) -> tuple[Outcome, str]:
        if len(plan.records) >= 2000:
            plan.ends = 0
        return (Outcome.RIGHT if clip.text else Outcome.REFUSED), ""

    async def leave(clip: Clip) -> None:
        left.append(clip)

    asyncio.run(come_and_go(plan, "API", send, leave))
    kinds = [each.outcome for each in plan.records]
    assert 0.03 < kinds.count(Outcome.REFUSED) / len(kinds) < 0.07
    assert 0.01 < len(left) / len(kinds) < 0.04


@pytest.mark.parametrize(
    ("answer", "clip", "outcome"),
    [
        (httpx.Response(200, json={"text": "good morning"}), CLIP, Outcome.RIGHT),
        (httpx.Response(429, headers={"retry-after": "5"}), CLIP, Outcome.LATER),
        (httpx.Response(429), CLIP, Outcome.FAILED),
        (httpx.Response(500, text="oh"), CLIP, Outcome.FAILED),
        (httpx.Response(400, json={"error": {"code": "audio"}}), CLIP, Outcome.FAILED),
        (
            httpx.Response(400, json={"error": {"code": "audio"}}),
            Clip("broken.wav", 0, b""),
            Outcome.REFUSED,
        ),
    ],
)
def test_an_answer_of_the_api_is_right_deliberate_or_a_failure(
    plan: Plan, answer: httpx.Response, clip: Clip, outcome: Outcome
) -> None:
    async def sent() -> Any:
        transport = httpx.MockTransport(lambda _: answer)
        async with httpx.AsyncClient(base_url="http://127.0.0.1", transport=transport) as client:
            return await ApiClient(plan, "http://127.0.0.1").sender(client)(clip)

    assert asyncio.run(sent())[0] is outcome


def test_the_page_says_that_too_many_wait_as_the_visitors_expect() -> None:
    assert clients.BUSY in say("queue.full", "en", count=3)


def found(*records: Record, megabytes: tuple[float, ...] = (1.0,)) -> dict[str, Any]:
    seen = Seen([*megabytes], [0.01, 0.02], 1.0, [0.003, 0.003], [0.001, 0.002])
    return summary(records, seen, 10.0)


def a_record(outcome: Outcome, seconds: float = 1.0) -> Record:
    return Record("API", "one.wav", 3.0, outcome, seconds)


def failing(document: dict[str, Any]) -> Iterator[str]:
    return (what for what, held in verdicts(document).items() if not held)


def test_right_answers_and_deliberate_refusals_hold() -> None:
    document = found(*map(a_record, (Outcome.RIGHT, Outcome.LATER, Outcome.REFUSED, Outcome.LEFT)))
    assert [*failing(document)] == []
    assert document["answers"]["API"] == {
        each.value: 1 for each in (Outcome.RIGHT, Outcome.LATER, Outcome.REFUSED, Outcome.LEFT)
    }
    assert "| API, 3 s | 1 | 1.00 |" in markdown(document)


def test_a_mixed_up_result_fails_twice() -> None:
    document = found(a_record(Outcome.RIGHT), a_record(Outcome.MIXED_UP))
    assert len([*failing(document)]) == 2
    assert document["bad"][0]["clip"] == "one.wav"


def test_memory_that_grows_after_the_first_minute_fails() -> None:
    early, late = [500.0] * FIRST_LOOKS, [601.0]
    assert [*failing(found(a_record(Outcome.RIGHT), megabytes=(*early, *late)))] == [
        "memory grew by less than 100 MB after the first minute"
    ]
    assert [*failing(found(a_record(Outcome.RIGHT), megabytes=tuple(late + early)))] == []


def test_percentiles_are_those_of_all_values() -> None:
    assert percentiles([*range(101)]) == {"p50": 50, "p95": 95, "p99": 99, "most": 100}
    assert percentiles([2.0])["p99"] == 2


@pytest.mark.process
def test_a_server_that_does_nothing_is_measured_beside() -> None:
    with idle_server() as port, probed(port) as answers:
        httpx.get(f"http://127.0.0.1:{port}/", timeout=60).raise_for_status()
    assert len(answers()) >= 1
    shown = markdown(found(a_record(Outcome.RIGHT)))
    assert "| a server that does nothing, the same | 2, 2, 2, 2 (2 asked) |" in shown
