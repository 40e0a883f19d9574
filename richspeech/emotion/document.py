"""The result of emotion recognition as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from richspeech.model.emotion_scores import EmotionScores, Scores, risks
from richspeech.settings import EmotionSettings

GRANULARITIES = ("utterance", "frame")
DIGITS = 6
"""Decimals of a score; a sum of nine is one to within half of the fifth."""
RESULT_KEYS = frozenset(
    {
        *("file", "emotion", "confidence", "scores", "risk", "granularity", "duration", "frames"),
        *("model", "started", "processing_seconds", "output", "embedding"),
    }
)
"""What a field of somebody's own cannot be called."""


@dataclass(frozen=True)
class Circumstances:
    """How a recording was heard."""

    file: str
    model: str
    started: datetime
    processing_seconds: float
    fields: Mapping[str, str] = field(default_factory=dict)
    """What the business knows of it, such as customer_id; none of RESULT_KEYS."""


def document(
    heard: EmotionScores, how: Circumstances, settings: EmotionSettings, *, frames: bool
) -> dict[str, Any]:
    """Return the JSON form; ``frames`` adds the curve over time."""
    return {
        "file": how.file,
        "emotion": heard.emotion.value,
        "confidence": round(heard.confidence, DIGITS),
        "scores": _plain(heard.scores),
        "risk": [each.value for each in risks(heard.scores, settings.risk)],
        "granularity": GRANULARITIES[frames],
        "duration": round(heard.duration, 3),
        **({"frames": _frames(heard, settings)} if frames else {}),
        "model": how.model,
        "started": how.started.isoformat(timespec="seconds"),
        "processing_seconds": round(how.processing_seconds, 3),
        **how.fields,
    }


def _frames(heard: EmotionScores, settings: EmotionSettings) -> list[dict[str, Any]]:
    windows = heard.windows(settings.window_seconds, settings.hop_seconds)
    return [
        {"start": each.start, "end": each.end, "scores": _plain(each.scores)} for each in windows
    ]


def _plain(scores: Scores) -> dict[str, float]:
    return {name.value: round(score, DIGITS) for name, score in scores.items()}
