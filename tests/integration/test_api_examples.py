"""The examples of docs/api.md for OpenAI's protocols and funasr's run as they stand there."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from richspeech.places import HOME as ROOT
from tests.documents import API, example_of
from tests.integration.conftest import references

WORDS = [line["text"] for line in references()["zh-call.wav"]["lines"]]


def run(code: str, *program: str) -> str:
    """Run an example in the project's folder; return what it prints."""
    if shutil.which(program[0]) is None:
        pytest.skip(f"there is no {program[0]}")
    done = subprocess.run(
        [*program, code], cwd=ROOT, check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


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
    program = tmp_path / "example.mjs"
    program.write_text(example("javascript", api_address), encoding="utf-8")
    *deltas, done = run(str(program), "node").splitlines()
    assert [line.split(" ")[1] for line in deltas] == WORDS
    assert done.startswith("transcript.text.done " + "".join(WORDS))


@pytest.mark.parametrize("section", ["Realtime", "funasr"])
def test_sockets(api_address: str, section: str) -> None:
    printed = run(example("python", api_address, section), sys.executable, "-c").splitlines()
    assert [line.split(" ")[-2:] for line in printed] == [
        [line["text"], line["emotion"]] for line in references()["zh-live-show.wav"]["lines"]
    ]
