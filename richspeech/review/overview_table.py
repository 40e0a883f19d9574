"""Overviews → csv, xlsx: a row a recording, for those who judge many in a spreadsheet.

Columns and labels of csv are the same in every language, as programs read it; those of xlsx are
words of the reader's. Sentences are the reader's in both. What is recognised, and what files are
called, never becomes a formula, a link or a number.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from types import MappingProxyType
from typing import Any

from xlsxwriter import Workbook

from postprocess import Emotion
from richspeech.language.catalog import say
from richspeech.language.figures import clock
from richspeech.model.labels import word_of
from richspeech.review.explained import told
from richspeech.review.overview import Overview
from richspeech.writers.data import BYTE_ORDER_MARK, harmless
from richspeech.writers.labels import printable

LONGEST_CELL = 32_767
"""Characters that a spreadsheet takes."""
SECONDS_A_DAY = 86_400
"""Spreadsheets count times in days."""

COLUMNS = (
    *("name", "state", "seconds", "risk", "error", "level", "reason"),
    *("quote_start", "quote", "quote_speaker", "speakers", "warnings"),
)
"""Of csv, and behind them a share for each emotion."""
XLSX_WIDTHS: Mapping[str, int] = MappingProxyType(
    {"level": 10, "risk": 7, "name": 28, "reason": 44, "quote": 44, "quote_start": 8}
    | {"quote_speaker": 12, "speakers": 16, "seconds": 9}
    | dict.fromkeys((each.value for each in Emotion), 9)
    | {"state": 9, "error": 40, "warnings": 40}
)
"""Columns of xlsx, in the order in which people read, and their widths in characters."""
GROUNDS: Mapping[str, str] = MappingProxyType({"high": "#fdeceb", "medium": "#fdf3dc"})
"""Colours of the page behind levels that ask for somebody."""


@dataclass(frozen=True)
class TableRow:
    """One recording of many."""

    name: str
    state: str
    """One of ``State``."""
    overview: Overview | None = None
    """None where nothing was heard, or nobody has looked at that."""
    error: str = ""
    """Why it failed, for people."""


def write_overviews_csv(rows: Sequence[TableRow], locale: str) -> bytes:
    """Write the table (RFC 4180) in UTF-8, with the byte order mark that tells Excel so."""
    table = StringIO()
    writer = csv.DictWriter(table, (*COLUMNS, *(each.value for each in Emotion)))
    writer.writeheader()
    for row in rows:
        cells = {name: _plain(value) for name, value in _cells(row, locale)}
        writer.writerow(cells)
    return (BYTE_ORDER_MARK + table.getvalue()).encode(errors="replace")


def write_overviews_xlsx(rows: Sequence[TableRow], locale: str) -> bytes:
    """Write the table with its first row and the names fixed, to be filtered by any column."""
    written = BytesIO()
    with Workbook(written, {"in_memory": True}) as book:
        sheet = book.add_worksheet(say("overview_sheet", locale))
        looks = _looks(book)
        for at, (name, width) in enumerate(XLSX_WIDTHS.items()):
            sheet.set_column(at, at, width)
            sheet.write_string(0, at, _heading(name, locale), looks["heading"])
        for line, row in enumerate(rows, start=1):
            _write_row(sheet, line, row, looks, locale)
        sheet.freeze_panes(1, [*XLSX_WIDTHS].index("name") + 1)
        sheet.autofilter(0, 0, max(len(rows), 1), len(XLSX_WIDTHS) - 1)
    return written.getvalue()


TABLES: Mapping[str, Callable[[Sequence[TableRow], str], bytes]] = MappingProxyType(
    {"csv": write_overviews_csv, "xlsx": write_overviews_xlsx}
)
"""What writes the table, by the ending of its file."""


def _cells(row: TableRow, locale: str) -> Iterator[tuple[str, str | float]]:
    """Give what there is to say of a recording, by column."""
    yield "name", row.name
    yield "state", row.state
    yield "error", row.error
    overview = row.overview
    if overview is None:
        return
    yield "seconds", overview.seconds
    yield "level", overview.level
    if overview.level != "unknown":
        yield "risk", overview.score
    if overview.reason is not None:
        yield "reason", told(overview.reason, locale)
    if overview.quote is not None:
        yield "quote_start", overview.quote.start
        yield "quote", overview.quote.text
        yield "quote_speaker", overview.quote.speaker
    yield "speakers", say("list_comma", locale).join(overview.speakers)
    yield "warnings", " ".join(each.sentence(locale) for each in overview.warnings)
    for share in overview.emotions:
        yield share.label, share.share


def _plain(value: str | float) -> str:
    if isinstance(value, str):
        return harmless(value)
    return str(value) if isinstance(value, int) else f"{value:.2f}"


def _looks(book: Any) -> dict[str, Any]:
    top = {"valign": "top", "text_wrap": True}
    grounds = {level: book.add_format({**top, "bg_color": GROUNDS[level]}) for level in GROUNDS}
    return {
        "heading": book.add_format({"bold": True, "valign": "top", "text_wrap": True}),
        "text": book.add_format(top),
        "time": book.add_format({**top, "num_format": "[h]:mm:ss"}),
        "share": book.add_format({**top, "num_format": "0%"}),
        **grounds,
    }


def _heading(name: str, locale: str) -> str:
    emotions = {each.value: each for each in Emotion}
    return word_of(emotions[name], locale) if name in emotions else say(f"overview_{name}", locale)


def _write_row(sheet: Any, line: int, row: TableRow, looks: Mapping[str, Any], locale: str) -> None:
    for name, value in _cells(row, locale):
        at, look = [*XLSX_WIDTHS].index(name), looks["text"]
        if name == "level":
            sheet.write_string(line, at, say(f"risk_{value}", locale), looks.get(str(value), look))
        elif name == "state":
            sheet.write_string(line, at, say(f"state_{value}", locale), look)
        elif name == "quote_start":
            sheet.write_string(line, at, clock(float(value)), look)
        elif name == "seconds":
            sheet.write_number(line, at, float(value) / SECONDS_A_DAY, looks["time"])
        elif isinstance(value, str):
            sheet.write_string(line, at, printable(value)[:LONGEST_CELL], look)
        else:
            sheet.write_number(line, at, value, look if name == "risk" else looks["share"])
