"""Conversation → csv: a row for each thing that happened, in the order of docs/speakers.md.

talk       one speaker: seconds, share, turns, and how often they broke in
pace       one speaker in one language
turn       what one says
monologue  the longest of these
talk_over  the speaker broke in on the other; both are empty where both began at once
silence    between what the other said and what the speaker says next; hold where it is one
"""

import csv
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any

from richspeech.model.transcript import plain
from richspeech.review.conversation import Conversation, SpeakerTalk
from richspeech.writers.data import BYTE_ORDER_MARK, harmless

COLUMNS = (
    *("kind", "speaker", "other", "start", "end", "seconds", "share", "turns", "broke_in"),
    *("music_seconds", "language", "per_minute", "unit", "speakers"),
)


def write_conversation(conversation: Conversation) -> str:
    """Write the table (RFC 4180) with the byte order mark that tells Excel of UTF-8.

    What does not belong to a row is empty in it. A name that a spreadsheet would take for a formula
    gets the apostrophe that makes it a text.
    """
    table = StringIO()
    writer = csv.DictWriter(table, COLUMNS)
    writer.writeheader()
    writer.writerows(map(_plain, _rows(conversation)))
    return BYTE_ORDER_MARK + table.getvalue()


def _rows(conversation: Conversation) -> Iterator[Mapping[str, Any]]:
    for each in conversation.speakers:
        yield from _of_one(each)
    for turn in conversation.turns:
        yield _row("turn", turn)
    if conversation.longest is not None:
        yield _row("monologue", conversation.longest)
    for over in conversation.talk_overs:
        both = " / ".join(over.speakers)
        yield _row("talk_over", over, speaker=over.by, other=over.over, speakers=both)
    for silence in conversation.silences:
        kind = "hold" if silence.is_hold else "silence"
        yield _row(kind, silence, speaker=silence.before, other=silence.after)


def _of_one(talk: SpeakerTalk) -> Iterator[Mapping[str, Any]]:
    yield _row("talk", talk)
    for rate in talk.rates:
        yield _row("pace", rate, speaker=talk.speaker)


def _row(kind: str, found: object, **others: object) -> Mapping[str, Any]:
    values = {**vars(found), **others, "kind": kind}
    return {name: values[name] for name in COLUMNS if values.get(name) is not None}


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    texts = {name: harmless(value) for name, value in row.items() if isinstance(value, str)}
    return {**plain(dict(row)), **texts}
