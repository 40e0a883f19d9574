"""What forgets too much is not written, unless somebody accepts that; nothing is written over."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from richspeech.adaptation.adapt import Adaptation, Result, Task
from richspeech.adaptation.evaluation import Judged, Rate
from richspeech.errors import ModelError, OptionError

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
