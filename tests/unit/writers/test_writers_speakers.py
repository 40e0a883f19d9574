"""Who speaks is said in every format where channels or tracks were heard apart."""

import csv
from dataclasses import replace
from io import BytesIO, StringIO

import docx
import pytest
from pysubs2 import SSAFile

from postprocess import Emotion
from richspeech.model.transcript import Segment, Transcript
from richspeech.writers import WriterOptions, write


def said(start: float, end: float, text: str, speaker: str, track: str | None = None) -> Segment:
    return Segment(
        *(start, end, text, "en", 0.9, Emotion.NEUTRAL, {}, (), {}, (), text),
        track=track,
        channel="AB".index(speaker) + 1,
        speaker=speaker,
    )


FIRST = said(1.0, 5.0, "How may I help you?", "A")
OVER_IT = said(3.0, 4.5, "My fridge is broken.", "B")
CALL = Transcript(10.0, 0.1, "sensevoice", "large", (FIRST, OVER_IT))


def written(form: str) -> str:
    return write(CALL, form).decode("utf-8-sig")


@pytest.mark.parametrize("form", ["srt", "ass"])
def test_subtitles_of_two_overlap_as_the_two_did_and_name_them(form: str) -> None:
    cues = SSAFile.from_string(written(form)).events
    assert [(cue.start, cue.end, cue.plaintext) for cue in cues] == [
        (1_000, 5_000, "A: How may I help you?"),
        (3_000, 4_500, "B: My fridge is broken."),
    ]


def test_webvtt_has_a_voice_for_each() -> None:
    assert "00:00:03.000 --> 00:00:04.500\n<v B>My fridge is broken.\n" in written("vtt")


def test_a_name_from_a_file_is_no_markup() -> None:
    named = said(1.0, 2.0, "Hello.", "A", track="<b>&Mic")
    vtt = write(Transcript(3.0, 0.1, "sensevoice", "large", (named,)), "vtt").decode()
    assert "<v &lt;b&gt;&amp;Mic A>Hello." in vtt


def test_a_name_from_a_visitor_is_no_markup_formula_or_field() -> None:
    named = said(1.0, 2.0, "Hello.", "A")
    named = replace(named, speaker="=1+2,{\\b1}<i>|")
    heard = Transcript(3.0, 0.1, "sensevoice", "large", (named,))
    (row,) = csv.DictReader(StringIO(write(heard, "csv").decode("utf-8-sig")))
    assert row["speaker"] == "'=1+2,{\\b1}<i>|"
    (cue,) = SSAFile.from_string(write(heard, "ass").decode()).events
    assert cue.plaintext.endswith("Hello.")
    assert cue.start == 1_000
    assert "<i>" not in write(heard, "html").decode().partition("<main")[2]
    assert "\\|" in write(heard, "md").decode()


def test_subtitles_for_editors_have_a_field_for_the_speaker() -> None:
    assert [cue.name for cue in SSAFile.from_string(written("ass")).events] == ["A", "B"]


def test_lyrics_and_text_name_them() -> None:
    assert "[00:03.00]B: My fridge is broken." in written("lrc")
    assert written("txt") == "A: How may I help you?\nB: My fridge is broken.\n"


def test_tables_have_columns_for_them() -> None:
    rows = [*csv.DictReader(StringIO(written("csv")))]
    assert [(row["channel"], row["speaker"], row["track"]) for row in rows] == [
        ("1", "A", ""),
        ("2", "B", ""),
    ]
    assert "| B | My fridge is broken. |" in written("md")


def test_documents_and_reports_name_them() -> None:
    words = [each.text for each in docx.Document(BytesIO(write(CALL, "docx"))).paragraphs]
    assert any("B: My fridge is broken." in each for each in words)
    assert ">B</b> My fridge is broken." in written("html")


def test_a_report_has_a_lane_and_a_filter_for_each() -> None:
    ann = replace(
        FIRST, speaker="Ann Lee", emotion=Emotion.HAPPY, emotion_probabilities={"happy": 0.9}
    )
    unheard = replace(OVER_IT, emotion=Emotion.UNKNOWN)
    report = write(
        replace(CALL, segments=(ann, unheard)), "html", WriterOptions(locale="en")
    ).decode()
    assert "All speakers" in report
    for number, name in enumerate(("Ann Lee", "B")):
        assert f'<option value="{number}">{name}</option>' in report
        assert f'<li class="speaker tone-voice-{number}"><span>{name}</span>' in report
        assert f'data-speaker="{number}"' in report
    assert '<rect class="speaker tone-happy"' in report
    assert '<rect class="speaker tone-voice-1"' in report  # nobody has heard how that sounds


def test_a_report_without_speakers_has_neither() -> None:
    alone = replace(FIRST, channel=None, speaker=None)
    report = write(replace(CALL, segments=(alone,)), "html", WriterOptions(locale="en")).decode()
    assert "All speakers" not in report
    assert "data-speaker" not in report


def test_a_sentence_that_would_flash_by_is_not_put_into_the_mouth_of_another() -> None:
    quick = (said(1.0, 1.2, "Yes.", "A"), said(1.3, 1.5, "No.", "B"))
    srt = write(Transcript(3.0, 0.1, "sensevoice", "large", quick), "srt").decode()
    cues = SSAFile.from_string(srt).events
    assert [cue.plaintext for cue in cues] == ["A: Yes.", "B: No."]
