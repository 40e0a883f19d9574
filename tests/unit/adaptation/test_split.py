"""What is alike stays on one side of training and test."""

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from richspeech.adaptation.split import LEAST_TEST, near_duplicates, session_of, split
from richspeech.errors import OptionError
from richspeech.review.examples import Example

WORDS = st.text("天地人和山水火木金土日月", min_size=6, max_size=12)


def examples(sessions: int, clips: int) -> list[Example]:
    """Texts that differ in every character."""
    return [
        Example(f"call{session}-{clip:08}-{clip + 1:08}", chr(0x4E00 + 97 * session + clip) * 6)
        for session in range(sessions)
        for clip in range(clips)
    ]


@pytest.mark.parametrize(
    ("key", "session"),
    [
        ("call-00001200-00004300", "call"),
        ("call-00001200-00004300-2", "call"),
        ("BAC009S0764W0121", "BAC009S0764W"),
        ("monday_12", "monday"),
        ("meeting1-00001200-00004300", "meeting1"),
        ("1089-134686-0000", "1089-134686"),
        ("0012", None),
    ],
)
def test_a_session_is_what_a_key_says_without_its_numbers(key: str, session: str | None) -> None:
    assert session_of(Example(key, "")) == session


def test_the_files_own_word_goes_before_the_key() -> None:
    assert session_of(Example("call-1", "", session="monday")) == "monday"


def test_texts_that_differ_in_case_and_punctuation_or_a_character_of_many_are_alike() -> None:
    texts = ["I want a refund now!", "i want a refund now", "I want a refund, now.", "Good day"]
    assert {*near_duplicates(texts)} == {(0, 1), (0, 2), (1, 2)}


def test_a_fifth_is_kept_for_testing_in_whole_sessions() -> None:
    data = examples(sessions=10, clips=10)
    found = split(data)
    assert found.keeps_sessions
    assert 20 <= len(found.test) <= 40
    assert sorted((*found.training, *found.test)) == [*range(100)]
    tested = {session_of(data[i]) for i in found.test}
    assert tested.isdisjoint(session_of(data[i]) for i in found.training)


def test_where_all_is_one_session_near_duplicates_alone_stay_together() -> None:
    data = examples(sessions=1, clips=20)
    data.append(Example("call0-9", data[0].text))
    found = split(data)
    assert not found.keeps_sessions
    assert len(found.test) >= LEAST_TEST
    assert (0 in found.test) == (20 in found.test)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (examples(sessions=7, clips=2), "adapt.few"),
        ([Example(f"{i}", "all the same") for i in range(30)], "adapt.all_alike"),
    ],
)
def test_too_few_clips_or_all_alike_are_refused(data: list[Example], key: str) -> None:
    with pytest.raises(OptionError) as caught:
        split(data)
    assert caught.value.key == key


@given(st.lists(st.tuples(st.integers(0, 9), WORDS), min_size=15, max_size=40), st.integers(0, 9))
def test_no_group_is_on_both_sides(said: list[tuple[int, str]], seed: int) -> None:
    data = [Example(f"s{session}_{place}", text) for place, (session, text) in enumerate(said)]
    try:
        found = split(data, seed=seed)
    except OptionError:
        reject()
    sides = {found.groups[i] for i in found.training}, {found.groups[i] for i in found.test}
    assert sides[0].isdisjoint(sides[1])
    assert found == split(data, seed=seed)
