"""Lists of words as people have them: typed into a field, or in a file.

    阿里巴巴 20                one a line, with a weight as FunASR's runtime wants them
    达摩院,40                  columns, as spreadsheets write them: commas, tabs, ；、|
    "Yahoo!, Inc."            quoted as in CSV
    # names                   a remark

Source of the format with weights: https://github.com/modelscope/FunASR,
runtime/docs/SDK_advanced_guide_online_zh.md
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from richspeech.errors import OptionError
from richspeech.language.catalog import Notice
from richspeech.model.options import (
    HOTWORD_WEIGHTS,
    USUAL_WEIGHT,
    require_hotwords,
    require_protected,
)

_SEPARATORS = "\t,，、;；|｜"
_BETWEEN = re.compile(rf'"(?:[^"]|"")*"|[{_SEPARATORS}]')
"""What parts words, or what is quoted, in which nothing does."""
_BLANKS = re.compile(r"[^\S\t]+")
_HAN = "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"
_BESIDE_HAN = re.compile(rf"(?<={_HAN}) | (?={_HAN})")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_WEIGHTED = re.compile(rf"(.+) ({_NUMBER.pattern})")
_ENDS_IN_HAN = re.compile(rf"{_HAN}$")
_ENDS_IN_NUMBER = re.compile(rf"(?:^| ){_NUMBER.pattern}$")
_REMARK = "#"
_HEADS = ("weight", "权重", "權重")
"""What spreadsheets have over a column of weights."""
_WORD_HEADS = (
    *("word", "words", "hotword", "hotwords", "keyword", "term", "name", "phrase", "text"),
    *(
        "热词",
        "熱詞",
        "词",
        "詞",
        "词语",
        "詞語",
        "关键词",
        "關鍵詞",
        "名称",
        "名稱",
        "文本",
        "单词",
    ),
)
"""And over one of words."""
PAIR = 2
"""Columns of a word and its weight."""
_KEPT = "\ue000"
"""Stands for a blank within quotation marks, which belongs to its word."""


@dataclass(frozen=True)
class _Entry:
    """A word of a list, and the number in the column behind it, if there is one."""

    line: int
    """From 1; 0 in a list of one line, of which nobody needs the number."""
    word: str
    number: str | None = None


def hotwords_in(text: str) -> Mapping[str, int]:
    """Read what somebody has typed: words → weights, in order, each word once.

    Lines, commas, tabs and so on part words, and blanks beside a Chinese character; where there is
    none of the former, every blank does. Raises ``OptionError`` naming the line that does not fit.
    """
    return _weighed([*_entries(text, in_file=False)])


def hotwords_of_file(text: str) -> Mapping[str, int]:
    """Read the same from a file, in which blanks belong to a word."""
    return _weighed([*_entries(text, in_file=True)])


def protected_in(text: str, *, in_file: bool = False) -> tuple[str, ...]:
    """Read words without weights, each once; raises ``OptionError`` as above."""
    found: dict[str, None] = {}
    for entry in _entries(text, in_file=in_file):
        word = entry.word.replace(_KEPT, " ")
        words = (word,) if entry.number is None else (word, entry.number)
        with _about(entry.line):
            require_protected(words)
        found |= dict.fromkeys(words)
    return tuple(found)


def written_list(words: Iterable[str]) -> str:
    """Write words so that they are read as they are, one a line."""
    return "\n".join(
        f'"{word}"' if re.search(rf"[ {_SEPARATORS}]", word) else word for word in words
    )


def _weighed(entries: Sequence[_Entry]) -> Mapping[str, int]:
    """Tell weights behind a blank from numbers that belong to a word.

    A number is a weight behind Chinese, in which no word has blanks, and where each of several
    words has one: ``iPhone 15`` alone, and among words without weights, is a word. So is
    ``Boeing 747`` where no number behind a blank could be a weight.
    """
    found = [None if each.number else _WEIGHTED.fullmatch(each.word) for each in entries]
    numbers = [match[2] for match in found if match]
    all_weighted = (
        len(entries) > 1
        and all(each.number or match for each, match in zip(entries, found, strict=True))
        and any(map(_is_weight, numbers))
    )
    weighed: dict[str, int] = {}
    for entry, match in zip(entries, found, strict=True):
        word, number = entry.word.replace(_KEPT, " "), entry.number
        if match and (all_weighted or _ENDS_IN_HAN.search(match[1])):
            word, number = match[1], match[2]
        with _about(entry.line):
            require_hotwords((word,))
            weighed.setdefault(word, USUAL_WEIGHT if number is None else _weight(word, number))
    return weighed


def _is_weight(number: str) -> bool:
    return bool(re.fullmatch(r"\+?\d{1,9}", number)) and int(number) in HOTWORD_WEIGHTS


def _weight(word: str, number: str) -> int:
    if _is_weight(number):
        return int(number)
    low, high = HOTWORD_WEIGHTS[0], HOTWORD_WEIGHTS[-1]
    raise OptionError("option.hotword_weight", word=word, weight=number[:40], low=low, high=high)


def _entries(text: str, *, in_file: bool) -> Iterator[_Entry]:
    rows = [*_rows(text)]
    blanks_part = not in_file and len(rows) == 1 and not _is_parted(rows[0][1])
    lines = [*_lines(rows, " " if blanks_part else ",")]
    is_headed = len(lines) > 1 and _is_head(lines[0][1])
    table = _table_under(lines[0][1]) if is_headed else None
    if not is_headed:
        _require_clear([cells for _, cells in lines])
    for line, cells in lines[is_headed:]:
        fields = [cell for cell in cells if cell]
        if table:
            yield from table.entry(line, cells)
        elif blanks_part:
            yield from (_Entry(line, word) for word in _with_numbers(fields))
        else:
            yield from _columns(line, fields, in_file=in_file)


def _lines(rows: Sequence[tuple[int, str]], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each row, behind what its entries say of where they stand."""
    for number, row in rows:
        line = number if len(rows) > 1 else 0
        with _about(line):
            yield line, _cells(row, delimiter)


