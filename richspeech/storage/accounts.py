"""Users and API keys in the database; passwords and keys are there as hashes alone."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime

from sqlalchemy import Delete, delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from richspeech.access.principal import Role, Scope
from richspeech.errors import OptionError, StoreError
from richspeech.settings import HistorySettings
from richspeech.storage.database import (
    Database,
    DraftRow,
    JobRow,
    KeyRow,
    OwnerRow,
    ShareRow,
    UserRow,
    VoiceRow,
    is_there,
)
from richspeech.storage.voices import without_user


@dataclass(frozen=True)
class User:
    """Who may log in."""

    name: str
    password: str = field(repr=False)
    """As an argon2 hash."""
    role: Role
    created: datetime
    """UTC."""


@dataclass(frozen=True)
class Key:
    """An API key, without the key itself."""

    user: str
    name: str
    digest: str = field(repr=False)
    beginning: str
    """The first letters of the key."""
    scopes: frozenset[Scope]
    created: datetime
    """UTC, as all times here."""
    expires: datetime | None = None
    revoked: datetime | None = None
    rate: str | None = None
    """As the package ``limits`` writes it: ``600 per minute``. None: as many as there are."""
    concurrent: int | None = None
    """Requests at once; None: as many as there are."""

    def holds(self, now: datetime) -> bool:
        """Tell whether it lets anybody in."""
        return self.revoked is None and (self.expires is None or now < self.expires)


@dataclass(frozen=True)
class Directory:
    """All accounts at one moment."""

    users: Mapping[str, User] = field(default_factory=dict)
    """By name."""
    keys: Mapping[str, Key] = field(default_factory=dict)
    """By digest."""


@contextmanager
def open_accounts(settings: HistorySettings) -> Iterator["AccountStore | None"]:
    """Open the accounts where no history is kept; None where there is no database.

    They are where the history would be: ``users add`` makes that file. Raises ``StoreError``.
    """
    if not is_there(settings.url):
        yield None
        return
    with closing(Database(settings.url)) as database:
        yield AccountStore(database)


class AccountStore:
    """The accounts of a database; for all threads. Everything raises ``StoreError``."""

    def __init__(
        self, database: Database, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database, self._now = database, now

    def read(self) -> Directory:
        """Return what is there, users and keys in the order of their names."""
        with self._database.session() as session:
            users = [_user(row) for row in session.scalars(select(UserRow).order_by(UserRow.name))]
            rows = session.scalars(select(KeyRow).order_by(KeyRow.user, KeyRow.name))
            keys = [_key(row) for row in rows]
        return Directory({each.name: each for each in users}, {each.digest: each for each in keys})

    def add_user(self, name: str, password: str, role: Role) -> User:
        """Add a user with the hash of a password; raises ``OptionError`` when there is one."""
        user = User(name, password, role, self._now())
        row = UserRow(name=name, password=password, role=role.value, created=user.created)
        self._add(row, OptionError("access.user_exists", name=name))
        return user

    def change_user(
        self, name: str, *, password: str | None = None, role: Role | None = None
    ) -> None:
        """Give a user another password, as a hash, or role; raises ``OptionError`` for nobody."""
        given = {"password": password, "role": role and role.value}
        values = {key: value for key, value in given.items() if value is not None}
        changed = update(UserRow).where(UserRow.name == name).values(**values)
        with self._database.session() as session:
            if session.scalar(changed.returning(UserRow.name)) is None:
                raise OptionError("access.no_user", name=name)

    def remove_user(self, name: str) -> None:
        """Remove a user with keys, links, voices and drafts; raises ``OptionError`` for nobody.

        What was transcribed stays and is nobody's, so that no later user of the name sees it.
        """
        gone = delete(UserRow).where(UserRow.name == name).returning(UserRow.name)
        with self._database.session() as session:
            if session.scalar(gone) is None:
                raise OptionError("access.no_user", name=name)
            session.execute(delete(KeyRow).where(KeyRow.user == name))
            session.execute(delete(ShareRow).where(ShareRow.made_by == name))
            session.execute(delete(VoiceRow).where(without_user(name)))
            session.execute(delete(DraftRow).where(DraftRow.user == name))
            for row in (OwnerRow, JobRow):
                session.execute(update(row).where(row.owner == name).values(owner=None))

    def add_key(self, key: Key) -> None:
        """Add a key in place of one of its name that lets nobody in any more.

        Raises ``OptionError`` when its user has one of this name that does.
        """
        values = {each.name: getattr(key, each.name) for each in fields(Key)}
        row = KeyRow(**{**values, "scopes": sorted(scope.value for scope in key.scopes)})
        is_over = or_(KeyRow.revoked.is_not(None), KeyRow.expires <= key.created)
        over = delete(KeyRow).where(KeyRow.user == key.user, KeyRow.name == key.name, is_over)
        self._add(row, OptionError("access.key_exists", name=key.name, user=key.user), over)

    def revoke_key(self, user: str, name: str) -> None:
        """Have a key let nobody in any more; raises ``OptionError`` when there is none."""
        own = update(KeyRow).where(KeyRow.user == user, KeyRow.name == name)
        with self._database.session() as session:
            if session.scalar(own.values(revoked=self._now()).returning(KeyRow.id)) is None:
                raise OptionError("access.no_key", name=name, user=user)

    def _add(
        self, row: UserRow | KeyRow, known: OptionError, instead_of: Delete | None = None
    ) -> None:
        try:
            with self._database.session() as session:
                if instead_of is not None:
                    session.execute(instead_of)
                session.add(row)
        except StoreError as error:
            if isinstance(error.__cause__, IntegrityError):
                raise known from error
            raise


def _user(row: UserRow) -> User:
    return User(row.name, row.password, Role(row.role), row.created)


def _key(row: KeyRow) -> Key:
    values = {each.name: getattr(row, each.name) for each in fields(Key)}
    return Key(**{**values, "scopes": frozenset(map(Scope, row.scopes))})
