"""What a start prints, and what it need not load."""

import os
import subprocess
import sys
from pathlib import Path

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
if __name__ == "__main__":
    model = {"id": "embedded", "device": "cpu", "cache_folder": sys.argv[1]}
    transcribers.load(load_settings(model=model)).close()
    print("funasr" in sys.modules, "transformers" in sys.modules)
"""


def test_importing_funasr_writes_nothing_to_stdout() -> None:
    done = subprocess.run(
        [sys.executable, "-c", START], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout == ""
    assert "ffmpeg" not in done.stderr
    assert "WARNING:root" not in done.stderr


def test_only_the_first_start_with_a_model_needs_funasr(tmp_path: Path) -> None:
    script = tmp_path / "start.py"
    script.write_text(WARM_START, encoding="utf-8")

    def start() -> str:
        command = [sys.executable, str(script), str(tmp_path / "cache")]
        path = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.check_output(command, env=path, text=True).strip()

    assert start() == "True True"
    assert start() == "False False"
