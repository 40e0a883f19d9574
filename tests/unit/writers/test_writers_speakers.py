"""Who speaks is said in every format where channels or tracks were heard apart."""

import csv
from io import BytesIO, StringIO

import docx
import pytest
from pysubs2 import SSAFile

from postprocess import Emotion
from richspeech.model.transcript import Segment, Transcript
from richspeech.writers import write


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
    assert "<b>B</b> My fridge is broken." in written("html")


def test_a_sentence_that_would_flash_by_is_not_put_into_the_mouth_of_another() -> None:
    quick = (said(1.0, 1.2, "Yes.", "A"), said(1.3, 1.5, "No.", "B"))
    srt = write(Transcript(3.0, 0.1, "sensevoice", "large", quick), "srt").decode()
    cues = SSAFile.from_string(srt).events
    assert [cue.plaintext for cue in cues] == ["A: Yes.", "B: No."]
