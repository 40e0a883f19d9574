"""Calls and films with several microphones through the embedded model."""

import csv
import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from postprocess import Emotion
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform
from richspeech.audio.strands import open_strands
from richspeech.engines.loader import Loaded
from richspeech.model.options import Options
from richspeech.model.transcript import Transcript
from richspeech.review.conversation import talk_of
from tests.integration.conftest import EXAMPLES
from tests.unit.audio.test_strands import written

LIMITS = AudioLimits(max_bytes=10_000_000, max_seconds=120.0)
CASES = Path(__file__).resolve().parents[2].parent / "shared" / "cases"
CALL = "call_agent-left_customer-right_talk-over.flac"
INVERTED = "right-channel-is-inverted-left.flac"
TWO_TRACKS = "two-mono-mics-as-two-tracks_second-has-camera-and-angry.mov"

SENTENCE = re.compile(r"(\d+\.\d+)-(\d+\.\d+) ([^;]+?[。？！])(happy|angry)?(?:;|$)")
TIME_S = 0.5


def case(name: str) -> Path:
    if not CASES.is_dir() and not os.environ.get("CI"):
        pytest.skip(f"{CASES} is absent")
    return CASES / name


def transcript_of(ours: Loaded, source: Path | bytes, options: Options | None = None) -> Transcript:
    asked = options or Options()
    with open_strands(source, LIMITS, asked) as recording:
        *_, last = ours.transcriber.transcribe(recording, asked, lambda: False)
    return last.transcript


def expected() -> Iterator[tuple[float, int, str, Emotion | None]]:
    """What is said in the call: seconds, channel, words, and how they sound where that is told."""
    with (CASES / "EXPECTED.tsv").open(encoding="utf-8", newline="") as file:
        rows = {row["file"]: row["truth"] for row in csv.DictReader(file, delimiter="\t")}
    for channel, side in enumerate(rows[CALL].split(" right "), 1):
        for start, _, text, emotion in SENTENCE.findall(side):
            yield float(start), channel, text, Emotion(emotion) if emotion else None


def test_talk_over_gives_every_sentence_on_its_own_channel(ours: Loaded) -> None:
    segments = transcript_of(ours, case(CALL)).segments
    truth = sorted(expected())
    assert len(truth) == len(segments) == 8
    for (start, channel, text, emotion), segment in zip(truth, segments, strict=True):
        assert (segment.channel, segment.text) == (channel, text)
        assert segment.speaker == "AB"[channel - 1]
        assert segment.start == pytest.approx(start, abs=TIME_S)
        assert emotion in (None, segment.emotion)


def test_it_is_told_who_talked_over_whom_and_how_much_each_said(ours: Loaded) -> None:
    """As EXPECTED.tsv has it: 0.95 s, 1.73 s and 2.37 s at once; 0.37 s are too little."""
    heard = transcript_of(ours, case(CALL), Options(speakers=("agent", "customer")))
    found = talk_of(heard)
    broke_in = [(each.by, each.over) for each in found.talk_overs]
    assert broke_in == [("customer", "agent")] * 2 + [("agent", "customer")]
    for over, (start, end) in zip(
        found.talk_overs, [(8.0, 8.95), (11.3, 13.03), (16.2, 18.57)], strict=True
    ):
        assert (over.start, over.end) == pytest.approx((start, end), abs=TIME_S)
    shares = {each.speaker: each.share for each in found.speakers}
    assert shares == pytest.approx({"agent": 0.457, "customer": 0.543}, abs=0.03)
    assert found.longest is not None
    assert (found.longest.speaker, found.hold_seconds) == ("customer", 0)


def test_channels_that_cancel_are_heard(ours: Loaded) -> None:
    transcript = transcript_of(ours, case(INVERTED))
    assert len(transcript.segments) == 2
    assert [each.strand.label for each in transcript.segments] == ["", ""]


def test_two_tracks_are_heard_or_said_not_to_be(ours: Loaded) -> None:
    first = transcript_of(ours, case(TWO_TRACKS))
    both = transcript_of(ours, case(TWO_TRACKS), Options(tracks="all"))
    assert len(first.segments) == 2
    assert [each.code for each in first.warnings] == ["tracks_unheard"]
    assert both.warnings == ()
    assert [each.track for each in both.segments] == ["Track 2", "Track 1"] * 2
    assert {each.text for each in first.segments} < {each.text for each in both.segments}


def test_two_examples_as_the_sides_of_a_call_are_heard_as_each_by_itself(ours: Loaded) -> None:
    left, right = (
        load_waveform(EXAMPLES / name, LIMITS) for name in ("zh-call.wav", "en-meeting.wav")
    )
    length = max(len(left), len(right))
    sides = [np.pad(each, (0, length - len(each))) for each in (left, right)]
    segments = transcript_of(ours, written(sides, form="wav")).segments
    for side, speaker in zip(sides, "AB", strict=True):
        alone = transcript_of(ours, written([side], form="wav")).segments
        heard = [each for each in segments if each.speaker == speaker]
        assert [each.text for each in heard] == [each.text for each in alone]
        assert [each.start for each in heard] == [each.start for each in alone]
    assert [each.start for each in segments] == sorted(each.start for each in segments)