def _require_clear(rows: Sequence[Sequence[str]]) -> None:
    """Raise ``OptionError`` for a table of which nothing says which columns have the words.

    Columns of words and of weights by turns are clear, and so are rows of different lengths, which
    are words as they came to mind. The first row does not count: it may be a head in other words.
    """
    columns = [column[1:] for column in zip(*rows, strict=False)]
    if len(rows) == 1 or {*map(len, rows)} != {len(columns)} or len(columns) <= PAIR:
        return
    numbers = sum(map(_has_numbers, columns))
    if numbers and 2 * numbers != len(columns):
        raise OptionError("option.list_columns", value=",".join(rows[0])[:40])


def _has_numbers(column: Sequence[str]) -> bool:
    filled = [cell for cell in column if cell]
    return bool(filled) and all(map(_NUMBER.fullmatch, filled))


@dataclass(frozen=True)
class _Table:
    """Which columns have the words and the weights; there are others."""

    words: int
    weights: int

    def entry(self, line: int, cells: Sequence[str]) -> Iterator[_Entry]:
        """Yield the word of a row, if it has one."""
        word, number = (
            cells[column] if column < len(cells) else "" for column in (self.words, self.weights)
        )
        if word:
            yield _Entry(line, word, number or None)


def _is_head(cells: Sequence[str]) -> bool:
    """Tell whether a first line names columns; a blank may part two of them."""
    names = [cell.casefold() for cell in cells if cell]
    if len(names) == 1:
        first, _, last = names[0].rpartition(" ")
        return first in _WORD_HEADS and last in _HEADS
    return len(names) > 1 and (names[-1] in _HEADS or _table_under(cells) is not None)


def _table_under(cells: Sequence[str]) -> _Table | None:
    """Return where the words are, if a head has other columns than these and then weights."""
    names = [cell.casefold() for cell in cells]
    weights = next((at for at, name in enumerate(names) if name in _HEADS), None)
    words = next((at for at, name in enumerate(names) if name in _WORD_HEADS), None)
    if weights is None or words is None or (words, weights, len(names)) == (0, 1, 2):
        return None
    return _Table(words, weights)


def _rows(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that say something, each behind its number."""
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        row = _BLANKS.sub(" ", line).strip()
        if row and not row.startswith(_REMARK):
            yield number, row


def _is_parted(row: str) -> bool:
    return any(not found[0].startswith('"') for found in _BETWEEN.finditer(row))


def _cells(row: str, delimiter: str) -> list[str]:
    """Read a row as CSV, whatever parts its cells; raises ``OptionError`` for half a quote."""
    alike = _BETWEEN.sub(
        lambda found: found[0].replace(" ", _KEPT) if found[0].startswith('"') else ",", row
    )
    try:
        reader = csv.reader([alike], delimiter=delimiter, skipinitialspace=True, strict=True)
        return [" ".join(cell.split()).strip(_KEPT) for each in reader for cell in each]
    except csv.Error as error:
        raise OptionError("option.quote", value=row[:40]) from error


def _columns(line: int, fields: Iterable[str], *, in_file: bool) -> Iterator[_Entry]:
    """Yield words, each with the number in the column behind it."""
    last: str | None = None
    for field in fields:
        if last is not None and _NUMBER.fullmatch(field):
            yield _Entry(line, last, field)
            last = None
            continue
        words = [field] if in_file else _with_numbers(_BESIDE_HAN.split(field))
        *others, last = words if last is None else (last, *words)
        yield from (_Entry(line, word) for word in others)
    if last is not None:
        yield _Entry(line, last)


def _with_numbers(pieces: Iterable[str]) -> Sequence[str]:
    """Put every number back behind the word that it follows."""
    words: list[str] = []
    for piece in pieces:
        if words and _NUMBER.fullmatch(piece) and not _ENDS_IN_NUMBER.search(words[-1]):
            words[-1] += f" {piece}"
        else:
            words.append(piece)
    return words


@contextmanager
def _about(line: int) -> Iterator[None]:
    """Say where in a list of several lines something is wrong."""
    try:
        yield
    except OptionError as error:
        if not line:
            raise
        raise OptionError("option.list_line", line=line, why=Notice.of(error)) from error
