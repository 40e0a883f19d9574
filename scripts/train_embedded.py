"""Train the embedded models from scratch: ``python -m scripts.train_embedded``.

Needs espeak-ng and requirements-dev.txt. Each stage leaves its files in the work folder and is
skipped when they exist, so an interrupted run resumes.
"""

import argparse
import logging
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from scripts.embedded import (
    campplus,
    dataset,
    detector,
    emotion2vec,
    examples,
    export,
    paraformer,
    punctuation,
    recogniser,
    sentiment,
    tokenizer,
)
from scripts.embedded.dataset import Dataset
from scripts.embedded.features import read_cmvn

log = logging.getLogger(__name__)

STAGES = (
    *("data", "detector", "recogniser", "emotion2vec", "paraformer", "punctuation", "sentiment"),
    *("campplus", "export", "examples"),
)
ROOT = Path(__file__).resolve().parents[1]


def make_data(work: Path, start: Path | None = None) -> None:
    """Speak the training set; learn the vocabulary and the feature statistics from it.

    A training that goes on from the recogniser in ``start`` keeps the statistics of that.
    """
    if not (work / "train" / "features.npy").exists():
        dataset.build(dataset.TRAIN, work / "train", dataset.held_out_sentences())
    data = Dataset.open(work / "train")
    texts = [(t, u.language) for u in data.utterances for t in (u.woitn, u.withitn)]
    pieces = {piece for text, language in texts for piece in tokenizer.split_pieces(text, language)}
    tokenizer.write_model(pieces, work / "bpe.model")
    np.save(work / "cmvn.npy", read_cmvn(start / "am.mvn") if start else _statistics(data))
    seconds = data.frames.sum() / 100
    log.info("%d utterances, %.1f h, %d pieces", len(data.utterances), seconds / 3600, len(pieces))


def _statistics(data: Dataset) -> NDArray[np.float64]:
    """Return mean and standard deviation of the features, [2, 80]."""
    every = max(len(data.features) // 400_000, 1)
    sample = np.asarray(data.features[::every], dtype=np.float64)
    return np.stack([sample.mean(axis=0), sample.std(axis=0)])


def make_recogniser(work: Path, start: Path | None = None) -> None:
    """Train the recogniser, on a GPU if there is one; the schedule is the same."""
    recipe = recogniser.Recipe()
    if start is not None:
        recipe = recipe.from_weights(start)
    if torch.cuda.is_available():
        frames = recipe.frames_per_batch * recipe.workers
        recipe = replace(
            recipe, device="cuda", workers=1, frames_per_batch=frames, loaders=os.cpu_count() or 1
        )
    if not (work / "recogniser.pt").exists():
        recogniser.train(work, recipe)


def make_detector(work: Path) -> None:
    """Train the voice activity detector."""
    if not (work / "detector.pt").exists():
        detector.train(work, detector.Recipe())


def make_emotion2vec(work: Path) -> None:
    """Train emotion2vec-tiny, on speech of its own."""
    if not (work / "emotion2vec.pt").exists():
        emotion2vec.train(work, emotion2vec.Recipe())


def make_paraformer(work: Path) -> None:
    """Train Paraformer, from the recogniser's encoder."""
    if not (work / "paraformer.pt").exists():
        paraformer.train(work, paraformer.Recipe())


def make_punctuation(work: Path) -> None:
    """Train ct-punc."""
    if not (work / "punctuation.pt").exists():
        punctuation.train(work, punctuation.Recipe())


def make_classifier(work: Path) -> None:
    """Train the sentiment of texts."""
    if not (work / "sentiment.pt").exists():
        sentiment.train(work, sentiment.Recipe())


def make_campplus(work: Path) -> None:
    """Train CAM++, on speech of its own."""
    if not (work / "campplus.pt").exists():
        campplus.train(work, campplus.Recipe())


def export_models(work: Path, models: Path) -> None:
    """Write the models whose weights are there to where the console finds them."""
    exporters = {
        "recogniser": (export.export_recogniser, "sensevoice-tiny"),
        "detector": (export.export_detector, "fsmn-vad-tiny"),
        "emotion2vec": (export.export_emotion2vec, "emotion2vec-tiny"),
        "paraformer": (export.export_paraformer, "paraformer-tiny"),
        "punctuation": (export.export_punctuation, "ct-punc-tiny"),
        "sentiment": (sentiment.export_classifier, "sentiment-tiny"),
        "campplus": (export.export_campplus, "campplus-tiny"),
    }
    for name, (write, folder) in exporters.items():
        if (work / f"{name}.pt").exists():
            write(work, models / folder)


def main() -> None:
    """Run the stages that are named, in order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--work", type=Path, default=Path(".cache/embedded"), help="folder for what is made"
    )
    parser.add_argument(
        "--models", type=Path, default=ROOT / "models", help="folder for the finished models"
    )
    parser.add_argument(
        "--start",
        type=Path,
        help="folder of the recogniser that its training goes on from; else from nothing",
    )
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    arguments.work.mkdir(parents=True, exist_ok=True)
    makers = {
        "data": lambda work: make_data(work, arguments.start),
        "detector": make_detector,
        "recogniser": lambda work: make_recogniser(work, arguments.start),
        "emotion2vec": make_emotion2vec,
        "paraformer": make_paraformer,
        "punctuation": make_punctuation,
        "sentiment": make_classifier,
        "campplus": make_campplus,
        "export": lambda work: export_models(work, arguments.models),
        "examples": lambda _work: examples.write_examples(ROOT / "examples"),
    }
    for stage in arguments.stages:
        log.info("stage %s", stage)
        makers[stage](arguments.work)


if __name__ == "__main__":
    main()
