"""Two people in one signal, through the API, with real weights of an encoder."""

from collections.abc import Iterator
from io import BytesIO
from itertools import permutations
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform
from richspeech.audio.mono import SAMPLE_RATE
from richspeech.engines import transcribers
from richspeech.engines.hub import EMBEDDED
from richspeech.engines.voices.load import load_encoder
from richspeech.recognition.voiced import WINDOW_SAMPLES
from richspeech.settings import load_settings
from scripts.embedded import campplus
from tests.integration.api_server import served, service_of
from tests.integration.conftest import EXAMPLES

LIMITS = AudioLimits(max_bytes=10_000_000, max_seconds=120.0)
ENGLISH, JAPANESE = "en-meeting.wav", "ja-sad.wav"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An application with the weights that a package of requirements-voices.txt carries."""
    own: dict[str, Any] = {"voices": {"engine": "resemblyzer"}}
    own |= {"model": {"id": "embedded", "device": "cpu"}}
    loaded = transcribers.load(load_settings(**own))
    service = service_of(loaded, **own)
    with service.at_work(), served(service, tmp_path_factory.mktemp("voices")) as address:
        yield address


@pytest.fixture(scope="module")
def talk() -> bytes:
    pause = np.zeros(SAMPLE_RATE, np.float32)
    heard = [load_waveform(EXAMPLES / each, LIMITS) for each in (ENGLISH, JAPANESE, ENGLISH)]
    sound = np.concatenate([part for each in heard for part in (each, pause)])
    file = BytesIO()
    soundfile.write(file, sound, SAMPLE_RATE, format="WAV")
    return file.getvalue()


@pytest.mark.parametrize("voices", ["2", "auto"])
def test_each_says_what_they_say(address: str, talk: bytes, voices: str) -> None:
    answer = httpx.post(
        f"{address}/v1/audio/transcriptions",
        files={"file": ("talk.wav", talk)},
        data={"voices": voices, "response_format": "verbose_json"},
        timeout=120,
    )
    said = [(each["language"], each["speaker"]) for each in answer.json()["segments"]]
    assert list(dict.fromkeys(said)) == [("en", "A"), ("ja", "B")]
    assert said[0] == said[-1]


def test_the_embedded_weights_tell_voices_apart_that_they_have_never_heard() -> None:
    encoder = load_encoder(load_settings(voices={"id": EMBEDDED}))
    said = campplus.held_out(sentences=2)
    voices = [
        encoder.embed(np.stack([np.resize(each, WINDOW_SAMPLES) for each in said[name]]))
        for name in ("f5", "m5", "f2", "m7", "klatt2", "Mike")
    ]
    own = [float(first @ second) for first, second in voices]
    others = [float(one[0] @ two[1]) for one, two in permutations(voices, 2)]
    assert np.median(own) > np.quantile(others, 0.9)
