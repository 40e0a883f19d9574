"""What forgets too much is not written, unless somebody accepts that; nothing is written over."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from richspeech.adaptation.adapt import Adaptation, Result, Task
from richspeech.adaptation.evaluation import Judged, Rate
from richspeech.engines.sensevoice.course import Course
from richspeech.engines.sensevoice.recipe import Recipe
from richspeech.engines.sensevoice.training import Lesson, writing_numbers
from richspeech.errors import ModelError, OptionError
from tests.disk import room_for

BETTER = Judged(20, (Rate("characters", 200, 30.0, 10.0, -20.0, -25.0, -15.0),))
WORSE = Judged(40, (Rate("characters", 400, 1.0, 2.5, 1.5, 0.5, 2.5),))
NOISE = Judged(40, (BETTER.rates[0], Rate("emotion", 40, 0.0, 2.5, 2.5, 0.0, 7.5)))


def ended(task: Task, base: Path) -> Adaptation:
    """A training that is over, of weights that are three numbers."""
    base.mkdir()
    (base / "config.yaml").touch()
    torch.save({"w": torch.zeros(3)}, base / "model.pt")
    work: Any = Adaptation.__new__(Adaptation)
    work.task, work.weights = task, SimpleNamespace(folder=base, name="some/weights")
    work._trainee = SimpleNamespace(save=lambda folder: (folder / "numbers").touch())
    work.domain = SimpleNamespace(
        split=SimpleNamespace(training=(0, 1)), seconds=lambda places: 2.5 * len(places)
    )
    found: Adaptation = work
    return found


def test_an_adapter_that_forgets_more_than_a_point_is_not_written(tmp_path: Path) -> None:
    task = Task(tmp_path / "clips.jsonl", tmp_path / "calls")
    work = ended(task, tmp_path / "base")
    with pytest.raises(ModelError, match=r"has lost 1\.5 points") as caught:
        work.finish(Result(BETTER, WORSE))
    assert caught.value.key == "adapt.forgets"
    assert not task.output.exists()
    work.task = replace(task, accepts_forgetting=True)
    work.finish(Result(BETTER, WORSE))
    assert task.output.is_dir()


def test_what_is_written_says_of_what_it_was_made_and_what_it_is_worth(tmp_path: Path) -> None:
    task = Task(tmp_path / "clips.jsonl", tmp_path / "deep" / "calls")
    ended(task, tmp_path / "base").finish(Result(BETTER, NOISE))
    facts = json.loads((task.output / "adapter.json").read_text(encoding="utf-8"))
    assert (facts["base"]["name"], facts["clips"], facts["seconds"]) == ("some/weights", 2, 5.0)
    assert facts["results"]["domain"]["rates"][0]["after"] == 10.0
    assert sorted(each.name for each in task.output.iterdir()) == ["adapter.json", "numbers"]


@pytest.mark.parametrize("name", ["none", ".calls", "a b"])
def test_a_name_that_nobody_could_choose_is_refused_at_once(tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionError, match="is no name for an adapter"):
        Task(tmp_path / "clips.jsonl", tmp_path / name)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="exists already"):
        Task(tmp_path / "clips.jsonl", tmp_path / ".." / tmp_path.name)


# A disk that is full ------------------------------------------------------------------------------

LARGE = torch.zeros(100_000)


def test_an_adapter_that_finds_no_room_is_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    task = Task(tmp_path / "clips.jsonl", tmp_path / "adapters" / "calls")
    work = ended(task, tmp_path / "base")

    def save(folder: Path) -> None:
        with writing_numbers():
            save_file({"numbers": LARGE}, folder / "numbers")

    work._trainee = SimpleNamespace(save=save)  # type: ignore[assignment]
    with room_for(10_000), pytest.raises(OptionError, match=r"calls.*File too large") as caught:
        work.finish(Result(BETTER, NOISE))
    assert caught.value.key == "cli.output"
    assert not [*task.output.parent.iterdir()]
    work.finish(Result(BETTER, NOISE))  # once there is room
    assert task.output.is_dir()


def test_a_checkpoint_that_finds_no_room_is_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    task = Task(tmp_path / "clips.jsonl", tmp_path / "adapters" / "calls")
    work = ended(task, tmp_path / "base")
    trainee: Any = SimpleNamespace(learned=[nn.Parameter(LARGE)])
    lesson = Lesson(np.zeros((60, 80), np.float32), (1,), (1, -100, -100, 1), "zh", itn=True)
    work._course = Course(trainee, [lesson], [], Recipe())
    work._course.step = work.steps
    with room_for(10_000), pytest.raises(OptionError, match="File too large"):
        work.train(lambda _: None)
    assert not [*task.output.parent.iterdir()]
