"""Measure what emotion2vec would add to a cascade: ``python -m scripts.measure_cascade_features``.

Needs espeak-ng and requirements-dev.txt. A cascade learns emotions from one of the sets that
calibrate the embedded model, by what it knows now, by the embedded emotion2vec's logits, by its
embedding (the mean of its features) or by all, and is judged by the other set. Prints the table of
docs/adaptation.md.
"""

import argparse
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from richspeech.adaptation.clips import Clip, read_clips
from richspeech.adaptation.split import grouped
from richspeech.audio.mono import Waveform
from richspeech.cascade.fit import fit
from richspeech.cascade.hear import Ear, Heard
from richspeech.cascade.judge import Worth, judge, truth
from richspeech.engines.emotion2vec.engine import Emotion2vec
from richspeech.engines.loader import audio_limits
from richspeech.places import HOME
from richspeech.review.examples import Example
from richspeech.settings import Settings, load_settings
from richspeech.stages.cascade import feature_names, matrix
from scripts.measure_cascade import KINDS, clips_of

WEIGHTS = HOME / "models" / "emotion2vec-tiny"
VARIANCE_FLOOR = 1e-5
"""As the layer normalisation of emotion2vec's own input has it."""
KIND = "emotion"
Features = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Felt:
    """What emotion2vec says of one clip."""

    embedding: Features
    """Mean over all frames, [D]."""
    logits: Features
    """Log probabilities of the mean, [K]."""


@dataclass(frozen=True)
class Half:
    """One of the two sets: its clips, what is felt in each, and the group of each."""

    clips: Sequence[Heard]
    felt: Sequence[Felt]
    groups: Sequence[int]

    @property
    def said(self) -> list[str]:
        """What each clip was spoken as."""
        return [str(truth(each, KIND)) for each in self.clips]


def main() -> None:
    """Speak, hear, learn, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".cache/calibration"), help="folder")
    arguments = parser.parse_args()
    settings = load_settings(model={"id": "embedded"})
    emotion2vec = Emotion2vec.load(WEIGHTS, "cpu", threads=1)
    with closing(Ear(settings)) as ear:
        files = (clips_of(arguments.data, half, KINDS) for half in ("fit", "test"))
        learned, other = (_half(ear, emotion2vec, file, settings) for file in files)
        names = feature_names([each.edited for each in learned.clips], sentiment=ear.reads)
    print(
        "| known of a clip | numbers | rules % | cascade % | difference | 95 % of resampled sets |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for name, parts in {
        "what it knows now": (),
        "and emotion2vec's logits": ("logits",),
        "and its embedding": ("embedding",),
        "and both": ("logits", "embedding"),
    }.items():
        known = _features(learned, names, parts)
        worth = _worth(learned, known, other, _features(other, names, parts))
        print(
            f"| {name} | {known.shape[1]} | {worth.rules:.2f} | {worth.cascade:.2f} "
            f"| {worth.difference:+.2f} | {worth.low:.2f} to {worth.high:.2f} |"
        )


def _half(ear: Ear, emotion2vec: Emotion2vec, file: Path, settings: Settings) -> Half:
    felt: Mapping[Example, Felt] = {
        clip.example: _felt(emotion2vec, clip.waveform)
        for clip in read_clips(file, audio_limits(settings))
        if isinstance(clip, Clip)
    }
    clips = [each for each in ear.hear(file, []) if truth(each, KIND)]
    groups, _ = grouped([each.example for each in clips])
    return Half(clips, [felt[each.example] for each in clips], groups)


def _felt(emotion2vec: Emotion2vec, waveform: Waveform) -> Felt:
    normal = (waveform - waveform.mean()) / np.sqrt(waveform.var() + VARIANCE_FLOOR)
    features, logits = emotion2vec.extract(normal.astype(np.float32))
    return Felt(features.mean(0), log_softmax(logits.mean(0)))


def _features(half: Half, names: Sequence[str], parts: Sequence[str]) -> Features:
    known = matrix([each.edited for each in half.clips], names)
    more = [np.stack([getattr(each, part) for each in half.felt]) for part in parts]
    return np.concatenate([known, *more], axis=1)


def _worth(learned: Half, known: Features, other: Half, asked: Features) -> Worth:
    fitted = fit(known, learned.said, learned.groups)
    rows = fitted.probabilities(asked).tolist()
    scores = [dict(zip(fitted.labels, row, strict=True)) for row in rows]
    return judge(KIND, other.clips, scores, other.groups)


if __name__ == "__main__":
    main()
