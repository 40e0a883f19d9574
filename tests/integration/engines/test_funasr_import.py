"""Importing funasr: torchaudio may be broken, stdout stays clean, warnings stay with funasr.

Stand-ins for torchaudio and funasr lie in ``tmp_path``; each case has a process of its own.
"""

import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from richspeech.engines.common.funasr_import import quiet

ROOT = Path(__file__).resolve().parents[3]
BROKEN = {
    "a library is missing": "raise OSError('libcudart.so.13: cannot open shared object file')",
    "it is not there": "raise ImportError('no torchaudio')",
    "torch is another": "raise RuntimeError('compiled with different CUDA versions')",
    "torch lacks something": "import sys; sys.no_such_thing",
    "a part is missing": "from torchaudio import part; raise OSError('libtorch')",
}
ASK = """
import importlib.util
from richspeech.engines.common.funasr_import import fbank_backend
print(fbank_backend(), fbank_backend())
for name in ("torchaudio", "torchaudio.part"):
    try:
        print(importlib.import_module(name).__name__)
    except ImportError:
        print("ImportError")
print(importlib.util.find_spec("torchaudio") is not None)
"""


def package(folder: Path, name: str, code: str) -> None:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(code, encoding="utf-8")
    (folder / name / "part.py").touch()


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"},
    )


# torchaudio ---------------------------------------------------------------------------------------


def test_a_torchaudio_that_can_be_imported_is_used(tmp_path: Path) -> None:
    package(tmp_path, "torchaudio", "")
    lines = run(ASK, tmp_path).stdout.splitlines()
    assert lines == ["torchaudio torchaudio", "torchaudio", "torchaudio.part", "True"]


@pytest.mark.parametrize("why", BROKEN)
def test_a_broken_torchaudio_is_put_aside(tmp_path: Path, why: str) -> None:
    package(tmp_path, "torchaudio", BROKEN[why])
    done = run(ASK, tmp_path)
    assert done.stdout.splitlines() == [
        "kaldi-native-fbank kaldi-native-fbank",
        "ImportError",
        "ImportError",
        "False",
    ]
    assert done.stderr == ""


# What funasr prints and logs ----------------------------------------------------------------------

LOUD = """
import logging, warnings
print("Notice: ffmpeg is not installed")
logging.warning("trust_remote_code: False")
logging.error("ckpt is damaged")
"""
IMPORT = """
import logging
logging.basicConfig(level=logging.{level}, format="%(levelname)s %(name)s %(message)s")
from richspeech.engines.common.funasr_import import funasr
funasr()
logging.warning("ours at the root")
logging.getLogger("richspeech.x").warning("ours")
print("result")
"""


@pytest.mark.parametrize("level", ["WARNING", "DEBUG"])
def test_of_a_loud_funasr_errors_remain(tmp_path: Path, level: str) -> None:
    package(tmp_path, "torchaudio", "")
    package(tmp_path, "funasr", LOUD)
    done = run(IMPORT.format(level=level), tmp_path)
    printed = (
        "DEBUG richspeech.engines.common.funasr_import funasr: Notice: ffmpeg is not installed"
    )
    assert done.stdout == "result\n"
    assert done.stderr.splitlines() == [
        "ERROR root ckpt is damaged",
        *([printed] if level == "DEBUG" else []),
        "WARNING root ours at the root",
        "WARNING richspeech.x ours",
    ]


def test_what_is_printed_quietly_is_logged(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "richspeech.engines.common.funasr_import"), quiet():
        print("funasr version: 1.4.16.\nCheck update")  # noqa: T201
    print("after")  # noqa: T201
    assert capsys.readouterr() == ("after\n", "")
    assert caplog.messages == ["funasr: funasr version: 1.4.16.", "funasr: Check update"]


def test_what_was_printed_before_a_fault_is_logged_too(caplog: pytest.LogCaptureFixture) -> None:
    stdout = sys.stdout

    def fail() -> None:
        with quiet():
            print("miss key in ckpt")  # noqa: T201
            raise KeyError

    caplog.set_level(logging.DEBUG, "richspeech.engines.common.funasr_import")
    with pytest.raises(KeyError):
        fail()
    assert caplog.messages == ["funasr: miss key in ckpt"]
    assert sys.stdout is stdout


def test_pydubs_warning_is_dropped_and_others_are_not() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with quiet():
            for module in ("pydub.utils", "torch.nn"):
                warnings.warn_explicit(module, RuntimeWarning, "a.py", 1, module)
    assert [str(each.message) for each in caught] == ["torch.nn"]
