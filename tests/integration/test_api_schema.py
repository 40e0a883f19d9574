"""schemathesis reads what the API says of itself, and tries whether that is true."""

import os
import subprocess
import sys
from pathlib import Path

import httpx

from richspeech.places import HOME as ROOT

MOST_EXAMPLES = "8"
REQUEST_SECONDS = "60"
"""The first request that wants voices loads what tells them apart."""
SECONDS = 240


def test_every_route_answers_as_the_schema_says(api_address: str, tmp_path: Path) -> None:
    # Which languages an engine knows, and which fields go together, no schema can say.
    command = (
        *("run", f"{api_address}/openapi.json", "--no-color", "--max-examples", MOST_EXAMPLES),
        *("--exclude-checks", "positive_data_acceptance", "--generation-deterministic"),
        *("--request-timeout", REQUEST_SECONDS),
    )
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", *command],
        check=False,
        cwd=tmp_path,
        env=os.environ
        | {"SCHEMATHESIS_HOOKS": "tests.integration.schemathesis_hooks", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout[-6_000:]
    assert "Unresolvable" not in done.stdout


def test_every_route_of_openais_protocol_is_described(api_address: str) -> None:
    described = set(httpx.get(f"{api_address}/openapi.json", timeout=60).json()["paths"])
    assert described >= {"/v1/audio/transcriptions", "/v1/models", "/v1/models/{model}"}
