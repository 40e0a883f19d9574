"""The page offers the adapters that there are, to engines that take them."""

import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from richspeech.console.offers import adapter_offer
from richspeech.console.tabs.transcribe.handlers import Choices
from richspeech.engines.adapters import find_adapter
from richspeech.engines.hub import Source, Weights
from richspeech.engines.loaded import Models
from richspeech.engines.loader import Loaded
from richspeech.engines.readiness import Readiness
from richspeech.engines.registry import engine_named
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import ModelError, OptionError
from richspeech.language.catalog import Notice
from richspeech.service import remote_queue
from richspeech.settings import Settings, load_settings
from tests.fakes import FakeTranscriber, loaded_with, ready


def settings_with(folder: Path, *names: str) -> Settings:
    for name in names:
        (folder / name).mkdir()
        manifest = {"format": 1, "base": {"name": "some/weights", "digest": "0"}}
        (folder / name / "adapter.json").write_text(json.dumps(manifest))
        (folder / name / "adapter_config.json").write_text("{}")
        (folder / name / "adapter_model.safetensors").write_bytes(b"")
    return load_settings(adapters={"folder": folder})


def test_where_there_are_none_nothing_is_offered(tmp_path: Path) -> None:
    transcribers = Transcribers(Readiness(), settings_with(tmp_path))
    looks = adapter_offer(transcribers)(engine_named("sensevoice"), "en")
    assert not looks["visible"]


@pytest.mark.parametrize(("engine", "takes"), [("sensevoice", True), ("paraformer", False)])
def test_those_that_there_are_can_be_chosen_for_engines_that_take_them(
    tmp_path: Path, engine: str, *, takes: bool
) -> None:
    transcribers = Transcribers(Readiness(), settings_with(tmp_path, "calls", "meetings"))
    looks = adapter_offer(transcribers)(engine_named(engine), "zh")
    assert looks["visible"]
    assert looks["interactive"] is takes
    assert [value for _, value in looks["choices"]] == ["none", "calls", "meetings"]


@pytest.mark.parametrize(("engine", "adapter"), [("sensevoice", "calls"), ("paraformer", None)])
def test_what_was_chosen_is_asked_for_where_the_engine_takes_it(
    engine: str, adapter: str | None
) -> None:
    form = Choices("auto", ["zh"], True, False, 15.0, False, engine, adapter="calls")
    assert form.request().adapter == adapter


@pytest.mark.parametrize(
    ("engine", "adapter", "key"),
    [
        ("sensevoice", "others", "adapter.unknown"),
        ("sensevoice", "../calls", "adapter.unknown"),
        ("paraformer", "calls", "adapter.engine"),
    ],
)
def test_a_forged_choice_is_refused(tmp_path: Path, engine: str, adapter: str, key: str) -> None:
    transcribers = Transcribers(Readiness(), settings_with(tmp_path, "calls"))
    with pytest.raises(OptionError) as caught:
        transcribers.require_adapter(engine, adapter)
    assert caught.value.key == key


def test_one_whose_folder_is_gone_can_still_be_taken_out(tmp_path: Path) -> None:
    settings, loads = settings_with(tmp_path, "calls"), list[str | None]()

    def load(of: Settings, engine: str) -> Loaded:
        loads.append(of.model.adapter)
        adapter = find_adapter(tmp_path, "calls")
        return replace(loaded_with(FakeTranscriber(), engine), adapter=adapter)

    transcribers = Transcribers(ready(loaded_with(FakeTranscriber())), settings, load)
    with transcribers.use("sensevoice", adapter="calls"):
        pass
    assert loads == ["calls"]
    shutil.rmtree(tmp_path / "calls")
    assert transcribers.adapters_loaded == {"calls"}
    assert transcribers.unload("calls")
    assert transcribers.adapters_loaded == frozenset()
    with pytest.raises(OptionError):
        transcribers.unload("calls")


@pytest.mark.parametrize(
    ("engine", "named"), [("sensevoice", "calls"), ("paraformer", None), ("sensevoice", None)]
)
def test_where_others_recognise_nobody_gets_what_none_of_them_has(
    tmp_path: Path, engine: str, named: str | None
) -> None:
    settings = settings_with(tmp_path, "calls", "meetings")
    with_calls = settings.with_adapter("calls")
    weights = Weights(tmp_path, "x", Source.FOLDER, Notice("why.named_folder"))
    adapter = find_adapter(tmp_path, named) if named else None
    is_there = (engine, named) != ("sensevoice", None)
    queue = SimpleNamespace(store=SimpleNamespace(utterance_batches=None), recordings=None)
    asked: Any = (
        with_calls,
        queue,
        threading.Event(),
        engine,
        Models(weights, weights, None, adapter),
    )
    if is_there:
        remote_queue(*asked).close()
        return
    with pytest.raises(ModelError) as caught:
        remote_queue(*asked)
    assert (caught.value.key, caught.value.fields["name"]) == ("adapter.elsewhere", "none")
