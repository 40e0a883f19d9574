"""Sharing: a link shows one transcript to whoever has it, until it expires or is taken back."""

import secrets
from dataclasses import replace
from datetime import timedelta

from richspeech.access.keys import RANDOM_BYTES, digest_of
from richspeech.access.principal import Principal, Scope
from richspeech.errors import AccessError, OptionError
from richspeech.operations import audit
from richspeech.storage.shares import Share
from richspeech.storage.transcripts import Store, Stored

DAYS = (1, 7, 30, 365)
"""After which a link may expire."""


class ExpiredLinkError(AccessError):
    """There was such a link."""


class Shares:
    """Makes links and follows them; for all threads. Everything raises ``StoreError``."""

    def __init__(self, store: Store) -> None:
        """``store`` is the whole history."""
        self._store, self._links = store, store.shares
        seen = replace(store.principal, masks=store.privacy.masks_strangers)
        self._shown = store.seen_by(seen)

    def make(self, transcript: int, days: int, principal: Principal) -> str:
        """Return what stands in a new link, for the only time.

        Raises ``AccessError`` for those who may only read, ``OptionError`` for another number of
        days, and ``StoreError`` for a transcript that is not theirs.
        """
        self._require_own(transcript, principal)
        if days not in DAYS:
            raise OptionError("share.days", days=days, known=DAYS)
        token, now = secrets.token_urlsafe(RANDOM_BYTES), self._links.now()
        share = Share(transcript, principal.user, now, now + timedelta(days=days))
        self._links.add(share, digest_of(token))
        audit.record(audit.Action.SHARED, transcript=transcript, days=days)
        return token

    def of(self, transcript: int) -> tuple[Share, ...]:
        """Return the links to a transcript that hold, the latest to expire first."""
        return self._links.of(transcript)

    def revoke(self, transcript: int, principal: Principal) -> int:
        """Take all links to a transcript back; return how many. Raises as ``make`` does."""
        self._require_own(transcript, principal)
        count = self._links.revoke(transcript)
        if count:
            audit.record(audit.Action.UNSHARED, transcript=transcript, count=count)
        return count

    def open(self, token: str) -> Stored:
        """Return the transcript of a link.

        Raises ``ExpiredLinkError``, and ``AccessError`` when there is no such link.
        """
        share = self._links.find(digest_of(token))
        if share is None:
            raise AccessError("share.unknown")
        if share.expires <= self._links.now():
            raise ExpiredLinkError("share.expired", day=f"{share.expires:%Y-%m-%d}")
        return self._shown.open(share.transcript)

    def _require_own(self, transcript: int, principal: Principal) -> None:
        principal.require(Scope.TRANSCRIBE)
        self._store.seen_by(principal).entry(transcript)
