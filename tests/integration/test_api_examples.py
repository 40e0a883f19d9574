"""The examples of docs/api.md for all protocols of this port run as they stand there."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from postprocess import Emotion
from richspeech.engines.loader import Loaded
from richspeech.model.document import Document
from richspeech.model.request import TranscriptionRequest
from richspeech.places import HOME as ROOT
from richspeech.service import build
from richspeech.settings import Settings
from richspeech.storage.history import History
from richspeech.storage.transcripts import Fingerprint, Store
from tests.documents import API, example_of
from tests.fakes import ready
from tests.integration.api_server import served
from tests.integration.conftest import references
from tests.transcripts import segment, transcript

WORDS = [line["text"] for line in references()["zh-call.wav"]["lines"]]


CURL_TIMED_OUT = 28
SOCKETS = "--experimental-websocket"
"""Of Node 20, which has them only so; later ones take it without effect."""


def run(code: str, *program: str, status: int = 0) -> str:
    """Run an example in the project's folder; return what it prints."""
    if shutil.which(program[0]) is None:
        pytest.skip(f"there is no {program[0]}")
    done = subprocess.run([*program, code], cwd=ROOT, check=False, capture_output=True, timeout=600)
    assert done.returncode == status, done.stderr.decode()
    return done.stdout.decode(errors="replace")


def node(code: str, folder: Path) -> list[str]:
    """Run an example in Node; return the lines that it prints."""
    asking = ["node", SOCKETS, "-p", "typeof require('fs').openAsBlob + typeof WebSocket"]
    if shutil.which("node") is None:
        pytest.skip("there is no node")
    asked = subprocess.run(asking, check=False, capture_output=True, text=True)
    if asked.stdout.strip() != "functionfunction":
        version = subprocess.run(["node", "--version"], check=True, capture_output=True, text=True)
        pytest.skip(f"Node {version.stdout.strip()} has no WebSocket: the example wants 22, or 20")
    program = folder / "example.mjs"
    program.write_text(code, encoding="utf-8")
    return run(str(program), "node", SOCKETS).splitlines()


def example(language: str, address: str, section: str = "OpenAI") -> str:
    found = {example_of(document, section, language) for document in API}
    assert len(found) == 1, "both documents have the same example"
    return found.pop().replace("127.0.0.1:6006", address.removeprefix("http://"))


def test_curl(api_address: str) -> None:
    heard = json.loads(run(example("bash", api_address), "bash", "-c"))
    assert [segment["text"] for segment in heard["segments"]] == WORDS


def test_python(api_address: str) -> None:
    printed = run(example("python", api_address), sys.executable, "-c").splitlines()
    assert [line.split(" ")[1] for line in printed] == WORDS
    assert {line.split(" ")[2] for line in printed} >= {"angry"}


def test_javascript(api_address: str, tmp_path: Path) -> None:
    *deltas, done = node(example("javascript", api_address), tmp_path)
    assert [line.split(" ")[1] for line in deltas] == WORDS
    assert done.startswith("transcript.text.done " + "".join(WORDS))


@pytest.fixture(scope="module")
def keeping_address(ours: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the application has a history, with one angry transcript in it."""
    folder = tmp_path_factory.mktemp("keeping")
    with closing(Store(f"sqlite:///{folder}/history.sqlite")) as store:
        for name, emotion in (("calm.wav", Emotion.NEUTRAL), ("angry.wav", Emotion.ANGRY)):
            heard = Document(transcript(segment(0, 1, "我要退款。", emotion), duration=1.0))
            request = TranscriptionRequest(engine="sensevoice")
            store.keep(Fingerprint(name, name), name, request, heard)
        service = build(Settings(), ready(ours), history=History(store, Settings(), "1"))
        with served(service, folder) as address:
            yield address


def test_kept_transcripts(keeping_address: str) -> None:
    listing = json.loads(run(example("bash", keeping_address, "Transcripts"), "bash", "-c"))
    assert [each["name"] for each in listing["data"]] == ["angry.wav"]
    program = example("python", keeping_address, "Transcripts")
    line, *srt = run(program, sys.executable, "-c").splitlines()
    assert line.split(" ")[1:] == ["angry.wav", "我要退款。"]
    assert srt[1] == "00:00:00,000 --> 00:00:01,000"


def test_a_step_changes_a_kept_transcript(keeping_address: str) -> None:
    cut = json.loads(run(example("bash", keeping_address, "Steps"), "bash", "-c"))
    assert [each["text"] for each in cut["segments"]] == ["我要", "退款。"]
    assert cut["revision"] == 1


def test_jobs(api_address: str) -> None:
    events = run(example("bash", api_address, "Jobs"), "bash", "-c")
    assert '"state":"finished"' in events
    assert WORDS[-1] in events.split("-->")[-1]
    printed = run(example("python", api_address, "Jobs"), sys.executable, "-c").splitlines()
    names = ["zh-call.wav", "ja-sad.wav"]
    told = [line.split(" ")[:2] for line in printed if line.split(" ")[0] in names]
    assert told == [[name, "finished"] for name in names]


@pytest.mark.parametrize("section", ["Realtime", "funasr"])
@pytest.mark.parametrize("language", ["python", "javascript"])
def test_sockets(api_address: str, section: str, language: str, tmp_path: Path) -> None:
    code = example(language, api_address, section)
    if language == "javascript":
        printed = node(code, tmp_path)
    else:
        printed = run(code, sys.executable, "-c").splitlines()
    assert [line.split(" ")[-2:] for line in printed] == [
        [line["text"], line["emotion"]] for line in references()["zh-live-show.wav"]["lines"]
    ]


def test_curl_tells_whether_one_is_let_in(api_address: str) -> None:
    code = example("bash", api_address, "Realtime")
    said = run(code, "bash", "-c", status=CURL_TIMED_OUT)
    assert said.startswith("HTTP/1.1 101 ")
    assert '"type":"session.created"' in said
