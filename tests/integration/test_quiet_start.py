"""The real funasr, imported through the door, says nothing where results go."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START = """
import logging
logging.basicConfig(level=logging.WARNING)
from richspeech.engines import funasr_door
funasr_door.funasr()
funasr_door.model_class("SenseVoiceSmall")
with funasr_door.quiet():
    funasr_door.funasr().AutoModel
"""


def test_importing_funasr_writes_nothing_to_stdout() -> None:
    done = subprocess.run(
        [sys.executable, "-c", START], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout == ""
    assert "ffmpeg" not in done.stderr
    assert "WARNING:root" not in done.stderr
