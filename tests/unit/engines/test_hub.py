"""A model's name becomes a folder; the network is asked last, shortly, and never for a folder."""

import http.client
import logging
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from richspeech.engines import hub
from richspeech.engines.hub import (
    NEEDED_FILES,
    Source,
    find_weights,
    reachable,
    require_model_files,
)
from richspeech.errors import ModelError

ID = "iic/SenseVoiceSmall"


def model_folder(folder: Path, *files: str) -> Path:
    folder.mkdir(parents=True)
    for name in files or NEEDED_FILES:
        (folder / name).touch()
    return folder


@pytest.fixture
def embedded(tmp_path: Path) -> Path:
    return model_folder(tmp_path / "sensevoice-tiny")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    from modelscope_hub.config import set_default_config

    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("MODELSCOPE_CACHE", str(folder))
    monkeypatch.setenv("MODELSCOPE_HOME", str(tmp_path / "home"))
    set_default_config(None)  # it remembers what the first call found in the environment
    yield folder
    set_default_config(None)


@pytest.fixture
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("somebody opened a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_from_cache", lambda _id, _needed: None)


# Folders ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_offline")
def test_a_folder_is_taken_without_any_socket(tmp_path: Path, embedded: Path) -> None:
    folder = model_folder(tmp_path / "mine")
    found = find_weights(str(folder), embedded)
    assert (found.folder, found.name, found.source) == (folder, "mine", Source.FOLDER)
    assert str(found.reason) == "the settings name this folder"


@pytest.mark.usefixtures("_offline")
@pytest.mark.parametrize("require", [False, True])
def test_embedded_is_taken_without_any_socket(embedded: Path, require: bool) -> None:
    found = find_weights("embedded", embedded, require=require)
    assert (found.folder, found.source) == (embedded, Source.EMBEDDED)
    assert found.name == "models/sensevoice-tiny"


def test_a_folder_beside_us_has_its_own_name(
    tmp_path: Path, embedded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(model_folder(tmp_path / "mine"))
    assert find_weights(".", embedded).name == "mine"


def test_a_folder_goes_before_an_id_of_the_same_name(
    tmp_path: Path, embedded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model_folder(tmp_path / "iic" / "SenseVoiceSmall")
    assert find_weights(ID, embedded).source is Source.FOLDER


@pytest.mark.parametrize(("there", "lacking"), [(*NEEDED_FILES,), (*reversed(NEEDED_FILES),)])
def test_a_folder_that_lacks_a_file_is_refused_by_its_name(
    tmp_path: Path, embedded: Path, there: str, lacking: str
) -> None:
    folder = model_folder(tmp_path / "half", there)
    with pytest.raises(ModelError, match=f"folder half lacks {lacking}; copy the whole"):
        find_weights(str(folder), embedded)


def test_embedded_weights_that_are_missing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"folder tiny lacks config\.yaml"):
        find_weights("embedded", tmp_path / "tiny")


def test_a_whole_folder_is_returned(embedded: Path) -> None:
    assert require_model_files(embedded) == embedded


@pytest.mark.usefixtures("_offline")
@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        " ",
        "SenseVoiceSmall",
        "/no/such/folder",
        "iic/",
        "/iic",
        "iic/a/b",
        "iic/..",
        "../iic",
        "./iic",
        "~/none",
        "~nobody-of-this-name/model",
        "https://example.com/model.pt",
        "iic/Sense Voice",
        "iic/Sense\nVoice",
        "iic/\0",
        "a" * 5_000,
        "a" * 5_000 + "/../b",
    ],
)
def test_nonsense_is_refused_by_its_name(nonsense: str, embedded: Path) -> None:
    with pytest.raises(ModelError, match="is neither a folder nor a ModelScope id") as caught:
        find_weights(nonsense, embedded)
    assert nonsense.split("\n", maxsplit=1)[0].rstrip("\0")[:40] in str(caught.value)


# ModelScope's cache, through its own snapshot_download --------------------------------------------


@pytest.mark.usefixtures("_offline")
@pytest.mark.parametrize(
    "layout",
    [
        "models/iic--SenseVoiceSmall/snapshots/master",
        "models/iic--SenseVoiceSmall/snapshots/v1.0",
        "models/iic/SenseVoiceSmall",
        "hub/models/iic/SenseVoiceSmall",
        "hub/iic/SenseVoiceSmall",
        "iic/SenseVoiceSmall",
    ],
)
def test_an_id_in_the_cache_is_found_offline_in_every_layout(
    cache: Path, embedded: Path, layout: str
) -> None:
    folder = model_folder(cache / layout)
    found = find_weights(ID, embedded)
    assert (found.folder, found.name, found.source) == (folder, ID, Source.CACHE)


