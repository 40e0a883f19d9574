"""Transcripts for tests: written by hand, or any that the engine could give."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import strategies as st

from postprocess import LANGUAGES, AudioEvent, Emotion
from richspeech.jobs.transcribe import Transcription
from richspeech.model.edits import Amendment
from richspeech.model.transcript import DECIMALS, Segment, Transcript

SHOWN_EVENTS = [event for event in AudioEvent if event is not AudioEvent.SPEECH]


def segment(
    start: float,
    end: float,
    text: str = "你好。",
    emotion: Emotion = Emotion.NEUTRAL,
    *events: AudioEvent,
    language: str | None = "zh",
    probabilities: Mapping[str, float] | None = None,
    event_probabilities: Mapping[str, float] | None = None,
) -> Segment:
    """By default the model is quite sure of the emotion, and says nothing of events."""
    emotions = {emotion.value: 0.9, "unknown": 0.1} if probabilities is None else probabilities
    return Segment(
        start,
        end,
        text,
        language,
        0.9,
        emotion,
        emotions,
        events,
        event_probabilities or {},
        (),
        "",
    )


def transcript(*segments: Segment, duration: float = 100.0) -> Transcript:
    return Transcript(duration, 1.0, "sensevoice", "iic/SenseVoiceSmall", segments)


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    """In order of time, without overlap, on a grid of 10 ms, as docs/transcript.md promises."""
    lengths = draw(st.lists(st.tuples(st.integers(0, 900), st.integers(1, 3_000)), max_size=12))
    now, segments = 0, []
    for gap, length in lengths:
        start, now = now + gap, now + gap + length
        segments.append(draw(_segments(start / 100, now / 100)))
    return transcript(*segments, duration=(now + draw(st.integers(0, 900))) / 100)


@st.composite
def _segments(draw: st.DrawFn, start: float, end: float) -> Segment:
    weights = draw(st.lists(st.integers(1, 100), min_size=len(Emotion), max_size=len(Emotion)))
    measured = {e.value: w / sum(weights) for e, w in zip(Emotion, weights, strict=True)}
    return segment(
        start,
        end,
        draw(st.sampled_from(["", "你好，我要退款。", "It is broken!", "안녕하세요"])),
        draw(st.sampled_from(list(Emotion))),
        *draw(st.lists(st.sampled_from(SHOWN_EVENTS), max_size=2, unique=True)),
        language=draw(st.sampled_from([*LANGUAGES, "nospeech", None])),
        probabilities=draw(st.sampled_from([measured, {}])),
        event_probabilities=draw(st.sampled_from([{"laughter": 0.7, "speech": 0.3}, {}])),
    )


def put_right(job: Transcription, *corrections: Amendment) -> None:
    """Have a person put that right in what a job has heard, and nothing else."""
    assert job.document is not None
    job.document = job.document.with_corrections(corrections, datetime(2026, 11, 1, tzinfo=UTC))


def one_as_rounded(count: int) -> Any:
    """One, as the sum of so many probabilities that are rounded as they are written."""
    return pytest.approx(1.0, abs=count * 0.5 * 10**-DECIMALS)
