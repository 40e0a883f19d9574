"""Routes of the API behind the middleware: what exists answers, errors look as clients expect."""

import logging
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.testclient import TestClient

from richspeech import errors
from richspeech.api.middleware.bodies import MOST_BYTES
from richspeech.api.middleware.build import middleware_of
from richspeech.api.openai.errors import ApiRoute, ParameterError, status_of_kind
from richspeech.api.surface import Surface
from richspeech.errors import (
    AudioError,
    BusyError,
    QuotaError,
    RichSpeechError,
    StoppingError,
)
from richspeech.settings import ServerSettings

from .test_middleware import FakeWindows

BASE = "http://127.0.0.1:6006"
RAISED: dict[str, Exception] = {
    "param": ParameterError("api.refused", "language", why="no"),
    "busy": BusyError("queue.full", count=3),
    "stopping": StoppingError(),
    "audio": AudioError("audio.empty", name="a.wav"),
    "killed": AudioError("reading.killed", name="a.wav"),
    "failed": AudioError("reading.failed", name="a.wav"),
    "died": AudioError("reading.died", name="a.wav"),
    "big": AudioError("upload.too_big", name="a.wav", most=5),
    "disk": QuotaError("upload.unwritable", why="full"),
    "fault": ZeroDivisionError(),
}


def client_of(**server: Any) -> TestClient:
    router = APIRouter(prefix="/v1", route_class=ApiRoute)

    @router.get("/raise/{what}")
    async def fail(what: str) -> None:
        raise RAISED[what]

    @router.post("/take")
    async def take(request: Request) -> int:
        return len(await request.body())

    surface = Surface(router, frozenset({"/v1/take"}))
    app = FastAPI()
    app.include_router(router)
    guarded = middleware_of(ServerSettings(**server)).around(app, FakeWindows(), [surface])
    return TestClient(guarded, BASE)


@pytest.fixture
def client() -> TestClient:
    return client_of()


@pytest.mark.parametrize(
    ("what", "status", "kind", "param", "code"),
    [
        ("param", 400, "invalid_request_error", "language", "option"),
        ("busy", 429, "rate_limit_error", None, "busy"),
        ("stopping", 503, "server_error", None, "stopping"),
        ("audio", 400, "invalid_request_error", None, "audio"),
        ("killed", 503, "server_error", None, "audio"),
        ("failed", 500, "server_error", None, "audio"),
        ("died", 400, "invalid_request_error", None, "audio"),
        ("big", 413, "invalid_request_error", None, "audio"),
        ("disk", 507, "server_error", None, "quota"),
        ("fault", 500, "server_error", None, "unexpected"),
    ],
)
def test_an_error_has_a_status_a_type_and_a_code(
    client: TestClient, what: str, status: int, kind: str, param: str | None, code: str
) -> None:
    logging.getLogger("richspeech.api.openai.errors").disabled = what == "fault"
    answer = client.get(f"/v1/raise/{what}")
    error = answer.json()["error"]
    assert answer.status_code == status
    assert (error["type"], error["param"], error["code"]) == (kind, param, code)
    assert error["message"].endswith(".")
    assert ("retry-after" in answer.headers) == (status in (429, 503))


def test_whoever_asks_for_chinese_is_answered_in_chinese(client: TestClient) -> None:
    answer = client.get("/v1/raise/stopping", headers={"accept-language": "en;q=0.5, zh-CN"})
    assert "。" in answer.json()["error"]["message"]


def test_every_kind_of_error_has_a_status() -> None:
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    known = [each for each in kinds if issubclass(each, RichSpeechError)]
    unexpected = {each.__name__ for each in known if status_of_kind(each) == 500}
    assert unexpected == {
        *("RichSpeechError", "SettingsError", "WorkError", "UnexpectedError", "UnwritableError"),
        *("NoRecordingError", "NothingToCompareError"),
    }


def test_what_no_route_has_is_404_and_another_method_405(client: TestClient) -> None:
    for path in ("/v1/nothing", "/v1/raise", "/v1/take/more"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.json()["error"]["type"] == "invalid_request_error"
    wrong = client.get("/v1/take")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")


def test_only_a_path_that_takes_recordings_takes_a_large_body(client: TestClient) -> None:
    size = MOST_BYTES + 1
    assert client.post("/v1/take", content=bytes(size)).json() == size
    assert client.post("/v1/take/", content=bytes(10)).status_code == 404


def test_without_a_login_the_api_answers_401_in_its_own_way() -> None:
    answer = client_of(user="ming", password="secret").get("/v1/raise/busy")  # noqa: S106
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "authentication_error"
