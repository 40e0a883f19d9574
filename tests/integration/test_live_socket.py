"""The WebSocket /live before the embedded model: what comes, what is refused, what stays."""

import json
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse, WebSocketTestSession
from starlette.types import ASGIApp
from starlette.websockets import WebSocketDisconnect

from richspeech.access.accounts import Accounts, BuiltIn
from richspeech.api.live import live_route
from richspeech.api.middleware.origins import Origins
from richspeech.api.middleware.visitors import Cookies, Logins, Visitors
from richspeech.api.phone import SOUND, Phones
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import open_recording
from richspeech.audio.mono import SAMPLE_RATE
from richspeech.engines import loader
from richspeech.engines.readiness import Readiness
from richspeech.errors import OptionError, RichSpeechError
from richspeech.jobs.job import Kind
from richspeech.jobs.live import LiveSession, LiveSessions
from richspeech.jobs.runner import Runner
from richspeech.model.options import Options
from richspeech.model.transcript import Transcript
from richspeech.recognition.pipeline import Progress
from richspeech.settings import LiveSettings
from tests.sockets import connect, listening

from .conftest import EXAMPLES

EXAMPLE = EXAMPLES / "zh-laughter.wav"
COOKIES = Cookies(6006)
LIMITS = AudioLimits(max_bytes=10**9, max_seconds=3_600)
FRAME_BYTES = SAMPLE_RATE // 10 * 2


@dataclass
class FakePlace:
    """Keeps what it is given."""

    path: Path
    session: LiveSession | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    progress: Progress | None = None

    def end(self, progress: Progress | None) -> None:
        self.progress = progress
        self.ended.set()


@dataclass
class FakeWindows:
    """Has a place for every window but the one called busy."""

    folder: Path
    sessions: LiveSessions = field(default_factory=lambda: LiveSessions(Runner(), 600))
    places: dict[str, FakePlace] = field(default_factory=dict)
    options: list[Options] = field(default_factory=list)

    def open(self, window: str, visitor: str, options: Options) -> LiveSession:  # noqa: ARG002
        if window == "busy":
            raise OptionError("This window is busy; wait.")
        self.options.append(options)
        place = self.places.setdefault(window, FakePlace(self.folder / f"{window}.wav"))
        place.session = self.sessions.open(place.path, options, place.end)
        return place.session

    def sentence(self, window: str, visitor: str, error: RichSpeechError | None) -> str:  # noqa: ARG002
        return f"Sorry, {window}: {error}"


MING = Accounts(built_in=BuiltIn("ming", "a long password"))


def guarded(route: WebSocketRoute, logins: Logins | None = None) -> ASGIApp:
    """The route behind what tells it who asks, and keeps other sites away."""
    return Origins(Visitors(Starlette(routes=[route]), COOKIES, logins, MING))


@pytest.fixture
def windows(tmp_path: Path) -> FakeWindows:
    return FakeWindows(tmp_path)


@pytest.fixture
def readiness(ours: loader.Loaded) -> Readiness:
    readiness = Readiness()
    readiness.load(lambda: ours)
    return readiness


@pytest.fixture
def client(windows: FakeWindows, readiness: Readiness) -> Iterator[TestClient]:
    with client_of(windows, readiness) as client:
        yield client


def client_of(
    windows: FakeWindows,
    readiness: Readiness,
    max_seconds: float = 600,
    max_sessions: int = 2,
    idle_seconds: float = 30,
) -> TestClient:
    settings = LiveSettings(
        interim_seconds=0.01, max_sessions=max_sessions, idle_seconds=idle_seconds
    )
    windows.sessions = LiveSessions(Runner(at_once={Kind.LIVE: max_sessions}), max_seconds)
    return TestClient(
        guarded(live_route(windows, windows.sessions, readiness, Options(), settings))
    )


@contextmanager
def served(windows: FakeWindows, readiness: Readiness) -> Iterator[str]:
    """The address of the route on a real server, which nobody stops when a connection ends."""
    route = live_route(
        windows, windows.sessions, readiness, Options(), LiveSettings(interim_seconds=0.01)
    )
    server = uvicorn.Server(uvicorn.Config(guarded(route), log_level="warning"))
    with listening() as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"ws://127.0.0.1:{listener.getsockname()[1]}/live"
        finally:
            server.should_exit = True
            thread.join()


