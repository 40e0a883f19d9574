"""A database that goes away while the API answers: what needs none is done, and all is said."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from richspeech.api.app import create_app
from richspeech.api.openai.router import openai
from richspeech.api.transcripts import transcripts
from richspeech.operations import parts as module
from richspeech.operations.parts import Parts
from richspeech.service import build
from richspeech.settings import load_settings
from richspeech.storage.history import History
from richspeech.storage.quota import Quota
from richspeech.storage.transcripts import Store
from tests.fakes import HAPPY, FakeTranscriber, loaded_with, ready, wav_at
from tests.integration.database import DatabaseServer, postgresql, running


@pytest.fixture
def database() -> Iterator[DatabaseServer]:
    programs = postgresql()
    if programs is None:
        assert not os.environ.get("CI"), "CI installs postgresql"
        pytest.skip("PostgreSQL is not installed")
    with running(programs) as server:
        yield server


@pytest.fixture
def client(database: DatabaseServer, tmp_path: Path) -> Iterator[TestClient]:
    with closing(Store(database.url)) as store:
        settings = load_settings()
        weights = tmp_path / "weights"
        weights.mkdir()
        loaded = loaded_with(FakeTranscriber(), folder=weights)
        service = build(settings, ready(loaded), history=History(store, settings, "1"))
        app = create_app(Parts(service.readiness, service.runner, store.require_reachable), "1")
        for surface in (openai(service, Quota(tmp_path, 10**9, 10**9)), transcripts(service)):
            app.include_router(surface.router)
        yield TestClient(app)


def heard(client: TestClient, folder: Path, seed: int) -> dict[str, Any]:
    """Have another recording transcribed, which has to be done in any case."""
    sound = np.random.default_rng(seed).normal(0, 3_000, 16_000)
    with wav_at(folder / f"{seed}.wav", sound).open("rb") as file:
        answer = client.post("/v1/audio/transcriptions", files={"file": file})
    assert (answer.status_code, answer.json()["text"]) == (200, HAPPY.text), answer.text
    kept: dict[str, Any] = answer.json()["history"]
    return kept


def test_a_database_that_goes_away_is_said_and_comes_back(
    client: TestClient,
    database: DatabaseServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "HOLDS_SECONDS", 0.0)
    first = heard(client, tmp_path, 1)
    assert first["problem"] is None
    assert client.get("/readyz").status_code == 200

    database.stop()
    gone = heard(client, tmp_path, 2)
    assert gone["id"] is None
    assert gone["problem"].startswith("The history cannot be used (")
    for method, path in (("GET", ""), ("GET", f"/{first['id']}"), ("DELETE", f"/{first['id']}")):
        answer = client.request(method, f"/v1/transcripts{path}")
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["type"]) == (503, "store", "server_error")
        assert int(answer.headers["retry-after"]) > 0
    unready = client.get("/readyz")
    assert (unready.status_code, unready.json()["parts"]["store"]["ready"]) == (503, False)
    assert client.get("/livez").status_code == 200

    database.start()
    assert client.get("/readyz").status_code == 200
    assert heard(client, tmp_path, 1) == first, "nothing of it is lost"
    assert heard(client, tmp_path, 3)["problem"] is None
    names = [each["name"] for each in client.get("/v1/transcripts").json()["data"]]
    assert names == ["3.wav", "1.wav"]
