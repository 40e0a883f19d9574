"""Users and keys → HTML."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from richspeech.access.accounts import Accounts
from richspeech.access.principal import Principal, Role
from richspeech.console.templates import draw
from richspeech.language.catalog import say
from richspeech.language.figures import moment
from richspeech.storage.accounts import Directory, Key


@dataclass(frozen=True)
class UserRow:
    """What a row shows of a user."""

    name: str
    role: str
    since: str | None
    """None: the account of the settings."""


@dataclass(frozen=True)
class KeyRow:
    """What a row shows of a key."""

    user: str
    name: str
    digest: str
    beginning: str
    scopes: list[str]
    state: str
    holds: bool


def draw_accounts(accounts: Accounts, directory: Directory, locale: str, timezone: str) -> Markup:
    """Draw all users and all keys."""
    users = [*_users(accounts, directory, timezone)]
    owners = ((key, accounts.of_key(key)) for key in directory.keys.values())
    keys = [_key(key, owner, locale, timezone) for key, owner in owners]
    return draw("tabs/access/accounts.html", locale, users=users, keys=keys)


def draw_secret(secret: str, locale: str) -> Markup:
    """Draw a new key, for the only time."""
    return draw("tabs/access/secret.html", locale, secret=secret)


def user_names(accounts: Accounts, directory: Directory) -> list[str]:
    """Return the names of all users, in the order of the list."""
    built_in = [] if accounts.built_in is None else [accounts.built_in.user]
    return [*built_in, *directory.users]


def _users(accounts: Accounts, directory: Directory, timezone: str) -> Iterator[UserRow]:
    if accounts.built_in is not None:
        yield UserRow(accounts.built_in.user, Role.ADMIN, None)
    for user in directory.users.values():
        yield UserRow(user.name, user.role, moment(user.created, timezone))


def _key(key: Key, owner: Principal | None, locale: str, timezone: str) -> KeyRow:
    """Tell of a key what it may now, which the role of its owner bounds."""
    holds = key.holds(datetime.now(UTC))
    scopes = sorted(scope.value for scope in (owner.scopes if owner else ()))
    state = _state(key, locale, timezone, holds=holds)
    return KeyRow(key.user, key.name, key.digest, key.beginning, scopes, state, holds)


def _state(key: Key, locale: str, timezone: str, *, holds: bool) -> str:
    if key.revoked is not None:
        return say("access_revoked", locale, time=moment(key.revoked, timezone))
    if key.expires is None:
        return say("access_endless", locale)
    word = "access_until" if holds else "access_expired"
    return say(word, locale, time=moment(key.expires, timezone))
