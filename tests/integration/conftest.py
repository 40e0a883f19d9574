"""The embedded models, loaded once; paths of what lies beside the project."""

import json
from typing import Any

import pytest

from richspeech import loader
from richspeech.hub import ROOT
from richspeech.settings import load_settings

EXAMPLES = ROOT / "examples"


def references() -> dict[str, dict[str, Any]]:
    content: dict[str, dict[str, Any]] = json.loads(
        (EXAMPLES / "references.json").read_text(encoding="utf-8")
    )
    return content


@pytest.fixture(scope="session")
def ours() -> loader.Loaded:
    return loader.load(load_settings(model={"id": "embedded", "device": "cpu"}))


@pytest.fixture(scope="session")
def reference() -> loader.Loaded:
    return loader.load(
        load_settings(model={"id": "embedded", "device": "cpu", "engine": "reference"})
    )
