"""An adapter for a voice that the embedded model reads badly: learned, judged, merged, taken out.

The voice is one that training left out, played a fifth faster, in calls of six sentences each.
"""

import contextlib
import io
import json
import random
import shutil
import sys
import wave
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import jiwer
import numpy as np
import pytest
import torch
from scipy.signal import resample_poly

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform
from richspeech.cli.app import main
from richspeech.engines.adapters import read_adapter
from richspeech.engines.common.automodel import load_automodel
from richspeech.engines.hub import EMBEDDED_RECOGNISER
from richspeech.engines.loader import Loaded, find_models
from richspeech.engines.sensevoice import calibration, int8
from richspeech.engines.sensevoice.course import Course
from richspeech.engines.sensevoice.engine import SenseVoice
from richspeech.engines.sensevoice.lora import Base, merge
from richspeech.engines.sensevoice.parity import equal_share
from richspeech.engines.sensevoice.parts import MODEL_CLASS
from richspeech.engines.sensevoice.recipe import Recipe
from richspeech.engines.sensevoice.training import Lesson, Trainee
from richspeech.errors import ModelError, OptionError
from richspeech.model.options import Options
from richspeech.model.transcript import Token
from richspeech.recognition.scheduler import Scheduler
from richspeech.recognition.utterance import Request
from richspeech.service import Service, build
from richspeech.settings import load_settings
from richspeech.storage.history import engine_identity
from scripts.embedded.corpus import LANGUAGES, TextList
from scripts.embedded.voices import (
    SAMPLE_RATE,
    TRAINING_VARIANTS,
    Delivery,
    Waveform,
    speak,
)
from tests.integration.api_server import served
from tests.integration.conftest import request_of

LIMITS = AudioLimits(10**7, 60.0)
STRANGE = ("Alicia",)
CALLS, CLIPS_A_CALL, GENERAL_CLIPS = 8, 6, 70
LEARNING = ("--passes", "2", "--rate", "1e-3", "--batch-seconds", "30")


def strange(waveform: Waveform) -> Waveform:
    """Play it a fifth faster."""
    faster: Waveform = resample_poly(waveform, 5, 6).astype(np.float32)
    return faster


def write_clips(
    folder: Path, count: int, seed: int, languages: tuple[str, ...], variants: tuple[str, ...]
) -> Path:
    """Write clips of random sentences, each with its words, and the file that lists them."""
    folder.mkdir()
    rng, draws = random.Random(seed), np.random.default_rng(seed)  # noqa: S311
    lists = {language: TextList.load(language) for language in languages}
    lines = []
    for number in range(count):
        language = languages[number % len(languages)]
        sentence = lists[language].compose(rng)
        waveform = speak(sentence, Delivery.draw(draws, "NEUTRAL", variants), draws)
        if variants == STRANGE:
            waveform = strange(waveform)
        key = f"call{number // CLIPS_A_CALL}-{number:08}-{number + 1:08}"
        write_wav(folder / f"{key}.wav", waveform)
        said = {"target": sentence.woitn, "text_language": f"<|{language}|>"}
        lines.append({"key": key, "source": f"{key}.wav", "with_or_wo_itn": "<|woitn|>", **said})
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / "clips.jsonl").write_text(text, encoding="utf-8")
    return folder / "clips.jsonl"


def write_wav(path: Path, waveform: Waveform) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((waveform * 32_767).astype("<i2").tobytes())


@dataclass(frozen=True)
class Learned:
    """What the command left behind."""

    status: int
    stdout: str
    stderr: str
    data: Path
    general: Path
    adapter: Path

    def rates(self, name: str) -> dict[str, dict[str, float]]:
        facts = json.loads((self.adapter / "adapter.json").read_text(encoding="utf-8"))
        return {rate["of"]: rate for rate in facts["results"][name]["rates"]}


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Learned:
    folder = tmp_path_factory.mktemp("adapting")
    data = write_clips(folder / "calls", CALLS * CLIPS_A_CALL, 11, ("en", "zh"), STRANGE)
    with data.open("a", encoding="utf-8") as lines:
        lines.write('{"key": "bad", "source": "none.wav", "target": "x"}\n')
    general = write_clips(folder / "general", GENERAL_CLIPS, 13, LANGUAGES, TRAINING_VARIANTS)
    adapter = folder / "adapters" / "calls"
    words = ["adapt", str(data), "--output", str(adapter), "--general", str(general)]
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("RICHSPEECH_MODEL__THREADS", "1")  # small sums gain nothing by more
        status = main([*words, "--model", "embedded", "--device", "cpu", *LEARNING])
    return Learned(status, out.getvalue(), err.getvalue(), data, general, adapter)


