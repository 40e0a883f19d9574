"""Every format says what is probably misheard, and those with underlines which words to check."""

from dataclasses import replace
from io import BytesIO

import docx
import pytest
from docx.enum.text import WD_UNDERLINE

from postprocess import AudioEvent, Emotion
from richspeech.model.recording_warning import UNLIKE_KNOWN, RecordingWarning
from richspeech.model.transcript import Token, Transcript
from richspeech.writers import WRITERS, WriterOptions, write
from tests.transcripts import segment, transcript

SURE, UNSURE = Token("你", 0.1, 0.2, 0.9), Token("好", 0.4, 0.5, 0.4)
HEARD = replace(
    segment(0.0, 2.0, "你好"), tokens=(SURE, UNSURE), misheard_probability=0.1, language="zh"
)
WELL = replace(transcript(HEARD), model="some/model", unsure_below=0.5)
MARKS = {"json": '"misheard_probability": 0.9', "csv": "你好,,,,0.9"}
"""For programs; people get words."""
WITH_A_HEAD = ("md", "vtt", "ass", "lrc", "docx", "html")


def misheard(well: Transcript) -> Transcript:
    warning = RecordingWarning.of(UNLIKE_KNOWN, model=well.model, share=90)
    marked = tuple(replace(each, misheard_probability=0.9) for each in well.segments)
    return replace(well, segments=marked, warnings=(warning,))


def shown(form: str, content: bytes) -> str:
    if form == "docx":
        return "\n".join(p.text for p in docx.Document(BytesIO(content)).paragraphs)
    return content.decode("utf-8-sig")


@pytest.mark.parametrize("form", WRITERS)
def test_every_format_marks_what_is_probably_misheard(form: str) -> None:
    options = WriterOptions(locale="en")
    mark = MARKS.get(form, "probably misheard")
    well, badly = (shown(form, write(each, form, options)) for each in (WELL, misheard(WELL)))
    assert mark in badly
    assert mark not in well


@pytest.mark.parametrize("form", WITH_A_HEAD)
def test_a_format_with_a_head_says_it_of_the_recording(form: str) -> None:
    assert "与 some/model 所熟悉的声音不同" in shown(form, write(misheard(WELL), form))


@pytest.mark.parametrize("form", ["txt", "srt"])
def test_plain_words_stay_plain(form: str) -> None:
    plain = WriterOptions(style="plain")
    assert write(misheard(WELL), form, plain) == write(WELL, form, plain)


def test_a_person_who_has_corrected_the_words_takes_the_mark_away() -> None:
    (row,) = misheard(WELL).segments
    mended = replace(WELL, segments=(replace(row, corrected=("text",)),))
    assert "听错" not in write(mended, "txt").decode()


def underlined(content: bytes) -> list[str]:
    runs = (run for p in docx.Document(BytesIO(content)).paragraphs for run in p.runs)
    return [run.text for run in runs if run.underline == WD_UNDERLINE.DOTTED]


def test_words_to_check_are_underlined_in_documents_and_reports() -> None:
    assert underlined(write(WELL, "docx")) == ["好"]
    assert "你<u>好</u>" in write(WELL, "html").decode()


def test_whoever_writes_may_want_another_limit() -> None:
    none, both = WriterOptions(unsure_below=0.0), WriterOptions(unsure_below=1.0)
    assert underlined(write(WELL, "docx", none)) == []
    assert underlined(write(WELL, "docx", both)) == ["你好"]


def test_without_a_limit_nothing_is_underlined() -> None:
    unknown = replace(WELL, unsure_below=None)
    assert underlined(write(unknown, "docx")) == []
    assert "<u>" not in write(unknown, "html").decode()


def test_blanks_between_marked_words_stay() -> None:
    tokens = (Token("see", 0.1, 0.2, 0.9), Token(" you", 0.4, 0.5, 0.4))
    spoken = replace(HEARD, text="see you", language="en", tokens=tokens)
    content = write(replace(WELL, segments=(spoken,)), "html").decode()
    assert "see<u> you</u>" in content


def test_a_sound_without_words_is_written_as_without_a_limit() -> None:
    laughter = segment(0.0, 1.0, "", Emotion.NEUTRAL, AudioEvent.LAUGHTER)
    limited = replace(WELL, segments=(replace(laughter, channel=1, speaker="A"),))
    texts = [
        shown("docx", write(each, "docx"))
        for each in (limited, replace(limited, unsure_below=None))
    ]
    assert "\t" in texts[0]
    assert texts[0] == texts[1]
