"""Encoders of voices give what their makers' own code gives, and tell people apart."""

from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from librosa.feature import melspectrogram
from numpy.typing import NDArray

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform
from richspeech.audio.mono import SAMPLE_RATE
from richspeech.engines import hub
from richspeech.engines.common.automodel import load_automodel
from richspeech.engines.common.funasr_import import model_class
from richspeech.engines.voices import load
from richspeech.engines.voices.campplus import MODEL_CLASS, Campplus
from richspeech.engines.voices.load import LazyVoices, load_encoder
from richspeech.engines.voices.resemblyzer import Resemblyzer
from richspeech.errors import ModelError, SettingsError
from richspeech.places import HOME
from richspeech.settings import Settings, VoicesSettings

SPEECH = HOME.parent / "shared" / "audio" / "speech" / "en"
WINDOW = 25_600


def noise(windows: int) -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(0, 0.1, (windows, WINDOW)).astype(np.float32)


def asking(**voices: Any) -> Settings:
    return Settings(voices=VoicesSettings(**voices))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CAM++ of few channels with random weights; nobody can be told apart by it."""
    made = tmp_path_factory.mktemp("campplus")
    size = {"embedding_size": 16, "growth_rate": 4, "init_channels": 16}
    lines = "".join(f"  {name}: {value}\n" for name, value in size.items())
    (made / "config.yaml").write_text(f"model: {MODEL_CLASS}\nmodel_conf:\n{lines}")
    torch.save(model_class(MODEL_CLASS)(**size).state_dict(), made / "model.pt")
    return made


def test_campplus_gives_what_funasr_gives(folder: Path) -> None:
    windows = noise(3)
    automodel = load_automodel(folder, MODEL_CLASS, "cpu", 1)
    raw = [automodel.generate(each)[0]["spk_embedding"].numpy()[0] for each in windows]
    theirs = np.stack([each / np.linalg.norm(each) for each in raw])
    assert np.allclose(Campplus.load(folder, "cpu").embed(windows), theirs, atol=1e-5)


def test_campplus_is_loaded_from_the_folder_of_the_settings(folder: Path) -> None:
    with LazyVoices(asking(id=str(folder), same_from=0.3)).use() as encoder:
        assert encoder.same_from == 0.3
        assert encoder.embed(noise(1)).shape == (1, 16)


def test_without_weights_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "reachable", lambda _: False)
    settings = asking(id="nobody/has-this")
    strict = settings.model_copy(
        update={"model": settings.model.model_copy(update={"require_model": True})}
    )
    with pytest.raises(ModelError, match=r"voices\.engine to resemblyzer") as refused:
        load_encoder(strict)
    assert "require_model" in str(refused.value)


def test_the_embedded_weights_stand_in_and_say_that_they_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub, "reachable", lambda _: False)
    encoder = load_encoder(asking(id="nobody/has-this"))
    assert encoder.is_embedded
    assert encoder.name.startswith("models/campplus-tiny ")


@pytest.mark.parametrize("engine", ["campplus", "resemblyzer"])
def test_digital_silence_is_embedded_as_a_number(engine: str, folder: Path) -> None:
    encoder = load_encoder(asking(engine=engine, id=str(folder)))
    lengths = np.linalg.norm(encoder.embed(np.zeros((2, WINDOW), np.float32)), axis=1)
    assert all(min(abs(each), abs(each - 1)) < 0.01 for each in lengths.tolist())


def test_a_folder_without_weights_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=tmp_path.name):
        load_encoder(asking(id=str(tmp_path)))


def test_resemblyzer_hears_the_mels_of_librosa() -> None:
    loud = noise(1)
    encoder = Resemblyzer.load("cpu")
    theirs = melspectrogram(y=loud[0], sr=SAMPLE_RATE, n_fft=400, hop_length=160, n_mels=40).T
    assert np.allclose(encoder._mels(loud)[0], theirs, rtol=1e-3, atol=1e-4)


def test_resemblyzer_tells_people_apart() -> None:
    if not SPEECH.exists():
        pytest.skip("needs ../shared/audio")
    limits = AudioLimits(10**8, 60.0)
    encoder = load_encoder(asking(engine="resemblyzer"))
    said = [
        load_waveform(SPEECH / name, limits)[4_000 : 4_000 + WINDOW]
        for name in (
            "speechbrain__spk1_snt1.wav",
            "speechbrain__spk1_snt2.wav",
            "whisper.cpp__jfk.wav",
        )
    ]
    one, again, another = encoder.embed(np.stack(said))
    assert one @ again > 0.6 > one @ another + 0.1


def test_a_package_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "PACKAGE", "resemblyzer-of-nobody")
    with pytest.raises(SettingsError, match="resemblyzer-of-nobody"):
        load._require_package()


def test_another_version_of_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda _: "0.2.0")
    with pytest.raises(SettingsError, match=r"0\.2\.0"):
        load_encoder(asking(engine="resemblyzer"))


def test_the_version_is_the_one_that_is_pinned() -> None:
    pinned = (HOME / "requirements-voices.txt").read_text(encoding="utf-8")
    assert load.PIN in pinned.splitlines()
    assert "--no-deps" in pinned.splitlines()[0]
