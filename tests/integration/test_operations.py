"""A server in a process: what it counts is what happened, and who asked in time is answered.

The last test ends the server.
"""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from richspeech.places import HOME as ROOT
from scripts.ports import free_port
from tests.e2e.program import Program, forked
from tests.fakes import wait_until
from tests.held import GATE, HELD

EXAMPLES = ROOT / "examples"
LONG = EXAMPLES / "zh-call.wav"
"""87 s."""
SHORT = EXAMPLES / "zh-laughter.wav"
PATIENCE_SECONDS = 180
BOUNDARY = "a-boundary"
ROUTE = "/v1/audio/transcriptions"


@dataclass
class Server:
    process: Program
    port: int
    probe_port: int
    folder: Path

    def read_on(self) -> None:
        """Let it read what it holds back of each recording."""
        (self.folder / "go").touch()

    def line(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)

    def get(self, path: str) -> tuple[int, bytes]:
        line = self.line()
        line.request("GET", path)
        answer = line.getresponse()
        return answer.status, answer.read()

    def post(self, path: Path, **fields: str) -> tuple[int, bytes, str]:
        """Have a recording transcribed; status, body and the number of the request."""
        line = self.line()
        line.request("POST", ROUTE, form_of(path, **fields), headers())
        answer = line.getresponse()
        return answer.status, answer.read(), str(answer.getheader("x-request-id"))

    def samples(self) -> list[Sample]:
        status, text = self.get("/metrics")
        assert status == 200
        families = text_string_to_metric_families(text.decode())
        return [sample for family in families for sample in family.samples]

    def sum_of(self, name: str, **labels: str) -> float:
        return sum(
            each.value
            for each in self.samples()
            if each.name == f"richspeech_{name}" and labels.items() <= each.labels.items()
        )

    @property
    def log(self) -> list[dict[str, Any]]:
        lines = (self.folder / "log").read_text("utf-8").split("\n")
        return [json.loads(line) for line in lines[:-1]]


