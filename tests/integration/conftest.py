"""The embedded models, loaded once; paths of what lies beside the project."""

import json
from typing import Any

import numpy as np
import pytest

from richspeech.audio.decode import Waveform
from richspeech.engines import loader
from richspeech.engines.common.fbank import SAMPLE_RATE, WINDOW_SAMPLES, log_mel
from richspeech.model.options import Options
from richspeech.places import HOME as ROOT
from richspeech.recognition.utterance import Request, Utterance
from richspeech.settings import load_settings

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
    return loader.load(load_settings(model={"id": "embedded", "device": "cpu"}))


@pytest.fixture(scope="session")
def reference() -> loader.Loaded:
    return loader.load(
        load_settings(model={"id": "embedded", "device": "cpu", "engine": "reference"})
    )
