"""Highlights → CMX3600 and OTIO, read by OpenTimelineIO, and → chapters, read by webvtt-py."""

from fractions import Fraction
from io import StringIO

import opentimelineio as otio
import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from richspeech.errors import OptionError
from richspeech.language.localized import LocalizedText
from richspeech.review.chapters import write_chapters
from richspeech.review.edl import write_edl
from richspeech.review.evidence import Evidence
from richspeech.review.highlights import Highlight
from richspeech.review.timecode import Grid
from richspeech.review.timeline import write_otio

FILM = Fraction(24_000, 1_001)
NTSC = Fraction(30_000, 1_001)


def highlight(start: float, end: float, title: str = "笑声", *rules: str) -> Highlight:
    found = Evidence(start, end, "laughter", 0.9)
    return Highlight(
        start, end, rules or ("laughter",), (LocalizedText(title, "Laughter"),), 1.0, (found,)
    )


TWO = [highlight(61.48, 65), highlight(3_600, 3_610.24, "笑声", "laughter", "applause")]

# EDL ----------------------------------------------------------------------------------------------


def test_an_edl_has_one_event_a_highlight() -> None:
    assert write_edl(TWO, name="zh call.wav").splitlines() == [
        "TITLE: zh call.wav",
        "FCM: NON-DROP FRAME",
        "",
        "001  AX       A     C        00:01:01:12 00:01:05:00 00:00:00:00 00:00:03:13",
        "* FROM CLIP NAME: zh call.wav",
        "* COMMENT: laughter AT 25 FPS",
        "002  AX       A     C        01:00:00:00 01:00:10:06 00:00:03:13 00:00:13:19",
        "* FROM CLIP NAME: zh call.wav",
        "* COMMENT: laughter, applause AT 25 FPS",
    ]


@pytest.mark.parametrize("video", [False, True])
@pytest.mark.parametrize("rate", [Fraction(25), Fraction(50), NTSC, FILM])
def test_an_editor_reads_the_seconds_that_were_meant(rate: Fraction, video: bool) -> None:
    text = write_edl(TWO, name="call.mp4", frame_rate=rate, video=video)
    timeline = otio.adapters.read_from_string(text, "cmx_3600", rate=round(rate))
    kinds = [track.kind for track in timeline.tracks]
    assert kinds == (["Video", "Audio"] if video else ["Audio"])
    for track in timeline.tracks:
        assert [clip.name for clip in track] == ["call.mp4", "call.mp4"]
        spans = [clip.source_range for clip in track]
        frames = [(each.start_time.value, each.end_time_exclusive().value) for each in spans]
        seconds = [pytest.approx((s.start, s.end), abs=0.501 / rate) for s in TWO]
        assert [(first / rate, end / rate) for first, end in frames] == seconds


def test_an_edl_begins_at_the_timecode_of_the_file() -> None:
    text = write_edl(TWO, name="a.mov", video=True, timecode="10:00:00:00")
    assert "10:01:01:12 10:01:05:00 00:00:00:00 00:00:03:13" in text
    assert "11:00:00:00 11:00:10:06" in text
    assert "FCM: NON-DROP FRAME" in text


def test_a_drop_frame_timecode_stays_with_the_clock() -> None:
    """An hour of 29.97 frames a second is 107,892 frames, and 01:00:00;00."""
    text = write_edl(TWO, name="a.mov", frame_rate=NTSC, video=True, timecode="01:00:00;00")
    assert "FCM: DROP FRAME" in text
    assert "02:00:00;00 02:00:10;07 " in text
    timeline = otio.adapters.read_from_string(text, "cmx_3600", rate=float(NTSC))
    [clip, _] = timeline.tracks[0]
    first = clip.source_range.start_time.value
    assert first == 107_892 + round(TWO[0].start * NTSC)


def test_a_timecode_goes_over_midnight() -> None:
    text = write_edl(TWO, name="a.mov", timecode="23:59:00:00", video=True)
    assert "00:00:01:12 00:00:05:00" in text


@pytest.mark.parametrize(
    "wrong",
    ["", "1:00:00:00", "99:00:00:00", "01:00:00:77", "01:00:00;00", "١٢:00:00:00", "a" * 11],
)
def test_a_timecode_that_is_none_at_this_rate_is_not_taken(wrong: str) -> None:
    assert write_edl(TWO, name="a", timecode=wrong) == write_edl(TWO, name="a")


def test_a_timeline_begins_at_the_timecode_of_the_file() -> None:
    text = write_otio(TWO, name="a.mov", frame_rate=NTSC, video=True, timecode="01:00:00;00")
    [clip, _] = otio.adapters.read_from_string(text, "otio_json").tracks[0]
    assert clip.source_range.start_time.value == 107_892 + round(TWO[0].start * NTSC)


