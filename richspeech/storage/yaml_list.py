"""A list in YAML as its members are written: each with the comments around it.

text → what stands before the first member, and the lines of each → text
"""

from itertools import pairwise
from typing import Any

import yaml

from richspeech.errors import SettingsError

OF_DOCUMENTS = (yaml.DirectiveToken, yaml.DocumentStartToken, yaml.DocumentEndToken)


def members(text: str, values: list[Any]) -> tuple[str, list[str]]:
    """Cut a list, whose ``values`` are known, into what stands before it and the lines of each.

    What is not laid out as one line below the other is laid out anew; raises ``SettingsError``
    where that would lose comments.
    """
    tokens = [*yaml.scan(text, yaml.CSafeLoader)]
    dashes = (each.start_mark for each in tokens if isinstance(each, yaml.BlockEntryToken))
    starts = [_with_comments(text, mark.index) for mark in dashes if mark.column == 0]
    blocks = [text[start:end] for start, end in pairwise([*starts, len(text)])]
    is_plain = not any(isinstance(each, OF_DOCUMENTS) for each in tokens)
    if is_plain and _hold(blocks, values):
        prologue, first = _paragraphs(text[: starts[0]] + blocks[0])
        return prologue, [first, *blocks[1:]]
    if "#" in text:
        raise SettingsError("rules.layout")
    return "", [yaml.safe_dump([value], allow_unicode=True, sort_keys=False) for value in values]


def joined(*blocks: str) -> str:
    """Return the text that was cut."""
    return "".join(each if each.endswith("\n") or not each else f"{each}\n" for each in blocks)


def around(source: str) -> tuple[str, str, str]:
    """Part the comments and blank lines before a member from it, and those behind it."""
    lines = [f"{line}\n" for line in source.removesuffix("\n").split("\n")]
    said = [at for at, line in enumerate(lines) if line.strip() and line.lstrip()[0] != "#"]
    first, last = (said[0], said[-1] + 1) if said else (len(lines), len(lines))
    return "".join(lines[:first]), "".join(lines[first:last]), "".join(lines[last:])


def anew(source: str, written: str) -> str:
    """Put what is ``written`` between the comments that stood before and behind a member."""
    before, _, behind = around(source) if source else ("", "", "")
    return f"{before}{written}{behind}"


def has_comment_within(source: str) -> bool:
    """Whether somebody wrote a comment within a member, or a text over several lines."""
    member = around(source)[1]
    try:
        tokens = [*yaml.scan(member, yaml.CSafeLoader)]
    except yaml.YAMLError:  # a text whose last line looks like a comment
        return True
    if any(getattr(each, "style", None) in ("|", ">") for each in tokens):
        return True
    between = (member[a.end_mark.index : b.start_mark.index] for a, b in pairwise(tokens))
    return any("#" in each for each in between)


def _hold(blocks: list[str], values: list[Any]) -> bool:
    try:
        return [yaml.load(block, yaml.CSafeLoader) for block in blocks] == [
            [value] for value in values
        ]
    except yaml.YAMLError:
        return False


def _paragraphs(block: str) -> tuple[str, str]:
    """Part what is said of all members from the first one: a blank line is between them."""
    before, middle, behind = around(block)
    head, blank, own = before.rpartition("\n\n")
    return f"{head}{blank}", f"{own}{middle}{behind}"


def _with_comments(text: str, place: int) -> int:
    """Return where the comments and blank lines right before a member begin."""
    while (before := text.rfind("\n", 0, max(place - 1, 0)) + 1) < place:
        line = text[before:place]
        if line.strip() and not line.startswith("#"):
            break
        place = before
    return place
