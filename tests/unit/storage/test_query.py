"""The search line: what people type is a query or a sentence that says why it is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import AudioEvent, Emotion
from richspeech.errors import OptionError
from richspeech.storage.query import LONGEST_LINE, READERS, Key, Query, Term, fold, parse_query

ANYTHING = st.text(st.characters(codec=None), max_size=LONGEST_LINE)
"""Control characters and halves of characters included."""

PIECES = st.sampled_from(
    [
        *(f"{key}:" for key in READERS),
        "mood:",
        "angry",
        "2026-11-01",
        '"',
        "“",
        "：",
        " ",
        "退款",
        "'",
    ]
)


def terms(line: str) -> list[tuple[str, str]]:
    return [(term.key.value, term.value) for term in parse_query(line).terms]


def refusal(line: str) -> str:
    with pytest.raises(OptionError) as caught:
        parse_query(line)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


def test_words_and_keys_become_terms_in_their_order() -> None:
    line = "退款 emotion:angry lang:yue event:laughter after:2026-11-01 before:2026-12-01 name:call"
    assert terms(line) == [
        ("word", "退款"),
        ("emotion", "angry"),
        ("lang", "yue"),
        ("event", "laughter"),
        ("after", "2026-11-01"),
        ("before", "2026-12-01"),
        ("name", "call"),
    ]
    assert parse_query(line).words == ("退款",)


def test_an_empty_line_asks_for_everything() -> None:
    assert parse_query("") == parse_query(' \t　 "" ') == Query()


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('"call me  back"', "call me  back"),
        ("“还没 收到”", "还没 收到"),
        ("don't", "don't"),
        ("10:30", "10:30"),
        ("客服：您好", "客服:您好"),
        (r"\new", r"\new"),
        ("100%", "100%"),
        ("ＡＢＣ", "abc"),
        ("STRASSE", "strasse"),
        ("#1", "#1"),
    ],
)
def test_a_word_is_taken_as_it_stands_apart_from_case_and_width(line: str, word: str) -> None:
    assert terms(line) == [("word", word)]


def test_a_quoted_value_keeps_its_blanks() -> None:
    assert terms('name:"call 7" 退款') == [("name", "call 7"), ("word", "退款")]


def test_full_width_signs_of_a_chinese_keyboard_are_understood() -> None:
    assert terms("ｅｍｏｔｉｏｎ：ａｎｇｒｙ　ＬＡＮＧ：ｙｕｅ") == [
        ("emotion", "angry"),
        ("lang", "yue"),
    ]


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_labels_are_known_by_the_words_of_the_page(locale: str) -> None:
    for emotion in Emotion:
        assert terms(f'emotion:"{emotion.word(locale)}"') == [("emotion", emotion.value)]
    for event in set(AudioEvent) - {AudioEvent.SPEECH}:
        assert terms(f'event:"{event.word(locale)}"') == [("event", event.value)]


def test_labels_are_known_by_their_former_words_as_well() -> None:
    assert terms("emotion:生气") == terms("emotion:愤怒") == [("emotion", "angry")]
    assert terms("event:呼吸声") == terms("event:呼吸") == [("event", "breath")]
    assert "'生气' is unknown" in refusal("event:生气")


def test_an_unknown_key_is_named_with_the_known_ones() -> None:
    known = "emotion, event, lang, risk, tag, name, after, before"
    assert refusal("mood:bad") == f"The search key 'mood' is unknown; choose one of {known}."


def test_unknown_values_are_named_with_the_known_ones() -> None:
    assert refusal("emotion:mad").startswith("The emotion 'mad' is unknown; choose one of happy, ")
    assert refusal("event:speech").startswith("The event 'speech' is unknown; choose one of bgm, ")
    assert refusal("lang:xx") == (
        "The language 'xx' is unknown; choose one of zh, en, yue, ja, ko, nospeech."
    )


@pytest.mark.parametrize(
    "value", ["", "yesterday", "2026-13-01", "2026-02-30", "0001-01-01", "9999-12-31"]
)
@pytest.mark.parametrize("key", ["after", "before"])
def test_a_day_that_does_not_exist_is_refused(key: str, value: str) -> None:
    expected = f"The date {value!r} in the search does not exist; write one as 2026-11-01."
    assert refusal(f"{key}:{value}") == expected


def test_a_name_without_a_name_an_open_quote_and_an_endless_line_are_refused() -> None:
    assert refusal("name:") == "The search key name needs a part of a file name, as in name:call."
    assert refusal('"退款').startswith("The search has a quotation mark that is not closed;")
    assert refusal("x" * 501) == "The search has 501 characters; shorten it to 500."


def outcome(line: str) -> Query | str:
    try:
        return parse_query(line)
    except OptionError as error:
        return str(error)


@given(ANYTHING | st.lists(PIECES, max_size=12).map("".join))
def test_any_line_is_a_query_or_a_sentence(line: str) -> None:
    found = outcome(line)
    if isinstance(found, str):
        assert found.endswith(".")
        assert "\n" not in found
    else:
        assert all(term.value.strip() for term in found.terms)
        assert all(word == fold(word) for word in found.words)


@given(st.lists(st.from_regex(r"[a-z0-9一-龥]+", fullmatch=True), max_size=8))
def test_plain_words_come_back_as_they_are(words: list[str]) -> None:
    assert parse_query(" ".join(words)) == Query(tuple(Term(Key.WORD, word) for word in words))


@given(st.text(st.characters(codec=None)))
def test_folded_text_can_be_written_to_any_database(text: str) -> None:
    assert "\0" not in fold(text)
    fold(text).encode()
