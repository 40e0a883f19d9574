"""Names of speakers: read as people write them, refused where nobody could show them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from richspeech.errors import OptionError
from richspeech.model.corrections import Correction
from richspeech.model.options import Options
from richspeech.model.speaker import LONGEST_NAME, by_channel, names_over, speaker_name, speakers_in
from richspeech.settings import RecognitionSettings


@pytest.mark.parametrize(
    "text",
    [
        "left=agent,right=customer",
        " Right = customer , LEFT = agent ",
        "1=agent, 2=customer",
        '{"left": "agent", "2": "customer"}',
    ],
)
def test_names_come_behind_their_channels_or_as_json(text: str) -> None:
    assert speakers_in(text) == ("agent", "customer")


def test_a_channel_that_nobody_names_has_no_name() -> None:
    assert speakers_in("3=张珊") == (None, None, "张珊")
    assert speakers_in("") == speakers_in("{}") == ()


def test_a_name_may_have_what_json_alone_can_part() -> None:
    assert speakers_in('{"left": "Smith, Ann = chair"}') == ("Smith, Ann = chair",)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("agent", "speaker.written"),
        ("left=agent,customer", "speaker.written"),
        ('{"left": "agent"', "speaker.written"),
        ('{"left": 1}', "speaker.written"),
        ('{"left": {"name": "agent"}}', "speaker.written"),
        ("middle=agent", "speaker.channel"),
        ("0=agent", "speaker.channel"),
        ("left=agent,1=customer", "speaker.twice"),
        ('{"left": "agent", "1": "customer"}', "speaker.twice"),
        ('{"left": "agent", "left": "customer"}', "speaker.twice"),
        ("left=", "speaker.name"),
        (f"left={'a' * (LONGEST_NAME + 1)}", "speaker.name"),
        ("left=a\u202eb", "speaker.name"),
        ("left=age\u200dnt", "speaker.name"),
        ("left=علی\u200c", "speaker.name"),
        ("left=می\u200c\u200cروم", "speaker.name"),
        ("left=B", "speaker.letter"),
    ],
)
def test_what_names_nobody_is_refused_in_one_sentence(text: str, key: str) -> None:
    with pytest.raises(OptionError) as caught:
        speakers_in(text)
    assert caught.value.key == key


@pytest.mark.parametrize("name", ["علی\u200cرضا", "क्\u200dष", "👩\u200d💻", "b", "Б"])
def test_joiners_within_a_word_and_letters_that_nobody_gives_are_no_hindrance(name: str) -> None:
    assert speaker_name(name) == name


def test_who_has_no_name_in_a_request_has_that_of_the_settings() -> None:
    assert names_over(("clerk",), ("agent", "customer")) == ("clerk", "customer")
    assert names_over((None, "caller"), ("agent",)) == ("agent", "caller")
    assert names_over((), ()) == ()


@given(st.text(max_size=60))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    try:
        names = speakers_in(text)
    except OptionError:
        return
    assert Options(speakers=names).speakers == names


@given(st.text(max_size=60))
def test_a_name_that_is_taken_stays_what_it_is(text: str) -> None:
    try:
        name = speaker_name(text)
    except OptionError:
        return
    assert speaker_name(name) == name


def test_options_take_no_name_that_nobody_can_show() -> None:
    for name in (" agent", "a\nb", "a" * 41):
        with pytest.raises(OptionError, match="is no name for a speaker"):
            Options(speakers=(name,))


def test_the_settings_count_channels_as_yaml_does() -> None:
    asked = RecognitionSettings.model_validate({"speakers": {1: "agent", "right": "customer"}})
    assert by_channel(asked.speakers.items()) == ("agent", "customer")
    with pytest.raises(ValueError, match="middle"):
        RecognitionSettings(speakers={"middle": "agent"})


def test_a_correction_may_say_that_somebody_without_a_name_speaks() -> None:
    assert Correction.from_dict({"index": 0, "speaker": " B "}).speaker == "B"
    with pytest.raises(OptionError, match="is what somebody without a name is called"):
        speaker_name("B")
