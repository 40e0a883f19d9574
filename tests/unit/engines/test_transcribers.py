"""Other engines are loaded when they are first used, and let go; the main one is always at hand."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from richspeech.engines import loader, registry
from richspeech.engines import transcribers as engine_transcribers
from richspeech.engines.lazy import Lazy
from richspeech.engines.loader import Loaded
from richspeech.engines.readiness import Readiness
from richspeech.engines.sentiment.load import FoundClassifier, LazyReader
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import Cancelled, ModelError, OptionError
from richspeech.recognition.scheduler import ModelThread
from richspeech.settings import Settings
from tests.fakes import FakeTranscriber, loaded_with


class Thread(ModelThread):
    """Knows when it was ended."""

    def __init__(self, ended: Callable[[], None]) -> None:
        super().__init__("fake")
        self._ended = ended

    def close(self) -> None:
        super().close()
        self._ended()


class House:
    """Loads engines that are names only, and keeps which were loaded and ended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, idle_seconds: float | None = None) -> None:
        monkeypatch.setattr(loader, "load_engine", self.load)
        self.loaded: list[str] = []
        self.ended: list[str] = []
        self.gone = threading.Event()
        self.settings = Settings(model={"idle_seconds": idle_seconds})  # type: ignore[arg-type]
        self.main = Readiness()
        self.main.load(lambda: self.load(self.settings, "sensevoice"))
        self.transcribers = Transcribers(self.main, self.settings)

    def load(self, _: Settings, engine: str) -> Loaded:
        self.loaded.append(engine)
        thread = Thread(lambda: self.end(engine))
        loaded = loaded_with(FakeTranscriber(), engine)
        return replace(loaded, model_thread=thread, memory_bytes=len(self.loaded))

    def end(self, engine: str) -> None:
        self.ended.append(engine)
        self.gone.set()


def test_every_engine_follows_rules_that_take_the_place_of_the_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = House(monkeypatch)
    with house.transcribers.use("paraformer") as before:
        assert before.rules == house.settings.rules
    assert house.transcribers.rules == house.settings.rules
    house.transcribers.use_rules(())
    assert house.transcribers.rules == ()
    for name in (None, "paraformer", "reference"):
        with house.transcribers.use(name, reads=False) as loaded:
            assert loaded.rules == ()


def test_the_main_engine_is_used_by_its_name_or_by_none(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(monkeypatch)
    assert house.transcribers.engines == ("sensevoice", "paraformer", "reference", "whisper")
    for name in (None, "sensevoice"):
        with house.transcribers.use(name) as loaded:
            assert house.main.loaded is not None
            assert loaded.model_thread is house.main.loaded.model_thread
    assert house.loaded == ["sensevoice"]


def test_another_engine_is_loaded_once_for_all_who_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    house, barrier = House(monkeypatch), threading.Barrier(4)

    def use(_: int) -> str:
        barrier.wait(60.0)
        with house.transcribers.use("paraformer") as loaded:
            return loaded.engine

    with ThreadPoolExecutor(4) as pool:
        assert {*pool.map(use, range(4))} == {"paraformer"}
    assert house.loaded == ["sensevoice", "paraformer"]
    assert house.transcribers.memory_bytes == {"sensevoice": 1, "paraformer": 2}


def test_an_idle_engine_is_ended_and_the_main_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(monkeypatch, idle_seconds=0.01)
    with house.transcribers.use("reference"):
        assert not house.gone.wait(0.1)
    assert house.gone.wait(60.0)
    assert house.ended == ["reference"]
    assert house.transcribers.memory_bytes == {"sensevoice": 1}
    with house.transcribers.use("reference"):
        assert house.loaded.count("reference") == 2


def test_closing_ends_every_engine_that_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(monkeypatch)
    with house.transcribers.use("paraformer"):
        pass
    house.transcribers.close()
    assert house.ended == ["paraformer", "sensevoice"]


def test_what_reads_the_words_is_loaded_before_anything_is_recognised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house, loads = House(monkeypatch), list[str]()
    classifiers: Lazy[Any] = Lazy(lambda: loads.append("classifier") or "it", None)  # type: ignore[func-returns-value]
    found = FoundClassifier(loaded_with(FakeTranscriber()).weights, ())
    reader = LazyReader(classifiers, found)
    monkeypatch.setattr(engine_transcribers, "lazy_reader", lambda _: reader)
    use, has = house.transcribers.use, house.transcribers.has
    with use("sensevoice", reads=False):
        assert loads == []
    assert has("sensevoice", reads=False)
    assert not has("sensevoice", reads=True)
    with use("sensevoice", reads=True) as loaded:
        assert loads == ["classifier"]
        assert loaded.sentiment_weights is reader.weights
    assert has("sensevoice", reads=True)
    assert not has("paraformer")


def test_an_engine_that_is_not_installed_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(monkeypatch)
    monkeypatch.setattr(registry, "find_spec", lambda _: None)
    assert house.transcribers.engines == ("sensevoice", "paraformer", "reference")


def test_an_unknown_engine_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(monkeypatch)
    with pytest.raises(OptionError) as caught, house.transcribers.use("kaldi"):
        pass
    assert str(caught.value) == (
        "The engine 'kaldi' is unknown; choose one of sensevoice, paraformer, reference, whisper."
    )


def test_an_engine_that_cannot_be_loaded_says_so_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = House(monkeypatch)

    def fail(*_: object) -> Loaded:
        house.loaded.append("failed")
        message = "The model folder paraformer lacks model.pt; copy the whole model folder."
        raise ModelError(message)

    monkeypatch.setattr(loader, "load_engine", fail)
    transcribers = Transcribers(house.main, house.settings)
    for _ in range(2):
        with pytest.raises(ModelError, match="lacks"), transcribers.use("paraformer"):
            pass
    assert house.loaded == ["sensevoice", "failed", "failed"]
    assert transcribers.memory_bytes == {"sensevoice": 1}


def test_who_waits_for_the_main_engine_may_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(monkeypatch)
    transcribers = Transcribers(Readiness(), house.settings)
    with pytest.raises(Cancelled), transcribers.use(None, lambda: True):
        pass
    with suppress(Cancelled):
        transcribers.close()
    assert transcribers.memory_bytes == {}
