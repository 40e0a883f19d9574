"""What a cascade knows of a segment, and its judgement of it.

    probabilities of the tags ┐
    words: how sure, how fast ├ features → classifier → labels that are more likely than not
    pitch, loudness           │
    sentiment of the words    ┘

Features are of what was measured, never of what a rule made of it, so that a cascade stays what it
is when rules change.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from postprocess import LANGUAGES, AudioEvent, Emotion
from richspeech.model.agreement import DEFAULT_LIMITS
from richspeech.model.calibration import log_odds
from richspeech.model.edits import CascadeEdit
from richspeech.model.sentiment import Limits, Sentiment
from richspeech.model.transcript import PROBABLY, Revision, Segment

KINDS: tuple[Literal["emotion"], Literal["event"]] = ("emotion", "event")
"""What a cascade may judge."""
NEVER = 2.0
"""No probability is as high."""
LEAST_PROBABILITY = 1e-4
"""Transcripts are rounded to that."""
USUAL_PITCH_HZ = 160.0
"""Between what is usual of men and of women: pitch is told in octaves from there."""

Features = NDArray[np.float32]
"""[N, F], finite."""


class Cascade(Protocol):
    """Judges segments: ``engines.cascades.Cascade``."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def features(self) -> tuple[str, ...]:
        """Names of what it wants to know, in order."""

    @property
    def sure(self) -> Mapping[str, float]:
        """From which probability on it names what a calibration has left in doubt, by kind."""

    def judge(self, features: Features) -> Sequence[Mapping[str, Mapping[str, float]]]:
        """Return for each row, by kind, the probability of every label that it knows."""


def revise_segments(
    segments: Sequence[Segment], cascade: Cascade, limits: Limits = DEFAULT_LIMITS
) -> CascadeEdit:
    """Return what a cascade takes the labels for; ``limits`` weigh voice against words anew.

    A sound in which nobody speaks, and a segment whose engine gives no probabilities, are not
    judged.
    """
    judged = [at for at, segment in enumerate(segments) if can_be_judged(segment)]
    found: list[tuple[Revision, ...]] = [()] * len(segments)
    if judged:
        features = matrix([segments[at] for at in judged], cascade.features)
        for at, scores in zip(judged, cascade.judge(features), strict=True):
            found[at] = tuple(likely(segments[at], scores, cascade.sure))
    return CascadeEdit(found=tuple(found), limits=limits, by=cascade.name, made=datetime.now(UTC))


def likely(
    segment: Segment,
    scores: Mapping[str, Mapping[str, float]],
    sure: Mapping[str, float] = MappingProxyType({}),
) -> list[Revision]:
    """Return the labels that are more likely than not, of ``scores`` by kind.

    Where the model's own answer is none of those that a cascade has learned of, it has no say; and
    what a calibration has left in doubt stays so unless the cascade is ``sure`` of it.
    """
    found = []
    for kind in KINDS:
        known = scores.get(kind, {})
        label = max(known, key=known.__getitem__, default="")
        doubted = kind == "emotion" and segment.doubts_emotion
        enough = sure.get(kind, NEVER) if doubted else PROBABLY
        if known and known[label] >= enough and heard(segment, kind) in known:
            found.append(Revision(kind, label, round(known[label], 4)))
    return found


def can_be_judged(segment: Segment) -> bool:
    """Say whether a cascade may judge it: somebody speaks, and the engine is sure of something."""
    return bool(segment.text and segment.emotion_probabilities and segment.event_probabilities)


def heard(segment: Segment, kind: str) -> str:
    """Return the model's own answer, before calibration or a rule made another of it."""
    known = segment.emotion_probabilities if kind == "emotion" else segment.event_probabilities
    return str(max(known, key=known.__getitem__))


def feature_names(segments: Sequence[Segment], *, sentiment: bool = False) -> tuple[str, ...]:
    """Return the names of what is known of these; ``sentiment`` if their words were read."""
    names = dict.fromkeys(name for each in segments for name in features_of(each))
    return tuple(name for name in names if sentiment or not name.startswith("sentiment."))


def matrix(segments: Sequence[Segment], names: Sequence[str]) -> Features:
    """Return the features of segments, a row each; what a segment has not is 0."""
    rows = (features_of(each) for each in segments)
    return np.array([[row.get(name, 0.0) for name in names] for row in rows], np.float32)


def features_of(segment: Segment) -> dict[str, float]:
    """Return all that can be known of a segment, by name."""
    return {
        **_probabilities("emotion", segment.emotion_probabilities, Emotion),
        **_probabilities("event", segment.event_probabilities, AudioEvent),
        **{f"language.{each}": float(segment.language == each) for each in LANGUAGES},
        **_words(segment),
        **_voice(segment),
        **_sentiment(segment),
    }


def _probabilities(
    kind: str, known: Mapping[str, float], labels: type[Emotion] | type[AudioEvent]
) -> dict[str, float]:
    """Return logarithms: a classifier that adds up sees products of probabilities."""
    return {
        f"{kind}.{each.value}": math.log(max(known[each], LEAST_PROBABILITY))
        for each in labels
        if each in known
    }


def _words(segment: Segment) -> dict[str, float]:
    sure = [log_odds(t.probability) for t in segment.tokens if t.probability is not None]
    seconds = max(segment.duration, 0.01)
    return {
        "words.sure": sum(sure) / len(sure) if sure else 0.0,
        "words.rate": len(segment.tokens) / seconds,
        "words.seconds": math.log(seconds),
    }


def _voice(segment: Segment) -> dict[str, float]:
    voice = segment.prosody
    if voice is None:
        return {}
    pitch, spread = voice.pitch_hz, voice.pitch_range_semitones
    return {
        "voice.pitched": float(pitch is not None),
        "voice.pitch": 0.0 if pitch is None else math.log2(pitch / USUAL_PITCH_HZ),
        "voice.pitch_range": spread or 0.0,
        "voice.voiced": voice.voiced_share,
        "voice.level": voice.level_db,
        "voice.level_range": voice.level_range_db,
    }


def _sentiment(segment: Segment) -> dict[str, float]:
    scores = segment.sentiment_probabilities
    read = {"sentiment.read": float(bool(scores))}
    return read | {f"sentiment.{each.value}": scores.get(each, 0.0) for each in Sentiment}
