"""Transcript → txt, md, json, csv, and the table of all formats."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from postprocess import LOCALES, STYLES, AudioEvent, Emotion
from richspeech.errors import OptionError
from richspeech.model.corrections import Correction
from richspeech.model.lines import correct
from richspeech.model.transcript import Transcript
from richspeech.writers import FORMATS, WRITERS, WriterOptions, display_text, write
from richspeech.writers.data import CSV_COLUMNS, write_csv, write_json
from richspeech.writers.text import write_md, write_txt
from tests.transcripts import segment, transcript, transcripts

TEXT_FORMATS = [each.name for each in FORMATS if not each.is_binary]

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
EMPTY = transcript()
HEARD = transcript(
    segment(0.07, 2.34, "真的很大啊!", Emotion.HAPPY, AudioEvent.LAUGHTER),
    segment(3.0, 4.0, "", Emotion.UNKNOWN, AudioEvent.APPLAUSE),
    segment(5.0, 6.0, "", Emotion.NEUTRAL),
    segment(59.9996, 3_725.5, "Hello.", Emotion.UNKNOWN, language="en"),
)
options = st.builds(WriterOptions, st.sampled_from(STYLES), st.sampled_from(LOCALES), st.booleans())


def saying(text: str) -> Transcript:
    return transcript(segment(0.0, 2.0, text))


# The table ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def talk() -> Transcript:
    return Transcript.from_dict(json.loads((GOLDEN / "talk.json").read_text("utf-8")))


@pytest.mark.parametrize("form", [form for form in TEXT_FORMATS if form not in ("json", "html")])
def test_a_talk_is_written_as_it_was_read_and_found_good(form: str, talk: Transcript) -> None:
    golden = (GOLDEN / f"talk.{form}").read_bytes()
    assert write(talk, form, WriterOptions(title="talk.wav")).decode() == golden.decode()


@settings(deadline=None)  # the first report of all is drawn with a cold template
@given(transcripts(), options)
def test_every_format_takes_every_transcript_and_every_choice(
    heard: Transcript, chosen: WriterOptions
) -> None:
    for form in WRITERS:
        assert isinstance(write(heard, form, chosen), bytes), form


@pytest.mark.parametrize("form", [*WRITERS])
def test_half_a_surrogate_pair_which_json_can_spell_breaks_no_file(form: str) -> None:
    assert write(saying(json.loads(r'"a\ud800b"')), form)


def test_an_unknown_format_style_or_locale_is_refused_by_name() -> None:
    with pytest.raises(OptionError, match="The format 'pdf' is unknown; choose one of txt, docx,"):
        write(HEARD, "pdf")
    with pytest.raises(OptionError, match="The style 'bold' is unknown"):
        WriterOptions(style="bold")
    with pytest.raises(OptionError, match="The locale 'fr' is unknown"):
        WriterOptions(locale="fr")


@pytest.mark.parametrize("form", ["txt", "srt", "lrc"])
def test_an_empty_transcript_makes_an_empty_file(form: str) -> None:
    assert write(EMPTY, form) == b""


def test_the_whole_text_is_joined_as_its_languages_want() -> None:
    assert display_text(HEARD, "label", "zh") == "真的很大啊!(开心)(笑声)(掌声) Hello."
    assert display_text(HEARD, "plain", "zh") == HEARD.text


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
    assert write_txt(HEARD, WriterOptions(style, locale)).splitlines() == lines


@given(st.text(min_size=1).filter(str.strip))
def test_a_segment_is_one_line_of_txt_whatever_it_holds(text: str) -> None:
    written = write_txt(saying(text), WriterOptions("plain"))
    assert written.count("\n") == len(written.splitlines()) <= 1


# md -----------------------------------------------------------------------------------------------


def cells_of(markdown: str) -> Iterator[str]:
    """Text of the table's cells; anything but text in one is a failure."""
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    for before, token in pairwise(tokens):
        if before.type == "td_open":
            assert {child.type for child in token.children or ()} <= {"text", "text_special"}
            yield "".join(child.content for child in token.children or ())


@given(st.text())
def test_whatever_was_said_is_plain_text_in_one_cell_of_markdown(text: str) -> None:
    cells = [*cells_of(write_md(saying(text)))]
    assert len(cells) in (0, 4)
    assert not cells or "".join(cells[1].split()) == as_shown(text)


def as_shown(text: str) -> str:
    """Without blanks, and � for what XML and markdown do not know."""
    unprintable = {*range(0x20), *range(0x7F, 0xA0), *range(0xFDD0, 0xFDF0), 0xFFFE, 0xFFFF}
    return "".join("\ufffd" if ord(c) in unprintable else c for c in text if not c.isspace())


def test_markdown_shows_labels_in_the_style_that_was_chosen() -> None:
    sure = transcript(replace(HEARD.segments[0], emotion_probabilities={"happy": 0.934}))
    assert [*cells_of(write_md(sure))] == ["0:00", "真的很大啊!", "开心 93%", "笑声"]
    assert [*cells_of(write_md(sure, WriterOptions("emoji")))][2:] == ["😊 93%", "😀"]
    assert [*cells_of(write_md(sure, WriterOptions("plain")))] == ["0:00", "真的很大啊!"]


def test_what_a_person_put_right_has_no_probability() -> None:
    put_right = correct(HEARD, [Correction(0, emotion=Emotion.SAD)])
    assert [*cells_of(write_md(put_right))][2] == "悲伤"
    assert rows_of(write_csv(put_right))[0]["corrected"] == "emotion"


def test_markdown_says_that_nothing_was_heard() -> None:
    assert "没有听到" in write_md(EMPTY)
    assert "No speech" in write_md(EMPTY, WriterOptions(locale="en", title="*a*"))


# json, csv ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("heard", [EMPTY, HEARD])
def test_json_is_one_document_on_one_line(heard: Transcript) -> None:
    written = write_json(heard)
    assert written.count("\n") == 1
    assert written.endswith("\n")
    assert json.loads(written) == heard.to_dict()


def test_json_keeps_characters_readable() -> None:
    assert "真的很大啊!" in write_json(HEARD)


def rows_of(written: str) -> list[dict[str, str]]:
    assert written.startswith("\ufeff"), "Excel needs the mark"
    return [*csv.DictReader(StringIO(written.removeprefix("\ufeff"), newline=""))]


@given(transcripts())
def test_csv_has_a_row_a_segment_with_all_its_numbers(heard: Transcript) -> None:
    rows = rows_of(write_csv(heard))
    assert len(rows) == len(heard.segments)
    for row, each in zip(rows, heard.segments, strict=True):
        assert tuple(row) == CSV_COLUMNS
        assert (float(row["start"]), float(row["end"])) == (each.start, each.end)
        assert row["emotion"] == each.emotion.value
        assert row["events"].split() == [event.value for event in each.events]
        measured = each.emotion_probability
        assert row["emotion_probability"] == ("" if measured is None else str(round(measured, 4)))


@given(st.sampled_from(["=", "+", "-", "@", "\t=", "\r-", " @", "＝", ""]), st.text())
def test_no_text_is_a_formula_in_a_spreadsheet(beginning: str, text: str) -> None:
    [row] = rows_of(write_csv(saying(beginning + text)))
    assert not row["text"].startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r"))
    assert "".join(row["text"].split()).removeprefix("'") == as_shown(
        beginning + text
    ).removeprefix("'")
