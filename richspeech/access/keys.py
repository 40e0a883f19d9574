"""API keys: made once and shown once; what is kept of one is its digest.

A key is 256 random bits, which nobody guesses, so that one pass of SHA-256 hides it: a slow hash,
as for passwords, would only make every request slow.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from limits import parse_many

from richspeech.access.principal import SCOPES_OF, Role, Scope
from richspeech.errors import OptionError
from richspeech.storage.accounts import Key

MARK = "rs-"
"""What keys begin with, so that people and scanners of source code know one."""
RANDOM_BYTES = 32
SHOWN_LETTERS = 9
"""Of a key, in lists; six of them random."""
RATE = "600 per minute"
CONCURRENT = 32
MOST_LETTERS = 64
"""Of a name."""
MOST_DAYS = 36_500


def new_secret() -> str:
    """Make a key."""
    return MARK + secrets.token_urlsafe(RANDOM_BYTES)


def digest_of(secret: str) -> str:
    """Return what is kept of a key."""
    return sha256(secret.encode(errors="replace")).hexdigest()


@dataclass(frozen=True)
class KeyTerms:
    """What a key may, for how long, and how often."""

    scopes: frozenset[Scope] | None = None
    """None: what the role of its user may."""
    days: float | None = None
    """Until it expires; None: never."""
    rate: str | None = RATE
    """As the package ``limits`` writes it; None: as many requests as there are."""
    concurrent: int | None = CONCURRENT
    """Requests at once; None: as many as there are."""

    def require_possible(self, role: Role) -> None:
        """Raise ``OptionError`` for what cannot be, or what the role may not."""
        allowed = SCOPES_OF[role]
        if self.scopes is not None and not (self.scopes and self.scopes <= allowed):
            raise OptionError("access.scopes", role=role.notice, known=sorted(allowed))
        if self.days is not None and not 0 < self.days <= MOST_DAYS:
            raise OptionError("access.days", days=self.days, most=MOST_DAYS)
        if self.concurrent is not None and self.concurrent < 1:
            raise OptionError("access.concurrent", count=self.concurrent)
        if self.rate is not None and not _is_rate(self.rate):
            raise OptionError("access.rate", rate=self.rate, such=RATE)


NO_TERMS = KeyTerms()


def make_key(user: str, role: Role, name: str, terms: KeyTerms, now: datetime) -> tuple[str, Key]:
    """Return a new key for a user, and what is kept of it; raises ``OptionError``."""
    terms.require_possible(role)
    secret = new_secret()
    key = Key(
        user=user,
        name=checked_name(name),
        digest=digest_of(secret),
        beginning=secret[:SHOWN_LETTERS],
        scopes=SCOPES_OF[role] if terms.scopes is None else terms.scopes,
        created=now,
        expires=None if terms.days is None else now + timedelta(days=terms.days),
        rate=terms.rate,
        concurrent=terms.concurrent,
    )
    return secret, key


def checked_name(name: str) -> str:
    """Return a name of a user or key; raises ``OptionError`` for one that nobody could read."""
    if not name:
        raise OptionError("access.no_name", most=MOST_LETTERS)
    if not (len(name) <= MOST_LETTERS and name.isprintable() and name == name.strip()):
        raise OptionError("access.name", name=name, most=MOST_LETTERS)
    return name


def _is_rate(rate: str) -> bool:
    try:
        return all(limit.amount > 0 for limit in parse_many(rate))
    except ValueError:
        return False
