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
_HEADS = ("weight", "权重")
"""What spreadsheets have over a column of weights."""


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
        words = (entry.word,) if entry.number is None else (entry.word, entry.number)
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

    A number is a weight where every word has one, and behind Chinese, in which no word has blanks:
    ``iPhone 15`` is a word among words without weights.
    """
    found = [None if each.number else _WEIGHTED.fullmatch(each.word) for each in entries]
    all_weighted = all(each.number or match for each, match in zip(entries, found, strict=True))
    weighed: dict[str, int] = {}
    for entry, match in zip(entries, found, strict=True):
        word, number = entry.word, entry.number
        if match and (all_weighted or _ENDS_IN_HAN.search(match[1])):
            word, number = match[1], match[2]
        with _about(entry.line):
            require_hotwords((word,))
            weighed.setdefault(word, USUAL_WEIGHT if number is None else _weight(word, number))
    return weighed


def _weight(word: str, number: str) -> int:
    if re.fullmatch(r"\+?\d{1,9}", number) and int(number) in HOTWORD_WEIGHTS:
        return int(number)
    low, high = HOTWORD_WEIGHTS[0], HOTWORD_WEIGHTS[-1]
    raise OptionError("option.hotword_weight", word=word, weight=number[:40], low=low, high=high)


def _entries(text: str, *, in_file: bool) -> Iterator[_Entry]:
    rows = [*_rows(text)]
    blanks_part = not in_file and len(rows) == 1 and not _is_parted(rows[0][1])
    for at, (number, row) in enumerate(rows):
        line = number if len(rows) > 1 else 0
        with _about(line):
            fields = _fields(row, " " if blanks_part else ",")
        if at == 0 and len(fields) > 1 and fields[-1].casefold() in _HEADS:
            continue
        if blanks_part:
            yield from (_Entry(line, word) for word in _with_numbers(fields))
        else:
            yield from _columns(line, fields, in_file=in_file)


def _rows(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that say something, each behind its number."""
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        row = _BLANKS.sub(" ", line).strip()
        if row and not row.startswith(_REMARK):
            yield number, row


def _is_parted(row: str) -> bool:
    return any(not found[0].startswith('"') for found in _BETWEEN.finditer(row))


def _fields(row: str, delimiter: str) -> list[str]:
    """Read a row as CSV, whatever parts its fields; raises ``OptionError`` for half a quote."""
    alike = _BETWEEN.sub(lambda found: found[0] if found[0].startswith('"') else ",", row)
    try:
        reader = csv.reader([alike], delimiter=delimiter, skipinitialspace=True, strict=True)
        fields = (" ".join(field.split()) for each in reader for field in each)
        return [field for field in fields if field]
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
