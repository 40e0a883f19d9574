"""``users`` and ``keys`` on the command line: what they change, and what they say."""

import io
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from richspeech.access.accounts import Accounts
from richspeech.access.principal import Role, Scope
from richspeech.cli import app as command_line
from richspeech.storage.accounts import AccountStore
from richspeech.storage.database import Database

Run = Callable[..., int]
PASSWORD = "a long password"  # noqa: S105


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/history.sqlite"


@pytest.fixture
def run(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*words: str, says: str = PASSWORD) -> int:
        settings = tmp_path / "settings.yaml"
        text = f"history:\n  url: {url}\nserver:\n  user: root\n  password: {PASSWORD}\n"
        settings.write_text(text, encoding="utf-8")
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{says}\n"))
        return command_line.main([*words, "--config", str(settings)])

    return run


def accounts_at(url: str) -> Accounts:
    with closing(Database(url)) as database:
        accounts = Accounts(AccountStore(database))
        assert accounts.directory
        return accounts


def test_a_user_is_added_changed_and_removed(
    run: Run, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("users", "add", "ming", "--role", "viewer") == 0
    assert accounts_at(url).admits("ming", PASSWORD)
    assert run("users", "role", "ming", "--role", "member") == 0
    assert run("users", "password", "ming", says="another password") == 0
    assert accounts_at(url).role_of("ming") is Role.MEMBER
    assert accounts_at(url).admits("ming", "another password")
    capsys.readouterr()
    assert run("users", "list") == 0
    listed = [line.split()[:2] for line in capsys.readouterr().out.splitlines()]
    assert listed == [["name", "role"], ["root", "admin"], ["ming", "member"]]
    assert run("users", "remove", "ming") == 0
    assert accounts_at(url).role_of("ming") is None


def test_the_only_user_is_removed_only_by_who_says_so(
    run: Run, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("richspeech.cli.accounts.built_in_of", lambda _: None)
    run("users", "add", "ming", "--role", "admin")
    assert run("users", "remove", "ming") == 1
    assert "ming is the only user" in capsys.readouterr().err
    assert accounts_at(url).role_of("ming") is Role.ADMIN
    assert run("users", "remove", "ming", "--last") == 0
    assert "the links they made" in capsys.readouterr().out
    assert accounts_at(url).role_of("ming") is None


def test_the_first_user_learns_that_a_login_is_asked_for_and_an_admin_is_wanted(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("richspeech.cli.accounts.built_in_of", lambda _: None)
    login, admin = "everybody has to log in", "There is no admin yet: add one with"

    def said(*words: str) -> tuple[bool, bool]:
        assert run("users", "add", *words) == 0
        told = capsys.readouterr().out
        return login in told, admin in told

    assert said("ming") == (True, True)
    assert said("hong") == (False, True)
    assert said("root", "--role", "admin") == (False, False)
    assert said("lan") == (False, False)


def test_with_an_account_of_the_settings_nothing_is_missing(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("users", "add", "ming")
    assert capsys.readouterr().out == "ming may log in as member.\n"


def test_the_list_of_keys_says_what_each_may_now(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("users", "add", "ming")
    run("keys", "add", "ming", "laptop")
    run("keys", "add", "ming", "writer", "--scope", "transcribe")
    run("users", "role", "ming", "--role", "viewer")
    capsys.readouterr()
    run("keys", "list")
    _, *rows = capsys.readouterr().out.splitlines()
    assert [row.split()[3] for row in rows] == ["read", "none"]


def test_a_key_is_printed_once_and_then_revoked(
    run: Run, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run("users", "add", "ming")
    capsys.readouterr()
    terms = ("--scope", "read", "--days", "90", "--rate", "60 per minute", "--concurrent", "2")
    assert run("keys", "add", "ming", "dashboard", *terms) == 0
    secret = capsys.readouterr().out.strip()
    key = accounts_at(url).key(secret)
    assert key is not None
    assert key.scopes == {Scope.READ}
    assert (key.rate, key.concurrent) == ("60 per minute", 2)
    assert run("keys", "list") == 0
    said = capsys.readouterr().out
    assert secret not in said
    assert secret[:9] in said
    assert run("keys", "revoke", "ming", "dashboard") == 0
    assert accounts_at(url).key(secret) is None
    assert run("keys", "list", "ming") == 0
    assert "revoked" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("users", "add"), "NAME"),
        (("users", "remove", "nobody"), "nobody"),
        (("users", "add", "root"), "server.user"),
        (("users", "role", "ming", "--role", "king"), "king"),
        (("keys", "add", "ming"), "NAME"),
        (("keys", "add", "nobody", "x"), "nobody"),
        (("keys", "add", "root", "x", "--rate", "often"), "often"),
        (("keys", "revoke", "root", "x"), "x"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_said(
    run: Run, words: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) != 0
    assert says in capsys.readouterr().err


def test_a_short_password_is_refused(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("users", "add", "ming", says="short") == 1
    assert "8" in capsys.readouterr().err
