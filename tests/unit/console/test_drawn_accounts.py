"""The page of users and keys: what it shows of each."""

from contextlib import closing
from pathlib import Path

from richspeech.access.accounts import Accounts, BuiltIn
from richspeech.access.principal import Role
from richspeech.console.tabs.access.render import draw_accounts
from richspeech.storage.accounts import AccountStore
from richspeech.storage.database import Database

PASSWORD = "a long password"  # noqa: S105
WORDS = ("read", "transcribe")


def test_a_key_shows_what_it_may_now_and_no_longer_what_it_might_once(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path}/history.sqlite")) as database:
        accounts = Accounts(AccountStore(database), BuiltIn("root", PASSWORD))
        accounts.add_user("ming", PASSWORD, Role.MEMBER)
        accounts.add_key("ming", "laptop")

        def shown() -> list[bool]:
            drawn = draw_accounts(accounts, accounts.directory, "en", "UTC")
            return [f'<span class="chip">{word}</span>' in drawn for word in WORDS]

        assert shown() == [True, True]
        accounts.set_role("ming", Role.VIEWER)
        assert shown() == [True, False]
