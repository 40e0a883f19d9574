"""An adapter for a voice that the embedded model reads badly: learned, judged, merged, taken out.

The voice is one that training left out, played a fifth faster, in calls of six sentences each.
"""

import contextlib
import io
import json
import random
import wave
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.signal import resample_poly

from richspeech.cli.app import main
from richspeech.engines.hub import EMBEDDED_RECOGNISER
from richspeech.engines.sensevoice.course import Course
from richspeech.engines.sensevoice.recipe import Recipe
from richspeech.engines.sensevoice.training import Lesson, Trainee
from richspeech.errors import OptionError
from scripts.embedded.corpus import LANGUAGES, TextList
from scripts.embedded.voices import (
    SAMPLE_RATE,
    TRAINING_VARIANTS,
    Delivery,
    Waveform,
    speak,
)

STRANGE = ("Alicia",)
CALLS, CLIPS_A_CALL, GENERAL_CLIPS = 8, 6, 60
LEARNING = ("--passes", "2", "--rate", "2e-3", "--batch-seconds", "30")


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
    assert learned.status == 0, learned.stderr
    assert "clips.jsonl, line 49: There is no sound at none.wav" in learned.stderr
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
