"""Accounts: who may come in, with a password or an API key, and as what.

The account of the settings is an admin and needs no database; all others are in that of the
history. They are read again after a second, so that what the command line changes holds here, too.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from math import inf

from richspeech.access.keys import NO_TERMS, KeyTerms, checked_name, digest_of, make_key
from richspeech.access.principal import Principal, Role
from richspeech.errors import OptionError
from richspeech.operations import audit
from richspeech.passwords import hash_password, is_password, looks_hashed
from richspeech.settings import ServerSettings
from richspeech.storage.accounts import AccountStore, Directory, Key

FRESH_SECONDS = 1.0
FEWEST_LETTERS = 8
"""Of a password: the least that NIST SP 800-63B (2017), 5.1.1.2, lets people choose."""


@dataclass(frozen=True)
class BuiltIn:
    """The account of the settings."""

    user: str
    password: str
    """As such, or as an argon2 hash."""


def built_in_of(settings: ServerSettings) -> BuiltIn | None:
    """Return the account of the settings, if they have one."""
    if settings.user is None or settings.password is None:
        return None
    return BuiltIn(settings.user, settings.password)


class Accounts:
    """The accounts of a process; for all threads."""

    def __init__(
        self,
        store: AccountStore | None = None,
        built_in: BuiltIn | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Without a ``store`` there is the account of the settings alone, or none."""
        self.store, self.built_in = store, built_in
        self._clock, self._now = clock, now
        self._lock = threading.Lock()
        self._directory, self._read = Directory(), -inf

    @cached_property
    def are_needed(self) -> bool:
        """Whether anybody has to log in; as it was when it was first asked.

        Raises ``StoreError``.
        """
        return self.built_in is not None or bool(self.directory.users)

    @property
    def has_admin(self) -> bool:
        """Whether anybody may do everything once people log in; raises ``StoreError``."""
        users = self.directory.users.values()
        return self.built_in is not None or any(user.role is Role.ADMIN for user in users)

    # Who comes in ---------------------------------------------------------------------------------

    def are_at_hand(self, user: str | None = None) -> bool:
        """Tell whether the database need not be read for a question, perhaps about a user."""
        is_fresh = self.store is None or self._clock() < self._read + FRESH_SECONDS
        return is_fresh or (user is not None and self._is_built_in(user))

    def at_hand(self, user: str | None = None) -> "Accounts | None":
        """Return the accounts as they were read, which never read the database.

        None where a question, perhaps about a user, needs it.
        """
        if not self.are_at_hand(user):
            return None
        as_read = Accounts(built_in=self.built_in, now=self._now)
        as_read._directory = self._directory
        return as_read

    @property
    def directory(self) -> Directory:
        """The users and keys, as they were a second ago at most; raises ``StoreError``."""
        with self._lock:
            if self.store is not None and not self.are_at_hand():
                self._directory, self._read = self.store.read(), self._clock()
            return self._directory

    def admits(self, user: str, password: str) -> bool:
        """Tell whether these are a name and its password; takes as long for a wrong name.

        Raises ``StoreError`` for all but the account of the settings.
        """
        known = self._built_in_hash if self._is_built_in(user) else self._hash_of(user)
        return is_password(password, known or self._nobodys_hash) and known is not None

    def knows(self, user: str) -> bool:
        """Tell whether there is such a user; raises ``StoreError``."""
        return self._is_built_in(user) or user in self.directory.users

    def proof_of(self, user: str) -> str | None:
        """Return what a login is tied to: another value after every change of a password.

        None for nobody, and for the account of the settings, which stays as it is. Raises
        ``StoreError``.
        """
        return None if self._is_built_in(user) else self._hash_of(user)

    def of_login(self, user: str, proof: str | None) -> Principal | None:
        """Return what a user may who has logged in before; None where that holds no longer.

        ``proof`` is what ``proof_of`` gave then. Raises ``StoreError``.
        """
        return self.of_user(user) if self.proof_of(user) == proof else None

    def of_user(self, name: str) -> Principal | None:
        """Return what a user at a browser may; None for one who is gone. Raises ``StoreError``."""
        role = self.role_of(name)
        return None if role is None else Principal.at_browser(name, role)

    def key(self, secret: str) -> Key | None:
        """Return the key that somebody shows, if it lets anybody in; raises ``StoreError``."""
        key = self.directory.keys.get(digest_of(secret))
        return key if key is not None and key.holds(self._now()) else None

    def of_key(self, key: Key) -> Principal | None:
        """Return what the owner of a key may with it; raises ``StoreError``."""
        role = self.role_of(key.user)
        return None if role is None else Principal.of(key.user, role, key.scopes, key.name)

    def still_holds(self, key: Key) -> bool:
        """Tell whether a key was neither revoked nor has expired since; raises ``StoreError``."""
        found = self.directory.keys.get(key.digest)
        return found is not None and found.holds(self._now())

    def role_of(self, name: str) -> Role | None:
        """Return the role of a user; None for one who is not there. Raises ``StoreError``."""
        if self._is_built_in(name):
            return Role.ADMIN
        user = self.directory.users.get(name)
        return user.role if user else None

    def _is_built_in(self, name: str) -> bool:
        return self.built_in is not None and name == self.built_in.user

    def _hash_of(self, user: str) -> str | None:
        found = self.directory.users.get(user)
        return found.password if found else None

    @cached_property
    def _built_in_hash(self) -> str | None:
        if self.built_in is None:
            return None
        known = self.built_in.password
        return known if looks_hashed(known) else hash_password(known)

    @cached_property
    def _nobodys_hash(self) -> str:
        return hash_password(secrets.token_hex())

    # What changes ---------------------------------------------------------------------------------

    def add_user(self, name: str, password: str, role: Role) -> None:
        """Let somebody in from now on; raises ``OptionError`` and ``StoreError``."""
        with self._changing(name) as store:
            store.add_user(checked_name(name), hash_password(_checked(password)), role)
        audit.record(audit.Action.USER_ADDED, name=name, role=role.value)

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password; raises ``OptionError`` and ``StoreError``."""
        with self._changing(name) as store:
            store.change_user(name, password=hash_password(_checked(password)))
        audit.record(audit.Action.USER_CHANGED, name=name, changed="password")

    def set_role(self, name: str, role: Role) -> None:
        """Give a user another role; raises ``OptionError`` and ``StoreError``."""
        with self._changing(name) as store:
            if role is not Role.ADMIN:
                self._require_other_admin(name)
            store.change_user(name, role=role)
        audit.record(audit.Action.USER_CHANGED, name=name, changed="role", role=role.value)

    def remove_user(self, name: str, *, may_be_last: bool = False) -> None:
        """Let a user in no more, nor any key of theirs or whoever has a link that they made.

        The only one goes if that is wanted: without any, everybody is let in from the next start
        on. Raises ``OptionError`` and ``StoreError``.
        """
        with self._changing(name) as store:
            self._require_other_admin(name)
            is_only = self.built_in is None and [*store.read().users] == [name]
            if is_only and not may_be_last:
                raise OptionError("access.last_user", name=name)
            store.remove_user(name)
        audit.record(audit.Action.USER_REMOVED, name=name)

    def add_key(self, user: str, name: str, terms: KeyTerms = NO_TERMS) -> str:
        """Make a key and return it, for the only time; raises ``OptionError``, ``StoreError``."""
        with self._changing() as store:
            role = self.role_of(user)
            if role is None:
                raise OptionError("access.no_user", name=user)
            secret, key = make_key(user, role, name, terms, self._now())
            store.add_key(key)
        scopes = sorted(scope.value for scope in key.scopes)
        audit.record(audit.Action.KEY_MADE, name=name, owner=user, scopes=scopes)
        return secret

    def revoke_key(self, user: str, name: str) -> None:
        """Have a key let nobody in any more; raises ``OptionError`` and ``StoreError``."""
        with self._changing() as store:
            store.revoke_key(user, name)
        audit.record(audit.Action.KEY_REVOKED, name=name, owner=user)

    @contextmanager
    def _changing(self, name: str | None = None) -> Iterator[AccountStore]:
        """Give what keeps changes, and read it anew when it is next asked.

        Raises ``OptionError`` where there is none, or for a ``name`` that the settings have.
        """
        if name is not None and self._is_built_in(name):
            raise OptionError("access.built_in", name=name)
        if self.store is None:
            raise OptionError("access.no_database")
        try:
            yield self.store
        finally:
            with self._lock:
                self._read = -inf

    def _require_other_admin(self, name: str) -> None:
        """Raise ``OptionError`` where others would be left without an admin."""
        others = [each for each in self.directory.users.values() if each.name != name]
        has_admin = self.built_in or any(each.role is Role.ADMIN for each in others)
        if others and not has_admin and self.role_of(name) is Role.ADMIN:
            raise OptionError("access.last_admin", name=name)


def _checked(password: str) -> str:
    if len(password) < FEWEST_LETTERS:
        raise OptionError("access.password", least=FEWEST_LETTERS)
    return password
