"""API keys: what is made, what is kept of it, and how often each may ask."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from richspeech.access.key_limits import KeyLimits
from richspeech.access.keys import NO_TERMS, KeyTerms, digest_of, make_key
from richspeech.access.principal import Role, Scope
from richspeech.errors import OptionError
from richspeech.storage.accounts import Key

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def made(role: Role = Role.MEMBER, name: str = "laptop", **terms: Any) -> tuple[str, Key]:
    return make_key("ming", role, name, KeyTerms(**terms), NOON)


def test_a_key_is_long_random_and_known_again_by_its_beginning() -> None:
    (first, kept), (second, _) = made(), made()
    assert first != second
    assert len(first) >= 43
    assert first.startswith("rs-")
    assert first.startswith(kept.beginning)


def test_what_is_kept_of_a_key_is_not_the_key() -> None:
    secret, kept = made()
    assert secret not in repr(kept)
    assert kept.digest == digest_of(secret)
    assert secret[len(kept.beginning) :] not in str(vars(kept))


def test_a_key_holds_until_it_expires_or_is_revoked() -> None:
    _, kept = made(days=1)
    assert kept.holds(NOON)
    assert not kept.holds(NOON + timedelta(days=1))
    _, endless = made()
    assert endless.holds(NOON + timedelta(days=9_999))


def test_a_key_may_by_itself_what_the_role_may() -> None:
    assert make_key("ming", Role.VIEWER, "x", NO_TERMS, NOON)[1].scopes == {Scope.READ}
    assert made(scopes=frozenset({Scope.READ}))[1].scopes == {Scope.READ}


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": frozenset({Scope.ADMIN})},
        {"scopes": frozenset()},
        {"days": 0},
        {"days": 1e9},
        {"concurrent": 0},
        {"rate": "often"},
        {"rate": "0 per minute"},
        {"name": ""},
        {"name": "a\nb"},
        {"name": " a"},
        {"name": "x" * 65},
    ],
    ids=str,
)
def test_a_key_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        made(**wrong)


def test_a_key_that_asks_too_often_waits_and_others_do_not() -> None:
    limits = KeyLimits()
    (_, often), (_, other) = made(rate="2 per hour"), made(rate="2 per hour")
    assert [limits.begin(often) for _ in range(2)] == [0, 0]
    assert 1 <= limits.begin(often) <= 3_600
    assert limits.begin(other) == 0


def test_a_key_asks_for_so_much_at_once_and_then_for_more() -> None:
    limits = KeyLimits()
    _, key = made(concurrent=2, rate=None)
    assert [limits.begin(key), limits.begin(key), limits.begin(key)] == [0, 0, 1]
    limits.end(key)
    assert limits.begin(key) == 0


def test_a_key_without_limits_has_none() -> None:
    limits = KeyLimits()
    _, key = made(rate=None, concurrent=None)
    assert {limits.begin(key) for _ in range(1_000)} == {0}


def test_a_name_that_is_missing_is_not_named() -> None:
    with pytest.raises(OptionError) as told:
        made(name="")
    assert str(told.value).startswith("The name is empty")
