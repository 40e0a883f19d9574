"""From clips to a cascade: better than rules, or kept and not used, or refused with a reason."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from postprocess import AudioEvent, Emotion
from richspeech.cascade.hear import Heard
from richspeech.cascade.train import Learned, Task, Training
from richspeech.cli.cascade import table, verdict
from richspeech.engines.cascades import read_cascade
from richspeech.engines.hub import Source, Weights
from richspeech.errors import OptionError
from richspeech.language.catalog import Notice
from richspeech.model.prosody import Prosody
from richspeech.model.transcript import Segment
from richspeech.review.examples import Example, Fault
from richspeech.stages.cascade import revise_segments

SHARE_RIGHT = 0.75
"""Of the neutral voices; all that are high are taken to be angry."""


def heard(count: int, seed: int, *, follows: bool) -> tuple[Heard, ...]:
    """A model that takes high voices for angry ones, though anger is in what it is not sure of.

    If nothing ``follows``, its errors are by chance.
    """
    rng, clips = np.random.default_rng(seed), []
    for number in range(count):
        is_angry, is_wrong = rng.uniform() < 0.3, rng.uniform() > SHARE_RIGHT
        truth = Emotion.ANGRY if is_angry else Emotion.NEUTRAL
        says = Emotion.ANGRY if is_angry or is_wrong else Emotion.NEUTRAL
        odd = is_wrong and not is_angry
        sure = float(np.clip(rng.normal(0.65 if odd and follows else 0.85, 0.05), 0.51, 0.99))
        pitch = 260.0 if odd and follows else 150.0
        other = Emotion.NEUTRAL if says is Emotion.ANGRY else Emotion.ANGRY
        segment = Segment(
            *(
                0.0,
                2.0,
                f"第{number}句",
                "zh",
                0.9,
                says,
                {says.value: sure, other.value: 1 - sure},
            ),
            *((), {"speech": 0.9, "bgm": 0.1}, (), ""),
            prosody=Prosody(pitch * float(rng.uniform(0.9, 1.1)), 4.0, 0.5, -20.0, 30.0),
        )
        key = f"call{number // 4}-{number:04}"
        text = "".join(chr(0x4E00 + int(each)) for each in rng.integers(0, 4_000, 9))
        example = Example(key, text, "zh", truth, AudioEvent.SPEECH)
        clips.append(Heard(example, segment, segment))
    return tuple(clips)


@dataclass
class FakeEar:
    """Has heard everything already."""

    sets: dict[str, tuple[Heard, ...]]
    folder: Path
    reads: bool = False
    adapter: None = None

    @property
    def weights(self) -> Weights:
        return Weights(self.folder, "some/weights", Source.FOLDER, Notice("why.named_folder"))

    def hear(self, file: Path, faults: list[Fault]) -> Iterator[Heard]:
        del faults  # there are none
        return iter(self.sets[file.name])


def trained(
    folder: Path, clips: tuple[Heard, ...], test: tuple[Heard, ...] | None = None
) -> tuple[Training, tuple[Learned, ...]]:
    judged = folder / "test" if test is not None else None
    task = Task(folder / "data", folder / "calls", judged)
    (folder / "weights").mkdir(exist_ok=True)
    ear: Any = FakeEar({"data": clips, "test": test or ()}, folder / "weights")
    training = Training(task, ear)
    training.read()
    return training, training.learn()


def test_a_rule_that_voices_follow_is_learned_and_used(tmp_path: Path) -> None:
    training, (learned,) = trained(tmp_path, heard(300, 1, follows=True))
    worth = learned.worth
    assert worth.rules > 10
    assert worth.cascade < worth.rules / 2
    assert worth.is_better
    assert worth.righted > 5 * worth.spoilt
    training.write((learned,))
    kept = read_cascade(tmp_path / "calls")
    assert kept.is_used
    assert not kept.reads
    segments = [each.edited for each in heard(100, 2, follows=True)]
    edit = revise_segments(segments, kept.load())
    changed = [each for each in edit.apply(segments) if each.revision("emotion")]
    assert changed
    assert {each.emotion for each in changed} == {Emotion.NEUTRAL}
    assert "used for it" in verdict(worth)
    assert [str(each) for each in training.refusals]  # nobody has mistaken an event


def test_what_is_no_better_than_rules_is_kept_and_not_used(tmp_path: Path) -> None:
    training, learned = trained(tmp_path, heard(200, 3, follows=False))
    assert not learned[0].worth.is_better
    training.write(learned)
    document = json.loads((tmp_path / "calls" / "cascade.json").read_text(encoding="utf-8"))
    assert document["kinds"]["emotion"]["used"] is False
    assert (tmp_path / "calls" / "emotion.onnx").is_file()
    assert not read_cascade(tmp_path / "calls").is_used
    assert "is kept, and not used" in verdict(learned[0].worth)


def test_where_there_are_others_to_judge_by_they_alone_decide(tmp_path: Path) -> None:
    clips, others = heard(300, 1, follows=True), heard(200, 3, follows=False)
    _, (learned,) = trained(tmp_path, clips, others)
    assert (learned.worth.clips, learned.worth.is_better) == (200, False)


def test_rules_that_are_right_already_leave_nothing_to_learn(tmp_path: Path) -> None:
    mended = tuple(
        replace(each, edited=replace(each.edited, emotion=each.example.emotion or Emotion.UNKNOWN))
        for each in heard(100, 1, follows=True)
    )
    with pytest.raises(OptionError, match="100 right and 0 wrong"):
        trained(tmp_path, mended)


def test_corrections_of_wrong_labels_alone_teach_to_doubt_always_and_are_refused(
    tmp_path: Path,
) -> None:
    clips = (each for each in heard(600, 1, follows=True))
    wrong = tuple(each for each in clips if each.edited.emotion is not each.example.emotion)
    assert len(wrong) >= 60
    with pytest.raises(OptionError, match="leave 0 right"):
        trained(tmp_path, wrong)


def test_too_few_clips_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="20 clips have a label of the kind emotion"):
        trained(tmp_path, heard(20, 1, follows=True))


@pytest.mark.parametrize(("name", "key"), [("none", "cascade.name"), (".", "adapt.output_there")])
def test_a_folder_that_cannot_be_written_is_refused_first(
    tmp_path: Path, name: str, key: str
) -> None:
    output = tmp_path / "calls" if name == "." else tmp_path / name
    (tmp_path / "calls").mkdir()
    with pytest.raises(OptionError) as caught:
        Task(tmp_path / "data", output)
    assert caught.value.key == key


def test_the_table_has_a_row_for_each_kind(tmp_path: Path) -> None:
    _, learned = trained(tmp_path, heard(300, 1, follows=True))
    head, rule, row = table([each.worth for each in learned]).splitlines()
    assert {line.count("|") for line in (head, rule, row)} == {11}
    assert row.startswith("| emotion | 300 | ")
