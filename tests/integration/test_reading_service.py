"""The server reads every recording elsewhere: over HTTP, as durable jobs, after a reader died."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import psutil
import pytest

from richspeech.readers.pool import ReaderPool
from richspeech.service import Service, open_service
from richspeech.settings import load_settings
from tests.fakes import wait_until
from tests.integration.api_server import served
from tests.integration.conftest import EXAMPLES

SHORT, LONG = "zh-laughter.wav", "zh-call.wav"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    settings = load_settings(
        model={"id": "embedded", "device": "cpu"},
        reading={"processes": 1},
        history={"url": f"sqlite:///{folder}/history.sqlite"},
        jobs={"recordings": folder / "kept"},
    )
    with (
        open_service(settings, queues=True, reads_aside=True) as opened,
        opened.main_engine(),
        opened.at_work(),
    ):
        yield opened


@pytest.fixture(scope="module")
def http(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with (
        served(service, tmp_path_factory.mktemp("uploads")) as address,
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        yield client


def readers() -> set[int]:
    """The reading processes of this one."""
    templates = (each for each in psutil.Process().children() if "readers" in str(each.cmdline()))
    return {reader.pid for template in templates for reader in template.children()}


def transcribed(http: httpx.Client, name: str) -> str:
    form = {"model": "whisper-1"}
    file = (name, (EXAMPLES / name).read_bytes())
    answer = http.post("/v1/audio/transcriptions", files={"file": file}, data=form)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["text"])


def ended(http: httpx.Client, identifier: str) -> Any:
    wait_until(lambda: http.get(f"/v1/jobs/{identifier}").json()["ended"] is not None)
    return http.get(f"/v1/jobs/{identifier}").json()


def handed_in(http: httpx.Client, name: str, content: bytes) -> str:
    answer = http.post("/v1/jobs", files={"file": (name, content)})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["data"][0]["id"])


def test_what_is_sent_is_read_elsewhere_and_known_again(
    service: Service, http: httpx.Client
) -> None:
    assert isinstance(service.opener, ReaderPool)
    text = transcribed(http, SHORT)
    assert text
    assert len(readers()) == 1
    assert transcribed(http, SHORT) == text


def repeated(name: str, times: int) -> bytes:
    """A wav as often one behind the other; its header, which says less, is not believed."""
    content = (EXAMPLES / name).read_bytes()
    return content + content[44:] * (times - 1)


def test_a_durable_job_whose_reader_is_killed_says_so_and_the_next_is_done(
    http: httpx.Client,
) -> None:
    long = handed_in(http, "long.wav", repeated(LONG, 40))
    wait_until(lambda: http.get(f"/v1/jobs/{long}").json()["state"] == "running")
    while http.get(f"/v1/jobs/{long}").json()["ended"] is None:
        for reader in readers():
            with suppress(ProcessLookupError):
                os.kill(reader, signal.SIGKILL)
        time.sleep(0.05)
    failed = ended(http, long)
    assert failed["state"] == "failed"
    assert failed["error"]["message"].startswith("The process that read long.wav was killed")
    done = ended(http, handed_in(http, "short.wav", (EXAMPLES / SHORT).read_bytes()))
    assert done["state"] == "finished"


def test_a_file_that_is_none_is_told_from_elsewhere(http: httpx.Client) -> None:
    answer = http.post(
        "/v1/audio/transcriptions",
        files={"file": ("a.wav", b"no recording at all")},
        data={"model": "whisper-1"},
    )
    assert answer.status_code == 400
    assert "a.wav" in answer.json()["error"]["message"]
