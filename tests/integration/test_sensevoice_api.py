"""SenseVoice's own protocol, sent by a plain client to the application, with the embedded model."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from richspeech.api.openai.errors import GONE
from richspeech.api.sensevoice import PATH, sensevoice
from richspeech.engines.loader import Loaded
from richspeech.engines.readiness import Readiness
from richspeech.model.transcript import Transcript
from richspeech.service import Service, build
from richspeech.settings import load_settings
from richspeech.storage.quota import Quota
from tests.fakes import wait_until
from tests.integration.conftest import EXAMPLES, references

CALL, SHOW = EXAMPLES / "zh-call.wav", EXAMPLES / "zh-laughter.wav"
KEYS = ("key", "text", "raw_text", "clean_text")


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workplace")


@pytest.fixture(scope="module")
def service(ours: Loaded) -> Service:
    readiness = Readiness()
    readiness.load(lambda: ours)
    return build(load_settings(model={"id": "embedded", "device": "cpu"}), readiness)


@pytest.fixture(scope="module")
def client(service: Service, workplace: Path) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(sensevoice(service, Quota(workplace, 10**9, 10**8)).router)
    with TestClient(app) as client:
        yield client


def sent(*paths: Path) -> list[tuple[str, tuple[str, bytes]]]:
    return [("files", (path.name, path.read_bytes())) for path in paths]


def heard(client: TestClient, *paths: Path, **fields: str) -> list[dict[str, Any]]:
    answer = client.post(PATH, files=sent(*paths), data=fields)
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["result"]
    result: list[dict[str, Any]] = answer.json()["result"]
    return result


def test_several_recordings_are_answered_under_their_keys_in_order(client: TestClient) -> None:
    call, show = heard(client, CALL, SHOW, keys="first,second", lang="auto", use_itn="true")
    assert (call["key"], show["key"]) == ("first", "second")
    assert call["clean_text"] == "".join(each["text"] for each in references()[CALL.name]["lines"])
    assert "😡" in call["text"]
    assert "😀" in show["text"]
    assert call["raw_text"].startswith("<|zh|><|")


def test_whoever_knows_the_old_server_finds_its_keys_first_and_ours_behind(
    client: TestClient,
) -> None:
    [call] = heard(client, CALL)
    assert tuple(call)[:4] == KEYS
    assert call["key"] == CALL.name
    whole = Transcript.from_dict({**call, "processing_seconds": 0, "engine": "", "model": ""})
    assert whole.text == call["clean_text"]
    assert all(segment.emotion_probabilities for segment in whole.segments)


def test_punctuation_comes_on_request_alone(client: TestClient) -> None:
    [plain], [written] = heard(client, CALL), heard(client, CALL, use_itn="true")
    assert "。" not in plain["clean_text"]
    assert "。" in written["clean_text"]


@pytest.mark.parametrize("language", ["", "auto", "nospeech", "zh"])
def test_every_language_that_the_old_server_takes_is_taken(
    client: TestClient, language: str
) -> None:
    [call] = heard(client, CALL, lang=language)
    assert call["language"] == "zh"


@pytest.mark.parametrize(
    ("files", "fields", "status", "param"),
    [
        ([], {"keys": "a"}, 400, None),
        (sent(CALL), {"lang": "klingon"}, 400, "lang"),
        (sent(CALL), {"keys": "a,b"}, 400, "keys"),
        (sent(CALL), {"use_itn": "perhaps"}, 400, "use_itn"),
        ([("audio", ("a.wav", CALL.read_bytes()))], {}, 400, "files"),
        ([("files", ("a.wav", b"no sound"))], {}, 400, None),
        ([("files", ("a.wav", b""))], {}, 400, None),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    client: TestClient, files: list[Any], fields: dict[str, str], status: int, param: str | None
) -> None:
    answer = client.post(PATH, files=files, data=fields)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["param"] == param
    assert error["message"].endswith(".")
    assert not error["message"].endswith("..")
    assert f"refused: {param}" not in error["message"]


def test_one_bad_file_says_which_it_is(client: TestClient) -> None:
    answer = client.post(PATH, files=[*sent(CALL), ("files", ("broken.wav", b"no sound"))])
    assert "broken.wav" in answer.json()["error"]["message"]


def test_nothing_that_was_sent_is_left(client: TestClient, workplace: Path) -> None:
    heard(client, CALL)
    client.post(PATH, files=[("files", ("a.wav", b"no sound"))])
    assert list(workplace.rglob("*")) == []


def test_a_disk_without_room_takes_no_recording(service: Service, workplace: Path) -> None:
    app = FastAPI()
    app.include_router(sensevoice(service, Quota(workplace, 10, 10)).router)
    answer = TestClient(app).post(PATH, files=sent(CALL))
    assert answer.status_code in (413, 507)
    assert list(workplace.rglob("*")) == []


def test_whoever_goes_away_has_nothing_transcribed(service: Service, workplace: Path) -> None:
    app = FastAPI()
    app.include_router(sensevoice(service, Quota(workplace, 10**9, 10**8)).router)
    part = b"Content-Disposition: form-data; name=files; filename=a.wav"
    body = b"--b\r\n" + part + b"\r\n\r\n" + CALL.read_bytes() + b"\r\n--b--\r\n"
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": body, "more_body": False},
        {"type": "http.disconnect"},
    ]
    headers = [(b"content-type", b"multipart/form-data; boundary=b")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": PATH,
        "headers": headers,
        "query_string": b"",
    }

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if len(messages) > 1 else messages[0]

    async def send(message: Any) -> None:
        assert message.get("status", GONE) == GONE

    asyncio.run(app(scope, receive, send))
    wait_until(lambda: not service.runner.busy)
    assert list(workplace.rglob("*")) == []
