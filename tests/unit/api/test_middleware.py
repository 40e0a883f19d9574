"""Middleware: who asks for what under which name, and what comes back with every answer.

Each test turns one knob of a harmless request and looks at the answer; behind it stands an
application that answers everything.
"""

# ruff: noqa: ARG002 - fakes take what the ports say

import json
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from richspeech.access.accounts import Accounts, BuiltIn
from richspeech.api.middleware.build import middleware_of
from richspeech.api.middleware.headers import Headers
from richspeech.api.middleware.hosts import name_of
from richspeech.api.middleware.visitors import Cookies, Logins, Visitor, Visitors
from richspeech.errors import AccessError, RichSpeechError
from richspeech.settings import ServerSettings

BASE = "http://127.0.0.1:6006"


class FakeWindows:
    """Pages belong to whoever names them first; files lie in /own, and one in /examples."""

    def __init__(self) -> None:
        self.owners: dict[str, str] = {}

    def claims(self, page: str, visitor: str) -> bool:
        return self.owners.setdefault(page, visitor) == visitor

    def takes(self, page: str, path: str) -> bool:
        return path.startswith(f"/own/{page}/") or path == "/examples/a.wav"

    def is_for_programs(self, function: object) -> bool:
        return function == 7

    def sends(self, visitor: str, path: str) -> bool:
        return path.startswith(f"/own/{visitor}/")

    def shows(self, visitor: str, path: str) -> bool:
        return visitor in self.owners.values() and self.takes("mine", path)

    def uploading(self, window: str, visitor: str) -> AbstractContextManager[Path]:
        raise AccessError("page.foreign")

    def sentence(self, window: str, visitor: str, error: RichSpeechError | None) -> str:
        return str(error)

    def page_sentence(self, page: str, error: RichSpeechError) -> str:
        return f"Sorry: {error}"


MING = Accounts(built_in=BuiltIn("ming", "a long password"))


async def echo(request: Request) -> Response:
    """Answer what came, as gradio does with its generous sharing."""
    body = (await request.body()).decode()
    headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"}
    return JSONResponse({"path": request.url.path, "body": body}, headers=headers)


def client_of(**server: Any) -> TestClient:
    every = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]
    app = Starlette(routes=[Route("/{path:path}", echo, methods=every)])
    guarded = middleware_of(ServerSettings(**server)).around(app, FakeWindows())
    return TestClient(guarded, BASE, follow_redirects=False, client=("127.0.0.1", 50_000))


@pytest.fixture
def client() -> TestClient:
    return client_of()


# Under which name ---------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1:7000", "localhost", "LOCALHOST:6006", "[::1]:6006"])
def test_the_page_answers_to_its_own_names_at_any_port(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["hear.example.org", "127.0.0.1.example.org", "", "a@localhost", "::1"]
)
def test_any_other_name_is_refused_in_a_sentence(client: TestClient, host: str) -> None:
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == 400
    assert "server.hosts" in answer.json()["detail"]


def test_a_name_in_the_settings_and_the_address_listened_on_are_served() -> None:
    client = client_of(hosts=["hear.example.org"], host="192.0.2.7", allow_unauthenticated=True)
    for host, code in (("hear.example.org", 200), ("192.0.2.7:6006", 200), ("localhost", 400)):
        assert client.get("/", headers={"host": host}).status_code == code


def test_listening_everywhere_serves_the_address_at_which_one_came_in() -> None:
    client = client_of(host="0.0.0.0", allow_unauthenticated=True)  # noqa: S104
    assert client.get("/", headers={"host": "127.0.0.1"}).status_code == 200
    assert client.get("/", headers={"host": "192.0.2.8"}).status_code == 400


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("Hear.Example.org:80", "hear.example.org"),
        ("[::1]:6006", "::1"),
        ("localhost/x", None),
        ("localhost:port", None),
        ("user@localhost", None),
        ("", None),
    ],
)
def test_a_host_header_is_a_name_or_nothing(host: str, name: str | None) -> None:
    assert name_of(host) == name


# Which site ---------------------------------------------------------------------------------------

