"""How often the risk of a call is what a manager would say: forty constructed calls, as a table.

    python -m scripts.measure_risk               both halves
    python -m scripts.measure_risk --tuning      that which rules may be fitted to
    python -m scripts.measure_risk --conditions  ten more, of threats denied or on a condition

A call is right if its level is the manager's and every span that the manager names is among the
evidence of a point that adds to the score. The half for tuning is that of the smaller digests of
the names, so that no reading of the calls decides who belongs to it.
"""

import argparse
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from postprocess import AudioEvent, Emotion
from richspeech.model.sentiment import Sentiment
from richspeech.model.transcript import Segment, Transcript
from richspeech.presets.rules import Preset
from richspeech.review.risk import Risk, assess_risk
from richspeech.settings import RiskSettings

TESTS = Path(__file__).resolve().parents[1] / "tests"
CALLS, CONDITIONS = TESTS / "risk_calls.yaml", TESTS / "risk_conditions.yaml"
SURE = 0.9
"""Probability of an emotion where the call says nothing else."""


@dataclass(frozen=True)
class Call:
    """One call with a manager's answer."""

    name: str
    kind: Preset
    """Trade; its preset judges the call."""
    level: str
    spans: tuple[tuple[float, float], ...]
    """Seconds that are to be heard."""
    transcript: Transcript
    is_for_tuning: bool


def read_calls(path: Path = CALLS) -> tuple[Call, ...]:
    """Read them all, in the order of the file."""
    documents = yaml.safe_load(path.read_text(encoding="utf-8"))
    names = sorted((each["name"] for each in documents), key=_digest)
    tuning = {*names[: len(names) // 2]}
    return tuple(_call(each, is_for_tuning=each["name"] in tuning) for each in documents)


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _call(document: Mapping[str, Any], *, is_for_tuning: bool) -> Call:
    speakers = [*dict.fromkeys(turn[2] for turn in document["turns"] if turn[2])]
    segments = tuple(_segment(turn, document["language"], speakers) for turn in document["turns"])
    duration = max(segment.end for segment in segments)
    return Call(
        document["name"],
        document.get("kind", "service"),
        document["level"],
        tuple((start, end) for start, end in document["seconds"]),
        Transcript(duration, 1.0, "constructed", "constructed", segments),
        is_for_tuning,
    )


def _segment(turn: Sequence[Any], language: str, speakers: Sequence[str]) -> Segment:
    start, end, speaker, emotion, text, *more = turn
    extra = more[0] if more else {}
    sure = extra.get("probability", SURE)
    sentiment = extra.get("sentiment")
    return Segment(
        start=float(start),
        end=float(end),
        text=text,
        language=language if text else "nospeech",
        language_probability=SURE,
        emotion=Emotion(emotion),
        emotion_probabilities={emotion: sure, "other": 1 - sure},
        events=tuple(map(AudioEvent, extra.get("events", ()))),
        event_probabilities={},
        tokens=(),
        raw_text="",
        sentiment=Sentiment(sentiment) if sentiment else None,
        channel=speakers.index(speaker) + 1 if speaker else None,
        speaker=speaker,
    )


def is_right(call: Call, risk: Risk) -> bool:
    """Say whether level and seconds are the manager's."""
    cited = [each for point in risk.points if point.points > 0 for each in point.evidence]
    return risk.level == call.level and all(
        any(each.start < end and start < each.end for each in cited) for start, end in call.spans
    )


def assess(call: Call) -> Risk:
    """Assess it by the preset of its trade."""
    return assess_risk(call.transcript, RiskSettings().with_preset(call.kind))


def table(calls: Sequence[Call]) -> str:
    """Return it as Markdown: the manager's answer, ours, and whether they agree."""
    lines = ["| call | manager | score | level | right |", "| --- | --- | --- | --- | --- |"]
    for call in calls:
        risk = assess(call)
        right = "yes" if is_right(call, risk) else "**no**"
        lines.append(f"| {call.name} | {call.level} | {risk.score} | {risk.level} | {right} |")
    return "\n".join(lines)


def main() -> None:
    """Print the tables and a count below each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tuning", action="store_true", help="leave the held-out half alone")
    parser.add_argument("--conditions", action="store_true", help="ten more instead of the forty")
    asked = parser.parse_args()
    if asked.conditions:
        _print("Denied, or on a condition", read_calls(CONDITIONS))
        return
    for is_for_tuning in (True,) if asked.tuning else (True, False):
        calls = [each for each in read_calls() if each.is_for_tuning is is_for_tuning]
        _print("For tuning" if is_for_tuning else "Held out", calls)


def _print(title: str, calls: Sequence[Call]) -> None:
    right = sum(is_right(call, assess(call)) for call in calls)
    print(title, "", table(calls), sep="\n")
    print("", f"{right} of {len(calls)} are right.", "", sep="\n")


if __name__ == "__main__":
    main()
