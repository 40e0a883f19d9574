"""What pip is told is told uv, and what cannot be leaves the work to pip."""

import pytest

from scripts.install_quickly import arguments_of, settings_in

LISTED = """\
:env:.default-timeout='180'
:env:.find-links='/wheels'
global.cert='/etc/ssl/certs.pem'
global.constraint='/etc/constraints.txt'
global.extra-index-url='file:///one/simple\\nfile:///two/simple'
global.find-links='/elsewhere'
install.index-url='https://mirror.example.org/simple'
"""


def test_the_environment_goes_before_a_file_and_lists_are_told_one_by_one() -> None:
    assert [*arguments_of(settings_in(LISTED))] == [
        *("--constraint", "/etc/constraints.txt"),
        *("--index", "file:///one/simple", "--index", "file:///two/simple"),
        *("--find-links", "/wheels"),
        *("--default-index", "https://mirror.example.org/simple"),
    ]


def test_what_uv_cannot_be_told_is_left_to_pip() -> None:
    with pytest.raises(LookupError):
        [*arguments_of(settings_in("global.trusted-host='mirror.example.org'"))]


def test_who_has_told_pip_nothing_tells_uv_nothing() -> None:
    assert [*arguments_of(settings_in(""))] == []
