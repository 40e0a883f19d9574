"""Which folders an engine is made of, and what is said of those that are passed over."""

import logging
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from richspeech.engines import loader
from richspeech.engines.common import streaming
from richspeech.engines.hub import EMBEDDED_DETECTOR, Source, Weights
from richspeech.engines.loaded import Models, Parts
from richspeech.engines.paraformer.engine import Paraformer
from richspeech.engines.registry import engine_named
from richspeech.engines.sensevoice.engine import SenseVoice
from richspeech.engines.whisper.engine import Whisper
from richspeech.language.catalog import Notice
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


@pytest.mark.parametrize("name", ["sensevoice", "paraformer", "whisper"])
def test_who_reads_for_others_reads_as_they_would(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    weights = Weights(Path("x"), "x", Source.FOLDER, Notice("why.named_folder"))
    models, settings, asked = Models(weights, weights), load_settings(), list[Any]()

    def ask(*_: object, hears_events: bool = False, times_all: bool = False) -> Any:
        asked.append((hears_events, times_all))

    for recogniser in (SenseVoice, Paraformer, Whisper):
        monkeypatch.setattr(recogniser, "load", lambda *_, **__: None)
    for function in ("assemble", "reading"):
        monkeypatch.setattr(streaming, function, ask)
    monkeypatch.setattr(loader, "find_models", lambda *_: models)
    engine_named(name).load(settings, models, "cpu")
    queue: Any = SimpleNamespace()
    loader.load_reading(lambda *_: queue, settings, name)
    here, elsewhere = asked
    assert here == elsewhere
