"""A cascade behind the embedded model: from page, command line and API; what it was trained on."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from postprocess import Emotion
from richspeech.audio.decode import open_recording
from richspeech.cascade.hear import Ear
from richspeech.cli.app import main
from richspeech.engines.cascades import base_digest, write_classifier, write_manifest
from richspeech.errors import ModelError, OptionError
from richspeech.model.document import Document
from richspeech.model.options import Options
from richspeech.places import SHIPPED
from richspeech.review.examples import Fault
from richspeech.service import Service, build
from richspeech.settings import Settings, load_settings
from richspeech.storage.history import engine_identity
from tests.integration.api_server import served

RECORDING = SHIPPED / "examples" / "zh-laughter.wav"
LABELS = ("happy", "sad")
PITCHED = "voice.pitched"


def settings_with(folder: Path, use: str | None = None) -> Settings:
    model = {"id": "embedded", "device": "cpu", "threads": 1}
    return load_settings(model=model, cascade={"folder": folder, "use": use})


def write_cascade(folder: Path, name: str, digest: str, *, used: bool = True) -> None:
    """Write one that takes whatever has a pitch for sad."""
    place = folder / name
    place.mkdir()
    coefficients = np.array([[0.0], [4.0]])
    write_classifier(place / "emotion.onnx", np.zeros(1), np.ones(1), coefficients, np.zeros(2))
    base = {"name": "models/sensevoice-tiny", "digest": digest}
    kinds = {"emotion": {"labels": LABELS, "used": used, "sure": 0.9}}
    results = [{"kind": "emotion", "rules": 20.0, "cascade": 10.0}]
    facts = {"base": base, "features": [PITCHED], "kinds": kinds, "results": results}
    write_manifest(place, facts)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("cascades")
    made = build(settings_with(folder))
    made.readiness.load(made.transcribers.load_main)
    main_engine = made.transcribers.main
    assert main_engine is not None
    write_cascade(folder, "calls", base_digest(main_engine.weights, None))
    write_cascade(folder, "others", "0")
    write_cascade(folder, "worse", base_digest(main_engine.weights, None), used=False)
    yield made
    made.transcribers.close()


def folder_of(service: Service) -> Path:
    return service.settings.cascade.folder


def heard(service: Service, cascade: str | None) -> Document:
    with (
        service.transcribers.use(cascade=cascade) as loaded,
        open_recording(RECORDING, service.limits) as recording,
    ):
        *_, last = loaded.transcriber.transcribe(recording, Options(), lambda: False)
    return last.document


def test_it_revises_labels_and_what_the_model_measured_stays(service: Service) -> None:
    plain, revised = heard(service, None), heard(service, "calls")
    assert [each.kind for each in revised.edits] == ["rules", "cascade"]
    assert revised.edits[-1].by == "calls"
    spoken = [each for each in revised.transcript.segments if each.text]
    assert spoken
    for before, after in zip(plain.measured.segments, revised.measured.segments, strict=True):
        assert replace(after, prosody=None) == before
    assert all(each.prosody is not None for each in spoken)
    assert all(each.emotion is Emotion.SAD for each in spoken)
    assert [each.revisions[0].was for each in spoken] == [
        each.emotion.value for each in plain.transcript.segments if each.text
    ]
    assert all(each.prosody is None for each in plain.transcript.segments)


@pytest.mark.parametrize(
    ("cascade", "error", "said"),
    [
        ("meetings", OptionError, "There is no cascade meetings: choose one of none, calls"),
        ("../calls", OptionError, "There is no cascade"),
        ("worse", OptionError, "was no better than rules alone"),
        ("others", ModelError, "trained for other weights"),
    ],
)
def test_what_cannot_revise_these_labels_is_refused(
    service: Service, cascade: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said), service.transcribers.use(cascade=cascade):
        pass


def test_an_engine_without_probabilities_takes_none(service: Service) -> None:
    with pytest.raises(OptionError, match="takes no cascade: choose one of sensevoice"):
        service.transcribers.require_cascade("paraformer", None, "calls")


def test_the_history_tells_transcripts_apart_by_it(service: Service) -> None:
    with service.transcribers.use() as plain, service.transcribers.use(cascade="calls") as calls:
        identities = {engine_identity(service.settings, each) for each in (plain, calls)}
    assert len(identities) == 2


def test_that_of_the_settings_is_used_unless_somebody_wants_none(service: Service) -> None:
    made = build(
        settings_with(folder_of(service), "calls"), transcribers=None, readiness=service.readiness
    )
    with made.transcribers.use() as loaded:
        assert loaded.cascade is not None
    with made.transcribers.use(cascade="none") as loaded:
        assert loaded.cascade is None


# From the command line and over HTTP --------------------------------------------------------------


def test_the_command_line_lists_it_and_hears_with_it(
    service: Service, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RICHSPEECH_CASCADE__FOLDER", str(folder_of(service)))
    assert main(["cascade", "list"]) == 0
    listed = capfd.readouterr().out.splitlines()
    assert listed[0].startswith("calls ")
    assert listed[0].endswith(" emotion 20.00 to 10.00 %, for models/sensevoice-tiny")
    assert "(not used)" in listed[2]
    words = ["transcribe", str(RECORDING), "--format", "json", "--model", "embedded"]
    words += ["--device", "cpu", "--cascade"]
    assert main([*words, "calls"]) == 0
    segments = json.loads(capfd.readouterr().out)["segments"]
    assert {each["emotion"] for each in segments if each["text"]} == {"sad"}
    assert main([*words, "worse"]) == 1
    assert "was no better than rules alone" in capfd.readouterr().err


def test_programs_list_it_and_ask_for_it(service: Service, tmp_path: Path) -> None:
    with (
        served(service, tmp_path) as address,
        httpx.Client(base_url=f"{address}/v1", timeout=300) as client,
    ):
        listed = client.get("/cascades").raise_for_status().json()["data"]
        assert [(each["id"], each["fits"]) for each in listed] == [
            ("calls", True),
            ("others", False),
        ]
        assert listed[0]["revises"] == ["emotion"]

        def transcribed(cascade: str) -> httpx.Response:
            form = {"response_format": "verbose_json", "cascade": cascade}
            files = {"file": (RECORDING.name, RECORDING.read_bytes())}
            return client.post("/audio/transcriptions", data=form, files=files)

        (segment, *_) = transcribed("calls").raise_for_status().json()["segments"]
        assert (segment["emotion"], segment["revisions"][0]["label"]) == ("sad", "sad")
        assert segment["emotion_probability"] == segment["revisions"][0]["probability"]
        for name in ("../calls", "worse"):
            refused = transcribed(name)
            assert (refused.status_code, refused.json()["error"]["param"]) == (400, "cascade")


# What it is trained on ----------------------------------------------------------------------------


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    lines: list[dict[str, Any]] = []
    for name in ("zh-laughter.wav", "ja-sad.wav", "music-and-crying.wav"):
        shutil.copy(SHIPPED / "examples" / name, tmp_path)
        lines.append({"key": name, "source": name, "target": "何か", "emo_target": "<|SAD|>"})
    lines.append({"key": "none", "source": "none.wav", "target": "x"})
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "clips.jsonl").write_text(text, encoding="utf-8")
    return tmp_path / "clips.jsonl"


def test_clips_are_heard_as_the_page_would_hear_them(clips: Path, tmp_path: Path) -> None:
    ear, faults = Ear(settings_with(tmp_path)), list[Fault]()
    try:
        found = {each.example.key: each for each in ear.hear(clips, faults)}
    finally:
        ear.close()
    assert [fault.line for fault in faults] == [4]
    sad = found["ja-sad.wav"]
    assert sad.measured.prosody is not None
    assert sad.measured.prosody.pitch_hz is not None
    assert sum(sad.measured.emotion_probabilities.values()) == pytest.approx(1, abs=0.01)
    assert sad.edited.emotion is not Emotion.UNKNOWN  # whatever a calibration would say


def test_too_few_clips_are_refused_in_one_sentence(
    clips: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["cascade", "train", str(clips), "--output", str(tmp_path / "calls")]
    assert main([*words, "--model", "embedded", "--device", "cpu"]) == 1
    said = capfd.readouterr().err
    assert "clips.jsonl, line 4: There is no sound at none.wav" in said
    assert "clips have a label of the kind emotion, and 60 are needed" in said
    assert not (tmp_path / "calls").exists()
    assert main(["cascade", "train"]) == 2
