"""The main path in Debian's Firefox: a recording is read, and its lines are played."""

import json
import os
import shutil
import subprocess
from typing import Any

import pytest
import soundfile

from .visitor import EXAMPLES, ROOT

FIREFOX = "firefox-esr"
SECONDS = 280


def test_a_recording_is_read_and_a_line_is_played_in_firefox(
    address: str, references: dict[str, Any]
) -> None:
    program = shutil.which(FIREFOX)
    if program is None:
        assert not os.environ.get("CI"), f"{FIREFOX} is missing"
        pytest.skip(f"{FIREFOX} is missing")
    example = EXAMPLES / "zh-live-show.wav"
    told = subprocess.run(
        ["node", "web/tests/firefox.js", program, address, str(example)],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert told.returncode == 0, told.stderr
    seen = json.loads(told.stdout)
    assert seen["lines"] == [line["text"] for line in references[example.name]["lines"]]
    assert seen["faults"] == []
    assert seen["player"]["isShown"]
    assert seen["player"]["duration"] == pytest.approx(soundfile.info(example).duration, abs=0.1)
    assert seen["start"] > 1
    assert seen["player"]["time"] == pytest.approx(seen["start"], abs=1.5)
