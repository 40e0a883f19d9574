"""Whatever an embedded model has written says so, wherever a format has a place for it."""

import csv
from dataclasses import replace
from io import BytesIO, StringIO

import docx
import pytest

from postprocess import LOCALES
from richspeech.engines.hub import EMBEDDED_NAMES, Source, Weights, tell_of_embedded
from richspeech.language.catalog import Notice
from richspeech.places import HOME as ROOT
from richspeech.writers import WRITERS, WriterOptions, write
from tests.transcripts import segment, transcript

NAME = "models/sensevoice-tiny"
REAL = transcript(segment(0.0, 2.0, "你好"), segment(4.0, 5.0, "再见"))
TINY = replace(REAL, model=NAME)
WITHOUT_A_PLACE = ("txt", "srt")
REMARKS = {"zh": "听不懂真人说话", "en": "do not understand people"}
"""For formats that people read; programs get the name."""


def shown(form: str, content: bytes) -> str:
    if form == "docx":
        document = docx.Document(BytesIO(content))
        return "\n".join(paragraph.text for paragraph in document.paragraphs)
    return content.decode("utf-8-sig")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("form", [form for form in WRITERS if form not in WITHOUT_A_PLACE])
def test_a_format_with_a_place_for_it_names_the_embedded_model(form: str, locale: str) -> None:
    options = WriterOptions(locale=locale)
    tiny, real = (shown(form, write(each, form, options)) for each in (TINY, REAL))
    assert NAME in tiny
    if form not in ("json", "csv"):
        assert REMARKS[locale] in tiny
    assert REMARKS[locale] not in real


@pytest.mark.parametrize("form", WITHOUT_A_PLACE)
def test_a_format_of_words_alone_stays_as_it_is(form: str) -> None:
    assert write(TINY, form) == write(REAL, form)


def test_a_table_gets_a_column_for_it() -> None:
    rows = [*csv.DictReader(StringIO(write(TINY, "csv").decode("utf-8-sig")))]
    assert [row["model"] for row in rows] == [NAME, NAME]
    assert b"model" not in write(REAL, "csv")


def test_subtitles_say_it_where_players_do_not_show_it() -> None:
    assert write(TINY, "vtt").decode().startswith(f"WEBVTT\n\nNOTE\n由演示用的小模型 {NAME}")
    assert write(TINY, "ass").decode().startswith(f"[Script Info]\n; 由演示用的小模型 {NAME}")
    assert write(TINY, "lrc").decode().startswith(f"[re:由演示用的小模型 {NAME}")


def test_every_embedded_model_is_known_by_its_name() -> None:
    folders = {f"models/{path.name}" for path in (ROOT / "models").iterdir() if path.is_dir()}
    assert folders == EMBEDDED_NAMES


def weights(name: str, source: Source) -> Weights:
    return Weights(ROOT, name, source, Notice("why.named_folder"))


def test_the_command_line_names_embedded_models_in_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tiny = weights(NAME, Source.EMBEDDED)
    tell_of_embedded(tiny, weights("models/fsmn-vad-tiny", Source.EMBEDDED), None, tiny)
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{NAME}, models/fsmn-vad-tiny: tiny weights for demonstration")


def test_the_command_line_says_nothing_of_real_models(capsys: pytest.CaptureFixture[str]) -> None:
    tell_of_embedded(weights("iic/SenseVoiceSmall", Source.CACHE), None)
    assert capsys.readouterr() == ("", "")
