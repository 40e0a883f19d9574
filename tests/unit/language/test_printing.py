"""What can be shown: joiners within words of Persian, Hindi and emoji, and nothing that hides."""

import pytest

from richspeech.language.printing import is_printable, shown


@pytest.mark.parametrize("text", ["می\u200cروم", "क्\u200dष", "👩\u200d💻", "Ann Lee"])
def test_joiners_between_letters_that_they_join_are_shown(text: str) -> None:
    assert is_printable(text)
    assert shown(text) == text


@pytest.mark.parametrize(
    "text", ["a\u200db", "می\u200c", "می\u200c روم", "می\u200c\u200cروم", "a\u202eb"]
)
def test_what_hides_in_a_text_is_not(text: str) -> None:
    assert not is_printable(text)
    assert "\N{REPLACEMENT CHARACTER}" in shown(text)


def test_line_ends_are_blanks_unless_something_else_is_asked_for() -> None:
    assert shown("a\nb\0") == "a b\N{REPLACEMENT CHARACTER}"
    assert shown("a\nb\0", blank="_", other="-") == "a_b-"
