"""A calibration is used for the weights that it was made for, and no others."""

import json
import logging
from pathlib import Path

import pytest

from richspeech.engines.adapters import CONFIG, NUMBERS, Adapter
from richspeech.engines.calibration import digest_of_weights, file_for, find_calibration
from richspeech.engines.weight_files import CALIBRATION
from richspeech.errors import ModelError
from richspeech.model.calibration import Calibration
from richspeech.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.pt").write_bytes(b"weights")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(calibration={"folder": tmp_path / "kept"})  # type: ignore[arg-type]


def keep(file: Path, found: Calibration) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(found.to_dict()))


def test_without_a_file_there_is_none(folder: Path, settings: Settings) -> None:
    assert find_calibration(settings, folder) is None


def test_one_beside_the_weights_is_found_and_is_none_of_them(
    folder: Path, settings: Settings
) -> None:
    digest = digest_of_weights(folder)
    keep(folder / CALIBRATION, Calibration(digest, unsure_below=0.4))
    assert digest_of_weights(folder) == digest
    assert find_calibration(settings, folder) == Calibration(digest, unsure_below=0.4)


def test_one_in_the_folder_of_the_settings_comes_first(folder: Path, settings: Settings) -> None:
    digest = digest_of_weights(folder)
    keep(folder / CALIBRATION, Calibration(digest, unsure_below=0.4))
    keep(file_for(settings, digest), Calibration(digest, unsure_below=0.6))
    found = find_calibration(settings, folder)
    assert found is not None
    assert found.unsure_below == 0.6


def test_one_of_other_weights_is_not_used_and_the_log_says_so(
    folder: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    keep(folder / CALIBRATION, Calibration(digest_of_weights(folder)))
    (folder / "model.pt").write_bytes(b"trained anew")
    with caplog.at_level(logging.WARNING):
        assert find_calibration(settings, folder) is None
    assert "other weights" in caplog.text


def test_one_that_was_made_without_the_adapter_is_left_aside_calmly(
    folder: Path, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / CONFIG).write_bytes(b"{}")
    (tmp_path / NUMBERS).write_bytes(b"numbers")
    adapter = Adapter("calls", tmp_path, "base", "a model", {})
    keep(folder / CALIBRATION, Calibration(digest_of_weights(folder)))
    with caplog.at_level(logging.INFO):
        assert find_calibration(settings, folder, adapter) is None
    [record] = caplog.records
    assert record.levelno == logging.INFO
    assert "calibrated without the adapter" in record.getMessage()


def test_none_is_used_where_the_settings_want_none(folder: Path, tmp_path: Path) -> None:
    keep(folder / CALIBRATION, Calibration(digest_of_weights(folder)))
    plain = Settings(calibration={"enabled": False, "folder": tmp_path})  # type: ignore[arg-type]
    assert find_calibration(plain, folder) is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b'{"weights": 1}'])
def test_a_file_that_is_none_is_refused(folder: Path, settings: Settings, content: bytes) -> None:
    (folder / CALIBRATION).write_bytes(content)
    with pytest.raises(ModelError, match=r"calibration\.json"):
        find_calibration(settings, folder)
