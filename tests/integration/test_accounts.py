"""Users and keys in SQLite and PostgreSQL: who comes in with what, and who no longer."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from richspeech.access.accounts import FRESH_SECONDS, Accounts, BuiltIn
from richspeech.access.keys import KeyTerms
from richspeech.access.principal import Principal, Role, Scope
from richspeech.errors import OptionError, StoreError
from richspeech.settings import HistorySettings
from richspeech.storage.accounts import AccountStore, open_accounts
from richspeech.storage.database import Database

PASSWORD = "一个 long-Passwort"  # noqa: S105
BUILT_IN = BuiltIn("root", "of the settings")


class Clock:
    """Monotonic seconds, and the time of day."""

    seconds = 100.0
    day = datetime(2026, 11, 28, tzinfo=UTC)

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return self.day


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(empty: str) -> Iterator[AccountStore]:
    with closing(Database(empty)) as database:
        yield AccountStore(database)


@pytest.fixture
def accounts(store: AccountStore, clock: Clock) -> Accounts:
    return Accounts(store, clock=clock, now=clock.now)


def test_a_user_comes_in_with_the_password_and_no_other(accounts: Accounts) -> None:
    accounts.add_user("ming", PASSWORD, Role.MEMBER)
    assert accounts.admits("ming", PASSWORD)
    assert not accounts.admits("ming", "another password")
    assert not accounts.admits("hong", PASSWORD)
    assert accounts.of_user("ming") == Principal.at_browser("ming", Role.MEMBER)
    assert accounts.of_user("hong") is None


def test_the_database_has_neither_password_nor_key(accounts: Accounts, empty: str) -> None:
    accounts.add_user("ming", PASSWORD, Role.MEMBER)
    secret = accounts.add_key("ming", "laptop")
    engine = create_engine(empty)
    with engine.connect() as connection:
        users = connection.execute(text("SELECT * FROM richspeech_users")).all()
        keys = connection.execute(text("SELECT * FROM richspeech_keys")).all()
    engine.dispose()
    assert "$argon2id$" in repr(users)
    assert PASSWORD not in repr(users)
    assert secret not in repr(keys)


def test_a_key_says_whose_it_is_and_what_it_may(accounts: Accounts) -> None:
    accounts.add_user("ming", PASSWORD, Role.MEMBER)
    secret = accounts.add_key("ming", "laptop", KeyTerms(scopes=frozenset({Scope.READ})))
    key = accounts.key(secret)
    assert key is not None
    assert accounts.of_key(key) == Principal("ming", Role.MEMBER, frozenset({Scope.READ}), "laptop")
    assert accounts.key(secret + "x") is None
    assert accounts.key("") is None


def test_a_key_may_less_once_its_user_may_less(accounts: Accounts) -> None:
    accounts.add_user("ming", PASSWORD, Role.MEMBER)
    key = accounts.key(accounts.add_key("ming", "laptop"))
    assert key is not None
    accounts.set_role("ming", Role.VIEWER)
    principal = accounts.of_key(key)
    assert principal is not None
    assert principal.scopes == {Scope.READ}


def test_a_revoked_or_expired_key_lets_nobody_in(accounts: Accounts, clock: Clock) -> None:
    accounts.add_user("ming", PASSWORD, Role.MEMBER)
    revoked = accounts.add_key("ming", "old")
    short = accounts.add_key("ming", "short", KeyTerms(days=1))
    key = accounts.key(revoked)
    assert key is not None
    accounts.revoke_key("ming", "old")
    assert accounts.key(revoked) is None
    assert not accounts.still_holds(key)
    assert accounts.key(short) is not None
    clock.day += timedelta(days=1)
    assert accounts.key(short) is None


def test_the_name_of_a_key_is_free_once_that_lets_nobody_in(
    accounts: Accounts, clock: Clock
) -> None:
    accounts.add_user("ming", PASSWORD, Role.MEMBER)
    first = accounts.add_key("ming", "laptop", KeyTerms(days=1))
    with pytest.raises(OptionError, match="laptop"):
        accounts.add_key("ming", "laptop")
    clock.day += timedelta(days=1)
    second = accounts.add_key("ming", "laptop")
    accounts.revoke_key("ming", "laptop")
    third = accounts.add_key("ming", "laptop")
    assert [accounts.key(each) is not None for each in (first, second, third)] == [
        *(False, False, True),
    ]
    assert len(accounts.directory.keys) == 1


def test_a_removed_user_comes_in_no_more_nor_do_the_keys(accounts: Accounts) -> None:
    accounts.add_user("ming", PASSWORD, Role.MEMBER)
    secret = accounts.add_key("ming", "laptop")
    accounts.remove_user("ming", may_be_last=True)
    assert not accounts.admits("ming", PASSWORD)
    assert accounts.key(secret) is None
    accounts.add_user("ming", PASSWORD, Role.MEMBER)
    assert accounts.key(secret) is None


def test_what_another_program_changes_holds_a_second_later(
    accounts: Accounts, store: AccountStore, clock: Clock
) -> None:
    accounts.add_user("ming", PASSWORD, Role.MEMBER)
    assert accounts.of_user("ming") is not None
    assert accounts.are_at_hand()
    store.remove_user("ming")
    clock.seconds += FRESH_SECONDS
    assert not accounts.are_at_hand()
    assert accounts.of_user("ming") is None


def test_the_account_of_the_settings_is_an_admin_that_only_they_change(
    store: AccountStore,
) -> None:
    accounts = Accounts(store, BUILT_IN)
    assert accounts.are_needed
    assert accounts.admits("root", "of the settings")
    assert not accounts.admits("root", "another")
    assert accounts.role_of("root") is Role.ADMIN
    with pytest.raises(OptionError):
        accounts.add_user("root", PASSWORD, Role.VIEWER)
    with pytest.raises(OptionError):
        accounts.remove_user("root")
    assert accounts.key(accounts.add_key("root", "laptop")) is not None


def test_a_login_is_needed_once_there_is_a_user(store: AccountStore) -> None:
    assert not Accounts(store).are_needed
    Accounts(store).add_user("ming", PASSWORD, Role.ADMIN)
    assert Accounts(store).are_needed


def test_others_are_never_left_without_an_admin(accounts: Accounts) -> None:
    accounts.add_user("root", PASSWORD, Role.ADMIN)
    accounts.add_user("ming", PASSWORD, Role.MEMBER)
    with pytest.raises(OptionError, match="last administrator"):
        accounts.remove_user("root")
    with pytest.raises(OptionError, match="last administrator"):
        accounts.set_role("root", Role.VIEWER)
    accounts.set_role("ming", Role.ADMIN)
    accounts.remove_user("root")


def test_the_only_user_goes_only_if_that_is_wanted_as_anybody_comes_in_then(
    accounts: Accounts, store: AccountStore
) -> None:
    accounts.add_user("ming", PASSWORD, Role.ADMIN)
    with pytest.raises(OptionError, match=r"only user.*--last"):
        accounts.remove_user("ming")
    with pytest.raises(OptionError, match="no user hong"):
        accounts.remove_user("hong")
    accounts.remove_user("ming", may_be_last=True)
    assert not Accounts(store).are_needed
    accounts.add_user("ming", PASSWORD, Role.ADMIN)
    Accounts(store, BUILT_IN).remove_user("ming")
    assert not store.read().users


def test_what_is_at_hand_reads_nothing_even_when_it_is_old_by_then(
    accounts: Accounts, store: AccountStore, clock: Clock
) -> None:
    accounts.add_user("ming", PASSWORD, Role.MEMBER)
    secret = accounts.add_key("ming", "laptop")
    assert accounts.at_hand() is None
    assert accounts.of_user("ming") is not None
    at_hand = accounts.at_hand()
    assert at_hand is not None
    clock.seconds += FRESH_SECONDS
    store.remove_user("ming")
    assert accounts.at_hand() is None
    key = at_hand.key(secret)
    assert key is not None
    assert at_hand.still_holds(key)
    assert at_hand.of_key(key) is not None
    assert accounts.key(secret) is None


def test_what_is_there_already_or_is_not_there_is_said(accounts: Accounts) -> None:
    accounts.add_user("ming", PASSWORD, Role.MEMBER)
    accounts.add_key("ming", "laptop")
    for wrong in (
        lambda: accounts.add_user("ming", PASSWORD, Role.ADMIN),
        lambda: accounts.add_user("hong", "short", Role.ADMIN),
        lambda: accounts.add_user("a\nb", PASSWORD, Role.ADMIN),
        lambda: accounts.add_key("ming", "laptop"),
        lambda: accounts.add_key("hong", "laptop"),
        lambda: accounts.revoke_key("ming", "phone"),
        lambda: accounts.set_password("hong", PASSWORD),
    ):
        with pytest.raises(OptionError):
            wrong()
    assert accounts.role_of("ming") is Role.MEMBER


def test_where_nobody_can_read_the_accounts_nobody_comes_in_but_the_one_of_the_settings(
    tmp_path: Path,
) -> None:
    file = tmp_path / "history.sqlite"
    with closing(Database(f"sqlite:///{file}")) as database:
        accounts = Accounts(AccountStore(database), BUILT_IN)
        file.unlink()
        file.mkdir()
        assert accounts.admits("root", "of the settings")
        with pytest.raises(StoreError):
            accounts.admits("ming", PASSWORD)


def test_without_a_history_the_accounts_are_where_it_would_be(tmp_path: Path) -> None:
    settings = HistorySettings(enabled=False, url=f"sqlite:///{tmp_path}/history.sqlite")
    with open_accounts(settings) as store:
        assert store is None
    with closing(Database(settings.url)) as database:
        Accounts(AccountStore(database)).add_user("ming", PASSWORD, Role.MEMBER)
    with open_accounts(settings) as store:
        assert store is not None
        assert [*store.read().users] == ["ming"]
