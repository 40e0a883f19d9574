"""Transcript → docx, read back by python-docx."""

from dataclasses import replace
from io import BytesIO

import docx
import pytest
from docx.document import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from postprocess import AudioEvent, Emotion
from richspeech.language.catalog import locales
from richspeech.model.recording_warning import UNLIKE_KNOWN, RecordingWarning
from richspeech.model.transcript import Transcript
from richspeech.writers import WriterOptions
from richspeech.writers.document import LABEL_STYLE, TIME_STYLE, write_docx
from tests.transcripts import segment, transcript

CALL = transcript(
    segment(0.0, 3.0, "好的！", Emotion.HAPPY, AudioEvent.LAUGHTER),
    segment(4.0, 5.0, "", Emotion.UNKNOWN),
    segment(65.0, 66.0, "", Emotion.UNKNOWN, AudioEvent.APPLAUSE, probabilities={}),
)


def read(heard: Transcript, options: WriterOptions | None = None) -> Document:
    return docx.Document(BytesIO(write_docx(heard, options or WriterOptions())))


def test_a_document_has_a_title_the_facts_and_a_paragraph_a_segment() -> None:
    assert [paragraph.text for paragraph in read(CALL).paragraphs] == [
        "转写稿",
        "录音时长 1:40 · 主要语言 普通话 · 模型 iic/SenseVoiceSmall",
        "0:00\t好的！  开心 90% · 笑声",
        "1:05\t未知 · 掌声",
    ]


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (WriterOptions(locale="en"), "0:00\t好的！  happy 90% · laughter"),
        (WriterOptions("emoji"), "0:00\t好的！  😊 90% · 😀"),
        (WriterOptions("plain"), "0:00\t好的！"),
    ],
)
def test_labels_follow_the_choices(options: WriterOptions, shown: str) -> None:
    assert read(CALL, options).paragraphs[2].text == shown


def test_times_and_labels_have_styles_of_their_own() -> None:
    runs = read(CALL).paragraphs[2].runs
    assert [run.style.name for run in runs] == [
        TIME_STYLE,
        "Default Paragraph Font",
        LABEL_STYLE,
    ]


def test_a_title_names_the_document_and_nobody_else_is_in_it() -> None:
    document = read(CALL, WriterOptions(title="a\x00\n<b>.wav"))
    assert document.paragraphs[0].text == document.core_properties.title == "a\ufffd <b>.wav"
    assert document.core_properties.author == ""


@pytest.mark.parametrize("locale", locales())
def test_what_is_to_be_known_before_is_said_whole_however_long(locale: str) -> None:
    warned = RecordingWarning.of(UNLIKE_KNOWN, model="a model" * 30, share=100)
    document = read(replace(CALL, warnings=(warned,)), WriterOptions(locale=locale))
    said = warned.sentence(locale)
    assert said in [paragraph.text for paragraph in document.paragraphs]
    assert said.startswith(document.core_properties.comments)
    assert len(document.core_properties.comments) == min(len(said), 255)


def test_an_empty_transcript_says_so() -> None:
    assert "没有听到" in read(transcript()).paragraphs[-1].text


@settings(deadline=None)  # a document takes its time
@given(st.text())
def test_whatever_was_said_is_in_the_document(text: str) -> None:
    last = read(transcript(segment(0.0, 1.0, text)), WriterOptions("plain")).paragraphs[-1].text
    letters = "".join(text.split())
    kept = [character for character in letters if character.isprintable()]
    assert not text or [c for c in last.partition("\t")[2] if c in {*kept}] == [
        c for c in letters if c in {*kept}
    ]