def test_the_errors_of_a_new_domain_halve(learned: Learned) -> None:
    characters = learned.rates("domain")["characters"]
    assert characters["before"] > 10
    assert characters["after"] <= characters["before"] / 2
    assert characters["high"] < 0


def test_the_general_set_loses_less_than_a_point(learned: Learned) -> None:
    assert learned.rates("general")["characters"]["difference"] < 1


def test_the_command_says_what_is_wrong_what_it_takes_and_what_came_of_it(
    learned: Learned,
) -> None:
    sys.stdout.write(learned.stdout)  # for docs/adaptation.md; -rP shows it
    assert learned.status == 0, learned.stderr
    assert "clips.jsonl, line 49: There is no sound at none.wav" in learned.stderr
    assert "clips.jsonl: 1 line is left out.\n" in learned.stderr
    assert " GB and about " in learned.stderr
    assert "| yours, " in learned.stdout
    assert "| general, " in learned.stdout


def test_an_adapter_is_a_folder_of_numbers_and_says_what_it_was_made_for(learned: Learned) -> None:
    assert sorted(each.name for each in learned.adapter.iterdir()) == [
        "adapter.json",
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    assert not [*learned.adapter.parent.glob(".*")]


# One model that learns, for the rest --------------------------------------------------------------


@pytest.fixture(scope="module")
def trainee(learned: Learned) -> Trainee:
    del learned  # whatever it left running is over
    return Trainee.load(EMBEDDED_RECOGNISER, "cpu", 1, Recipe())


@pytest.fixture(scope="module")
def lessons(trainee: Trainee) -> list[Lesson]:
    rng = np.random.default_rng(3)
    return [
        trainee.lesson(
            rng.normal(size=(frames, 80)).astype(np.float32),
            "今天很好",
            language="zh",
            emotion=None,
            event=None,
            itn=False,
            leads=False,
        )
        for frames in (60, 90, 120)
    ]


def test_a_training_that_was_stopped_ends_as_if_it_had_not_been(
    trainee: Trainee, lessons: list[Lesson], tmp_path: Path
) -> None:
    recipe = Recipe(passes=3, repeats=1, rehearsal=1, batch_seconds=2)

    def course() -> Course:
        return Course(trainee, lessons, lessons[:1], recipe)

    whole = course()
    whole.save(tmp_path / "start")
    losses = [whole.advance() for _ in range(whole.steps)]
    ends = [each.detach().clone() for each in trainee.learned]
    first = course()
    assert first.restore(tmp_path / "start")
    again = [first.advance() for _ in range(2)]
    first.save(tmp_path / "stopped")
    second = course()
    assert second.restore(tmp_path / "stopped")
    again += [second.advance() for _ in range(second.steps - 2)]
    assert again == losses
    assert all(map(torch.equal, ends, trainee.learned))
    other = Course(trainee, lessons, lessons[:1], replace(recipe, rate=1e-5))
    assert not other.restore(tmp_path / "stopped")


def test_labels_that_nobody_gave_are_not_learned(trainee: Trainee, lessons: list[Lesson]) -> None:
    assert lessons[0].labels[1:3] == (-100, -100)
    silent = replace(lessons[0], labels=(-100,) * 4)
    labelled, unlabelled = (
        float(trainee.loss([each], random.Random(0)).detach())  # noqa: S311
        for each in (lessons[0], silent)
    )
    assert labelled > unlabelled


@pytest.mark.parametrize(
    ("text", "key"), [("今天Ω", "adapt.unwritable"), ("今天很好" * 20, "adapt.too_much_text")]
)
def test_what_the_model_cannot_write_is_named(trainee: Trainee, text: str, key: str) -> None:
    labels = {"language": "zh", "emotion": None, "event": None, "itn": False, "leads": False}
    with pytest.raises(OptionError) as caught:
        trainee.lesson(np.zeros((60, 80), np.float32), text, **labels)  # type: ignore[arg-type]
    assert caught.value.key == key


# What is loaded with it ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def adapted(learned: Learned) -> Iterator[Service]:
    """The embedded model, which may have adapters of the folder."""
    settings: dict[str, Any] = {
        "model": {"id": "embedded", "device": "cpu", "threads": 1},
        "adapters": {"folder": learned.adapter.parent},
    }
    service = build(load_settings(**settings))
    service.readiness.load(service.transcribers.load_main)
    yield service
    service.transcribers.close()


@pytest.fixture(scope="module")
def clips(learned: Learned) -> list[tuple[Request, str]]:
    """Some of the domain, with what is said in them."""
    lines = learned.data.read_text(encoding="utf-8").splitlines()[:12]
    said = [json.loads(line) for line in lines]
    folder = learned.data.parent
    options = Options(inverse_text_normalization=False)
    return [
        (request_of(load_waveform(folder / each["source"], LIMITS), options), each["target"])
        for each in said
    ]


def tokens_of(loaded: Loaded, clips: list[tuple[Request, str]]) -> list[tuple[Token, ...]]:
    queue = loaded.model_thread
    assert isinstance(queue, Scheduler)
    with queue.job() as job:
        waiting = [job.submit(request) for request, _ in clips]
        return [each.result(300).tokens for each in waiting]


def error_rate(tokens: list[tuple[Token, ...]], clips: list[tuple[Request, str]]) -> float:
    said = [text.replace(" ", "") for _, text in clips]
    heard = ["".join(each.text for each in row).replace(" ", "") for row in tokens]
    return float(jiwer.cer(said, heard))


def test_an_adapter_is_used_and_taken_out_and_the_old_tokens_come_back_exactly(
    adapted: Service, clips: list[tuple[Request, str]]
) -> None:
    transcribers = adapted.transcribers
    with transcribers.use() as loaded:
        before = tokens_of(loaded, clips)
    with transcribers.use(adapter="calls") as loaded:
        assert loaded.adapter is not None
        after = tokens_of(loaded, clips)
        assert transcribers.adapters_loaded == {"calls"}
        assert not transcribers.unload("calls")
        with transcribers.use(adapter="none") as other:
            assert tokens_of(other, clips) == before
    assert error_rate(after, clips) <= error_rate(before, clips) / 2
    assert transcribers.unload("calls")
    assert transcribers.adapters_loaded == frozenset()
    with transcribers.use() as loaded:
        assert tokens_of(loaded, clips) == before


def test_merging_is_what_peft_does(learned: Learned) -> None:
    from peft import PeftModel  # which imports torchaudio, unless ``transformers()`` came first

    def base() -> Any:
        return load_automodel(EMBEDDED_RECOGNISER, MODEL_CLASS, "cpu", 1).model

    ours, theirs = base(), PeftModel.from_pretrained(base(), str(learned.adapter))
    merge(ours, read_adapter(learned.adapter))
    expected = theirs.merge_and_unload().state_dict()
    for name, weight in ours.state_dict().items():
        assert torch.allclose(weight, expected[name], atol=1e-6), name


def test_in_torch_it_hears_what_it_hears_in_openvino(
    learned: Learned, adapted: Service, clips: list[tuple[Request, str]]
) -> None:
    requests = [request for request, _ in clips]
    in_torch = SenseVoice.load(
        EMBEDDED_RECOGNISER,
        "cpu",
        backend="torch",
        precision="float32",
        threads=1,
        adapter=read_adapter(learned.adapter),
    )
    with adapted.transcribers.use(adapter="calls") as loaded:
        texts = ["".join(t.text for t in row) for row in tokens_of(loaded, clips)]
    found = [each.text for each in in_torch.recognise(requests)]
    assert equal_share([*map(list, found)], [*map(list, texts)]) > 0.97


def test_its_eight_bits_are_held_against_its_own_float32(
    learned: Learned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = partial(calibration.example_batches, folder=tmp_path / "speech")
    (tmp_path / "speech").mkdir()
    shutil.copy(calibration.EXAMPLES / "en-meeting.wav", tmp_path / "speech")
    monkeypatch.setattr(calibration, "example_batches", few)
    monkeypatch.setattr(int8, "_elsewhere", int8.prepare)
    cache, adapter = tmp_path / "cache", read_adapter(learned.adapter)
    base = Base(EMBEDDED_RECOGNISER, adapter)
    _, encoder, parity = int8.load(base, cache, 1)
    assert encoder.precision == "int8"
    assert parity.tokens > 10
    assert int8.known_parity(base, cache) == parity
    assert int8.known_parity(Base(EMBEDDED_RECOGNISER), cache) is None


def test_the_history_tells_transcripts_apart_by_it(adapted: Service) -> None:
    with adapted.transcribers.use() as plain, adapted.transcribers.use(adapter="calls") as calls:
        identities = [engine_identity(adapted.settings, each) for each in (plain, calls)]
        assert calls.weights.calibration is None  # what was calibrated knows nothing of it
        assert calls.weights == replace(plain.weights, calibration=None)
    assert len({*identities}) == 2


def test_one_for_other_weights_is_refused(learned: Learned, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(learned.adapter, other)
    facts = json.loads((other / "adapter.json").read_text(encoding="utf-8"))
    facts["base"]["digest"] = "0" * 32
    (other / "adapter.json").write_text(json.dumps(facts), encoding="utf-8")
    model = {"id": "embedded", "device": "cpu", "adapter": "other"}
    with pytest.raises(ModelError, match="made for other weights"):
        find_models(load_settings(model=model, adapters={"folder": tmp_path}))


# From the command line and over HTTP --------------------------------------------------------------


@pytest.fixture
def in_folder(learned: Learned, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RICHSPEECH_ADAPTERS__FOLDER", str(learned.adapter.parent))
    return learned.adapter.parent


def test_the_command_line_lists_it_and_hears_with_it(
    learned: Learned, in_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    del in_folder
    assert main(["adapters", "--model", "embedded"]) == 0
    listed = capfd.readouterr().out
    assert listed.startswith("calls")
    assert " to " in listed
    recording = str(learned.data.parent / json.loads(learned.data.open().readline())["source"])
    words = ["transcribe", recording, "--format", "json", "--model", "embedded", "--device", "cpu"]
    assert main([*words, "--adapter", "calls"]) == 0
    assert json.loads(capfd.readouterr().out)["model"] == "models/sensevoice-tiny + calls"
    assert main([*words, "--adapter", "meetings"]) == 2
    assert "There is no adapter meetings: choose one of none, calls." in capfd.readouterr().err


def test_programs_list_it_ask_for_it_and_take_it_out(
    learned: Learned, adapted: Service, tmp_path: Path
) -> None:
    recording = next(learned.data.parent.glob("*.wav"))
    with (
        served(adapted, tmp_path) as address,
        httpx.Client(base_url=f"{address}/v1", timeout=300) as client,
    ):

        def listed() -> dict[str, Any]:
            (one,) = client.get("/adapters").raise_for_status().json()["data"]
            found: dict[str, Any] = one
            return found

        def transcribed(adapter: str) -> httpx.Response:
            form = {"response_format": "verbose_json", "adapter": adapter}
            files = {"file": (recording.name, recording.read_bytes())}
            return client.post("/audio/transcriptions", data=form, files=files)

        assert listed()["id"] == "calls"
        assert listed()["fits"]
        answer = transcribed("calls").raise_for_status().json()
        assert answer["weights"] == "models/sensevoice-tiny + calls"
        assert listed()["loaded"]
        assert client.post("/adapters/calls/unload").json() == {"id": "calls", "unloaded": True}
        assert not listed()["loaded"]
        assert transcribed("none").raise_for_status().json()["weights"] == "models/sensevoice-tiny"
        refused = transcribed("../adapters/calls")
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "adapter")
        assert client.post("/adapters/meetings/unload").status_code == 400
