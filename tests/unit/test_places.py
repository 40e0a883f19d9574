"""Installed, the console copies its settings to where they may be changed."""

from pathlib import Path

import pytest

from richspeech import places
from richspeech.errors import SettingsError
from richspeech.places import own_config


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings file of an installed program, whose data folder is not there yet."""
    path = tmp_path / "shipped" / "config.yaml"
    path.parent.mkdir()
    path.write_text("server:\n", encoding="utf-8")
    monkeypatch.setattr(places, "SHIPPED", path.parent)
    monkeypatch.setattr(places, "HOME", tmp_path / "data" / "richspeech")
    monkeypatch.setattr(places, "OWN_CONFIG", places.HOME / "config.yaml")
    return path


def test_the_packed_settings_are_copied_once(packed: Path) -> None:
    own = own_config(packed)
    assert own.read_text("utf-8") == packed.read_text("utf-8")
    own.write_text("model:\n", encoding="utf-8")
    assert own_config(packed).read_text("utf-8") == "model:\n"


def test_settings_that_somebody_names_stay_where_they_are(packed: Path, tmp_path: Path) -> None:
    assert own_config(tmp_path / "other.yaml") == tmp_path / "other.yaml"
    assert not places.HOME.exists()


def test_a_data_folder_that_cannot_be_made_is_named(packed: Path, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(
        SettingsError, match=r"config.yaml cannot be written to .*data/richspeech \(Not a dir"
    ):
        own_config(packed)
