"""Links for phones: each leads to one place, once, for a while, and guessing is held back."""

import pytest

from richspeech.access import phone_links
from richspeech.access.phone_links import PhoneLinks
from richspeech.errors import AccessError, BusyError


class Clock:
    """Shows what it is set to, in seconds."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def links(clock: Clock) -> PhoneLinks[str]:
    return PhoneLinks(120, clock)


def test_a_link_leads_to_its_own_place_and_to_no_other(links: PhoneLinks[str]) -> None:
    ming, li = links.make("ming", "at ming's"), links.make("li", "at li's")
    assert ming != li
    assert links.follow(li, "10.0.0.2") == "at li's"
    assert links.follow(ming, "10.0.0.1") == "at ming's"


def test_a_link_leads_nowhere_the_second_time(links: PhoneLinks[str]) -> None:
    token = links.make("ming", "here")
    links.follow(token, "10.0.0.1")
    with pytest.raises(AccessError, match="expired, was used or taken back"):
        links.follow(token, "10.0.0.1")


def test_an_old_link_and_one_that_was_taken_back_say_the_same_as_one_of_nobody(
    links: PhoneLinks[str], clock: Clock
) -> None:
    old = links.make("ming", "here")
    clock.now = 120
    taken = links.make("ming", "here")
    links.take_back(taken)
    said = set()
    for token in (old, taken, "nobody's", "", "\ud800"):
        with pytest.raises(AccessError) as refused:
            links.follow(token, "10.0.0.1")
        said.add(str(refused.value))
    assert len(said) == 1


def test_a_link_holds_until_its_time_is_over(links: PhoneLinks[str], clock: Clock) -> None:
    token = links.make("ming", "here")
    clock.now = 119.9
    assert links.follow(token, "10.0.0.1") == "here"


def test_an_address_that_guesses_is_made_to_wait_and_others_are_not(
    links: PhoneLinks[str],
) -> None:
    for guess in range(10):
        with pytest.raises(AccessError):
            links.follow(f"guess {guess}", "10.0.0.9")
    token = links.make("ming", "here")
    with pytest.raises(BusyError, match=r"wait \d+ s"):
        links.follow(token, "10.0.0.9")
    assert links.follow(token, "10.0.0.1") == "here"


def test_a_visitor_who_asks_for_many_links_is_made_to_wait_and_others_are_not(
    links: PhoneLinks[str],
) -> None:
    for _ in range(20):
        links.make("ming", "here")
    with pytest.raises(BusyError, match=r"wait \d+ s"):
        links.make("ming", "here")
    assert links.make("li", "here")


def test_only_so_many_wait_at_once_and_old_ones_make_room(
    links: PhoneLinks[str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phone_links, "MOST", 2)
    links.make("ming", "here")
    links.make("li", "here")
    with pytest.raises(BusyError, match="open already"):
        links.make("wang", "here")
    clock.now = 120
    assert links.make("wang", "here")
