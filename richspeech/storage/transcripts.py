"""The history: every transcript with its settings, to be searched, opened, corrected and deleted.

A SQLite file, or a PostgreSQL server. Words are searched with LIKE over folded text: it finds one
or two characters of Chinese or Japanese, which an index of three-character pieces (FTS5's,
pg_trgm's) cannot, and is the same in every database.

Sessions are short, and one object serves all threads. What is deleted is overwritten in SQLite's
file.

A transcript belongs to who had it made, and is seen by them and by admins: ``Store.seen_by``. What
is nobody's, since nobody had logged in, is seen by admins alone.

Not covered: recordings, which are never kept.
"""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import astuple, dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property, partial
from secrets import token_hex
from time import monotonic
from typing import Any, cast

import numpy as np
from sqlalchemy import ColumnElement, case, delete, exists, false, func, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased, defer

from richspeech.access.principal import ANYBODY, Principal, Scope
from richspeech.audio.peaks import Peaks
from richspeech.errors import (
    ChangedElsewhereError,
    MissingTranscriptError,
    RichSpeechError,
    StoreError,
    UnreadableStoreError,
)
from richspeech.model.document import Document
from richspeech.model.edits import PERSON, CorrectionEdit, edits_from_list, edits_to_list
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Transcript
from richspeech.model.voiceprint import Voiceprint
from richspeech.operations import audit
from richspeech.privacy.mask import mask, mask_document, mask_text
from richspeech.review.risk import LEVELS, Level, assess_risk
from richspeech.settings import HistorySettings, PrivacySettings, RiskSettings, VoicesSettings
from richspeech.storage.accounts import AccountStore
from richspeech.storage.database import (
    HIGHEST_NUMBER,
    Database,
    FileRow,
    JobRow,
    LabelRow,
    OwnerRow,
    RiskRow,
    TagRow,
    TranscriptRow,
    put_database_aside,
)
from richspeech.storage.drafts import DraftStore
from richspeech.storage.identity import digest_of
from richspeech.storage.jobs import JobStore
from richspeech.storage.query import Key, Query, Term, fold, storable
from richspeech.storage.shares import ShareStore
from richspeech.storage.tags import TagStore
from richspeech.storage.voices import VoiceStore, heard_rows, name_voices

log = logging.getLogger(__name__)

PREVIEW_LETTERS = 200
"""Of the beginning of the text, in a list."""

MOST_RECORDED = 100
"""Numbers of transcripts in one line of the audit log, which says how many there are."""

INTERRUPTED = "(interrupted)"
"""Behind the name of a recording that was not heard to its end."""


@dataclass(frozen=True)
class Fingerprint:
    """What was heard, and by what: equal ones have equal transcripts."""

    beginning: str
    """Digest of the first seconds, of what recognises and of the options."""
    whole: str
    """Digest of all samples, of what recognises and of the options."""


@dataclass(frozen=True)
class Entry:
    """One line of the history."""

    id: int
    """Never given to another one."""
    name: str | None
    """Of the file; None when it had none."""
    created: datetime
    """UTC."""
    duration: float
    """Seconds."""
    language: str | None
    engine: str
    model: str
    request: TranscriptionRequest
    """What was asked for, with the engine that heard it."""
    preview: str
    """The first words."""
    revision: int
    """How often it was edited; other names of a request for its speakers do not count."""

    @property
    def options(self) -> Options:
        """What was asked of the recogniser."""
        return self.request.options


@dataclass(frozen=True)
class StoredRisk:
    """How risky a transcript is by the rules in force."""

    level: Level
    score: int


@dataclass(frozen=True)
class Stored:
    """One transcript of the history."""

    entry: Entry
    document: Document


@dataclass(frozen=True)
class KnownFile:
    """A file that a transcript was made of."""

    content: str
    """Digest of the file, of its first sound, of what decodes and recognises it."""
    peaks: Peaks | None
    """Of its waveform; None where they were not measured."""


@dataclass(frozen=True)
class FoundFile:
    """What is known of a file without decoding it."""

    whole: str
    """As in ``Fingerprint``."""
    peaks: Peaks | None


@dataclass(frozen=True)
class Aged:
    """What of a history is too old."""

    old: int
    """Transcripts."""
    total: int
    newest: datetime | None
    """UTC, from which the ages count; None of an empty history."""

    @property
    def are_too_many(self) -> bool:
        """Whether that is more than half of all but the newest: no clock alone may decide that."""
        return 2 * self.old > max(self.total - 1, 0)