def headers() -> dict[str, str]:
    return {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


def form_of(path: Path, **fields: str) -> bytes:
    parts = [
        f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in {"model": "whisper-1", **fields}.items()
    ]
    head = (
        f"--{BOUNDARY}\r\ncontent-disposition: form-data; "
        f'name="file"; filename="{path.name}"\r\n\r\n'
    )
    end = f"\r\n--{BOUNDARY}--\r\n"
    return "".join(parts).encode() + head.encode() + path.read_bytes() + end.encode()


@contextmanager
def started(folder: Path, stop_seconds: float) -> Iterator[Server]:
    """Run a server that is ready."""
    port, probe_port = free_port(), free_port()
    own = {
        GATE: str(folder / "go"),
        "RICHSPEECH_OPERATIONS__PROBE_PORT": str(probe_port),
        "RICHSPEECH_HISTORY__URL": f"sqlite:///{folder}/history.sqlite",
        "RICHSPEECH_SERVER__STOP_SECONDS": str(stop_seconds),
        "TMPDIR": str(folder),
    }
    command = ["-c", HELD, "--model", "embedded", "--port", str(port)]
    process = forked(command, folder / "log", os.environ | own, folder / "errors")
    server = Server(process, port, probe_port, folder)
    try:
        wait_until_ready(server)
        yield server
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with started(tmp_path_factory.mktemp("server"), PATIENCE_SECONDS) as server:
        yield server


def wait_until_ready(server: Server) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            if server.get("/readyz")[0] == 200:
                return
        except OSError:
            pass
        assert server.process.poll() is None, (server.folder / "errors").read_text()
        time.sleep(0.1)
    pytest.fail("the server is not ready")


def test_probes_name_the_parts(server: Server) -> None:
    status, body = server.get("/readyz")
    assert status == 200
    assert {name: each["ready"] for name, each in json.loads(body)["parts"].items()} == {
        "model": True,
        "queue": True,
        "store": True,
    }
    assert server.get("/livez")[0] == 200
    own = HTTPConnection("127.0.0.1", server.probe_port, timeout=PATIENCE_SECONDS)
    own.request("GET", "/livez")
    assert own.getresponse().read() == b'{"status": "ok"}'


def test_what_is_counted_is_what_the_answer_says(server: Server) -> None:
    assert server.sum_of("audio_seconds_total") == 0.0
    status, body, _ = server.post(SHORT, response_format="verbose_json")
    heard = json.loads(body)
    assert status == 200, heard
    emotions = Counter(segment["emotion"] for segment in heard["segments"])
    assert emotions
    assert server.sum_of("audio_seconds_total") == pytest.approx(heard["duration"], abs=0.01)
    for emotion, count in emotions.items():
        assert server.sum_of("segments_total", emotion=emotion) == count
    assert server.sum_of("segments_total") == len(heard["segments"])
    assert server.sum_of("real_time_factor_count", engine="sensevoice") == 1
    ended = {"kind": "transcribe", "state": "finished"}
    answered = {"route": ROUTE, "status": "200", "method": "POST"}
    wait_until(lambda: server.sum_of("jobs_total", **ended) == 1)  # which is told after the answer
    wait_until(lambda: server.sum_of("http_requests_total", **answered) == 1)
    assert server.sum_of("received_bytes_total", route=ROUTE) > SHORT.stat().st_size
    assert server.sum_of("model_loaded", engine="sensevoice") == 1
    assert server.sum_of("http_requests_in_flight") == 1, "this one"


def test_the_same_again_comes_from_the_history(server: Server) -> None:
    assert server.post(SHORT, language="zh")[0] == 200
    from_history = server.sum_of("transcripts_total", origin="history")
    before = server.sum_of("audio_seconds_total")
    assert before > 0
    assert server.post(SHORT, language="zh")[0] == 200
    assert server.sum_of("transcripts_total", origin="history") == from_history + 1
    assert server.sum_of("audio_seconds_total") == before


def test_whatever_is_asked_for_makes_no_new_labels(server: Server) -> None:
    routes = {each.labels["route"] for each in server.samples() if "route" in each.labels}
    for number in range(20):
        assert server.get(f"/nothing/{number}")[0] == 404
    now = {each.labels["route"] for each in server.samples() if "route" in each.labels}
    assert now - routes <= {"other"}
    assert server.sum_of("http_requests_total", route="other", status="404") >= 20


def test_the_log_is_objects_that_name_the_request_and_none_of_the_words(server: Server) -> None:
    _, body, number = server.post(SHORT, response_format="text")
    said = f"POST {ROUTE}: 200 in "

    def is_said() -> bool:
        lines = [line for line in server.log if line.get("request") == number]
        return any(line["event"].startswith(said) for line in lines)

    wait_until(is_said)  # after the answer
    assert body.decode().strip() not in (server.folder / "log").read_text("utf-8")


def test_a_job_that_fails_is_counted_by_its_code(server: Server, tmp_path: Path) -> None:
    (tmp_path / "noise.wav").write_bytes(b"no sound at all" * 100)
    assert server.post(tmp_path / "noise.wav")[0] == 400
    wait_until(lambda: server.sum_of("errors_total", code="audio") == 1)


def test_who_has_asked_in_time_gets_an_answer(server: Server) -> None:
    """A recording that is transcribed, one that is streamed and one that is still on its way."""
    form = form_of(LONG, language="zh")
    sending = server.line()
    sending.putrequest("POST", ROUTE)
    for name, value in {**headers(), "content-length": str(len(form))}.items():
        sending.putheader(name, value)
    sending.endheaders(form[: len(form) // 2])
    with ThreadPoolExecutor() as pool:
        plain = pool.submit(server.post, LONG)
        stream = pool.submit(server.post, LONG, stream="true", prompt="投诉")
        wait_until(lambda: server.sum_of("jobs_running", kind="transcribe") == 2)
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: server.get("/readyz")[0] == 503)
        assert server.post(SHORT)[0] == 503, "who asks now is too late"
        server.read_on()
        sending.send(form[len(form) // 2 :])
        assert plain.result()[0] == 200
        status, events, _ = stream.result()
        assert sending.getresponse().status == 200
    assert status == 200
    last = events.decode().strip().split("\n\n")[-1]
    assert json.loads(last.removeprefix("data: "))["type"] == "transcript.text.done"
    assert server.process.wait(PATIENCE_SECONDS) == 0
    assert "Traceback" not in (server.folder / "log").read_text("utf-8")
    assert (server.folder / "errors").read_text("utf-8") == ""
