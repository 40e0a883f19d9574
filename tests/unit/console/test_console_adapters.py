"""The page offers the adapters that there are, to engines that take them."""

import json
from pathlib import Path

import pytest

from richspeech.console.offers import adapter_offer
from richspeech.console.tabs.transcribe.handlers import Choices
from richspeech.engines.readiness import Readiness
from richspeech.engines.registry import engine_named
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import OptionError
from richspeech.settings import Settings, load_settings


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
