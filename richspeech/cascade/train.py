"""From somebody's clips to a cascade: heard, judged on what it never heard, written, used or not.

    data ─ clips ─┬─ five times: four fifths → classifier → the last fifth ─ table ─ used, or not
                  └─ all → classifier → file
    test ──────────── the same classifier → table, in the place of the above

A fifth is whole groups: clips of a session, or with nearly the same words, are never on two sides.
One that is no better than rules alone is written all the same, says so, and is not used.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from richspeech.adaptation.split import grouped
from richspeech.cascade.fit import Fitted, fit, held_out
from richspeech.cascade.hear import Ear, Heard
from richspeech.cascade.judge import Worth, judge, truth
from richspeech.engines.adapters import is_name
from richspeech.engines.cascades import base_digest, write_classifier, write_manifest
from richspeech.errors import OptionError
from richspeech.model.revision import label_of
from richspeech.review.examples import Fault
from richspeech.stages.cascade import KINDS, feature_names, matrix
from richspeech.storage.atomic import making
from richspeech.version import version

LEAST = 60
"""Clips with a label of a kind."""
LEAST_OF_LABEL = 10
"""Clips from which on a label is learned; others stay as they are."""
LEAST_OF_EITHER = 10
"""Clips that rules leave wrong, and clips that they leave right: who sees but one kind learns to
doubt always, or never."""


@dataclass(frozen=True)
class Task:
    """What is asked for."""

    data: Path
    output: Path
    test: Path | None = None
    """Other clips, to judge by; None: parts of the data."""

    def __post_init__(self) -> None:
        """Raise ``OptionError`` before anything is loaded for what can come to nothing."""
        if not is_name(self.output.name):
            raise OptionError("cascade.name", name=self.output.name)
        if self.output.exists():
            raise OptionError("adapt.output_there", name=str(self.output))


@dataclass(frozen=True)
class Learned:
    """A classifier of one kind of labels, and what it is worth."""

    fitted: Fitted
    worth: Worth


@dataclass(frozen=True)
class Set:
    """Clips that were heard, and which of them belong together."""

    clips: tuple[Heard, ...]
    groups: tuple[int, ...]
    keeps_sessions: bool
    """Whether clips of a session are in one group; if not, they tell nothing of another day."""

    def labelled(self, kind: str, labels: Sequence[str] | None = None) -> "Set":
        """Return those that have a label of a kind, or one of these."""
        said = [truth(each, kind) for each in self.clips]
        at = [n for n, each in enumerate(said) if each is not None and each in (labels or [each])]
        clips, groups = ([part[n] for n in at] for part in (self.clips, self.groups))
        return Set(tuple(clips), tuple(groups), self.keeps_sessions)  # type: ignore[arg-type]


@dataclass
class Training:
    """One training, step by step; whoever asked for it says how it goes."""

    task: Task
    ear: Ear
    faults: list[Fault] = field(default_factory=list)
    """Lines that nothing is learned from."""
    refusals: list[OptionError] = field(default_factory=list)
    """Why some kind of labels is not learned."""

    def read(self) -> None:
        """Hear all clips; raises ``OptionError`` for files, and for too few clips."""
        self.data = self._set(self.task.data)
        self.test = self._set(self.task.test) if self.task.test else None
        self.features = feature_names(
            [each.edited for each in self.data.clips], sentiment=self.ear.reads
        )

    def _set(self, file: Path) -> Set:
        clips = tuple(self.ear.hear(file, self.faults))
        groups, keeps = grouped([each.example for each in clips])
        return Set(clips, groups, keeps)

    def learn(self) -> tuple[Learned, ...]:
        """Fit and judge each kind of labels; raises ``OptionError`` where none can be learned."""
        found = []
        for kind in KINDS:
            try:
                found.append(self._learned(kind))
            except OptionError as error:
                self.refusals.append(error)
        if not found:
            raise self.refusals[0]
        return tuple(found)

    def _learned(self, kind: str) -> Learned:
        labelled = self.data.labelled(kind)
        _require_either(kind, labelled.clips)
        counts = Counter(str(truth(each, kind)) for each in labelled.clips)
        known = [label for label, count in counts.items() if count >= LEAST_OF_LABEL]
        taught = labelled.labelled(kind, known)
        if len(known) < 2:
            raise OptionError("cascade.one_label", kind=kind, least=LEAST_OF_LABEL)
        if len({*taught.groups}) < 2:
            raise OptionError("cascade.one_group", count=1)
        features = matrix([each.edited for each in taught.clips], self.features)
        said = [str(truth(each, kind)) for each in taught.clips]
        fitted = fit(features, said, taught.groups)
        if self.test is None:
            scores = held_out(features, said, taught.groups)
            return Learned(fitted, judge(kind, taught.clips, scores, taught.groups))
        others = self.test.labelled(kind)
        if len(others.clips) < LEAST:
            raise OptionError("cascade.few", kind=kind, count=len(others.clips), least=LEAST)
        rows = fitted.probabilities(matrix([each.edited for each in others.clips], self.features))
        scores = [dict(zip(fitted.labels, row, strict=True)) for row in rows.tolist()]
        return Learned(fitted, judge(kind, others.clips, scores, others.groups))

    def write(self, learned: Sequence[Learned]) -> None:
        """Write the cascade; one kind of labels may be used, and another not."""
        output = self.task.output
        try:
            with making(output) as unfinished:
                for each in learned:
                    fitted, file = each.fitted, unfinished / f"{each.worth.kind}.onnx"
                    numbers = (fitted.offset, fitted.scale, fitted.coefficients, fitted.intercepts)
                    write_classifier(file, *numbers)
                write_manifest(unfinished, self._facts(learned))
        except OSError as error:
            why = str(error.strerror)
            raise OptionError("cli.output", name=str(output), why=why) from error

    def _facts(self, learned: Sequence[Learned]) -> dict[str, object]:
        weights, adapter = self.ear.weights, self.ear.adapter
        kinds = {
            each.worth.kind: {
                "labels": each.fitted.labels,
                "used": each.worth.is_better,
                "sure": each.worth.sure,
            }
            for each in learned
        }
        return {
            "base": {"name": weights.name, "digest": base_digest(weights, adapter)},
            "features": self.features,
            "kinds": kinds,
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "version": version(),
            "clips": len(self.data.clips),
            "results": [asdict(each.worth) for each in learned],
        }


def _require_either(kind: str, clips: Sequence[Heard]) -> None:
    """Raise ``OptionError`` unless there are enough clips, right ones and wrong ones."""
    if len(clips) < LEAST:
        raise OptionError("cascade.few", kind=kind, count=len(clips), least=LEAST)
    right = sum(label_of(each.edited, kind) == truth(each, kind) for each in clips)
    wrong = len(clips) - right
    if min(right, wrong) < LEAST_OF_EITHER:
        least = LEAST_OF_EITHER
        raise OptionError("cascade.one_sided", kind=kind, right=right, wrong=wrong, least=least)
