"""Why data from outside was refused."""

import re

from pydantic import ValidationError

from richspeech.errors import RichSpeechError
from richspeech.language.catalog import Notice

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


def bare_reason(message: str) -> str:
    """Return pydantic's message about one part without a full stop, as it goes into a sentence.

    >>> bare_reason("Input should be <State.WAITING: 'waiting'> or <State.FAILED: 'failed'>")
    "Input should be 'waiting' or 'failed'"
    """
    values = MEMBER.sub(r"\1", message)
    return values.removeprefix("Value error, ").removesuffix(".")
