"""Many recordings in one table: every column, both forms, and nothing that a spreadsheet runs."""

import csv
import io
import re
import zipfile
from datetime import timedelta

import pytest

from richspeech.language.localized import LocalizedText
from richspeech.review.insight import Share
from richspeech.review.overview import Overview, Quote
from richspeech.review.overview_table import TableRow, write_overviews_csv, write_overviews_xlsx
from richspeech.review.risk import RiskPoint

HARMFUL = '=HYPERLINK("http://x.example","+1")'
REASON = RiskPoint(60, 70, "angry-run", 40, LocalizedText("生气 10 秒", "Angry for 10 s"), (), "乙")
CALL = Overview(
    *(80, "high", 90.0, REASON, Quote(65.0, HARMFUL, "@乙")),
    emotions=(Share("angry", 30.0, 0.75), Share("neutral", 10.0, 0.25)),
    speakers=("甲", "@乙"),
)
ROWS = (
    TableRow("+call.wav", "finished", CALL),
    TableRow("=坏.wav", "failed", error="=坏.wav 打不开"),
    TableRow("like-nothing.wav", "finished", Overview(0, "unknown", 5.0)),
)


def in_csv(locale: str = "zh") -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(write_overviews_csv(ROWS, locale).decode("utf-8-sig")))]


def in_xlsx(*rows: TableRow, locale: str = "zh") -> tuple[str, list[str]]:
    """Return the sheet as XML, and the texts in it."""
    with zipfile.ZipFile(io.BytesIO(write_overviews_xlsx(rows, locale))) as archive:
        texts = archive.read("xl/sharedStrings.xml").decode()
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    return sheet, re.findall(r"<t[^>]*>([^<]*)</t>", texts)


def test_a_row_has_all_that_a_line_says_and_why_a_recording_failed() -> None:
    call, bad, unlike = in_csv()
    assert (call["state"], call["risk"], call["level"]) == ("finished", "80", "high")
    assert (call["seconds"], call["quote_start"]) == ("90.00", "65.00")
    assert (call["reason"], in_csv("en")[0]["reason"]) == ("乙：生气 10 秒", "乙: Angry for 10 s")
    assert (call["angry"], call["neutral"], call["sad"]) == ("0.75", "0.25", "")
    assert (bad["state"], bad["error"], bad["seconds"]) == ("failed", "'=坏.wav 打不开", "")
    assert (unlike["risk"], unlike["level"]) == ("", "unknown")


def test_no_cell_of_csv_is_a_formula() -> None:
    cells = [cell for row in in_csv() for cell in row.values()]
    assert f"'{HARMFUL}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_texts_of_xlsx_are_texts_whatever_they_look_like() -> None:
    sheet, texts = in_xlsx(*ROWS)
    assert "<f>" not in sheet
    assert "<hyperlink" not in sheet
    assert "+call.wav" in texts
    assert any(each.startswith("=HYPERLINK(") for each in texts)


@pytest.mark.parametrize(
    ("locale", "words"),
    [("zh", ("首要理由", "愤怒", "高")), ("en", ("First reason", "angry", "high"))],
)
def test_a_sheet_speaks_the_language_of_whoever_reads(locale: str, words: tuple[str, ...]) -> None:
    sheet, texts = in_xlsx(*ROWS, locale=locale)
    assert {*words} <= {*texts}
    assert '<pane xSplit="3" ySplit="1"' in sheet
    assert f"<v>{timedelta(seconds=90) / timedelta(days=1):.16g}</v>" in sheet


def test_what_no_sheet_can_hold_is_left_out() -> None:
    _, texts = in_xlsx(
        TableRow("a\x00b\x0bc" + "长" * 40_000, "failed"), TableRow("next", "failed")
    )
    assert "next" in texts
    assert max(map(len, texts)) == 32_767
    assert not any("\x00" in each for each in texts)
