"""How words are meant stands in every table, where it is known and nowhere else."""

import csv
import json
from dataclasses import replace
from io import BytesIO, StringIO

import docx
import pytest

from postprocess import Emotion
from richspeech.model.sentiment import Accord, Agreement, Sentiment
from richspeech.model.transcript import Transcript
from richspeech.writers import FORMATS, WriterOptions, write
from tests.transcripts import segment, transcript

TEXT_FORMATS = [each.name for each in FORMATS if not each.is_binary]

PLAIN = transcript(
    segment(0, 1, "真好啊", Emotion.ANGRY), segment(1, 2, "明天开会", Emotion.NEUTRAL)
)
READ = transcript(
    replace(
        PLAIN.segments[0],
        sentiment=Sentiment.POSITIVE,
        sentiment_probabilities={Sentiment.POSITIVE: 0.8, Sentiment.NEUTRAL: 0.2},
        agreement=Agreement(Accord.IRONY, 0.9, 0.8, 0.72),
    ),
    PLAIN.segments[1],
)


def csv_rows(heard: Transcript) -> list[dict[str, str]]:
    text = write(heard, "csv").decode("utf-8-sig")
    return [*csv.DictReader(StringIO(text, newline=""))]


def test_csv_gets_three_columns_behind_the_others() -> None:
    first, second = csv_rows(READ)
    assert [*first][-3:] == ["sentiment", "sentiment_probability", "agreement"]
    assert [first[name] for name in [*first][-3:]] == ["positive", "0.8", "irony"]
    assert [second[name] for name in [*second][-3:]] == ["", "", ""]
    assert [*first][:-3] == [*csv_rows(PLAIN)[0]]


@pytest.mark.parametrize(
    ("style", "locale", "cell"),
    [
        ("label", "zh", "正向 80% 反讽？"),
        ("label", "en", "positive 80% irony?"),
        ("emoji", "zh", "👍 80% 反讽？"),
        ("tags", "en", "positive 80% irony?"),
    ],
)
def test_markdown_gets_a_column_in_the_chosen_style(style: str, locale: str, cell: str) -> None:
    lines = write(READ, "md", WriterOptions(style, locale)).decode().splitlines()
    head, _, first, second = [line for line in lines if line.startswith("|")]
    assert head.endswith("| 语义 |" if locale == "zh" else "| Sentiment |")
    assert first.endswith(f"| {cell} |")
    assert second.endswith("|  |")
    assert ("语义 正向" if locale == "zh" else "Sentiment positive") in "\n".join(lines)


def test_a_report_and_a_document_show_it_beside_the_emotion() -> None:
    report = write(READ, "html").decode()
    assert '<span class="chip">正向 80% 反讽？</span>' in report
    assert "<dt>语义</dt><dd>正向</dd>" in report
    paragraphs = docx.Document(BytesIO(write(READ, "docx"))).paragraphs
    [shown] = [each.text for each in paragraphs if "真好啊" in each.text]
    assert shown.endswith("愤怒 90% · 正向 80% 反讽？")


def test_json_holds_it_for_the_segments_and_for_the_whole() -> None:
    document = json.loads(write(READ, "json"))
    assert (document["sentiment"], document["sentiment_probabilities"]["neutral"]) == (
        "positive",
        0.2,
    )
    assert document["segments"][0]["agreement"]["accord"] == "irony"
    assert document["segments"][1]["sentiment"] is None


@pytest.mark.parametrize("form", [form for form in TEXT_FORMATS if form != "json"])
@pytest.mark.parametrize("style", ["label", "plain"])
def test_where_nobody_asked_nothing_speaks_of_it(form: str, style: str) -> None:
    written = write(PLAIN, form, WriterOptions(style)).decode()
    for word in ("语义", "正向", "sentiment", "反讽"):
        assert word not in written
    if style == "plain" and form != "csv":
        assert "正向 80%" not in write(READ, form, WriterOptions(style)).decode()
