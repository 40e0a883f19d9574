"""What a start prints, and what it need not load."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
START = """
import logging
logging.basicConfig(level=logging.WARNING)
from richspeech.engines.common import funasr_import
funasr_import.funasr()
funasr_import.model_class("SenseVoiceSmall")
with funasr_import.quiet():
    funasr_import.funasr().AutoModel
"""


WARM_START = """
import sys
from richspeech.engines import transcribers
from richspeech.settings import load_settings
transcribers.load(load_settings(model={"id": "embedded", "device": "cpu"})).close()
print({"funasr", "transformers", "openvino"} & {*sys.modules})
"""


def test_importing_funasr_writes_nothing_to_stdout() -> None:
    done = subprocess.run(
        [sys.executable, "-c", START], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout == ""
    assert "ffmpeg" not in done.stderr
    assert "WARNING:root" not in done.stderr


@pytest.mark.usefixtures("ours")
def test_only_the_first_start_with_a_model_needs_funasr() -> None:
    """The first one was that of the fixture, if not one before it."""
    command = [sys.executable, "-c", WARM_START]
    assert subprocess.check_output(command, cwd=ROOT, text=True) == "{'openvino'}\n"