FOREIGN = [
    {"origin": "http://other.example.org"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:7000"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", ["/gradio_api/upload", "/gradio_api/queue/join", "/logout"])
def test_other_sites_change_nothing(client: TestClient, headers: dict[str, str], path: str) -> None:
    assert client.post(path, headers=headers).status_code == 403


@pytest.mark.parametrize("headers", FOREIGN)
def test_other_sites_read_nothing_and_no_header_invites_them(
    client: TestClient, headers: dict[str, str]
) -> None:
    answer = client.get("/gradio_api/startup-events", headers=headers)
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_our_own_page_is_answered_and_shares_nothing(client: TestClient) -> None:
    headers = {"origin": BASE, "sec-fetch-site": "same-origin"}
    answer = client.post("/gradio_api/upload", headers=headers)
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_link_on_another_site_opens_the_page_and_nothing_behind_it(client: TestClient) -> None:
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client.get("/", headers=link).status_code == 200
    assert client.get("/gradio_api/file=/examples/a.wav", headers=link).status_code == 403


@pytest.mark.parametrize(
    ("origin", "host", "code"),
    [
        ("https://localhost", "localhost:443", 200),
        ("https://localhost:443", "localhost", 200),
        ("http://localhost", "localhost:80", 200),
        ("http://localhost", "localhost:443", 403),
        ("https://localhost:4430", "localhost", 403),
        ("ftp://localhost", "localhost", 403),
    ],
)
def test_a_port_may_be_left_out_where_the_scheme_has_one(
    client: TestClient, origin: str, host: str, code: int
) -> None:
    headers = {"origin": origin, "host": host}
    assert client.post("/gradio_api/upload", headers=headers).status_code == code


def test_a_preflight_of_another_site_is_refused(client: TestClient) -> None:
    asked = {"origin": "http://other.example.org", "access-control-request-method": "POST"}
    assert client.options("/gradio_api/upload", headers=asked).status_code == 403


# What comes with every answer ---------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/health", "/assets/a.js", "/nowhere"])
def test_every_answer_says_what_a_browser_may_do_with_it(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert (headers.get("cache-control") == "no-store") is (path in ("/health", "/nowhere"))


@pytest.mark.parametrize("kind", ["text/css", "text/javascript", "application/javascript"])
def test_a_part_of_the_page_says_what_concerns_it_and_a_visitor_s_file_everything(
    kind: str,
) -> None:
    client = TestClient(Headers(Response("a", media_type=kind)), BASE)
    part, own = client.get("/web/a").headers, client.get("/gradio_api/file=/own/a").headers
    for headers in (part, own):
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "content-security-policy" not in part
    assert "cache-control" not in part
    assert "sandbox" in own["content-security-policy"]
    assert own["cache-control"] == "no-store"


def test_a_page_or_a_picture_among_the_public_files_is_held_to_everything() -> None:
    for kind in ("text/html", "image/svg+xml", "application/json"):
        client = TestClient(Headers(Response("a", media_type=kind)), BASE)
        assert "sandbox" in client.get("/assets/a").headers["content-security-policy"]


def test_a_refusal_has_the_same_headers(client: TestClient) -> None:
    answer = client.get("/", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_settings_name_who_may_frame_the_page() -> None:
    client = client_of(frame_ancestors=["https://portal.example.org"])
    headers = client.get("/").headers
    assert "frame-ancestors https://portal.example.org" in headers["content-security-policy"]
    assert "x-frame-options" not in headers


# Who asks -----------------------------------------------------------------------------------------


def cookie_of(answer: Any) -> str:
    return str(answer.headers["set-cookie"])


def test_a_browser_gets_a_cookie_that_scripts_and_other_sites_do_not(client: TestClient) -> None:
    cookie = cookie_of(client.get("/"))
    assert cookie.startswith("richspeech-browser-6006=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


def test_behind_tls_the_cookie_is_secure() -> None:
    client = client_of()
    client.base_url = "https://127.0.0.1:6006"
    assert "Secure" in cookie_of(client.get("/"))


def test_a_browser_that_has_a_cookie_keeps_it(client: TestClient) -> None:
    client.get("/")
    assert "set-cookie" not in client.get("/").headers


def guarded() -> tuple[TestClient, Logins]:
    settings = ServerSettings(user="ming", password="secret")  # noqa: S106
    middleware = middleware_of(settings)
    assert middleware.logins is not None
    app = Starlette(routes=[Route("/{path:path}", echo, methods=["GET", "POST"])])
    return TestClient(
        middleware.around(app, FakeWindows()), BASE, follow_redirects=False
    ), middleware.logins


@pytest.mark.parametrize(
    "path",
    ["/gradio_api/startup-events", "/assets/a.js", "/web/0/a.js", "/theme.css", "/nowhere"],
)
def test_without_a_login_nothing_is_answered_but_the_way_in(path: str) -> None:
    client, logins = guarded()
    assert client.get(path).status_code == 401
    client.cookies.set("richspeech-login-6006", "x" * 43)
    assert client.get(path).status_code == 401
    client.cookies.set("richspeech-login-6006", logins.begin("ming"))
    assert client.get(path).status_code != 401


def test_without_a_login_the_page_leads_to_the_form() -> None:
    client, _ = guarded()
    answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "login")
    for path in ("/login", "/health", "/readyz", "/favicon.ico"):
        assert client.get(path).status_code == 200


def test_a_login_ends_by_itself_or_when_somebody_ends_it() -> None:
    now = 0.0
    logins = Logins(2, lambda: now)
    early, late = logins.begin("ming"), logins.begin("ming")
    logins.end(early)
    assert (logins.user_of(early), logins.user_of(late)) == (None, "ming")
    now = 2 * 3600.0
    assert logins.user_of(late) is None
    assert logins.user_of(None) is None


def test_a_stream_ends_with_the_login_that_it_belongs_to() -> None:
    logins, heard = Logins(1), []
    token = logins.begin("ming")

    async def stream(request: Request) -> Response:
        async def lines() -> AsyncIterator[str]:
            for number in range(1_000):
                if number == 3:
                    logins.end(token)
                heard.append(number)
                yield f"{number}\n"

        return StreamingResponse(lines(), media_type="text/event-stream")

    app = Starlette(routes=[Route("/stream", stream), Route("/file", echo)])
    client = TestClient(Visitors(app, Cookies(6006), logins, MING), BASE)
    client.cookies.set("richspeech-login-6006", token)
    assert client.get("/stream").text == "0\n1\n2\n"
    assert heard == [0, 1, 2, 3]
    assert client.get("/file").status_code == 401


def test_a_talk_ends_with_the_login_that_it_belongs_to() -> None:
    logins, heard = Logins(1), []
    token = logins.begin("ming")

    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            heard.append(text)
            await websocket.send_text("heard")

    app = Starlette(routes=[WebSocketRoute("/live", talk)])
    client = TestClient(Visitors(app, Cookies(6006), logins, MING), BASE)
    client.cookies.set("richspeech-login-6006", token)
    with client.websocket_connect("/live") as socket:
        socket.send_text("one")
        assert socket.receive_text() == "heard"
        logins.end(token)
        socket.send_text("two")
        with pytest.raises(WebSocketDisconnect) as caught:
            socket.receive_text()
    assert caught.value.code == 1008
    assert heard == ["one"]


# Whose page and files -----------------------------------------------------------------------------


def event(page: str = "mine", *data: object) -> dict[str, Any]:
    return {"session_hash": page, "fn_index": 1, "data": list(data), "event_data": None}


def a_file(path: str) -> dict[str, Any]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}, "orig_name": "a.wav"}


def test_an_event_reaches_the_page_as_it_was_sent(client: TestClient) -> None:
    sent = event("mine", a_file("/own/mine/a.wav"), "words", a_file("/examples/a.wav"))
    answer = client.post("/gradio_api/queue/join", json=sent)
    assert answer.status_code == 200
    assert json.loads(answer.json()["body"]) == sent


@pytest.mark.parametrize(
    "data",
    [
        a_file("/own/other/a.wav"),
        a_file("/etc/hostname"),
        a_file("http://127.0.0.1/a.wav"),
        [a_file("/own/mine/a.wav"), a_file("/etc/hostname")],
        {"files": [{"deep": a_file("/etc/hostname")}]},
        {"path": "/etc/hostname"},
    ],
)
def test_an_event_that_names_another_file_goes_nowhere(client: TestClient, data: object) -> None:
    answer = client.post("/gradio_api/queue/join", json=event("mine", data))
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("Sorry: This file was not uploaded in this window")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"no json", b"[" * 5_000, b"\xff"])
def test_an_event_that_is_none_is_refused(client: TestClient, body: bytes) -> None:
    assert client.post("/gradio_api/queue/join", content=body).status_code == 400


