"""Every route that there is, of every protocol on the port, wants to know who asks.

The routes are read from the application itself, so that one that is added later is tried as well.
"""

import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from richspeech.access.accounts import Accounts, BuiltIn
from richspeech.access.keys import KeyTerms
from richspeech.app import application
from richspeech.operations.metrics import Metrics
from richspeech.service import build
from richspeech.settings import Settings
from richspeech.storage.accounts import AccountStore
from richspeech.storage.database import Database
from richspeech.storage.quota import Quota

OPEN = {"/health", "/livez", "/readyz", "/login", "/favicon.ico", "/phone", "/screen"}
"""Probes, the way in and its sign, and the pages of a phone and a screen, which hold nothing."""
LINKS = ("/share/", "/phone/", "/screen/")
"""Whoever was given one needs no login."""
TALK = "WEBSOCKET"
SAMPLES = ("/v1/models", "/v1/audio/transcriptions", "/gradio_api/queue/join", "/live", "/metrics")
"""Some that must be among them, of every kind: else the walk has missed its way."""


class Way(NamedTuple):
    """One way to ask."""

    method: str
    path: str


class Walked:
    """The whole application, with one account in the settings and keys in a database."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.accounts = Accounts(AccountStore(database), BuiltIn("root", "a long password"))
        service = build(Settings(), accounts=self.accounts)
        self._app: Any = application(service, Quota(folder, 10**9, 10**9), Metrics())
        self.ways = sorted({*_ways(_innermost(self._app).routes)})

    def client(self, key: str | None = None, cookie: str | None = None) -> TestClient:
        client = TestClient(self._app, "http://127.0.0.1:6006", follow_redirects=False)
        if key is not None:
            client.headers["authorization"] = f"Bearer {key}"
        if cookie is not None:
            client.cookies.set("richspeech-login-6006", cookie)
        return client


def _innermost(app: Any) -> Any:
    """Take off the middleware."""
    while not hasattr(app, "routes"):
        app = app._app
    return app


def _ways(routes: Any, prefix: str = "") -> Iterator[Way]:
    """Give every route, those of mounted applications and included routers too."""
    for route in routes:
        path = prefix + (getattr(route, "path", None) or "")
        if (included := getattr(route, "original_router", None)) is not None:
            yield from _ways(included.routes, prefix + route.include_context.prefix)
        elif getattr(route, "routes", None):
            yield from _ways(route.routes, path)
        elif "WebSocket" in type(route).__name__:
            yield Way(TALK, _filled(path))
        else:
            assert path, f"what kind of route is {route!r}?"
            for method in getattr(route, "methods", None) or {"GET", "POST"}:
                yield Way(method, _filled(path))


def _filled(path: str) -> str:
    """Put something into the place of parameters."""
    return re.sub(r"\{[^}]*\}", "x", path)


def status_of(client: TestClient, way: Way) -> int:
    """Ask, and return the status; 101 is a WebSocket that was opened."""
    if way.method != TALK:
        return client.request(way.method, way.path).status_code
    try:
        with client.websocket_connect(f"ws://127.0.0.1:6006{way.path}"):
            return 101
    except WebSocketDenialResponse as refused:
        return refused.status_code
    except WebSocketDisconnect:
        return 101


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    folder = tmp_path_factory.mktemp("walked")
    with closing(Database(f"sqlite:///{folder}/history.sqlite")) as database:
        yield Walked(folder, database)


def test_the_walk_finds_routes_of_every_kind(walked: Walked) -> None:
    paths = {way.path for way in walked.ways}
    assert {*SAMPLES} <= paths
    assert len(paths) > 40
    assert Way(TALK, "/live") in walked.ways


def credentials(walked: Walked) -> dict[str, TestClient]:
    """Those who may not come in: with nothing, and with what is worth nothing."""
    terms, gone = KeyTerms(days=1e-9), walked.accounts.add_key("root", "gone")
    walked.accounts.revoke_key("root", "gone")
    late = walked.accounts.add_key("root", "late", terms)
    time.sleep(0.001)
    return {
        "nothing": walked.client(),
        "an unknown key": walked.client(key="rs-unknown"),
        "a revoked key": walked.client(key=gone),
        "an expired key": walked.client(key=late),
        "a cookie of nobody": walked.client(cookie="x" * 43),
    }


def test_no_route_answers_without_credentials_but_probes_and_the_login(walked: Walked) -> None:
    answered = {}
    for what, client in credentials(walked).items():
        for way in walked.ways:
            if way.path in OPEN or way.path.startswith(LINKS):
                continue
            status = status_of(client, way)
            leads_to_the_form = way.path == "/" and way.method != TALK and status == 303
            if status != 401 and not leads_to_the_form:
                answered[what, *way] = status
    assert answered == {}


def test_with_a_key_they_answer(walked: Walked) -> None:
    client = walked.client(key=walked.accounts.add_key("root", "laptop"))
    tried = [Way("GET", "/v1/models"), Way("GET", "/metrics"), Way(TALK, "/live")]
    assert [status_of(client, way) for way in tried] == [200, 200, 101]
