"""The built package: all files in it, and command line and console running from another folder."""

import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from richspeech.places import HOME as ROOT
from scripts.ports import free_port

EXAMPLE = "richspeech/shipped/examples/zh-laughter.wav"
PATIENCE_SECONDS = 600


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = ["bash", str(ROOT / "scripts" / "build.sh"), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package alone; what it needs is that of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(folder), str(wheel)], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the user's data lie; a model that is prepared there is so for all commands."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def environment(installed: Path, data: Path, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "elsewhere").mkdir()
    ours = {name: value for name, value in os.environ.items() if "RICHSPEECH" not in name}
    return ours | {
        "PYTHONPATH": str(installed),
        "XDG_DATA_HOME": str(data),
        "RICHSPEECH_MODEL__ID": "embedded",
        "RICHSPEECH_MODEL__VAD_ID": "embedded",
        "RICHSPEECH_MODEL__DEVICE": "cpu",
    }


def files_of_the_checkout(*folders: str) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", *folders], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return {name for name in listed.stdout.splitlines() if (ROOT / name).is_file()}


def test_the_wheel_holds_every_file_that_the_program_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    wanted = files_of_the_checkout("richspeech", "postprocess.py", "app_sensevoice.py")
    shipped = files_of_the_checkout("config.yaml", "examples", "models")
    assert wanted | {f"richspeech/shipped/{name}" for name in shipped} <= names
    assert {name for name in names if name.startswith(("tests", "scripts", ".venv"))} == set()


def test_the_installed_command_transcribes_from_another_folder(
    installed: Path, environment: dict[str, str], data: Path, tmp_path: Path
) -> None:
    command = [str(installed / "bin" / "richspeech"), "transcribe", "--format", "json"]
    done = subprocess.run(
        [*command, str(installed / EXAMPLE)],
        cwd=tmp_path / "elsewhere",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["model"] == "models/sensevoice-tiny"
    assert [*(tmp_path / "elsewhere").iterdir()] == []
    assert (data / "richspeech" / ".cache" / "models").is_dir()


@pytest.fixture
def port(installed: Path, environment: dict[str, str], tmp_path: Path) -> Iterator[int]:
    """The installed console, started in a folder of no meaning."""
    port = free_port()
    command = [str(installed / "bin" / "richspeech"), "serve", "--port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        console = subprocess.Popen(
            command, cwd=tmp_path / "elsewhere", env=environment, stdout=log, stderr=log
        )
    try:
        yield port
    finally:
        console.terminate()
        console.wait(PATIENCE_SECONDS)


def test_the_installed_console_answers_and_keeps_its_data_with_its_user(
    port: int, data: Path
) -> None:
    health = answer(port, "/health")
    assert health["version"]
    assert (data / "richspeech" / "config.yaml").is_file()
    assert (data / "richspeech" / "data" / "history.sqlite").is_file()


def answer(port: int, path: str) -> dict[str, object]:
    """Ask until somebody answers."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", path)
            found: dict[str, object] = json.loads(connection.getresponse().read())
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.2)
        else:
            return found
        finally:
            connection.close()
