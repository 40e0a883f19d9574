"""What goes wrong with a transcription has a status, a code and a sentence, and leaves no file."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from richspeech.api.openai.events import Delta, Deltas
from richspeech.api.openai.router import openai
from richspeech.api.openai.transcriptions import PATH
from richspeech.engines.readiness import Readiness
from richspeech.errors import ModelError
from richspeech.jobs.job import Kind
from richspeech.jobs.transcribe import Transcription
from richspeech.model.options import Options
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.transcript import Segment, Transcript
from richspeech.recognition.pipeline import Cancel, Progress
from richspeech.recognition.reading import WaveformSource
from richspeech.service import Service, build
from richspeech.settings import load_settings
from richspeech.storage.history import History
from richspeech.storage.quota import Quota
from richspeech.storage.transcripts import Store
from tests.disk import disk_is_full
from tests.fakes import HAPPY, FakeTranscriber, loaded_with, ready, wav_at
from tests.history import ruin

MOST_BYTES = 100_000


class BreakingTranscriber(FakeTranscriber):
    """Hears something, and once somebody was told of it, its model is gone."""

    def __init__(self, told: threading.Event) -> None:
        super().__init__()
        self._told = told

    def transcribe(
        self, recording: WaveformSource, _options: Options, _: Cancel
    ) -> Iterator[Progress]:
        heard = Transcript(1.0, 0.1, "ear", "tiny", (HAPPY,))
        yield Progress(heard, (HAPPY,), recording.duration, finished=False)
        assert self._told.wait(30)
        raise ModelError("model.closed")


@pytest.fixture
def recording(tmp_path: Path) -> bytes:
    return wav_at(
        tmp_path / "a.wav", np.random.default_rng(0).normal(0, 3_000, 16_000)
    ).read_bytes()


def service_with(transcriber: FakeTranscriber, **settings: Any) -> Service:
    limits = {"max_bytes": MOST_BYTES}
    return build(load_settings(limits=limits, **settings), ready(loaded_with(transcriber)))


def client_of(service: Service, quota: Quota) -> TestClient:
    app = FastAPI()
    app.include_router(openai(service, quota).router)
    return TestClient(app)


class Place:
    """A client of a service, and the folder of what is uploaded."""

    def __init__(self, folder: Path, service: Service, room: int = 10**9) -> None:
        self.folder, self.service = folder, service
        self.client = client_of(service, Quota(folder, room, room))

    def post(self, content: bytes, **fields: str) -> Any:
        return self.client.post(PATH, files={"file": ("a.wav", content)}, data=fields)

    def refusal(self, content: bytes, status: int) -> tuple[str, bool]:
        """Return the code of a refusal, and whether it says when to come back."""
        answer = self.post(content)
        assert answer.status_code == status, answer.text
        assert [*self.folder.glob("request-*")] == []
        error = answer.json()["error"]
        assert error["message"].endswith(".")
        return error["code"], "retry-after" in answer.headers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "workspace").mkdir()
    return tmp_path / "workspace"


@pytest.fixture
def place(folder: Path) -> Place:
    return Place(folder, service_with(FakeTranscriber()))


def test_what_is_heard_is_answered_and_its_recording_deleted(
    place: Place, recording: bytes
) -> None:
    assert place.post(recording).json()["text"] == HAPPY.text
    assert [*place.folder.iterdir()] == []


def test_what_is_amiss_with_a_recording_is_in_every_answer(folder: Path, recording: bytes) -> None:
    ear = FakeTranscriber()
    ear.warnings = (RecordingWarning.of("damaged_packets", packets=2),)
    place = Place(folder, service_with(ear))
    for kind in ("json", "verbose_json", "diarized_json"):
        (warning,) = place.post(recording, response_format=kind).json()["warnings"]
        assert (warning["code"], warning["fields"]) == ("damaged_packets", {"packets": 2})
        assert warning["message"].startswith("2 damaged packets ")
    for kind in ("text", "srt", "vtt"):
        answer = place.post(recording, response_format=kind)
        assert answer.headers["x-warnings"] == "damaged_packets"
    *_, done = place.post(recording, stream="true").text.strip().split("\n\n")
    assert json.loads(done.removeprefix("data: "))["warnings"] == [warning]


def test_while_the_model_loads_one_is_told_to_come_back(folder: Path, recording: bytes) -> None:
    loading = Place(folder, build(load_settings(), Readiness()))
    assert loading.refusal(recording, 503) == ("loading", True)


def test_a_model_that_cannot_be_loaded_is_no_fault_of_the_client(
    folder: Path, recording: bytes
) -> None:
    def fail() -> Any:
        raise ModelError("model.closed")

    readiness = Readiness()
    readiness.load(fail)
    failed = Place(folder, build(load_settings(), readiness))
    assert failed.refusal(recording, 503) == ("model", True)


def test_a_server_that_ends_takes_nothing_new(place: Place, recording: bytes) -> None:
    place.service.runner.close(0, 0)
    assert place.refusal(recording, 503) == ("stopping", True)


def test_where_too_many_wait_one_is_told_to_come_back(folder: Path, recording: bytes) -> None:
    service = service_with(FakeTranscriber(), server={"waiting_jobs": 0})
    places = service.runner.places(Kind.TRANSCRIBE)
    for _ in range(places.at_once):
        places.ask()
    assert Place(folder, service).refusal(recording, 429) == ("busy", True)


def test_too_large_a_file_is_refused(place: Place) -> None:
    assert place.refusal(bytes(MOST_BYTES + 1), 413) == ("audio", False)


def test_a_full_workspace_and_a_full_disk_are_told_apart(
    folder: Path, place: Place, recording: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Place(folder, place.service, room=10).refusal(recording, 413) == ("quota", False)
    monkeypatch.setattr("richspeech.api.multipart.FormReader.feed", lambda *_: disk_is_full(0))
    assert place.refusal(recording, 507) == ("quota", False)


def test_an_upload_that_is_cut_off_or_of_another_kind_is_refused(place: Place) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nsou'
    answers = [
        place.client.post(PATH, content=head, headers=headers),
        place.client.post(PATH, json={"file": "a.wav"}),
        place.client.post(PATH, data={"model": "whisper-1"}),
    ]
    assert [answer.status_code for answer in answers] == [400, 400, 400]
    assert {answer.json()["error"]["code"] for answer in answers} == {"option"}
    assert [*place.folder.iterdir()] == []


def test_a_model_that_is_gone_in_the_middle_ends_a_stream_with_an_error(
    folder: Path, recording: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = threading.Event()
    delta = Deltas._delta

    def tell(self: Deltas, number: int, segment: Segment) -> Delta:
        told.set()
        return delta(self, number, segment)

    monkeypatch.setattr(Deltas, "_delta", tell)
    place = Place(folder, service_with(BreakingTranscriber(told)))
    first, last, rest = place.post(recording, stream="true").text.split("\n\n")
    assert (HAPPY.text in first, '"code": "model"' in last, rest) == (True, True, "")
    assert [*folder.iterdir()] == []


@pytest.fixture
def keeping(folder: Path, store: Store) -> Place:
    """One that keeps what it hears."""
    history = History(store, load_settings(), "1")
    engine = loaded_with(FakeTranscriber(), folder=folder)
    return Place(folder, build(load_settings(), ready(engine), history=history))


def test_what_is_kept_is_found_under_the_number_of_the_answer(
    keeping: Place, recording: bytes, store: Store
) -> None:
    number = keeping.post(recording).json()["history"]["id"]
    assert store.open(number).document.measured.text == HAPPY.text
    for kind in ("verbose_json", "diarized_json"):
        heard = keeping.post(recording, response_format=kind).json()
        assert heard["history"] == {"id": number, "problem": None}
    text = keeping.post(recording, response_format="text")
    assert text.headers["content-location"] == f"/v1/transcripts/{number}"
    *_, done = keeping.post(recording, stream="true").text.strip().split("\n\n")
    assert json.loads(done.removeprefix("data: "))["history"]["id"] == number


def test_a_history_that_is_gone_costs_no_transcript_and_is_told(
    keeping: Place, recording: bytes, store: Store, tmp_path: Path
) -> None:
    assert keeping.post(recording).json()["history"]["problem"] is None
    ruin(store)
    other = wav_at(tmp_path / "b.wav", np.random.default_rng(1).normal(0, 3_000, 16_000))
    for sound in (recording, other.read_bytes()):
        heard = keeping.post(sound)
        assert (heard.status_code, heard.json()["text"]) == (200, HAPPY.text)
        assert heard.json()["history"]["id"] is None
        assert heard.json()["history"]["problem"].startswith("The history cannot be used (")
        *_, done = keeping.post(sound, stream="true").text.strip().split("\n\n")
        assert json.loads(done.removeprefix("data: "))["history"]["id"] is None
        text = keeping.post(sound, response_format="text")
        assert (text.text, text.headers["x-unkept"]) == (f"{HAPPY.text}\n", "store")
        assert "content-location" not in text.headers


def test_without_a_history_nothing_is_said_of_one(place: Place, recording: bytes) -> None:
    assert place.post(recording).json()["history"] is None
    text = place.post(recording, response_format="text")
    assert not {"content-location", "x-unkept"} & {*text.headers}


@pytest.mark.parametrize(
    ("setting", "asked"),
    [("paraformer", {"model": "paraformer"}), ("sentiment", {"sentiment": "true"})],
)
@pytest.mark.parametrize("stream", ["true", "false"])
def test_a_second_model_that_is_missing_is_named_and_no_fault_of_the_client(
    folder: Path, recording: bytes, setting: str, asked: dict[str, str], stream: str
) -> None:
    missing = str(folder.parent / "no-such-model")
    place = Place(folder, service_with(FakeTranscriber(), **{setting: {"id": missing}}))
    answer = place.post(recording, stream=stream, **asked)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (503, "model")
    assert "no-such-model" in error["message"]
    assert place.post(recording).json()["text"] == HAPPY.text, "the main engine goes on"


def test_sentiment_is_asked_for_as_the_form_says(
    place: Place, recording: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Transcription] = []
    submit = place.service.transcriptions.submit

    def seen(job: Transcription) -> None:
        asked.append(job)
        submit(job)

    monkeypatch.setattr(place.service.transcriptions, "submit", seen)
    place.post(recording, sentiment="false", model="sensevoice")
    place.post(recording)
    assert [job.request.sentiment for job in asked] == [False, None]
    assert [job.request.engine for job in asked] == [None, None]