def open_store(
    settings: HistorySettings,
    privacy: PrivacySettings | None = None,
    risk: RiskSettings | None = None,
    *,
    voices: VoicesSettings | None = None,
    aside: bool = False,
) -> "Store | None":
    """Open the history; None when it is switched off. Raises ``StoreError``.

    With ``aside`` one that is damaged or of another version is put aside, and a new one begun.
    """
    if not settings.enabled:
        return None
    remembers, days = voices is not None and voices.remember, settings.keep_days
    opened = partial(Store, settings.url, privacy, risk, keep_days=days, remembers_voices=remembers)
    try:
        return opened(checks=aside)
    except UnreadableStoreError as error:
        if not aside:
            raise
        log.warning("%s", error)
        put_database_aside(settings.url)
        return opened()


class Store:
    """The history; thread-safe.

    ``keep_days`` count from the newest transcript that is not from the future, so that a clock
    that jumped makes nothing old.
    """

    def __init__(
        self,
        url: str,
        privacy: PrivacySettings | None = None,
        risk: RiskSettings | None = None,
        *,
        keep_days: int | None = None,
        remembers_voices: bool = False,
        checks: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Open, and make if need be, the database at ``url``; raises ``StoreError``.

        With ``checks`` all of a SQLite file is read first, to find out whether it is damaged.
        """
        self._keep_days, self._now = keep_days, now
        self._remembers_voices = remembers_voices and (privacy is None or privacy.keep_originals)
        self._told: set[Aged] = set()
        """What the log has said already."""
        self.privacy = privacy or PrivacySettings()
        self._risk = risk or RiskSettings()
        self.principal = self.privacy.seen_by(ANYBODY)
        """For whom it answers."""
        self.forget: Callable[[Sequence[str]], None] = lambda _: None
        """Deletes what else there is of jobs that have gone with what was deleted here, by their
        ids; set by whoever knows where their recordings lie."""
        self._database = Database(url)
        try:
            if checks:
                self._database.check()
            self.delete_old()
        except StoreError:
            self.close()
            raise

    @cached_property
    def _rules(self) -> str:
        """Digest of what decides a risk beside the transcript."""
        rules = [rule.model_dump_json() for rule in self._risk.rules_in_force]
        return digest_of("risk", self._risk.model_dump_json(), *rules)

    @cached_property
    def jobs(self) -> JobStore:
        """The jobs of the same database."""
        return JobStore(self._database, self._now)

    @cached_property
    def accounts(self) -> AccountStore:
        """The users and keys of the same database."""
        return AccountStore(self._database, self._now)

    @property
    def voices(self) -> VoiceStore:
        """The voiceprints of whoever it answers."""
        return VoiceStore(self._database, self.principal)

    @cached_property
    def drafts(self) -> DraftStore:
        """What people are writing in transcripts."""
        return DraftStore(self._database, self._now)

    @cached_property
    def shares(self) -> ShareStore:
        """The links to transcripts."""
        return ShareStore(self._database, self._now)

    @property
    def tags(self) -> TagStore:
        """The tags of what may be seen."""
        return TagStore(self._database, self.principal, self._is_seen, self.privacy)

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def seen_by(self, principal: Principal) -> "Store":
        """Return the same, as far as somebody may see and change it; what they keep is theirs."""
        seen = copy(self)
        seen.principal = principal
        return seen

    # Writing --------------------------------------------------------------------------------------

    def keep(
        self,
        fingerprint: Fingerprint,
        name: str | None,
        request: TranscriptionRequest,
        document: Document,
        voices: Mapping[str, Voiceprint] | None = None,
    ) -> Entry:
        """Add a document; when its like is there already, that one stays and is returned.

        With it go the ``voices`` of those who speak in it, by their letters, where the settings
        say that voices are remembered, and whoever asks may see them.

        Raises ``StoreError``, and ``AccessError`` for those who may only read, as all that writes.
        """
        self.principal.require(Scope.TRANSCRIBE)
        document = self._kept(document)
        if name is not None and not self.privacy.keep_originals:
            name = mask_text(name, None, self.privacy.kinds)
        transcript, owner = document.transcript, self.principal.user
        row = TranscriptRow(
            beginning=fingerprint.beginning,
            whole=fingerprint.whole if owner is None else token_hex(32),
            name=None if name is None else storable(name),
            folded_name=fold(name or ""),
            created=self._now(),
            duration=transcript.duration,
            engine=transcript.engine,
            model=transcript.model,
            request=request.to_dict(),
            edits=edits_to_list(document.edits),
            measured=document.measured.to_dict(),
            **self._searchable(document),
        )
        try:
            with self._session() as session:
                session.add(row)
                session.flush()
                self._describe(session, row.id, transcript)
                if voices and self._remembers_voices and not self.principal.masks:
                    session.add_all(heard_rows(row.id, voices))
                if owner is not None:
                    owned = OwnerRow(transcript=row.id, owner=owner, whole=fingerprint.whole)
                    session.add(owned)
                entry = _entry(row)
        except StoreError as error:
            if not isinstance(error.__cause__, IntegrityError):
                raise
            found = self.find(fingerprint.whole)  # somebody else heard the same meanwhile
            if found is None:
                raise
            return found.entry
        self._delete_old_quietly()
        return entry

    def keep_file(self, entry: Entry, file: KnownFile) -> None:
        """Remember that a transcript was made of ``file``; raises ``StoreError``."""
        self.principal.require(Scope.TRANSCRIBE)
        row = FileRow(transcript=entry.id, content=file.content)
        if file.peaks is not None:
            row.samples_per_peak = file.peaks.samples_per_peak
            row.peaks = file.peaks.values.tobytes()
        with self._session() as session:
            session.merge(row)

    def keep_interrupted(
        self,
        fingerprint: Fingerprint,
        name: str | None,
        request: TranscriptionRequest,
        document: Document,
    ) -> Entry:
        """Add what was heard of a recording up to ``fingerprint``; it answers for no recording."""
        own = Fingerprint(*(digest_of("interrupted", each) for each in astuple(fingerprint)))
        return self.keep(own, f"{name or ''} {INTERRUPTED}".strip(), request, document)

    def edit(self, entry: Entry, document: Document) -> Entry:
        """Put the edits of ``document`` in the place of those of an entry.

        What was measured stays; the search then finds the edited transcript. Raises
        ``ChangedElsewhereError`` when somebody else was faster, and ``StoreError`` for whoever sees
        masked words instead of originals.
        """
        return self._put(entry, document, entry.revision + 1)

    def call(self, entry: Entry, document: Document) -> Entry:
        """Do the same where nothing but the names differ that a request has for speakers.

        That counts as no revision, so that whoever has the transcript open can go on with it.
        """
        return self._put(entry, document, entry.revision)

    def _put(self, entry: Entry, document: Document, revision: int) -> Entry:
        self.principal.require(Scope.TRANSCRIBE)
        if self.principal.masks and self.privacy.keep_originals:
            raise StoreError("history.masked")  # else placeholders would stand over the originals
        kept = self._kept(document)
        if len(kept.edits) < len(document.edits):  # masked lines stand for what was measured
            raise StoreError("history.masked_lines")
        values: dict[str, Any] = {"edits": edits_to_list(kept.edits), "revision": revision}
        if kept is not document:
            values["measured"] = kept.measured.to_dict()
            document = kept
        with self._session() as session:
            changed = (
                update(TranscriptRow)
                .where(_is_unchanged(entry), self._is_seen)
                .values(**values, **self._searchable(document))
            )
            if session.scalar(changed.returning(TranscriptRow.id)) is None:
                raise self._conflict(session, entry)
            for each in (LabelRow, RiskRow):
                session.execute(delete(each).where(each.transcript == entry.id))
            self._describe(session, entry.id, document.transcript)
            if self._remembers_voices:
                name_voices(session, entry.id, document.names)
            return self._shown(_entry(session.get_one(TranscriptRow, entry.id)))

    def _describe(self, session: Session, identifier: int, transcript: Transcript) -> None:
        """Write what is searched beside the words: labels, and the risk by the rules in force."""
        session.add_all([*_labels(identifier, transcript), self._risk_row(identifier, transcript)])

    def delete(self, identifier: int) -> None:
        """Delete one transcript with its edits; one that is gone already is no error."""
        self.principal.require(Scope.TRANSCRIBE)
        self._delete((TranscriptRow.id == identifier) & self._is_seen, "one")

    def delete_old(self) -> int:
        """Delete what is older than the settings allow; return how many that were.

        More than half at once stays: the log then names the command that deletes it.
        """
        if self._keep_days is None:
            return 0
        aged = self.aged(self._keep_days)
        if not aged.are_too_many:
            return self.prune(self._keep_days) if aged.old else 0
        if aged not in self._told:
            self._told.add(aged)
            log.warning(
                "%d of %d transcripts in the history are older than history.keep_days and stay, "
                "in case a clock is wrong: python -m richspeech history prune deletes them.",
                aged.old,
                aged.total,
            )
        return 0

    def _delete_old_quietly(self) -> None:
        """Delete what is too old; what was just kept is kept even where that fails."""
        try:
            self.delete_old()
        except StoreError as error:
            log.warning("%s", error)

    def aged(self, days: int) -> Aged:
        """Tell how much is more than ``days`` older than the newest transcript."""
        with self._session() as session:
            newest = self._newest(session)
            total = session.scalar(select(func.count()).select_from(TranscriptRow)) or 0
            old = select(func.count()).where(_made_before(newest, days))
            return Aged(session.scalar(old) or 0, total, newest)

    def prune(self, days: int) -> int:
        """Delete what is more than ``days`` older than the newest; return how many that were."""
        with self._session() as session:
            newest = self._newest(session)
        return self._delete(_made_before(newest, days), "old")

    def _newest(self, session: Session) -> datetime | None:
        """Return when the newest was made; the future, which a wrong clock left, does not count."""
        made = select(func.max(TranscriptRow.created)).where(TranscriptRow.created <= self._now())
        return session.scalar(made)

    def wipe(self) -> int:
        """Delete everything; return how many transcripts.

        Copies from before upgrades and jobs that are over, which name recordings, go as well. It is
        for admins.
        """
        self.principal.require(Scope.ADMIN)
        self._database.delete_copies()
        self.forget(self.jobs.delete_over())
        return self._delete(TranscriptRow.id.is_not(None), "all")

    def _delete(self, condition: ColumnElement[bool], what: str) -> int:
        going = select(TranscriptRow.id).where(condition)
        with self._session() as session:
            jobs = session.scalars(select(JobRow.id).where(JobRow.transcript.in_(going))).all()
            gone = delete(TranscriptRow).where(condition).returning(TranscriptRow.id)
            found = session.scalars(gone).all()
        self.forget(jobs)
        if found:
            audit.record(
                audit.Action.DELETED, what=what, count=len(found), transcripts=found[:MOST_RECORDED]
            )
            self._database.empty_log()
        return len(found)

    # Reading --------------------------------------------------------------------------------------

    def require_reachable(self) -> None:
        """Read next to nothing; raises ``StoreError`` when that cannot be done."""
        with self._session() as session:
            session.scalar(select(TranscriptRow.id).limit(1))

    def find_beginning(self, beginning: str) -> Entry | None:
        """Return one that began alike, if there is any, whoever's; nothing of its words is told."""
        alike = select(TranscriptRow).where(TranscriptRow.beginning == beginning).limit(1)
        with self._session() as session:
            row = session.scalar(alike.options(*_WITHOUT_LONG))
            return None if row is None else replace(_entry(row), name=None, preview="")

    def find(self, whole: str) -> Stored | None:
        """Return one's own transcript of the same samples, options and recogniser."""
        owner = self.principal.user
        if owner is None:
            return self._read(TranscriptRow.whole == whole)
        own = select(OwnerRow.transcript).where(OwnerRow.owner == owner, OwnerRow.whole == whole)
        return self._read(TranscriptRow.id.in_(own))

    def find_file(self, content: str) -> FoundFile | None:
        """Return what is known of a file, whoever had it; its transcript is another question."""
        whole = func.coalesce(OwnerRow.whole, TranscriptRow.whole)
        found = (
            select(FileRow, whole)
            .join(TranscriptRow, TranscriptRow.id == FileRow.transcript)
            .outerjoin(OwnerRow, OwnerRow.transcript == FileRow.transcript)
            .where(FileRow.content == content)
            .order_by(FileRow.peaks.is_(None))
            .limit(1)
        )
        with self._session() as session:
            row = session.execute(found).first()
            return row and FoundFile(row[1], _peaks_of(row[0]))

    def peaks(self, identifier: int) -> Peaks | None:
        """Return the waveform of what a transcript was made of; None where it was not measured."""
        measured = FileRow.peaks.is_not(None) & FileRow.transcript.in_(
            select(TranscriptRow.id).where(TranscriptRow.id == identifier, self._is_seen)
        )
        with self._session() as session:
            row = session.scalar(select(FileRow).where(measured).limit(1))
            return None if row is None else _peaks_of(row)

    def find_measured(self, whole: str) -> Transcript | None:
        """Return what was measured in the same, whoever has it; nobody's edits are told."""
        any_owner = select(OwnerRow.transcript).where(OwnerRow.whole == whole)
        is_same = (TranscriptRow.whole == whole) | TranscriptRow.id.in_(any_owner)
        with self._session() as session:
            row = session.scalar(select(TranscriptRow).where(is_same).limit(1))
            if row is None:
                return None
            measured = Transcript.from_dict(row.measured)
        return mask(measured, self.privacy.kinds) if self.principal.masks else measured

    def open(self, identifier: int) -> Stored:
        """Return a transcript; raises ``MissingTranscriptError`` when it is not there."""
        _require_number(identifier)
        found = self._read((TranscriptRow.id == identifier) & self._is_seen)
        if found is None:
            raise MissingTranscriptError("history.gone", number=identifier)
        audit.record(audit.Action.OPENED, transcript=identifier, name=found.entry.name)
        return found

    def entry(self, identifier: int) -> Entry:
        """Return the line of a transcript, which nobody reads for that; raises ``StoreError``."""
        _require_number(identifier)
        with self._session() as session:
            found = select(TranscriptRow).where(TranscriptRow.id == identifier, self._is_seen)
            row = session.scalar(found.options(*_WITHOUT_LONG))
            if row is None:
                raise MissingTranscriptError("history.gone", number=identifier)
            return self._shown(_entry(row))

    def document(self, entry: Entry) -> Document:
        """Return the document of an entry.

        Raises ``ChangedElsewhereError`` when it has changed meanwhile, and ``StoreError``.
        """
        found = self._read(_is_unchanged(entry) & self._is_seen)
        if found is None:
            with self._session() as session:
                raise self._conflict(session, entry)
        return found.document

    def rate(self, seconds: float) -> int:
        """Work out risks that nobody has by the rules in force, for so long at most.

        Those are of transcripts from before, and of other rules; the newest come first. Returns
        how many are left.
        """
        rated = select(RiskRow.transcript).where(RiskRow.rules == self._rules)
        unrated = TranscriptRow.id.not_in(rated) & self._is_seen
        until = monotonic() + seconds
        while monotonic() < until:
            with self._session() as session:
                found = select(TranscriptRow).where(unrated).order_by(TranscriptRow.id.desc())
                row = session.scalar(found.limit(1))
                if row is None:
                    return 0
                risk = self._rating(row)
            self._keep_risk(risk)
        with self._session() as session:
            left = select(func.count()).select_from(TranscriptRow).where(unrated)
            return session.scalar(left) or 0

    def _rating(self, row: TranscriptRow) -> RiskRow:
        """Rate a transcript; of one that cannot be read nobody knows, and it is not asked again."""
        try:
            return self._risk_row(row.id, _document(row).transcript)
        except RichSpeechError as error:
            log.warning("transcript %d has no risk: %s", row.id, error)
            return RiskRow(transcript=row.id, rules=self._rules, level="unknown", score=0)

    def _keep_risk(self, risk: RiskRow) -> None:
        """Keep a risk, unless somebody else has by now, or its transcript has gone."""
        other = (RiskRow.transcript == risk.transcript) & (RiskRow.rules != risk.rules)
        try:
            with self._session() as session:
                session.execute(delete(RiskRow).where(other))
                session.add(risk)
        except StoreError as error:
            if not isinstance(error.__cause__, IntegrityError):
                raise

    def risks(self, identifiers: Sequence[int]) -> dict[int, StoredRisk]:
        """Return the risks of some transcripts, by number, where they are known."""
        seen = select(TranscriptRow.id).where(TranscriptRow.id.in_(identifiers), self._is_seen)
        those = select(RiskRow).where(RiskRow.transcript.in_(seen), RiskRow.rules == self._rules)
        with self._session() as session:
            return {
                row.transcript: StoredRisk(cast("Level", row.level), row.score)
                for row in session.scalars(those)
            }

    def _risk_row(self, identifier: int, transcript: Transcript) -> RiskRow:
        risk = assess_risk(transcript, self._risk)
        rated = {"rules": self._rules, "level": risk.level, "score": risk.score}
        return RiskRow(transcript=identifier, **rated)

    def search(
        self,
        query: Query,
        *,
        limit: int = 50,
        offset: int = 0,
        timezone: tzinfo = UTC,
        by_risk: bool = False,
    ) -> tuple[Entry, ...]:
        """Return what matches, newest first; days begin at midnight in ``timezone``.

        With ``by_risk`` the highest come first, and then the newest.
        """
        order: list[ColumnElement[Any]] = [TranscriptRow.created.desc(), TranscriptRow.id.desc()]
        conditions = (self._is_seen, *_conditions(query, timezone, self._rules))
        found = select(TranscriptRow).where(*conditions)
        if by_risk:
            is_of_it = (RiskRow.transcript == TranscriptRow.id) & (RiskRow.rules == self._rules)
            found = found.outerjoin(RiskRow, is_of_it)
            order[:0] = [_rank(), func.coalesce(RiskRow.score, 0).desc()]
        found = found.order_by(*order)
        with self._session() as session:
            rows = session.scalars(found.options(*_WITHOUT_LONG).limit(limit).offset(offset))
            return tuple(map(self._shown, map(_entry, rows)))

    def labels(self, identifiers: Sequence[int]) -> dict[int, tuple[Term, ...]]:
        """Return the labels that are heard in some transcripts, edits included, by number."""
        heard: dict[int, list[Term]] = {identifier: [] for identifier in identifiers}
        seen = select(TranscriptRow.id).where(TranscriptRow.id.in_(identifiers), self._is_seen)
        those = select(LabelRow).where(LabelRow.transcript.in_(seen))
        with self._session() as session:
            for row in session.scalars(those.order_by(LabelRow.kind, LabelRow.value)):
                heard[row.transcript].append(Term(Key(row.kind), row.value))
        return {identifier: tuple(terms) for identifier, terms in heard.items()}

    def count(self, query: Query, *, timezone: tzinfo = UTC) -> int:
        """Return how many match."""
        count = select(func.count()).select_from(TranscriptRow)
        with self._session() as session:
            conditions = (self._is_seen, *_conditions(query, timezone, self._rules))
            return session.scalar(count.where(*conditions)) or 0

    def owners(self, identifiers: Sequence[int]) -> dict[int, str]:
        """Return whose some transcripts are, by number; what is nobody's is left out."""
        seen = select(TranscriptRow.id).where(TranscriptRow.id.in_(identifiers), self._is_seen)
        owned = select(OwnerRow).where(OwnerRow.transcript.in_(seen), OwnerRow.owner.is_not(None))
        with self._session() as session:
            return {row.transcript: str(row.owner) for row in session.scalars(owned)}

    def _read(self, condition: ColumnElement[bool]) -> Stored | None:
        with self._session() as session:
            row = session.scalar(select(TranscriptRow).where(condition).limit(1))
            if row is None:
                return None
            document = _document(row)
            if self.principal.masks:
                document = mask_document(document, self.privacy.kinds)
            return Stored(self._shown(_entry(row)), document)

    def _conflict(self, session: Session, entry: Entry) -> StoreError:
        """Say what has become of an entry since it was read: who was the last to change it."""
        is_same = (TranscriptRow.id == entry.id) & (TranscriptRow.created == entry.created)
        row = session.scalar(select(TranscriptRow).where(is_same, self._is_seen))
        if row is None:
            return StoreError("history.changed")
        made = [each for each in edits_from_list(row.edits) if isinstance(each, CorrectionEdit)]
        if not made or made[-1].by == PERSON:
            return ChangedElsewhereError("history.changed_meanwhile")
        return ChangedElsewhereError("history.changed_by", who=made[-1].by)

    def _shown(self, entry: Entry) -> Entry:
        """Return a line as somebody may see it: files of calls are often named by numbers."""
        if not self.principal.masks:
            return entry
        kinds, name, preview = self.privacy.kinds, entry.name, entry.preview
        if len(preview) == PREVIEW_LETTERS:
            preview = _CUT_NUMBER.sub("", preview)
        return replace(
            entry,
            name=None if name is None else mask_text(name, None, kinds),
            preview=mask_text(preview, entry.language, kinds),
        )

    def _kept(self, document: Document) -> Document:
        """Return what may be kept of a document."""
        keeps = self.privacy.keep_originals
        return document if keeps else mask_document(document, self.privacy.kinds)

    def _searchable(self, document: Document) -> dict[str, Any]:
        """Return what is searched and listed: masked, where that is masked for anybody."""
        if self.privacy.masks_strangers:
            document = mask_document(document, self.privacy.kinds)
        transcript = document.transcript
        words = storable(transcript.text)
        return {
            "words": fold(words),
            "preview": words[:PREVIEW_LETTERS],
            "language": transcript.language,
        }

    @property
    def _is_seen(self) -> ColumnElement[bool]:
        """What of the transcripts may be seen."""
        if self.principal.may(Scope.ADMIN):
            return true()
        if self.principal.user is None:
            return false()
        own = select(OwnerRow.transcript).where(OwnerRow.owner == self.principal.user)
        return TranscriptRow.id.in_(own)

    def _session(self) -> AbstractContextManager[Session]:
        return self._database.session()


_CUT_NUMBER = re.compile(r"[\d\s〇零一二三四五六七八九-]+$")
"""At the end of a preview, where half a number is not known for one."""
_WITHOUT_LONG = (
    defer(TranscriptRow.words),
    defer(TranscriptRow.edits),
    defer(TranscriptRow.measured),
)


def _require_number(identifier: int) -> None:
    """Raise ``MissingTranscriptError`` for what no database can count to."""
    if abs(identifier) > HIGHEST_NUMBER:
        raise MissingTranscriptError("history.gone", number=identifier)


def _peaks_of(row: FileRow) -> Peaks | None:
    if row.peaks is None or row.samples_per_peak is None:
        return None
    return Peaks(row.samples_per_peak, np.frombuffer(row.peaks, np.int8).reshape(-1, 2))


def _made_before(newest: datetime | None, days: int) -> ColumnElement[bool]:
    return false() if newest is None else TranscriptRow.created < newest - timedelta(days=days)


def _is_unchanged(entry: Entry) -> ColumnElement[bool]:
    # The time tells it from the entry of the same number in another file at the same place.
    return (
        (TranscriptRow.id == entry.id)
        & (TranscriptRow.revision == entry.revision)
        & (TranscriptRow.created == entry.created)
    )


def _entry(row: TranscriptRow) -> Entry:
    values = {each.name: getattr(row, each.name) for each in fields(Entry)}
    return Entry(**{**values, "request": TranscriptionRequest.from_dict(row.request)})


def _document(row: TranscriptRow) -> Document:
    return Document(Transcript.from_dict(row.measured), edits_from_list(row.edits))


def _rank() -> ColumnElement[int]:
    """Return what sorts levels, those of nobody's rating last."""
    return case({level: at for at, level in enumerate(LEVELS)}, value=RiskRow.level, else_=9)


def _labels(identifier: int, transcript: Transcript) -> list[LabelRow]:
    segments = transcript.segments
    heard = {
        *((Key.EMOTION, segment.emotion.value) for segment in segments if segment.has_emotion),
        *((Key.LANGUAGE, segment.language) for segment in segments if segment.language),
        *((Key.EVENT, each.value) for segment in segments for each in segment.events),
    }
    return [
        LabelRow(transcript=identifier, kind=kind.value, value=value)
        for kind, value in sorted(heard)
    ]


# The search ---------------------------------------------------------------------------------------


def _conditions(query: Query, timezone: tzinfo, rules: str) -> list[ColumnElement[bool]]:
    return [_condition(term, timezone, rules) for term in query.terms]


def _condition(term: Term, timezone: tzinfo, rules: str) -> ColumnElement[bool]:
    match term.key:
        case Key.RISK:
            rated = aliased(RiskRow)  # the order by risk has the table as well
            return exists().where(
                rated.transcript == TranscriptRow.id,
                rated.rules == rules,
                rated.level == term.value,
            )
        case Key.TAG:
            return exists().where(TagRow.transcript == TranscriptRow.id, TagRow.tag == term.value)
        case Key.WORD | Key.NAME:
            of_words = term.key is Key.WORD
            text = TranscriptRow.words if of_words else TranscriptRow.folded_name
            return text.contains(term.value, autoescape=True)
        case Key.AFTER:
            return TranscriptRow.created >= _midnight(term.value, timezone)
        case Key.BEFORE:
            return TranscriptRow.created < _midnight(term.value, timezone)
        case Key.EMOTION | Key.EVENT | Key.LANGUAGE:
            return exists().where(
                LabelRow.transcript == TranscriptRow.id,
                LabelRow.kind == term.key.value,
                LabelRow.value == term.value,
            )


def _midnight(day: str, timezone: tzinfo) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), timezone)
