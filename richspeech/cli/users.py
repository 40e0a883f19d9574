"""``python -m richspeech users ACTION``: who may log in at the console, and as what.

A server that runs knows of a change a second later; of the first user when it is started again.
"""

import sys
from typing import Annotated, Literal

from cyclopts import Parameter

from richspeech.access.accounts import Accounts
from richspeech.access.principal import Role
from richspeech.cli.accounts import given, new_password, opened, write_rows
from richspeech.cli.options import Config
from richspeech.places import CONFIG
from richspeech.storage.accounts import AccountStore

EXAMPLES = (
    "users add ming --role member",
    "users add hong < password.txt",
    "users role ming --role viewer",
    "users list",
)


def users(
    action: Annotated[
        Literal["add", "list", "remove", "role", "password"],
        Parameter(metavar="add|list|remove|role|password"),
    ],
    name: str | None = None,
    /,
    *,
    role: Role = Role.MEMBER,
    last: bool = False,
    config: Config = CONFIG,
) -> int:
    """Add, list, remove and change those who may log in.

    Args:
        action: what to do; passwords are asked for, or read from stdin
        name: name of the user
        role: admin: everything; member: transcribes, sees own transcripts; viewer: reads those
        last: remove the only user too, after which everybody is let in
        config: settings file

    """
    with opened(config) as (accounts, store):
        if action == "list":
            _list(accounts, store)
            return 0
        user = given(name, "NAME", f"users {action}")
        if action == "remove":
            _remove(accounts, user, last=last)
        else:
            _change(accounts, action, user, role)
    return 0


def _change(accounts: Accounts, action: str, user: str, role: Role) -> None:
    match action:
        case "add":
            _add(accounts, user, role)
        case "role":
            accounts.set_role(user, role)
            sys.stdout.write(f"{user} is {role} now.\n")
        case _:
            accounts.set_password(user, new_password())
            sys.stdout.write(f"{user} has another password.\n")


def _add(accounts: Accounts, user: str, role: Role) -> None:
    is_first = accounts.built_in is None and not accounts.directory.users
    accounts.add_user(user, new_password(), role)
    sys.stdout.write(f"{user} may log in as {role}.\n")
    if is_first:
        sys.stdout.write("From the next start on everybody has to log in.\n")
    if not accounts.has_admin:
        command = "python -m richspeech users add NAME --role admin"
        sys.stdout.write(f"There is no admin yet: add one with {command}.\n")


def _remove(accounts: Accounts, user: str, *, last: bool) -> None:
    accounts.remove_user(user, may_be_last=last)
    sys.stdout.write(
        f"{user}, their keys and the links they made were removed; transcripts stay, for admins.\n"
    )


def _list(accounts: Accounts, store: AccountStore) -> None:
    rows = [("name", "role", "since")]
    if accounts.built_in is not None:
        rows.append((accounts.built_in.user, Role.ADMIN, "the settings"))
    users = store.read().users.values()
    rows.extend((user.name, user.role, f"{user.created:%Y-%m-%d}") for user in users)
    write_rows(rows)
