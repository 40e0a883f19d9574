"""Transcript → txt, srt, json."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import LOCALES, STYLES, AudioEvent, Emotion
from richspeech.transcript import Segment, Transcript
from richspeech.writers import WRITERS, display_text, srt_time, write_json, write_srt, write_txt


def segment(
    start: float,
    end: float,
    text: str,
    emotion: Emotion = Emotion.NEUTRAL,
    *events: AudioEvent,
    language: str = "zh",
) -> Segment:
    return Segment(
        start, end, text, language, None, emotion, {}, events, {}, tokens=(), raw_text=text
    )


def transcript(*segments: Segment) -> Transcript:
    return Transcript(100.0, 1.0, "sensevoice", "models/sensevoice-tiny", segments)


EMPTY = transcript()
HEARD = transcript(
    segment(0.07, 2.34, "真的很大啊!", Emotion.HAPPY, AudioEvent.LAUGHTER),
    segment(3.0, 4.0, "", Emotion.UNKNOWN, AudioEvent.APPLAUSE),
    segment(5.0, 6.0, "", Emotion.NEUTRAL),
    segment(59.9996, 3_725.5, "Hello.", Emotion.UNKNOWN, language="en"),
)


# txt ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "locale", "lines"),
    [
        ("label", "zh", ["真的很大啊!(开心)(笑声)", "(掌声)", "Hello."]),
        ("label", "en", ["真的很大啊!(happy)(laughter)", "(applause)", "Hello."]),
        ("emoji", "zh", ["😀真的很大啊!😊", "👏", "Hello."]),
        ("plain", "zh", ["真的很大啊!", "Hello."]),
        (
            "tags",
            "zh",
            [
                "<|zh|><|HAPPY|><|Laughter|>真的很大啊!",
                "<|zh|><|EMO_UNKNOWN|><|Applause|>",
                "<|zh|><|NEUTRAL|>",
                "<|en|><|EMO_UNKNOWN|>Hello.",
            ],
        ),
    ],
)
def test_txt_has_a_line_for_each_segment_with_something_to_show(
    style: str, locale: str, lines: list[str]
) -> None:
    assert write_txt(HEARD, style, locale).splitlines() == lines


def test_the_whole_text_is_joined_as_its_languages_want() -> None:
    assert display_text(HEARD, "label", "zh") == "真的很大啊!(开心)(笑声)(掌声) Hello."
    assert display_text(HEARD, "plain", "zh") == HEARD.text


# srt ----------------------------------------------------------------------------------------------


def test_srt_numbers_what_is_shown_and_spells_times_as_players_read_them() -> None:
    assert write_srt(HEARD) == (
        "1\n00:00:00,070 --> 00:00:02,340\n真的很大啊!(开心)(笑声)\n"
        "\n"
        "2\n00:00:03,000 --> 00:00:04,000\n(掌声)\n"
        "\n"
        "3\n00:01:00,000 --> 01:02:05,500\nHello.\n"
    )


@pytest.mark.parametrize(
    ("seconds", "spelled"),
    [
        (0.0, "00:00:00,000"),
        (-0.0004, "00:00:00,000"),
        (-1.0, "00:00:00,000"),
        (0.0006, "00:00:00,001"),
        (59.9994, "00:00:59,999"),
        (59.9996, "00:01:00,000"),
        (3_599.9996, "01:00:00,000"),
        (36_000.0, "10:00:00,000"),
        (360_000.0, "100:00:00,000"),
    ],
)
def test_srt_times_carry_over(seconds: float, spelled: str) -> None:
    assert srt_time(seconds) == spelled


@given(st.lists(st.floats(0, 50_000), min_size=2, max_size=20).map(sorted))
def test_srt_times_never_go_backwards(bounds: list[float]) -> None:
    heard = transcript(*(segment(start, end, "好") for start, end in pairwise(bounds)))
    lines = [line for line in write_srt(heard).splitlines() if "-->" in line]
    times = [time for line in lines for time in line.split(" --> ")]
    assert len(lines) == len(bounds) - 1
    assert times == sorted(times)


# json and the rest --------------------------------------------------------------------------------


@pytest.mark.parametrize("heard", [EMPTY, HEARD])
def test_json_is_one_document_on_one_line(heard: Transcript) -> None:
    written = write_json(heard)
    assert written.count("\n") == 1
    assert written.endswith("\n")
    assert json.loads(written) == heard.to_dict()


def test_json_keeps_characters_readable() -> None:
    assert "真的很大啊!" in write_json(HEARD)


@pytest.mark.parametrize("name", ["txt", "srt"])
def test_an_empty_transcript_makes_an_empty_file(name: str) -> None:
    assert WRITERS[name](EMPTY, "label", "zh") == ""


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", [*WRITERS])
def test_every_writer_takes_the_same_arguments(name: str, style: str, locale: str) -> None:
    assert "Hello." in WRITERS[name](HEARD, style, locale)
    assert "Hello." in WRITERS[name](HEARD, style=style, locale=locale)


def test_the_formats_are_those_of_the_file_endings() -> None:
    assert {*WRITERS} >= {"txt", "json", "srt"}
