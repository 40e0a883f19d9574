"""``python -m richspeech keys ACTION``: API keys, for programs.

A key is printed once, when it is made; what is kept of it is a digest.
"""

import sys
from datetime import UTC, datetime
from typing import Annotated, Literal

from cyclopts import Parameter

from richspeech.access.keys import CONCURRENT, RATE, KeyTerms
from richspeech.access.principal import Principal, Scope
from richspeech.cli.accounts import given, opened, write_rows
from richspeech.cli.options import Config
from richspeech.places import CONFIG
from richspeech.storage.accounts import Key

EXAMPLES = (
    "keys add ming laptop",
    "keys add ming dashboard --scope read --days 90",
    "keys list",
    "keys revoke ming laptop",
)

HEAD = ("user", "name", "key", "scopes", "state", "rate", "at once")


def keys(
    action: Annotated[Literal["add", "list", "revoke"], Parameter(metavar="add|list|revoke")],
    user: str | None = None,
    name: str | None = None,
    /,
    *,
    scope: tuple[Scope, ...] = (),
    days: float | None = None,
    rate: str = RATE,
    concurrent: int = CONCURRENT,
    config: Config = CONFIG,
) -> int:
    """Make, list and revoke API keys.

    Args:
        action: what to do; add prints the key, for the only time
        user: whose key it is
        name: what it is for, as in laptop
        scope: transcribe, read, metrics or admin, perhaps several; all that the user's role allows
        days: days until it expires; never unless said
        rate: requests at most, as in 60 per minute
        concurrent: requests at once at most
        config: settings file

    """
    with opened(config) as (accounts, store):
        if action == "list":
            found = store.read().keys.values()
            own = (key for key in found if user in (None, key.user))
            write_rows([HEAD, *(_row(key, accounts.of_key(key)) for key in own)])
            return 0
        owner = given(user, "USER", f"keys {action}")
        called = given(name, "NAME", f"keys {action}")
        if action == "revoke":
            accounts.revoke_key(owner, called)
            sys.stdout.write(f"The key {called} of {owner} lets nobody in any more.\n")
            return 0
        scopes = frozenset(scope) or None
        secret = accounts.add_key(owner, called, KeyTerms(scopes, days, rate, concurrent))
    sys.stderr.write(f"The key {called} of {owner}, which is not shown again:\n")
    sys.stdout.write(f"{secret}\n")
    return 0


def _row(key: Key, owner: Principal | None) -> tuple[str, ...]:
    """Tell of a key what it may now, which the role of its owner bounds."""
    scopes = "+".join(sorted(owner.scopes if owner else ())) or "none"
    limits = (key.rate or "any", str(key.concurrent or "any"))
    return (key.user, key.name, f"{key.beginning}…", scopes, _state(key), *limits)


def _state(key: Key) -> str:
    if key.revoked is not None:
        return f"revoked {key.revoked:%Y-%m-%d}"
    if key.expires is None:
        return "valid"
    return f"{'valid' if key.holds(datetime.now(UTC)) else 'expired'}, {key.expires:%Y-%m-%d}"
