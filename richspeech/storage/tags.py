"""Tags of the transcripts of the history, which go with them. Everything raises ``StoreError``."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from richspeech.access.principal import Principal, Scope
from richspeech.errors import MissingTranscriptError, OptionError, StoreError
from richspeech.model.tag import MOST_TAGS, tag_of
from richspeech.privacy.mask import mask_text
from richspeech.settings import PrivacySettings
from richspeech.storage.database import HIGHEST_NUMBER, Database, TagRow, TranscriptRow

MOST_LISTED = 50
"""Different tags to choose from."""


class TagStore:
    """The tags that somebody may see and change; for all threads."""

    def __init__(
        self,
        database: Database,
        principal: Principal,
        is_seen: ColumnElement[bool],
        privacy: PrivacySettings,
    ) -> None:
        """``is_seen`` says of transcripts which they may see."""
        self._database, self._principal, self._is_seen = database, principal, is_seen
        self._privacy = privacy

    def add(self, transcript: int, *texts: str) -> tuple[str, ...]:
        """Tag a transcript, and return all tags that it has then; raises as ``change`` does."""
        return self.change(transcript, add=texts)

    def remove(self, transcript: int, *texts: str) -> tuple[str, ...]:
        """Take tags off a transcript, and return what it has left; raises as ``change`` does."""
        return self.change(transcript, remove=texts)

    def change(
        self, transcript: int, *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> tuple[str, ...]:
        """Tag a transcript and take tags off, all or nothing; return all that it has then.

        It may have the one already, and lack the other. Raises ``OptionError`` for what is no tag
        and for too many, ``MissingTranscriptError``, and ``AccessError`` for those who may only
        read.
        """
        self._principal.require(Scope.TRANSCRIBE)
        wanted, off = {*map(self._allowed, add)}, {*map(tag_of, remove)}
        try:
            with self._database.session() as session:
                self._require_there(session, transcript)
                known = {*_tags(session, transcript)}
                if len((known - off) | wanted) > MOST_TAGS:
                    raise OptionError("tag.too_many", most=MOST_TAGS)
                gone = (TagRow.transcript == transcript) & TagRow.tag.in_(off - wanted)
                session.execute(delete(TagRow).where(gone))
                session.add_all(TagRow(transcript=transcript, tag=tag) for tag in wanted - known)
        except StoreError as error:
            if not isinstance(error.__cause__, IntegrityError):  # somebody else was faster
                raise
        return self.of([transcript])[transcript]

    def of(self, transcripts: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """Return the tags of some transcripts, by number, in the order of their letters."""
        seen = select(TranscriptRow.id).where(TranscriptRow.id.in_(transcripts), self._is_seen)
        tagged: dict[int, list[str]] = {each: [] for each in transcripts}
        with self._database.session() as session:
            those = select(TagRow).where(TagRow.transcript.in_(seen)).order_by(TagRow.tag)
            for row in session.scalars(those):
                tagged[row.transcript].append(row.tag)
        return {each: tuple(tags) for each, tags in tagged.items()}

    def counts(self) -> dict[str, int]:
        """Return how many transcripts have each tag, the most frequent first."""
        seen = select(TranscriptRow.id).where(self._is_seen)
        times = func.count().label("times")
        found = select(TagRow.tag, times).where(TagRow.transcript.in_(seen)).group_by(TagRow.tag)
        with self._database.session() as session:
            most = found.order_by(times.desc(), TagRow.tag).limit(MOST_LISTED)
            return {row.tag: row.times for row in session.execute(most)}

    def _allowed(self, text: str) -> str:
        """Return a tag; where anything is masked for anybody, nothing personal may be one."""
        tag, privacy = tag_of(text), self._privacy
        if privacy.masks_strangers and mask_text(tag, None, privacy.kinds) != tag:
            raise OptionError("tag.personal")
        return tag

    def _require_there(self, session: Session, transcript: int) -> None:
        there = select(TranscriptRow.id).where(TranscriptRow.id == transcript, self._is_seen)
        if abs(transcript) > HIGHEST_NUMBER or session.scalar(there) is None:
            raise MissingTranscriptError("history.gone", number=transcript)


def _tags(session: Session, transcript: int) -> list[str]:
    return [*session.scalars(select(TagRow.tag).where(TagRow.transcript == transcript))]
