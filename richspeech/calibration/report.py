"""What a calibration has made of a model's numbers, as tables."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from richspeech.calibration.fit import answers_of, confidences, word_confidences
from richspeech.calibration.measure import expected_calibration_error, limits
from richspeech.calibration.observe import LABELS, Observed
from richspeech.model.calibration import Calibration, Logistic, Misheard
from richspeech.model.transcript import PROBABLY

ALL = "all"
CURVE = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Limits of the underline that are shown beside the fitted one."""

Confidences = tuple[NDArray[np.float64], NDArray[np.bool_]]


def report(observed: Sequence[Observed], calibration: Calibration) -> str:
    """Return markdown: calibration errors, the underline, emotions named, what is misheard."""
    sets = _by_kind(observed)
    errors, underline = _errors(sets, calibration), _underline(sets, calibration)
    parts = (errors, underline, found_table(observed, calibration))
    return "\n\n".join(part for part in parts if part)


def _by_kind(observed: Sequence[Observed]) -> dict[str, list[Observed]]:
    kinds = (*sorted({each.kind for each in observed} - {ALL}), ALL)
    return {kind: [each for each in observed if kind in (ALL, each.kind)] for kind in kinds}


def _table(heads: Sequence[str], rows: Iterator[Sequence[Any]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _errors(sets: dict[str, list[Observed]], calibration: Calibration) -> str:
    """ECE before and after, and how many answers are right."""
    asked: dict[str, Callable[[list[Observed], Calibration | None], Confidences]] = {
        "word": _of_words,
        **{name: _of_labels(name) for name in LABELS},
    }

    def rows() -> Iterator[Sequence[Any]]:
        for kind, observed in sets.items():
            for name, ask in asked.items():
                before, right = ask(observed, None)
                after, _ = ask(observed, calibration)
                if len(before):
                    errors = (expected_calibration_error(each, right) for each in (before, after))
                    accuracy = f"{100 * right.mean():.1f}"
                    yield kind, name, len(right), accuracy, *(f"{each:.3f}" for each in errors)

    return _table(("set", "of", "number", "right in %", "ECE before", "ECE after"), rows())


def _of_words(observed: list[Observed], calibration: Calibration | None) -> Confidences:
    words = [word for each in observed for word in each.words]
    return word_confidences(words, None if calibration is None else calibration.words)


def _of_labels(name: str) -> Callable[[list[Observed], Calibration | None], Confidences]:
    def ask(observed: list[Observed], calibration: Calibration | None) -> Confidences:
        known = None if calibration is None else getattr(calibration.temperatures, name)
        return confidences(answers_of(observed, name), known)

    return ask


def _underline(sets: dict[str, list[Observed]], calibration: Calibration) -> str:
    """Tell what the limit that was fitted finds, and what others find."""
    if calibration.unsure_below is None:
        return ""
    sure, right = _of_words(sets[ALL], calibration)
    tried = sorted({*CURVE, calibration.unsure_below})

    def rows() -> Iterator[Sequence[Any]]:
        raw, _ = _of_words(sets[ALL], None)
        (before,) = limits(raw, ~right, [PROBABLY])
        yield "0.5, uncalibrated", *_figures(before.precision, before.recall, before.f1)
        for found in limits(sure, ~right, tried):
            mark = ", fitted" if found.below == calibration.unsure_below else ""
            figures = _figures(found.precision, found.recall, found.f1)
            yield f"{found.below:g}{mark}", *figures

    return _table(("words below", "precision", "recall", "F1"), rows())


def _figures(*values: float) -> tuple[str, ...]:
    return tuple(f"{each:.2f}" for each in values)


def found_table(observed: Sequence[Observed], calibration: Calibration) -> str:
    """Tell which emotions are named, and how many recordings are said to be misheard."""

    def rows() -> Iterator[Sequence[Any]]:
        for kind, those in _by_kind(observed).items():
            named, right = _named(those, calibration)
            told = [bool(flagged(each, calibration)) for each in those]
            truth = [u.is_misheard for each in those for u in each.utterances]
            shares = [_percent(each) for each in (named, right, told, truth)]
            yield kind, len(those), *shares

    heads = ("set", "recordings", "emotion named", "of these right", "flagged", "misheard in truth")
    return _table([f"{head} in %" if n > 1 else head for n, head in enumerate(heads)], rows())


def _percent(values: Sequence[bool] | NDArray[np.bool_]) -> str:
    return f"{100 * np.mean(values):.1f}" if len(values) else "–"


def _named(
    observed: list[Observed], calibration: Calibration
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    sure, right = _of_labels("emotion")(observed, calibration)
    named = sure >= (calibration.sure_emotion or 0.0)
    return named, right[named]


def flagged(observed: Observed, calibration: Calibration) -> bool | None:
    """Say whether most of a recording is probably misheard; None where that cannot be told."""
    misheard = calibration.misheard or Misheard()
    found: list[tuple[float, Logistic | None, Any]] = [
        (each.seconds, misheard.words if each.has_words else misheard.silence, each.signals)
        for each in observed.utterances
    ]
    told = [(seconds, fitted.probability(known)) for seconds, fitted, known in found if fitted]
    whole = sum(seconds for seconds, _ in told)
    return sum(s * p for s, p in told) / whole >= PROBABLY if whole else None
