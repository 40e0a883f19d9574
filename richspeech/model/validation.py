"""Why data from outside was refused."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from richspeech.errors import RichSpeechError
from richspeech.language.catalog import Notice, knows
from richspeech.language.refused import Refused

MEMBER = re.compile(r"<\w+\.\w+: ('\w+')>")
"""Of an enumeration, as Python writes it; people want to read its value."""


def why_refused(error: ValidationError) -> Notice:
    """Say which part was refused first, and why: in our own words where an error of ours did."""
    first = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, RichSpeechError):
        return Notice.of(cause)
    why = bare_reason(first["msg"])
    where = ".".join(str(part) for part in first["loc"])
    if not where:
        return Notice("refused.why", {"why": why})
    return Notice("refused.where", {"where": where, "why": why})


def reason_of(refused: Mapping[str, Any]) -> Notice | str:
    """Return why one part was refused, as it goes into a sentence.

    In the language of the reader where it is a reason of ours, or one that pydantic tells of
    numbers, texts and lists; in pydantic's words otherwise.
    """
    told = refused.get("ctx", {})
    cause, key = told.get("error"), f"refused.{refused['type']}"
    if isinstance(cause, Refused):
        return cause.why
    if not knows(key):
        return bare_reason(refused["msg"])
    return Notice(key, {name: str(value) for name, value in told.items()})


def bare_reason(message: str) -> str:
    """Return pydantic's message about one part without a full stop, as it goes into a sentence.

    >>> bare_reason("Input should be <State.WAITING: 'waiting'> or <State.FAILED: 'failed'>")
    "Input should be 'waiting' or 'failed'"
    """
    values = MEMBER.sub(r"\1", message)
    return values.removeprefix("Value error, ").removesuffix(".")