def test_the_name_of_a_page_is_of_no_use_to_another_browser(client: TestClient) -> None:
    ours = client.app
    client.get("/")
    assert client.post("/gradio_api/queue/join", json=event()).status_code == 200
    other = TestClient(ours, BASE)
    other.get("/")
    for answer in (
        other.post("/gradio_api/queue/join", json=event()),
        other.post("/gradio_api/cancel", json=event()),
        other.get("/gradio_api/queue/data?session_hash=mine"),
        other.get("/gradio_api/queue/data?session_hash=new&session_hash=mine"),
        other.get("/gradio_api/heartbeat/mine"),
    ):
        assert answer.status_code == 403
    assert client.get("/gradio_api/queue/data?session_hash=mine").status_code == 200


def test_a_file_is_shown_to_whom_it_belongs(client: TestClient) -> None:
    client.get("/")
    client.post("/gradio_api/queue/join", json=event())
    own, other = "/gradio_api/file=/own/mine/a.wav", "/gradio_api/file=/own/other/a.wav"
    assert client.get(own).status_code == 200
    assert client.get(other).status_code == 404
    assert TestClient(client.app, BASE).get(own).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/gradio_api/run/predict"),
        ("POST", "/gradio_api/api/predict"),
        ("POST", "/gradio_api/call/predict"),
        ("POST", "/gradio_api/component_server"),
        ("POST", "/gradio_api/process_recording"),
        ("GET", "/gradio_api/proxy=http://127.0.0.1/"),
        ("GET", "/gradio_api/deep_link"),
        ("GET", "/monitoring"),
        ("PUT", "/gradio_api/queue/join"),
        ("GET", "/logout"),
        ("GET", "/gradio_api/upload"),
        ("POST", "/"),
        ("DELETE", "/"),
        ("GET", "//gradio_api/startup-events"),
        ("GET", "/static/" + "a" * 256),
    ],
)
def test_what_the_page_does_not_need_is_not_there(
    client: TestClient, method: str, path: str
) -> None:
    assert client.request(method, path).status_code == 404


