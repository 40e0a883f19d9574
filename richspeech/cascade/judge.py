"""What a cascade is worth on clips that it never heard, beside the model and the rules alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from richspeech.adaptation.evaluation import Rate, rate_of
from richspeech.calibration.measure import expected_calibration_error, sure_from
from richspeech.cascade.hear import Heard
from richspeech.model.revision import label_of, revised
from richspeech.stages.cascade import heard, likely

STEPS = np.arange(50, 100) / 100
"""Limits that are tried."""
RIGHT = 0.95
"""Share of the labels that are named in spite of a doubt which has to be right."""


@dataclass(frozen=True)
class Worth:
    """Wrong labels of one kind, in percent."""

    kind: str
    clips: int
    model: float
    """By the model alone."""
    rules: float
    """Where the rules of the settings have done what they do."""
    cascade: float
    """Where a cascade has judged after them."""
    difference: float
    """From rules to cascade, in points; negative is better."""
    low: float
    high: float
    """In 95 % of resampled sets the difference lies between these."""
    righted: int
    """Clips whose label was wrong until the cascade revised it."""
    spoilt: int
    """Clips whose label was right until then."""
    calibration_error: float
    """Mean distance of its probabilities from how often they are right, 0 to 1."""
    sure: float | None
    """Probability from which on RIGHT of its labels were; None if they were not from any on."""

    @property
    def is_better(self) -> bool:
        """Whether it is better than rules alone, beyond chance."""
        return self.high < 0


def judge(
    kind: str,
    clips: Sequence[Heard],
    scores: Sequence[Mapping[str, float]],
    groups: Sequence[int],
) -> Worth:
    """Hold against what people have said what was there, and what a cascade says instead.

    ``scores`` are its probabilities of all labels of this kind, for each clip.
    """
    said = [truth(each, kind) for each in clips]
    found = [
        label_of(revised(each.edited, likely(each.edited, {kind: score})), kind)
        for each, score in zip(clips, scores, strict=True)
    ]
    by_model = _wrong(said, [heard(each.measured, kind) for each in clips])
    by_rules = _wrong(said, [label_of(each.edited, kind) for each in clips])
    by_cascade = _wrong(said, found)
    sure, right = _answers(said, scores)
    rate: Rate = rate_of(kind, by_rules, by_cascade, np.asarray(groups))
    change = by_cascade[:, 0] - by_rules[:, 0]
    return Worth(
        kind=kind,
        clips=len(clips),
        model=100 * float(by_model[:, 0].mean()),
        rules=rate.before,
        cascade=rate.after,
        difference=rate.difference,
        low=rate.low,
        high=rate.high,
        righted=int((change < 0).sum()),
        spoilt=int((change > 0).sum()),
        calibration_error=expected_calibration_error(sure, right),
        sure=sure_from(sure, right, STEPS, RIGHT),
    )


def truth(clip: Heard, kind: str) -> str | None:
    """Return what somebody has said of a clip; None where nobody has."""
    said = clip.example.emotion if kind == "emotion" else clip.example.event
    return None if said is None else said.value


def _wrong(said: Sequence[str | None], found: Sequence[str]) -> NDArray[np.float64]:
    """Return how many of each clip's labels are wrong, of how many, [N, 2]."""
    wrong = [float(one != other) for one, other in zip(said, found, strict=True)]
    return np.column_stack([wrong, np.ones(len(wrong))])


def _answers(
    said: Sequence[str | None], scores: Sequence[Mapping[str, float]]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the probability of each likeliest label, [N], and whether it is right, [N]."""
    labels = [max(each, key=each.__getitem__) for each in scores]
    sure = [each[label] for each, label in zip(scores, labels, strict=True)]
    right = [label == one for label, one in zip(labels, said, strict=True)]
    return np.array(sure), np.array(right, bool)
