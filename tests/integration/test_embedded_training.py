"""Training the recogniser: data in parts, and resuming as if there had been no break."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from scripts import train_embedded
from scripts.embedded import augment, dataset, features, growth, recogniser, tokenizer
from scripts.embedded.corpus import LANGUAGES
from scripts.embedded.dataset import Dataset, Plan, Utterance
from scripts.embedded.recogniser import Batches, Recipe, Trainer

SMALL = {"output_size": 32, "linear_units": 64, "num_blocks": 2, "tp_blocks": 1}
PLAN = Plan(dict.fromkeys(LANGUAGES, 4), 1, seed=9, free=True, neutral=0.5, room=0.5, telephone=0.5)
RECIPE = Recipe(
    steps=8, workers=1, frames_per_batch=200, warm_up_steps=2, short_steps=3, ramp=(1, 4)
)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset, "TRAIN", PLAN)
        patch.setattr(dataset, "PART_JOBS", 9)
        patch.setattr(dataset, "held_out_sentences", frozenset)
        for name, value in SMALL.items():
            patch.setitem(recogniser.ENCODER, name, value)
        few = augment.Backgrounds.make(1, count=2, seconds=3.0)
        patch.setattr(augment.Backgrounds, "make", lambda _seed: few)
        train_embedded.make_data(folder)
        yield folder


def run(work: Path, steps: int, checkpoint: Path | None = None) -> tuple[Trainer, list[float]]:
    """Train until ``steps``, from the checkpoint if there is one."""
    torch.manual_seed(RECIPE.seed)
    processor = tokenizer.load(work / "bpe.model")
    trainer = Trainer(processor.get_piece_size(), RECIPE)
    if checkpoint is not None:
        trainer.begin(checkpoint, processor)
    batches = iter(Batches(work, processor, RECIPE, 0, trainer.step))
    losses = []
    while trainer.step < steps:
        losses.append(float(trainer.learn(next(batches))))
    return trainer, losses


def test_every_utterance_of_every_part_is_in_the_data(work: Path) -> None:
    data = Dataset.open(work / "train")
    jobs = dataset.compose(PLAN)
    assert [u.woitn for u in data.utterances] == [
        j.sentence.woitn if j.sentence else "" for j in jobs
    ]
    assert data.features.shape == (data.frames.sum(), 80)
    assert not [*(work / "train").glob("part-*")]


def test_data_whose_making_was_interrupted_are_made_from_the_part_after(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(parts: list[Path], folder: Path) -> None:
        parts[-1].unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(dataset, "_join", stop)
        with pytest.raises(KeyboardInterrupt):
            dataset.build(PLAN, tmp_path, frozenset())
    kept = {part.name: part.stat().st_mtime_ns for part in tmp_path.glob("part-*")}
    assert kept
    made: list[Path] = []
    write = dataset._write_part

    def write_and_tell(of: list[tuple[Utterance, NDArray[np.float16]]], part: Path) -> None:
        made.append(part)
        write(of, part)

    monkeypatch.setattr(dataset, "_write_part", write_and_tell)
    dataset.build(PLAN, tmp_path, frozenset())
    assert len(made) == 1
    again, first = Dataset.open(tmp_path), Dataset.open(work / "train")
    assert again.utterances == first.utterances
    np.testing.assert_array_equal(again.features, first.features)


def test_a_resumed_training_learns_exactly_what_one_without_a_break_learns(
    work: Path, tmp_path: Path
) -> None:
    whole, losses = run(work, RECIPE.steps)
    first, before = run(work, 5)
    first.save(tmp_path / "recogniser.ckpt")
    second, after = run(work, RECIPE.steps, tmp_path / "recogniser.ckpt")
    assert before + after == losses
    for one, other in zip(
        whole.average.state_dict().values(), second.average.state_dict().values(), strict=True
    ):
        assert torch.equal(one, other)


def test_a_recogniser_that_grows_begins_by_answering_as_the_smaller_one(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = tokenizer.load(work / "bpe.model")
    names = [known.id_to_piece(i) for i in range(known.get_piece_size())]
    smaller = recogniser.build_model(len(names)).eval()
    torch.save({name: v.half() for name, v in smaller.state_dict().items()}, tmp_path / "model.pt")
    smaller.load_state_dict(torch.load(tmp_path / "model.pt"))
    (tmp_path / tokenizer.FILE).write_bytes((work / "bpe.model").read_bytes())

    new = {"a piece before", "名", "~"}
    tokenizer.write_model({*names[3 + len(tokenizer.TAGS) :], *new}, tmp_path / "more.model")
    pieces = tokenizer.load(tmp_path / "more.model")
    for name, size in {"linear_units": 96, "num_blocks": 4, "tp_blocks": 3}.items():
        monkeypatch.setitem(recogniser.ENCODER, name, size)
    larger = recogniser.build_model(pieces.get_piece_size()).eval()
    growth.grow(larger, pieces, tmp_path)

    batch = next(iter(Batches(work, known, RECIPE, 0, 0)))
    with torch.inference_mode():
        before, after = (recogniser.logits(m, batch)[0] for m in (smaller, larger))
    rows = [pieces.piece_to_id(name) for name in names]
    torch.testing.assert_close(after[..., rows], before, rtol=1e-4, atol=1e-4)


def test_statistics_that_were_written_can_be_read(work: Path, tmp_path: Path) -> None:
    statistics = np.load(work / "cmvn.npy")
    features.write_cmvn(statistics, recogniser.LFR_WINDOW, tmp_path / "am.mvn")
    np.testing.assert_allclose(features.read_cmvn(tmp_path / "am.mvn"), statistics, rtol=1e-4)


def test_the_digits_of_a_number_may_stand_anywhere_within_it() -> None:
    edges = tokenizer.edges(["▁It", "▁is", "▁3", "4", "7", "."], 0.8 + 0.8 + 6.0)
    np.testing.assert_array_equal(edges[2], edges[3])
    np.testing.assert_array_equal(edges[3], edges[4])
    assert edges[2, 1] - edges[2, 0] > 0.6
    assert edges[-1, 1] == pytest.approx(1.0)


def test_without_a_number_every_piece_has_its_syllables() -> None:
    edges = tokenizer.edges(["我", "们", "走"], 3.0)
    np.testing.assert_allclose(edges, [[0, 1 / 3], [1 / 3, 2 / 3], [2 / 3, 1]])