def test_a_dot_in_an_id_is_found_in_the_old_spelling(cache: Path, embedded: Path) -> None:
    folder = model_folder(cache / "models/iic/Model___v1")
    assert find_weights("iic/Model.v1", embedded).folder == folder


def test_half_a_model_in_the_cache_is_not_taken(
    cache: Path, embedded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_folder(cache / "models/iic--SenseVoiceSmall/snapshots/master", "config.yaml")
    monkeypatch.setattr(hub, "reachable", lambda _: False)
    assert find_weights(ID, embedded).source is Source.EMBEDDED


def test_an_empty_cache_holds_nothing(
    cache: Path, embedded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "reachable", lambda _: False)
    assert find_weights(ID, embedded).source is Source.EMBEDDED
    assert [*cache.iterdir()] == []


# Downloading --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_no_cache")
def test_an_unreachable_id_falls_back_and_says_why(
    embedded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "reachable", lambda _: False)
    found = find_weights(ID, embedded, timeout_seconds=2.5)
    assert (found.folder, found.source) == (embedded, Source.EMBEDDED)
    assert str(found.reason) == (
        f"{ID} is not on this machine, and the model hub did not answer within 2.5 seconds"
    )


@pytest.mark.usefixtures("_no_cache")
def test_an_unreachable_id_is_an_error_when_it_is_required(
    embedded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "reachable", lambda _: False)
    with pytest.raises(ModelError, match=r"within 5 seconds\. require_model forbids"):
        find_weights(ID, embedded, require=True)


@pytest.mark.usefixtures("_no_cache")
def test_a_reachable_id_is_downloaded(
    tmp_path: Path, embedded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = model_folder(tmp_path / "downloaded")
    monkeypatch.setattr(hub, "reachable", lambda _: True)
    monkeypatch.setattr(hub, "_snapshot", lambda _model, **_: str(folder))
    found = find_weights(ID, embedded, require=True)
    assert (found.folder, found.name, found.source) == (folder, ID, Source.DOWNLOAD)


@pytest.mark.usefixtures("_no_cache")
def test_a_broken_download_falls_back_and_says_why(
    embedded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(*_: object, **__: object) -> str:
        raise ConnectionResetError

    monkeypatch.setattr(hub, "reachable", lambda _: True)
    monkeypatch.setattr(hub, "_snapshot", break_off)
    reason = str(find_weights(ID, embedded).reason)
    assert reason.endswith(f"the model hub could not send {ID} (ConnectionResetError)")


@pytest.mark.usefixtures("_no_cache")
def test_a_download_without_weights_falls_back_and_says_why(
    tmp_path: Path, embedded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = model_folder(tmp_path / "downloaded", "config.yaml")
    monkeypatch.setattr(hub, "reachable", lambda _: True)
    monkeypatch.setattr(hub, "_snapshot", lambda _model, **_: str(folder))
    found = find_weights(ID, embedded)
    assert found.source is Source.EMBEDDED
    assert "lacks model.pt" in str(found.reason)


@pytest.mark.usefixtures("_no_cache")
def test_the_choice_is_logged_and_a_stand_in_as_a_warning(
    embedded: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hub, "reachable", lambda _: False)
    with caplog.at_level(logging.INFO, "richspeech.engines.hub"):
        find_weights(ID, embedded)
    assert f"model {ID}: models/sensevoice-tiny is used, since {ID} is not on this" in caplog.text
    assert caplog.records[-1].levelno == logging.WARNING


# Asking the hub -----------------------------------------------------------------------------------


def failing(error: Exception) -> Callable[[float], None]:
    def probe(_: float) -> None:
        raise error

    return probe


def test_a_hub_that_answers_is_reachable_at_once() -> None:
    asked: list[float] = []
    started = time.monotonic()
    assert reachable(60.0, asked.append)
    assert asked == [60.0]
    assert time.monotonic() - started < 30.0


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        socket.gaierror(-3, "no name server"),
        http.client.BadStatusLine("I am a printer"),
        ValueError("unknown url type"),
    ],
)
def test_a_hub_that_fails_is_unreachable_at_once(error: Exception) -> None:
    started = time.monotonic()
    assert not reachable(60.0, failing(error))
    assert time.monotonic() - started < 30.0


def test_a_probe_that_hangs_cannot_delay_the_answer() -> None:
    never = threading.Event()

    def hang(_: float) -> None:
        never.wait(60.0)

    started = time.monotonic()
    assert not reachable(0.05, hang)
    assert time.monotonic() - started < 20.0
    never.set()


def test_the_hub_that_is_asked_is_the_one_that_would_send(
    monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    asked: list[str] = []

    def note(request: urllib.request.Request, timeout: float) -> None:
        asked.append(request.full_url)
        raise ConnectionRefusedError

    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "https://mirror.example")
    monkeypatch.setattr(urllib.request, "urlopen", note)
    assert not reachable(20.0)
    assert asked == ["https://mirror.example"]
