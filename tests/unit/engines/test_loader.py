"""Which folders an engine is made of, and what is said of those that are passed over."""

import logging
from dataclasses import replace

import pytest

from richspeech.engines import loader
from richspeech.engines.hub import EMBEDDED_DETECTOR
from richspeech.engines.loaded import Parts
from richspeech.engines.registry import engine_named
from richspeech.settings import load_settings
from tests.fakes import FakeTranscriber


@pytest.mark.parametrize("engine", ["sensevoice", "paraformer"])
@pytest.mark.parametrize(
    ("detector", "level"),
    [
        ({}, logging.INFO),  # nobody has asked for the usual one
        ({"vad_id": "iic/another-detector"}, logging.WARNING),
        ({"vad_id": "embedded"}, None),
    ],
)
def test_a_detector_beside_an_embedded_recogniser_is_said_to_be_ignored(
    engine: str,
    detector: dict[str, str],
    level: int | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings = load_settings(
        model={"id": "embedded", "engine": engine, **detector}, paraformer={"id": "embedded"}
    )
    with caplog.at_level(logging.INFO):
        found = loader.find_models(settings)
    assert found.detector.folder == EMBEDDED_DETECTOR
    said = [each for each in caplog.records if "is ignored" in each.getMessage()]
    assert [each.levelno for each in said] == ([] if level is None else [level])
    for each in said:
        sentence = f"model.vad_id {settings.model.vad_id} is ignored, since models/{engine}-tiny "
        assert each.getMessage() == f"{sentence}was trained with models/fsmn-vad-tiny"
    asked = "the settings ask for the embedded model"
    reason = asked if level is None else f"it belongs to models/{engine}-tiny"
    assert str(found.detector.reason) == reason


class Process:
    """What is in memory of one: libraries, until they are released, and weights."""

    def __init__(self) -> None:
        self.libraries, self.weights = 200, 30

    def resident(self) -> int:
        return self.libraries + self.weights

    def release(self) -> None:
        self.libraries = 0

    def load(self, *_: object) -> Parts:
        self.libraries, self.weights = self.libraries + 50, self.weights + 70
        return Parts(FakeTranscriber())


def test_libraries_that_are_released_are_not_taken_off_the_memory_of_an_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process = Process()
    engine = replace(engine_named("sensevoice"), load=process.load)
    monkeypatch.setattr(loader, "engine_named", lambda _: engine)
    monkeypatch.setattr(loader, "resident_bytes", process.resident)
    monkeypatch.setattr(loader, "release_libraries", process.release)
    settings = load_settings(model={"id": "embedded", "device": "cpu"})
    assert loader.load_engine(settings, "sensevoice").memory_bytes == 70
