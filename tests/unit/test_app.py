"""The composition root refuses what it must with one sentence; the probes answer JSON."""

import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from fastapi.testclient import TestClient
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from websockets.exceptions import InvalidStatus

from richspeech import app as composition
from richspeech.api.app import create_app
from richspeech.api.middleware.requests import Requests
from richspeech.cli import app as command_line
from richspeech.engines.loader import Loaded
from richspeech.engines.readiness import Readiness
from richspeech.errors import ModelError, SettingsError
from richspeech.jobs.runner import Runner
from richspeech.operations.parts import Parts
from richspeech.operations.requests import Kind, Seen
from richspeech.settings import Settings
from scripts.ports import free_port
from tests.fakes import FakeTranscriber, loaded_with, wait_until
from tests.sockets import connect, listening


def serve(*arguments: str) -> int:
    return command_line.main(["serve", *arguments])


@pytest.fixture
def loaded() -> Loaded:
    return loaded_with(FakeTranscriber(), name="models/sensevoice-tiny")


@pytest.fixture
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What ``serve`` changes in the process."""
    monkeypatch.setattr(tempfile, "tempdir", None)
    for name in (
        *("GRADIO_TEMP_DIR", "GRADIO_ANALYTICS_ENABLED", "HF_HUB_DISABLE_TELEMETRY"),
        *("GRADIO_ANALYTICS_MAX_EVENTS", "GRADIO_ANALYTICS_CACHE_FREQUENCY"),
    ):
        monkeypatch.setenv(name, "1")
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


def ready(loaded: Loaded) -> Readiness:
    readiness = Readiness()
    readiness.load(lambda: loaded)
    return readiness


def parts(readiness: Readiness) -> Parts:
    return Parts(readiness, Runner())


def damaged() -> Loaded:
    message = "The model in x cannot be loaded; copy its folder anew."
    raise ModelError(message)


def test_health_says_what_is_running(loaded: Loaded) -> None:
    answer = TestClient(create_app(parts(ready(loaded)), "1.2.3")).get("/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "model": "models/sensevoice-tiny",
        "source": "embedded",
        "engine": "sensevoice",
        "device": "cpu",
        "version": "1.2.3",
    }


def test_the_probes_answer_who_asks_for_the_head_alone(loaded: Loaded) -> None:
    client = TestClient(create_app(parts(ready(loaded)), "1.2.3"))
    assert client.head("/health").status_code == client.head("/readyz").status_code == 200


def test_the_probes_tell_alive_from_ready(loaded: Loaded) -> None:
    readiness, may_load = Readiness(), threading.Event()

    def slowly() -> Loaded:
        may_load.wait()
        return loaded

    client = TestClient(create_app(parts(readiness), "1.2.3"))
    loading = threading.Thread(target=readiness.load, args=[slowly])
    loading.start()
    for path, code in (("/health", 200), ("/readyz", 503)):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["status"]) == (code, "loading")
    assert client.get("/health").json()["model"] is None
    may_load.set()
    loading.join()
    for path in ("/health", "/readyz"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_the_probes_say_why_there_will_be_no_model() -> None:
    readiness = Readiness()
    readiness.load(damaged)
    client = TestClient(create_app(parts(readiness), "1.2.3"))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "failed"
    assert answer.json()["message"] == "The model in x cannot be loaded; copy its folder anew."
    assert client.get("/health").json()["status"] == "failed"


def test_no_documentation_page_loads_scripts_from_a_cdn() -> None:
    client = TestClient(create_app(parts(Readiness()), "1.2.3"))
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404


def test_a_foreign_host_without_a_password_is_refused_with_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert serve("--host", "0.0.0.0", "--port", "7999") == 1  # noqa: S104
    error = capsys.readouterr().err
    assert "0.0.0.0 can be reached from other machines: set user and password" in error
    assert "allow_unauthenticated: true" in error
    assert error.count("\n") == 1
    assert "Traceback" not in error


def test_a_missing_settings_file_is_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert serve("--config", str(tmp_path / "no.yaml")) == 1
    assert capsys.readouterr().err.startswith("The settings file no.yaml does not exist")


def test_no_answer_waits_until_its_head_is_acknowledged() -> None:
    with composition.bound_socket("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP  # else asyncio leaves Nagle's algorithm on


def test_a_port_in_use_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert serve("--port", str(port)) == 1
    error = capsys.readouterr().err
    assert f"Port {port} on 127.0.0.1 cannot be used" in error
    assert "--port" in error
    assert error.count("\n") == 1


def test_a_host_that_does_not_exist_is_one_sentence() -> None:
    with pytest.raises(SettingsError, match="not an address of this machine"):
        composition.bound_socket("no.such.host.invalid", 7999)


@pytest.mark.process
def test_a_model_that_is_not_there_is_one_sentence(
    as_before: None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    port = free_port()
    assert serve("--port", str(port), "--model", str(tmp_path)) == 1
    error = capsys.readouterr().err
    assert "lacks config.yaml" in error
    assert "Traceback" not in error


@pytest.mark.process
def test_the_folder_of_the_uploads_goes_with_the_process(
    as_before: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folders: list[Path] = []

    def interrupted(settings: Settings, _: str) -> Loaded:
        folders.append(Path(tempfile.mkdtemp()).parent)
        raise KeyboardInterrupt

    monkeypatch.setattr("richspeech.engines.loader.load_engine", interrupted)
    port = free_port()
    assert serve("--port", str(port)) == 0
    assert folders[0].name.startswith("richspeech-")
    assert not folders[0].exists()


@pytest.mark.process
def test_a_damaged_history_is_refused_and_put_aside_where_somebody_says_so(
    as_before: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupted(settings: Settings, _: str) -> Loaded:
        raise KeyboardInterrupt

    path = tmp_path / "history.sqlite"
    path.write_bytes(b"no database at all " * 1_000)
    monkeypatch.setenv("RICHSPEECH_HISTORY__URL", f"sqlite:///{path}")
    monkeypatch.setattr("richspeech.engines.loader.load_engine", interrupted)
    port = str(free_port())
    assert serve("--port", port) == 1
    error = capsys.readouterr().err
    assert "The history is damaged (file is not a database)" in error
    assert "--history-aside" in error
    monkeypatch.setattr(tempfile, "tempdir", None)  # that of the first start is gone
    assert serve("--port", port, "--history-aside") == 0
    (aside,) = tmp_path.glob("history.aside-*.sqlite")
    assert aside.read_bytes().startswith(b"no database at all")
    assert path.read_bytes().startswith(b"SQLite format 3")


class Unwatched:
    """Nobody counts."""

    def began(self, kind: Kind) -> None:
        """Begin."""

    def ended(self, seen: Seen) -> None:
        """End."""


async def no_talk(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a WebSocket, properly or by saying nothing at all."""
    if scope["path"] == "/denied":
        denial = JSONResponse({"detail": "no"}, 403)
        await WebSocket(scope, receive, send).send_denial_response(denial)


@pytest.mark.parametrize(("path", "status", "lines"), [("denied", 403, 0), ("silent", 500, 1)])
def test_the_log_complains_of_a_websocket_that_was_not_answered_but_of_none_that_was_refused(
    loaded: Loaded, caplog: pytest.LogCaptureFixture, path: str, status: int, lines: int
) -> None:
    config = uvicorn.Config(
        Requests(no_talk, Unwatched()), log_config=None, lifespan="off", access_log=False
    )
    server, listener = uvicorn.Server(config), listening()
    arguments = (server, listener, Readiness(), lambda: loaded)
    thread = threading.Thread(target=composition.run, args=arguments)
    thread.start()
    try:
        wait_until(lambda: server.started)
        address = f"ws://127.0.0.1:{listener.getsockname()[1]}/{path}"
        with pytest.raises(InvalidStatus) as refused, connect(address):
            pass
        assert refused.value.response.status_code == status
    finally:
        server.should_exit = True
        thread.join()
    assert caplog.text.count("without completing handshake") == lines


def test_the_welcome_names_the_address_and_the_tunnel() -> None:
    text = composition.welcome("127.0.0.1", 6006)
    assert "http://127.0.0.1:6006" in text
    assert "ssh -L 6006:127.0.0.1:6006" in text
