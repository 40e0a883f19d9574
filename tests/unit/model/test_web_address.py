"""What an address means does not depend on who reads it, nor on how often."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from richspeech.model.web_address import MOST_LETTERS, WebAddress, origin_of

HOSTS = st.sampled_from(["h.org", "例え.jp", "127.1", "[::1]", "[::ffff:1.2.3.4]", "h.org:8080"])


@given(st.sampled_from(["http", "https"]), HOSTS, st.text())
def test_an_address_that_was_read_once_is_read_alike_for_ever(
    scheme: str, host: str, rest: str
) -> None:
    with suppress(ValueError):
        address = WebAddress.read(f"{scheme}://{host}/{rest}")
        assert WebAddress.read(str(address)) == address
        assert origin_of(str(address)) == address.origin
        assert str(address).isascii()


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("https://h.org", "https://h.org/"),
        ("HTTP://H.org:80/a b?c=d#top", "http://h.org/a%20b?c=d"),
        ("https://例え.jp/é", "https://xn--r8jz45g.jp/%C3%A9"),
        ("http://[0:0::1]:8080/?", "http://[::1]:8080/?"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
    ],
)
def test_an_address_is_spelt_in_one_way(text: str, spelt: str) -> None:
    assert str(WebAddress.read(text)) == spelt


def test_foreign_letters_count_as_they_are_sent() -> None:
    assert WebAddress.read(f"https://h.org/{'é' * 300}")
    with pytest.raises(ValueError, match="expected"):
        WebAddress.read(f"https://h.org/{'é' * (MOST_LETTERS // 6 + 1)}")
