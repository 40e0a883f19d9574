"""Voiceprints in the database: one of each speaker of a transcript, and the names they were given.

    heard ── without a name, as long as its transcript ── named by a person ── remembered

A print belongs to whoever the transcript belongs to, is told to nobody else, admins included, and
goes with the transcript, with a word, or with the user. Those who see masked words see none.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from richspeech.access.principal import Principal, Scope
from richspeech.model.speaker import LONGEST_NAME
from richspeech.model.strand import SPEAKERS
from richspeech.model.voiceprint import Recognised, Voiceprint, recognised
from richspeech.operations import audit
from richspeech.storage.database import Database, OwnerRow, TranscriptRow, VoiceRow

DECIMALS = 6


@dataclass(frozen=True)
class KeptPrint:
    """A print, and where it is from."""

    transcript: int
    voice: str
    """What the transcript called whoever spoke when they were heard."""
    name: str | None
    """None where nobody has given one."""
    created: datetime
    """UTC, of the transcript."""
    print: Voiceprint

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON knows it."""
        return {
            "name": self.name,
            "transcript": self.transcript,
            "voice": self.voice,
            "created": self.created.isoformat(),
            "encoder": self.print.encoder,
            "direction": [round(each, DECIMALS) for each in self.print.direction],
        }


@dataclass(frozen=True)
class RememberedVoice:
    """A name, and what is kept under it."""

    name: str
    prints: int
    """One of each speaker of a transcript who is called so."""
    encoders: tuple[str, ...]
    since: datetime
    """UTC, of the oldest transcript with it."""
    until: datetime
    """Of the newest."""


@dataclass(frozen=True)
class Remembered:
    """All that is kept of one user."""

    voices: tuple[RememberedVoice, ...]
    """Those with a name, by name."""
    unnamed: int
    """Prints of speakers whom nobody has named; they go with their transcripts."""


class VoiceStore:
    """The prints of one user; for all threads. Everything raises ``StoreError``."""

    def __init__(self, database: Database, principal: Principal) -> None:
        self._database, self._principal = database, principal

    def remembered(self) -> Remembered:
        """Return the voices with a name, and how many prints have none."""
        prints = self.prints()
        names = sorted({each.name for each in prints if each.name is not None})
        voices = (
            _remembered(name, [each for each in prints if each.name == name]) for name in names
        )
        return Remembered(tuple(voices), sum(each.name is None for each in prints))

    def prints(self) -> tuple[KeptPrint, ...]:
        """Return everything that is kept, by name; what has no name comes last."""
        with self._database.session() as session:
            return tuple(self._rows(session))

    def recognised(self, transcript: int, least: Callable[[str], float]) -> tuple[Recognised, ...]:
        """Return whom those sound like who have no name in one's own transcript.

        ``least`` as in ``model.voiceprint.recognised``.
        """
        with self._database.session() as session:
            of_it = VoiceRow.transcript == transcript
            heard = {
                each.voice: each.print
                for each in self._rows(session, of_it, VoiceRow.name.is_(None))
            }
            if not heard:
                return ()
            named = self._rows(session, VoiceRow.name.is_not(None))
            known = [(each.name, each.print) for each in named if each.name is not None]
        return recognised(heard, known, least)

    def forget(self, name: str) -> int:
        """Delete what is kept under a name; return how many prints that were."""
        return self._forget(VoiceRow.name == name)

    def forget_all(self) -> int:
        """Delete all prints, those without a name as well; return how many."""
        return self._forget()

    def _forget(self, *conditions: ColumnElement[bool]) -> int:
        self._principal.require(Scope.TRANSCRIBE)
        own = select(TranscriptRow.id).where(_is_of(self._principal.user))
        gone = delete(VoiceRow).where(VoiceRow.transcript.in_(own), *conditions)
        with self._database.session() as session:
            count = len(session.scalars(gone.returning(VoiceRow.transcript)).all())
        if count:
            audit.record(audit.Action.VOICES_FORGOTTEN, count=count)
            self._database.empty_log()
        return count

    def _rows(self, session: Session, *conditions: ColumnElement[bool]) -> list[KeptPrint]:
        if self._principal.masks:
            return []
        found = (
            select(VoiceRow, TranscriptRow.created)
            .join(TranscriptRow, TranscriptRow.id == VoiceRow.transcript)
            .where(_is_of(self._principal.user), *conditions)
            .order_by(VoiceRow.name.is_(None), VoiceRow.name, VoiceRow.transcript, VoiceRow.voice)
        )
        return [_kept(row, created) for row, created in session.execute(found)]


def heard_rows(transcript: int, voices: Mapping[str, Voiceprint]) -> list[VoiceRow]:
    """Return the rows of those who were heard in a transcript, without names."""
    return [
        VoiceRow(
            transcript=transcript,
            voice=voice,
            encoder=each.encoder,
            direction=np.asarray(each.direction, "<f4").tobytes(),
        )
        for voice, each in voices.items()
    ]


def name_voices(session: Session, transcript: int, names: Mapping[str, str]) -> None:
    """Keep what each voice of a transcript is called now; a letter is no name."""
    for row in session.scalars(select(VoiceRow).where(VoiceRow.transcript == transcript)):
        name = names.get(row.voice, row.voice)
        row.name = None if name in SPEAKERS else name[:LONGEST_NAME]


def without_user(user: str) -> ColumnElement[bool]:
    """Return the condition for what goes when a user does."""
    return VoiceRow.transcript.in_(select(OwnerRow.transcript).where(OwnerRow.owner == user))


def _is_of(user: str | None) -> ColumnElement[bool]:
    """Return which transcripts are somebody's; None means those that are nobody's."""
    owned = select(OwnerRow.transcript)
    if user is None:
        return TranscriptRow.id.not_in(owned.where(OwnerRow.owner.is_not(None)))
    return TranscriptRow.id.in_(owned.where(OwnerRow.owner == user))


def _kept(row: VoiceRow, created: datetime) -> KeptPrint:
    direction = tuple(np.frombuffer(row.direction, "<f4").tolist())
    print_ = Voiceprint(row.encoder, direction)
    return KeptPrint(row.transcript, row.voice, row.name, created, print_)


def _remembered(name: str, prints: Sequence[KeptPrint]) -> RememberedVoice:
    moments = [each.created for each in prints]
    encoders = tuple(sorted({each.print.encoder for each in prints}))
    return RememberedVoice(name, len(prints), encoders, min(moments), max(moments))