def sound_of(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels()) == (SAMPLE_RATE, 1)
        return bytes(file.readframes(file.getnframes()))


def begin(socket: WebSocketTestSession, **more: Any) -> dict[str, Any]:
    socket.send_json({"type": "begin", "window": "mine", **more})
    answer: dict[str, Any] = socket.receive_json()
    return answer


def send(socket: WebSocketTestSession, sound: bytes) -> None:
    for start in range(0, len(sound), FRAME_BYTES):
        socket.send_bytes(sound[start : start + FRAME_BYTES])


def received(socket: WebSocketTestSession) -> Iterator[dict[str, Any]]:
    """Messages until the server closes."""
    while True:
        try:
            yield socket.receive_json()
        except WebSocketDisconnect:
            return


def record(client: TestClient, sound: bytes, **more: Any) -> list[dict[str, Any]]:
    with client.websocket_connect("/live") as socket:
        assert begin(socket, **more) == {"type": "ready"}
        send(socket, sound)
        socket.send_json({"type": "stop"})
        return [*received(socket)]


def transcribed(ours: loader.Loaded, path: Path) -> Transcript:
    with open_recording(path, LIMITS) as recording:
        *_, last = ours.transcriber.transcribe(recording, Options(), lambda: False)
    return last.transcript


def test_the_finals_are_what_transcribing_the_kept_recording_gives(
    client: TestClient, windows: FakeWindows, ours: loader.Loaded
) -> None:
    sound = sound_of(EXAMPLE)
    messages = record(client, sound)
    assert sound_of(windows.places["mine"].path) == sound
    whole = transcribed(ours, windows.places["mine"].path)
    finals = [message["segment"] for message in messages if message["type"] == "final"]
    assert finals == whole.to_dict()["segments"]
    assert finals[0]["text"]
    assert messages[-1] == {"type": "finished", "duration": len(sound) / 2 / SAMPLE_RATE}
    progress = windows.places["mine"].progress
    assert progress is not None
    assert progress.transcript.segments == whole.segments


def test_a_phone_is_heard_as_a_microphone_is_and_told_nothing_of_it(
    windows: FakeWindows, readiness: Readiness, ours: loader.Loaded
) -> None:
    sound, phones = sound_of(EXAMPLE), Phones(60)
    live = live_route(
        windows, windows.sessions, readiness, Options(), LiveSettings(), phones=phones
    )
    routes = [live, WebSocketRoute(SOUND, phones.serve)]
    with (
        TestClient(Visitors(Starlette(routes=routes), COOKIES, None, MING)) as client,
        client.websocket_connect("/live") as desk,
        client.websocket_connect(SOUND) as phone,
    ):
        link = begin(desk, phone_page="https://hear.example.org/")
        assert "mine" not in windows.places  # nobody takes a place before somebody talks
        phone.send_json({"type": "begin", "link": link["address"].partition("#")[2]})
        assert desk.receive_json() == {"type": "ready"}
        assert phone.receive_json() == {"type": "ready"}
        send(phone, sound)
        phone.send_json({"type": "stop"})
        heard, told = [*received(desk)], [*received(phone)]
    finals = [each["segment"]["text"] for each in heard if each["type"] == "final"]
    assert "".join(finals) == transcribed(ours, EXAMPLE).text
    assert heard[-1] == {"type": "finished", "duration": len(sound) / 2 / SAMPLE_RATE}
    assert sound_of(windows.places["mine"].path) == sound
    assert told == [{"type": "finished"}]


def test_without_a_phone_that_could_come_there_is_no_place_and_a_sentence(
    client: TestClient, windows: FakeWindows
) -> None:
    with client.websocket_connect("/live") as desk:
        answer = begin(desk, phone_page="http://127.0.0.1:6006/")
    assert "A phone cannot reach 127.0.0.1" in answer["message"]
    assert windows.places == {}


def test_an_utterance_is_read_before_it_is_over(client: TestClient) -> None:
    sound = sound_of(EXAMPLE)
    with client.websocket_connect("/live") as socket:
        begin(socket)
        half = len(sound) // 2 // FRAME_BYTES * FRAME_BYTES
        send(socket, sound[:half])
        first = next(received(socket))
        send(socket, sound[half:])
        socket.send_json({"type": "stop"})
        rest = [*received(socket)]
    assert first["type"] == "interim"
    later = next(message for message in rest if message["type"] == "final")
    assert first["segment"]["start"] == later["segment"]["start"]
    assert first["segment"]["end"] < later["segment"]["end"]
    assert first["latency_seconds"] >= 0


