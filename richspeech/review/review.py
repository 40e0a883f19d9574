"""Review: insight, highlights and risk of one transcript."""

from dataclasses import dataclass
from typing import Any

from richspeech.model.transcript import Transcript
from richspeech.review.highlights import Highlight, pick_highlights
from richspeech.review.insight import WINDOW_SECONDS, Insight, make_insight
from richspeech.review.risk import Risk, assess_risk
from richspeech.settings import Settings


@dataclass(frozen=True)
class Review:
    """All three."""

    insight: Insight
    highlights: tuple[Highlight, ...]
    risk: Risk

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "insight": self.insight.to_dict(),
            "highlights": [highlight.to_dict() for highlight in self.highlights],
            "risk": self.risk.to_dict(),
        }


def review_transcript(
    transcript: Transcript, settings: Settings, window_seconds: float = WINDOW_SECONDS
) -> Review:
    """Work out all three; raises ``OptionError`` for windows that are too short."""
    return Review(
        make_insight(transcript, window_seconds, settings.conversation),
        pick_highlights(transcript, settings.highlights),
        assess_risk(transcript, settings.risk),
    )