def test_a_picture_that_begins_after_the_recording_has_fewer_frames_before_a_time() -> None:
    text = write_edl(TWO, name="a.mov", video=True, offset=-1.48)
    assert "00:01:00:00 00:01:03:13" in text


@given(st.integers(0, 2_589_407), st.sampled_from([NTSC, 2 * NTSC]))
def test_a_drop_frame_timecode_is_read_as_the_frame_it_was_made_of(
    frame: int, rate: Fraction
) -> None:
    text = Grid(rate, drops=True).spell(frame)
    assert otio.opentime.from_timecode(text, float(rate)).value == frame


@given(st.integers(0, 24 * 3_600 * 24 - 1), st.sampled_from([Fraction(24), Fraction(25), NTSC]))
def test_a_timecode_is_read_as_the_frame_it_was_made_of(frame: int, rate: Fraction) -> None:
    read = otio.opentime.from_timecode(Grid(rate).spell(frame), round(rate))
    assert read.value == frame


@pytest.mark.parametrize(
    ("rate", "highlights", "sentence"),
    [
        (Fraction(0), TWO, "An EDL cannot have 0 frames a second; choose 1 to 99."),
        (Fraction(120), TWO, "An EDL cannot have 120 frames a second; choose 1 to 99."),
        (
            Fraction(25),
            [highlight(n, n + 1) for n in range(1_000)],
            "An EDL holds 999 events, not 1,000; choose fewer, or lower highlights.top.",
        ),
        (
            Fraction(25),
            [highlight(86_399, 86_401)],
            "An EDL holds less than 24 hours; cut the recording into parts.",
        ),
    ],
)
def test_what_the_format_cannot_hold_is_refused(
    rate: Fraction, highlights: list[Highlight], sentence: str
) -> None:
    with pytest.raises(OptionError) as caught:
        write_edl(highlights, name="call.wav", frame_rate=rate)
    assert str(caught.value) == sentence


def test_a_name_cannot_add_lines() -> None:
    text = write_edl(TWO, name="a\n003  AX.wav")
    assert len(text.splitlines()) == len(write_edl(TWO, name="a.wav").splitlines())


# OTIO ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("video", [False, True])
@pytest.mark.parametrize("rate", [Fraction(12), Fraction(25), NTSC, FILM])
def test_a_timeline_has_the_clips_at_any_rate_with_their_rules(rate: Fraction, video: bool) -> None:
    text = write_otio(TWO, name="call.mp4", frame_rate=rate, video=video)
    timeline = otio.adapters.read_from_string(text, "otio_json")
    assert [track.kind for track in timeline.tracks] == (["Video"] if video else []) + ["Audio"]
    for track in timeline.tracks:
        spans = [clip.source_range for clip in track]
        for span, meant in zip(spans, TWO, strict=True):
            assert span.start_time.rate == pytest.approx(float(rate))
            frames = (span.start_time.value, span.end_time_exclusive().value)
            seconds = (frames[0] / rate, frames[1] / rate)
            assert seconds == pytest.approx((meant.start, meant.end), abs=0.501 / rate)
        assert [clip.media_reference.target_url for clip in track] == ["call.mp4", "call.mp4"]
        rules = [list(clip.metadata["richspeech"]["rules"]) for clip in track]
        assert rules == [["laughter"], ["laughter", "applause"]]


def test_no_highlights_are_a_timeline_without_clips() -> None:
    text = write_otio([], name="call.wav", frame_rate=Fraction(25), video=False)
    timeline = otio.adapters.read_from_string(text, "otio_json")
    assert [[*track] for track in timeline.tracks] == [[]]


# Chapters -----------------------------------------------------------------------------------------


def test_chapters_are_cues_that_a_player_reads() -> None:
    read = webvtt.from_buffer(StringIO(write_chapters(TWO)))
    assert [(c.identifier, c.start, c.end, c.text) for c in read.captions] == [
        ("1", "00:01:01.480", "00:01:05.000", "笑声"),
        ("2", "01:00:00.000", "01:00:10.240", "笑声"),
    ]
    english = webvtt.from_buffer(StringIO(write_chapters(TWO, "en")))
    assert [cue.text for cue in english.captions] == ["Laughter", "Laughter"]


def test_a_title_cannot_end_its_cue_or_become_markup() -> None:
    text = write_chapters([highlight(1, 2, "a --> <b>&\n\nc")])
    assert "a --&gt; &lt;b&gt;&amp; c\n" in text
    assert len(webvtt.from_buffer(StringIO(text)).captions) == 1


def test_no_highlights_are_a_file_without_cues() -> None:
    assert write_chapters([]) == "WEBVTT\n"
