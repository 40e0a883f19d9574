"""Ctrl-C ends learning between two steps, and an adapter that is not there is a sentence."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from richspeech.cli.app import main
from richspeech.engines import loader
from richspeech.places import HOME

LEARNING = """
import signal, sys, time
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

from richspeech.engines.hub import Source, Weights
from richspeech.errors import Cancelled
from richspeech.language.catalog import Notice

class Adaptation:
    faults, step, steps = (), 3, 10

    def __init__(self, task, settings):
        self.weights = Weights(Path("."), "mine", Source.FOLDER, Notice("why.named_folder"))
        split = SimpleNamespace(training=(), test=(), keeps_sessions=True)
        self.domain = self.general = SimpleNamespace(split=split, seconds=lambda _: 0.0)

    def read(self):
        pass

    def trial(self):
        return SimpleNamespace(bytes=0, seconds=0.0)

    def train(self, tell, stopped):
        print("it learns", file=sys.stderr, flush=True)
        while not stopped():
            time.sleep(0.01)
        print("it is to stop", file=sys.stderr, flush=True)
        while "slow" in sys.argv:
            time.sleep(0.01)  # a long sleep would miss what comes just before it begins
        raise Cancelled

sys.modules["richspeech.adaptation.adapt"] = SimpleNamespace(  # without torch
    Adaptation=Adaptation, Task=lambda *asked: asked
)
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts with & ignores it
from richspeech.cli.app import main
with TemporaryDirectory() as folder:
    clips = Path(folder) / "clips.jsonl"
    clips.write_text('{"source": "a.wav", "target": "a"}')
    sys.exit(main(["adapt", str(clips), "--output", "calls"]))
"""


def interrupted(*awaited: str, how: str = "") -> tuple[int, str]:
    """Have a stand-in learn; press Ctrl-C after each of these lines. Return how it ends."""
    words = [sys.executable, "-c", LEARNING, how]
    with subprocess.Popen(words, cwd=HOME, stderr=subprocess.PIPE, text=True) as learning:
        assert learning.stderr is not None
        said = ""
        for line in awaited:
            while line not in said:
                more = learning.stderr.readline()
                assert more, said
                said += more
            learning.send_signal(signal.SIGINT)
        said += learning.stderr.read()
        return learning.wait(), said


@pytest.mark.process
def test_ctrl_c_ends_it_after_a_step_and_says_that_it_goes_on() -> None:
    status, said = interrupted("it learns")
    assert status == 130, said
    last = said.splitlines()[-1]
    assert last == "Stopped after step 3 of 10: the same command goes on from there."


@pytest.mark.process
def test_a_second_ctrl_c_ends_it_within_a_step() -> None:
    status, said = interrupted("it learns", "it is to stop", how="slow")
    assert status == 130, said
    assert "Traceback" not in said


@pytest.mark.parametrize("command", ["adapt", "cascade train", "calibrate"])
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "There is no file {file}: name the clips, a .jsonl or the .zip that the page "),
        ("# Notes\n", "No line of clips.jsonl is an example: each is a JSON object with source, "),
    ],
)
def test_clips_are_looked_for_before_any_model_is(
    command: str,
    content: str | None,
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def load(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(loader, "find_models", load)
    file = tmp_path / "clips.jsonl"
    if content is not None:
        file.write_text(content)
    assert main([*command.split(), str(file), "--output", str(tmp_path / "calls")]) == 1
    assert capsys.readouterr().err.startswith(sentence.format(file=file))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--adapter", "calls"], "There is no adapter calls, nor any other: leave it out.\n"),
        (
            ["--engine", "paraformer", "--adapter", "calls"],
            "The engine paraformer takes no adapter",
        ),
    ],
)
def test_an_adapter_that_cannot_be_had_is_wrong_usage(
    words: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("RICHSPEECH_ADAPTERS__FOLDER", str(tmp_path))
    assert main(["transcribe", "a.wav", *words]) == 2
    assert capsys.readouterr().err.startswith(sentence)
