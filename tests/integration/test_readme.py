"""The Python of the READMEs is a program that runs as it stands there, in a file of its own."""

import os
import subprocess
import sys
import textwrap
from itertools import takewhile
from pathlib import Path

import av
from av.audio.stream import AudioStream

from tests.integration.conftest import EXAMPLES

ROOT = Path(__file__).resolve().parents[2]
FIRST_LINE = "    from richspeech.audio.decode import open_recording"


def program_of(readme: str) -> str:
    """The example that transcribes a whole recording."""
    lines = (ROOT / readme).read_text(encoding="utf-8").splitlines()
    example = takewhile(lambda line: not line or line.startswith("    "), lines[place(lines) :])
    return textwrap.dedent("\n".join(example))


def place(lines: list[str]) -> int:
    return lines.index(FIRST_LINE)


def write_meeting(path: Path) -> None:
    """The recording that the example names, with the sound of one of ours."""
    with av.open(EXAMPLES / "en-meeting.wav") as source, av.open(path, "w") as target:
        stream = target.add_stream("aac", rate=16_000, layout="mono")
        assert isinstance(stream, AudioStream)
        for frame in source.decode(audio=0):
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))


def test_the_example_runs_as_a_file_with_nothing_prepared(tmp_path: Path) -> None:
    assert program_of("README.md") == program_of("README_zh.md")
    program = tmp_path / "example.py"
    program.write_text(program_of("README.md"), encoding="utf-8")
    write_meeting(tmp_path / "meeting.mp4")
    own = {
        "PYTHONPATH": str(ROOT),
        "RICHSPEECH_MODEL__ID": "embedded",
        "RICHSPEECH_MODEL__PRECISION": "int8",
        "RICHSPEECH_MODEL__BACKEND": "openvino",
        "RICHSPEECH_MODEL__CACHE_FOLDER": str(tmp_path / "cache"),
    }
    done = subprocess.run(
        [sys.executable, program.name],
        cwd=tmp_path,
        env=os.environ | own,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.splitlines()[-1].startswith("1.0 ")
    assert [*(tmp_path / "cache").glob("*/encoder.xml")]