def test_another_rate_is_heard_the_same(client: TestClient, ours: loader.Loaded) -> None:
    sound = sound_of(EXAMPLE)
    doubled = b"".join(sound[n : n + 2] * 2 for n in range(0, len(sound), 2))
    messages = record(client, doubled, sample_rate=2 * SAMPLE_RATE)
    heard = "".join(
        message["segment"]["text"] for message in messages if message["type"] == "final"
    )
    assert heard == transcribed(ours, EXAMPLE).text


def test_who_leaves_the_page_loses_nothing_that_was_still_on_its_way(
    windows: FakeWindows, readiness: Readiness
) -> None:
    sound = sound_of(EXAMPLE) * 8  # more than is taken before some of it is read
    with served(windows, readiness) as address, connect(address) as client:
        client.send(json.dumps({"type": "begin", "window": "mine"}))
        assert json.loads(client.recv()) == {"type": "ready"}
        for start in range(0, len(sound), FRAME_BYTES):
            client.send(sound[start : start + FRAME_BYTES])
        client.close()
        assert windows.places["mine"].ended.wait(60)
    progress = windows.places["mine"].progress
    assert progress is not None
    assert progress.transcript.text
    assert sound_of(windows.places["mine"].path) == sound


def test_options_come_with_the_beginning(client: TestClient, windows: FakeWindows) -> None:
    record(client, b"", options={"language": "yue", "inverse_text_normalization": False})
    assert windows.options == [Options(language="yue", inverse_text_normalization=False)]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"type": "hello"}, "The first message cannot be used: type"),
        ({"type": "begin", "options": {"language": "fr"}}, "does not know the language fr"),
        ({"type": "begin", "options": {"speed": 2}}, "The option 'speed' is unknown"),
        ({"type": "begin", "sample_rate": 1}, "A sample rate of 1 Hz cannot be used"),
        ({"type": "begin", "window": "busy"}, "This window is busy; wait."),
    ],
)
def test_a_beginning_that_does_not_fit_is_explained(
    client: TestClient, document: dict[str, Any], said: str
) -> None:
    with client.websocket_connect("/live") as socket:
        socket.send_json(document)
        (message,) = received(socket)
    assert message["type"] == "error"
    assert said in message["message"]


def test_sound_that_does_not_fit_ends_the_talk_with_a_sentence(client: TestClient) -> None:
    with client.websocket_connect("/live") as socket:
        begin(socket)
        socket.send_bytes(b"\0")
        kinds = [(message["type"], message.get("message", "")) for message in received(socket)]
    assert kinds[0][0] == "error"
    assert kinds[0][1].startswith("Sorry, mine: A frame of 1 bytes")
    assert kinds[-1][0] == "finished"


def test_a_talk_that_is_too_long_is_kept_as_far_as_allowed(
    windows: FakeWindows, readiness: Readiness
) -> None:
    with (
        client_of(windows, readiness, max_seconds=1) as client,
        client.websocket_connect("/live") as socket,
    ):
        begin(socket)
        send(socket, bytes(FRAME_BYTES * 12))
        *_, error, end = received(socket)
    assert "the allowed 1 seconds" in error["message"]
    assert end == {"type": "finished", "duration": 1.0}


def test_only_so_many_talk_at_the_same_time(windows: FakeWindows, readiness: Readiness) -> None:
    with client_of(windows, readiness, max_sessions=1) as client:
        with client.websocket_connect("/live") as first:
            assert begin(first) == {"type": "ready"}
            with client.websocket_connect("/live") as second:
                assert "live sessions are taken" in begin(second, window="other")["message"]
            first.send_json({"type": "stop"})
            assert [*received(first)][-1]["type"] == "finished"
        assert record(client, b"", window="other")[-1]["type"] == "finished"


def test_who_sends_nothing_gives_the_place_back(windows: FakeWindows, readiness: Readiness) -> None:
    with client_of(windows, readiness, max_sessions=1, idle_seconds=0.2) as client:
        with client.websocket_connect("/live") as idle:
            assert begin(idle) == {"type": "ready"}
            assert [*received(idle)] == [{"type": "finished", "duration": 0.0}]
        assert record(client, bytes(FRAME_BYTES), window="other")[-1]["type"] == "finished"


