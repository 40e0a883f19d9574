"""Transcript → srt, vtt, ass, lrc, read back by the parsers of their users."""

import re
from collections.abc import Sequence
from html import unescape
from itertools import pairwise

import pysubs2
import pytest
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from postprocess import AudioEvent, Emotion
from richspeech.model.transcript import Transcript
from richspeech.writers import WriterOptions
from richspeech.writers.cues import Cue, build_cues
from richspeech.writers.labels import COLOURS
from richspeech.writers.subtitles import (
    lrc_time,
    vtt_time,
    write_ass,
    write_lrc,
    write_srt,
    write_vtt,
)
from tests.transcripts import segment, transcript, transcripts

JOINER = "\u2060"
NASTY = [
    *("<b>", "</c>", "<00:01>", "-->", "{\\an8}", "{", "}", "\\N", "\\", "&amp;", "[00:09.00]"),
    *("00:00:01,000 --> 00:00:02,000", "NOTE", "STYLE", "WEBVTT", "Dialogue: 0,", "1", "a", "好。"),
]
TEXTS = st.lists(st.sampled_from(NASTY) | st.text(max_size=5), max_size=12).map(" ".join)
UNHURRIED = settings(deadline=None)
ANY_EMOTION = st.sampled_from(list(Emotion))


@st.composite
def nasty_transcripts(draw: st.DrawFn) -> Transcript:
    said = draw(st.lists(st.tuples(TEXTS, ANY_EMOTION), max_size=6))
    return transcript(
        *(segment(at * 9.0, at * 9.0 + 8.0, text, each) for at, (text, each) in enumerate(said))
    )


ANY_TRANSCRIPT = nasty_transcripts() | transcripts()
WITHOUT_LABELS = WriterOptions("plain")
CALL = transcript(
    segment(0.0, 3.0, "好的！", Emotion.HAPPY, AudioEvent.LAUGHTER),
    segment(4.0, 4.3, "不行", Emotion.ANGRY),
    segment(4.4, 6.0, "好吧", Emotion.NEUTRAL),
)


def shown(cues: Sequence[Cue]) -> list[tuple[int, int, str]]:
    """Milliseconds and text of each cue."""
    return [
        (round(cue.start * 1000), round(cue.end * 1000), "\n".join(line.text for line in cue.lines))
        for cue in cues
    ]


# srt ----------------------------------------------------------------------------------------------


@UNHURRIED
@given(ANY_TRANSCRIPT)
def test_srt_reads_back_as_the_cues_and_nothing_in_it_is_markup(heard: Transcript) -> None:
    blocks = [block.split("\n") for block in write_srt(heard).rstrip("\n").split("\n\n") if block]
    read = [
        (pysubs2.SSAFile.from_string("\n".join(block), "srt")[0], block[2:]) for block in blocks
    ]
    assert [block[0] for block in blocks] == [str(at) for at in range(1, len(blocks) + 1)]
    assert [
        (event.start, event.end, "\n".join(lines).replace(JOINER, "")) for event, lines in read
    ] == [(start, end, text.replace(JOINER, "")) for start, end, text in shown(cues_of(heard))]
    assert not any(re.search(r"</?[a-z]|\{\\|-->", "\n".join(lines)) for _, lines in read)


def cues_of(heard: Transcript) -> list[Cue]:
    return build_cues(heard, WriterOptions())


def test_srt_spells_emotions_and_numbers_the_cues() -> None:
    assert write_srt(CALL) == (
        "1\n00:00:00,000 --> 00:00:03,000\n[笑声] 好的！(开心)\n"
        "\n"
        "2\n00:00:04,000 --> 00:00:06,000\n不行(愤怒)\n好吧\n"
    )


# vtt ----------------------------------------------------------------------------------------------


@UNHURRIED
@given(ANY_TRANSCRIPT)
def test_vtt_reads_back_as_the_cues(heard: Transcript) -> None:
    cues = build_cues(heard, WriterOptions(), name_emotions=False)
    read = webvtt.from_string(write_vtt(heard)).captions
    assert [
        (
            ms(each.start_in_seconds, each.start),
            ms(each.end_in_seconds, each.end),
            unescape(each.text),
        )
        for each in read
    ] == shown(cues)


def ms(seconds: int, spelled: str) -> int:
    return seconds * 1000 + int(spelled[-3:])


@pytest.mark.parametrize(
    ("seconds", "spelled"),
    [
        (0.0, "00:00:00.000"),
        (-0.0004, "00:00:00.000"),
        (-1.0, "00:00:00.000"),
        (0.0006, "00:00:00.001"),
        (59.9994, "00:00:59.999"),
        (59.9996, "00:01:00.000"),
        (3_599.9996, "01:00:00.000"),
        (36_000.0, "10:00:00.000"),
        (360_000.0, "100:00:00.000"),
    ],
)
def test_vtt_times_carry_over(seconds: float, spelled: str) -> None:
    assert vtt_time(seconds) == spelled