def program_of(client: TestClient) -> TestClient:
    """Make one of gradio's own clients of it, which keeps the cookie of the configuration."""
    assert cookie_of(client.get("/config")).startswith("richspeech-browser-6006=program.")
    return client


def page_of(client: TestClient) -> TestClient:
    client.get("/")
    return client


def joined(client: TestClient, function: object, *paths: str) -> int:
    files = [{"path": path, "meta": {"_type": "gradio.FileData"}} for path in paths]
    event = {"session_hash": "mine", "fn_index": function, "data": files}
    return client.post("/gradio_api/queue/join", json=event).status_code


def test_a_client_calls_what_is_for_clients_and_a_page_all_else() -> None:
    for client, own, others in (
        (program_of(client_of()), [7], [0, 8, "7", None, "transcribe"]),
        (page_of(client_of()), [0, 8], [7]),
    ):
        assert {joined(client, each) for each in own} == {200}
        assert {joined(client, each) for each in others} == {404}


def test_a_client_names_its_own_files_alone() -> None:
    program = program_of(client_of())
    key = Visitor(program.cookies["richspeech-browser-6006"]).key
    assert joined(program, 7, f"/own/{key}/a.wav") == 200
    for path in ("/own/mine/a.wav", "/examples/a.wav", "/etc/passwd", f"/own/{key[:-1]}/a.wav"):
        assert joined(program, 7, path) == 400


def test_one_talks_at_one_address_alone(client: TestClient) -> None:
    for path in ("/assets/a.js", "/"):
        with pytest.raises(WebSocketDenialResponse) as caught:
            client.websocket_connect(f"ws://127.0.0.1:6006{path}").__enter__()
        assert caught.value.status_code == 404


def test_an_address_is_no_file(client: TestClient) -> None:
    assert client.get("/gradio_api/file=http://127.0.0.1/a.wav").status_code == 404


# How large and how long ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "most"), [("/login", 16 * 1024), ("/gradio_api/reset", 2 * 2**20)]
)
def test_a_body_has_a_largest_size(client: TestClient, path: str, most: int) -> None:
    assert client.post(path, content=b"x" * most).status_code == 200
    assert client.post(path, content=b"x" * (most + 1)).status_code == 413

    def in_pieces() -> Any:
        yield from (b"x" * most, b"x")

    assert client.post(path, content=in_pieces()).status_code == 413


def test_the_log_says_nothing_of_refusals(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        client.post("/gradio_api/queue/join", content=b"no json")
        client.get("/", headers={"host": "other.example.org"})
    assert caplog.text == ""
