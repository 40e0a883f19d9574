"""The embedded models, loaded once; paths of what lies beside the project."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from richspeech import loader
from richspeech.hub import ROOT
from richspeech.settings import load_settings

EXAMPLES = ROOT / "examples"
SHARED = ROOT.parent / "shared"


def references() -> dict[str, dict[str, Any]]:
    content: dict[str, dict[str, Any]] = json.loads(
        (EXAMPLES / "references.json").read_text(encoding="utf-8")
    )
    return content


def require_shared() -> Path:
    """In CI the recordings must be there; on a laptop their tests are skipped."""
    if not SHARED.is_dir() and not os.environ.get("CI"):
        pytest.skip("../shared is not there")
    return SHARED


@pytest.fixture(scope="session")
def ours() -> loader.Loaded:
    return loader.load(load_settings(model={"id": "embedded", "device": "cpu"}))


@pytest.fixture(scope="session")
def reference() -> loader.Loaded:
    return loader.load(
        load_settings(model={"id": "embedded", "device": "cpu", "engine": "reference"})
    )