def test_vtt_gives_each_line_the_class_of_its_emotion() -> None:
    assert write_vtt(CALL).split("\n\n") == [
        "WEBVTT",
        "STYLE\n::cue(.happy) { color: #E8C84A; }\n::cue(.angry) { color: #FF8F66; }",
        "1\n00:00:00.000 --> 00:00:03.000\n<c.happy>[笑声] 好的！</c>",
        "2\n00:00:04.000 --> 00:00:06.000\n<c.angry>不行</c>\n好吧\n",
    ]


@pytest.mark.parametrize("options", [WriterOptions(emotions=False), WITHOUT_LABELS])
def test_emotions_can_be_left_out(options: WriterOptions) -> None:
    written = write_vtt(CALL, options) + write_ass(CALL, options) + write_srt(CALL, options)
    assert not re.search("STYLE|<c|Style: happy|开心|愤怒", written)


# ass ----------------------------------------------------------------------------------------------


@UNHURRIED
@given(ANY_TRANSCRIPT)
def test_ass_reads_back_as_the_cues(heard: Transcript) -> None:
    cues = build_cues(heard, WriterOptions(), name_emotions=False)
    read = pysubs2.SSAFile.from_string(write_ass(heard), "ass")
    wide = str.maketrans("{}", "｛｝")
    assert [(event.start, event.end, event.plaintext.replace(JOINER, "")) for event in read] == [
        (start, end, text.translate(wide).replace(JOINER, "")) for start, end, text in shown(cues)
    ]


@UNHURRIED
@given(ANY_TRANSCRIPT)
def test_every_style_that_an_ass_line_asks_for_is_there_in_its_colour(heard: Transcript) -> None:
    written = write_ass(heard)
    read = pysubs2.SSAFile.from_string(written, "ass")
    changes = re.findall(r"\{\\r(\w+)\}", written)
    assert {event.style for event in read} | {*changes} <= {*read.styles}
    for emotion, colour in COLOURS.items():
        if emotion in read.styles:
            found = read.styles[emotion].primarycolor
            assert f"#{found.r:02X}{found.g:02X}{found.b:02X}" == colour


def test_ass_colours_two_lines_of_one_cue_each_for_itself() -> None:
    *_, first, second = write_ass(CALL, WriterOptions(title="a\nb")).splitlines()
    assert first == "Dialogue: 0,0:00:00.00,0:00:03.00,happy,,0,0,0,,[笑声] 好的！"
    assert second == "Dialogue: 0,0:00:04.00,0:00:06.00,angry,,0,0,0,,不行\\N{\\rDefault}好吧"


@pytest.mark.parametrize(
    ("start", "spelled"),
    [(3_725.5, "1:02:05.50"), (59.996, "0:01:00.00"), (43_000.0, "11:56:40.00")],
)
def test_ass_spells_times_in_hundredths_beyond_ten_hours_as_well(
    start: float, spelled: str
) -> None:
    (event,) = write_ass(transcript(segment(start, start + 2.0))).splitlines()[-1:]
    assert event.split(",")[1] == spelled


def test_lrc_spells_times_in_hundredths() -> None:
    assert lrc_time(3_725.5) == "62:05.50"
    assert lrc_time(59.996) == "01:00.00"


# lrc ----------------------------------------------------------------------------------------------

STAMP = re.compile(r"[\[<](\d+):(\d\d(?:\.\d+)?)[\]>]")


@UNHURRIED
@given(ANY_TRANSCRIPT)
def test_lrc_has_one_time_a_line_in_order_and_all_words(heard: Transcript) -> None:
    cues = build_cues(heard, WriterOptions(), most_lines=1)
    lines = [line for line in write_lrc(heard).splitlines() if not line.startswith("[length:")]
    stamps = [STAMP.findall(line) for line in lines]
    assert all(len(found) == 1 for found in stamps)
    times = [int(minutes) * 60 + float(seconds) for [(minutes, seconds)] in stamps]
    assert all(before < after for before, after in pairwise(times))
    words = [text for line in lines if (text := line.partition("]")[2])]
    assert [narrow(text) for text in words] == [narrow(cue.lines[0].text) for cue in cues]


def narrow(text: str) -> str:
    return text.translate(str.maketrans("［＜", "[<"))


def test_lrc_clears_the_screen_before_a_silence() -> None:
    assert write_lrc(CALL, WriterOptions(title="call.wav")) == (
        "[ti:call.wav]\n[length:1:40]\n"
        "[00:00.00][笑声] 好的！(开心)\n[00:03.00]\n"
        "[00:04.00]不行(愤怒)\n[00:04.40]好吧\n[00:06.00]\n"
    )


def test_srt_goes_on_beyond_a_hundred_hours() -> None:
    late = transcript(segment(360_000.5, 360_002.0, "还在说。"), duration=400_000.0)
    assert "100:00:00,500 --> 100:00:02,000" in write_srt(late)
