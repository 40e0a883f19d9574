"""The embedded models and a database server, once each; paths of what lies beside the project."""

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from richspeech.audio.mono import Waveform
from richspeech.engines import loader, transcribers
from richspeech.engines.common.fbank import SAMPLE_RATE, WINDOW_SAMPLES, log_mel
from richspeech.model.options import Options
from richspeech.places import HOME as ROOT
from richspeech.recognition.utterance import Request, Utterance
from richspeech.service import Service, open_queue
from richspeech.settings import load_settings
from tests.integration.api_server import served, service_of
from tests.integration.database import empty_server, postgresql, running

EXAMPLES = ROOT / "examples"


def references() -> dict[str, dict[str, Any]]:
    content: dict[str, dict[str, Any]] = json.loads(
        (EXAMPLES / "references.json").read_text(encoding="utf-8")
    )
    return content


def request_of(waveform: Waveform, options: Options | None = None) -> Request:
    """A whole waveform as one utterance; less than one window is filled up with silence."""
    window = np.pad(waveform, (0, max(0, WINDOW_SAMPLES - len(waveform))))
    utterance = Utterance(0.0, len(waveform) / SAMPLE_RATE, waveform, log_mel(window))
    return Request(utterance, options or Options())


@pytest.fixture(scope="session")
def ours() -> loader.Loaded:
    return transcribers.load(load_settings(model={"id": "embedded", "device": "cpu"}))


@pytest.fixture(scope="session")
def api_service(ours: loader.Loaded) -> Iterator[Service]:
    """What the API is asked for: the embedded model, jobs, and no history."""
    service, work = service_of(ours), threading.Event()
    with open_queue(service.settings, None, work) as queue:
        service = replace(service, queue=queue, work=work)
        with service.at_work():
            yield service


@pytest.fixture(scope="session")
def api_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the API keeps what is uploaded."""
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="session")
def api_address(api_service: Service, api_folder: Path) -> Iterator[str]:
    """Where the whole application answers."""
    with served(api_service, api_folder) as address:
        yield address


@pytest.fixture(scope="session")
def reference() -> loader.Loaded:
    return transcribers.load(
        load_settings(model={"id": "embedded", "device": "cpu", "engine": "reference"})
    )


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    programs = postgresql()
    if programs is None:
        assert not os.environ.get("CI"), "CI installs postgresql"
        pytest.skip("PostgreSQL is not installed")
    with running(programs) as server:
        yield server.url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a place without a history."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/history.sqlite"
    url: str = request.getfixturevalue("server_url")
    empty_server(url)
    return url