def test_who_never_begins_is_sent_away(windows: FakeWindows, readiness: Readiness) -> None:
    with (
        client_of(windows, readiness, idle_seconds=0.2) as client,
        client.websocket_connect("/live") as socket,
    ):
        (message,) = received(socket)
    assert message["type"] == "error"
    assert windows.places == {}


@pytest.mark.parametrize("frame", [b"", b"\0\0"])
def test_frames_without_sound_in_them_keep_no_place(
    windows: FakeWindows, readiness: Readiness, frame: bytes
) -> None:
    with (
        client_of(windows, readiness, idle_seconds=0.3) as client,
        client.websocket_connect("/live") as socket,
    ):
        begin(socket)
        while not windows.places["mine"].ended.wait(0.02):
            socket.send_bytes(frame)
        assert [*received(socket)][-1]["type"] == "finished"


def test_who_sends_sound_stays_for_longer_than_an_idle_one_may(
    windows: FakeWindows, readiness: Readiness
) -> None:
    with (
        client_of(windows, readiness, idle_seconds=2.0) as client,
        client.websocket_connect("/live") as socket,
    ):
        begin(socket)
        for _ in range(10):
            assert not windows.places["mine"].ended.wait(0.25)
            send(socket, bytes(FRAME_BYTES * 10))
        socket.send_json({"type": "stop"})
        assert [*received(socket)][-1] == {"type": "finished", "duration": 10.0}


def test_a_window_that_is_left_for_long_ends_its_session(
    client: TestClient, windows: FakeWindows
) -> None:
    with client.websocket_connect("/live") as socket:
        begin(socket)
        session = windows.places["mine"].session
        assert session is not None
        session.cancel()
        send(socket, bytes(FRAME_BYTES))
        assert [*received(socket)][-1]["type"] == "finished"


def test_an_engine_that_takes_recordings_whole_says_so(
    windows: FakeWindows, reference: loader.Loaded
) -> None:
    readiness = Readiness()
    readiness.load(lambda: reference)
    with client_of(windows, readiness) as client, client.websocket_connect("/live") as socket:
        assert "only takes whole recordings" in begin(socket)["message"]


def test_a_model_that_could_not_be_loaded_is_named(windows: FakeWindows) -> None:
    def fail() -> loader.Loaded:
        raise OptionError("The folder is empty; give another one.")

    readiness = Readiness()
    readiness.load(fail)
    with client_of(windows, readiness) as client, client.websocket_connect("/live") as socket:
        assert "The folder is empty" in begin(socket)["message"]


@pytest.mark.parametrize(
    ("headers", "answer"),
    [
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://testserver:8000"}, 403),
    ],
)
def test_pages_of_other_sites_are_refused(
    client: TestClient, headers: dict[str, str], answer: int
) -> None:
    with pytest.raises(WebSocketDenialResponse) as caught:
        client.websocket_connect("/live", headers=headers).__enter__()
    assert caught.value.status_code == answer


def test_our_own_page_is_let_in(client: TestClient) -> None:
    with client.websocket_connect("/live", headers={"origin": "http://testserver"}) as socket:
        assert begin(socket) == {"type": "ready"}


@pytest.mark.parametrize("shown", [None, "bad"])
def test_strangers_are_refused_where_there_is_a_password(
    windows: FakeWindows, readiness: Readiness, shown: str | None
) -> None:
    route = live_route(windows, windows.sessions, readiness, Options(), LiveSettings())
    client = TestClient(guarded(route, Logins(1)))
    if shown:
        client.cookies.set(COOKIES.login, shown)
    with pytest.raises(WebSocketDenialResponse) as caught:
        client.websocket_connect("/live").__enter__()
    assert caught.value.status_code == 401


def test_who_has_logged_in_is_let_in(windows: FakeWindows, readiness: Readiness) -> None:
    logins = Logins(1)
    route = live_route(windows, windows.sessions, readiness, Options(), LiveSettings())
    client = TestClient(guarded(route, logins))
    client.cookies.set(COOKIES.login, logins.begin("ming"))
    with client.websocket_connect("/live") as socket:
        assert begin(socket) == {"type": "ready"}
