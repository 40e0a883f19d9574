"""Overview: one recording in one line, for lists of many.

risk      score and level
reason    the finding that counts most, of the rule that adds most
quote     what is said there: of all utterances that this rule rests on, the one whose label is
          surest; of several alike the first
emotions  as in insight.py
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.transcript import Segment, Transcript
from richspeech.review.evidence import Evidence
from richspeech.review.insight import Share, emotion_shares
from richspeech.review.risk import Level, Reason, Risk, RiskPoint, assess_risk
from richspeech.settings import RiskSettings


@dataclass(frozen=True)
class Quote:
    """What is said where a risk is found."""

    start: float
    """Seconds."""
    text: str
    speaker: str
    """As people call them; empty where nobody is told apart."""


@dataclass(frozen=True)
class Overview:
    """One recording at a glance."""

    score: int
    """Of its risk, 0 to 100."""
    level: Level
    seconds: float
    """Of the recording."""
    reason: RiskPoint | None = None
    """None where no rule has added points."""
    quote: Quote | None = None
    """None without a reason, and where nothing is said there, as in a wait."""
    emotions: tuple[Share, ...] = ()
    """Of the speech seconds, the longest first; empty when no emotion was measured."""
    speakers: tuple[str, ...] = ()
    """As people call them, in the order of their colours; empty where none are told apart."""
    warnings: tuple[RecordingWarning, ...] = ()
    """What is amiss with the recording."""


def overview_of(transcript: Transcript, settings: RiskSettings) -> Overview:
    """Work out the line of one transcript by the rules in force."""
    risk = assess_risk(transcript, settings)
    spoken = [segment for segment in transcript.segments if segment.text]
    reason = _worst_reason(risk)
    return Overview(
        score=risk.score,
        level=risk.level,
        seconds=transcript.duration,
        reason=max(reason.findings, key=lambda each: each.points) if reason else None,
        quote=_quote(reason, spoken) if reason else None,
        emotions=emotion_shares(spoken),
        speakers=transcript.speakers,
        warnings=transcript.warnings,
    )


def _worst_reason(risk: Risk) -> Reason | None:
    first = next(iter(risk.reasons), None)
    return first if first is not None and first.points > 0 else None


def _quote(reason: Reason, spoken: Sequence[Segment]) -> Quote | None:
    said = [*_said(reason, spoken)]
    if not said:
        return None
    evidence, segment = max(said, key=lambda each: (_sureness(each[0]), -each[1].start))
    return Quote(evidence.start, segment.text, segment.strand.label)


def _sureness(evidence: Evidence) -> float:
    return 1.0 if evidence.probability is None else evidence.probability


def _said(reason: Reason, spoken: Sequence[Segment]) -> Iterator[tuple[Evidence, Segment]]:
    """Give each span of evidence that is an utterance, or the end of one, with that utterance."""
    by_end: defaultdict[float, list[Segment]] = defaultdict(list)
    for segment in spoken:
        by_end[segment.end].append(segment)
    for finding in reason.findings:
        for evidence in finding.evidence:
            for segment in by_end.get(evidence.end, ()):
                if finding.speaker in ("", segment.strand.label):
                    yield evidence, segment
