"""Fields of a form → what is asked for, or which of them is at fault."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from richspeech.api.multipart import FormFile
from richspeech.api.openai.errors import ParameterError, UnknownModelError
from richspeech.api.openai.form import TranscriptionForm, files_of, read_fields, schema, words_in
from richspeech.api.openai.models import ALIASES, engine_of
from richspeech.engines.names import NAMES
from richspeech.engines.readiness import Readiness
from richspeech.engines.transcribers import Transcribers
from richspeech.model.options import MOST_HOTWORDS, Options
from richspeech.model.turn_detection import TurnDetection
from richspeech.settings import load_settings

SCHEMA = schema(TranscriptionForm)
NAMED = st.sampled_from([*SCHEMA["properties"], "languages", "chunking_strategy[type]", "x", ""])
DEFAULTS = Options(merge=True, allowed_languages=("zh", "en"))


def options(*fields: tuple[str, str], engine: str = "sensevoice") -> Options:
    return read_fields(fields, TranscriptionForm).options(DEFAULTS, engine)


@given(st.lists(st.tuples(NAMED, st.text(max_size=20))))
def test_whatever_is_sent_is_understood_or_one_field_is_at_fault(
    fields: list[tuple[str, str]],
) -> None:
    try:
        read_fields(fields, TranscriptionForm).options(DEFAULTS, "sensevoice")
    except ParameterError as error:
        names = {name for name, _ in fields}
        assert error.param in names | {f"{name}[]" for name in names} | {"chunking_strategy"}  # noqa: PT017


def test_tracks_and_channels_are_chosen_by_their_names_or_a_number() -> None:
    asked = options(("tracks", "2"), ("channels", "split"))
    assert (asked.tracks, asked.channels) == (2, "split")
    assert options(("tracks", "all")).tracks == "all"
    assert options(("tracks", ""), ("channels", "")) == options()


def test_speakers_are_named_by_their_channels() -> None:
    assert options(("speakers", "left=agent, right=customer")).speakers == ("agent", "customer")
    assert options(("speakers", '{"2": "customer"}')).speakers == (None, "customer")
    assert options(("speakers", "")) == options()
    with pytest.raises(ParameterError, match="does not say who is on which channel") as caught:
        options(("speakers", "agent"))
    assert caught.value.param == "speakers"


def test_noise_is_taken_out_for_whoever_asks() -> None:
    assert options(("denoise", "gtcrn")).denoise == "gtcrn"


def test_nothing_asked_for_is_as_the_settings_have_it() -> None:
    assert options() == DEFAULTS
    assert options(("language", ""), ("prompt", ""), ("temperature", "0")) == DEFAULTS


@pytest.mark.parametrize("name", ["languages[]", "languages"])
def test_a_list_comes_with_brackets_or_without(name: str) -> None:
    assert options((name, "zh-TW"), (name, "ja"), (name, "zh")).allowed_languages == ("zh", "ja")


@pytest.mark.parametrize(
    ("tag", "language"),
    [("zh", "zh"), ("zh-CN", "zh"), ("zh-HK", "yue"), ("zh-Hant-MO", "yue"), ("en_GB", "en")],
)
def test_a_language_of_a_country_is_the_language(tag: str, language: str) -> None:
    assert options(("language", tag)).language == language


@pytest.mark.parametrize(
    "fields",
    [
        [("chunking_strategy", '{"type": "server_vad", "threshold": 0.7}')],
        [("chunking_strategy[type]", "server_vad"), ("chunking_strategy[threshold]", "0.7")],
    ],
)
def test_server_vad_comes_as_json_or_in_brackets(fields: list[tuple[str, str]]) -> None:
    assert options(*fields).turn_detection == TurnDetection(threshold=0.7)
    assert options(("chunking_strategy", "auto")).turn_detection is None


def test_a_prompt_gives_its_short_pieces_behind_the_keywords() -> None:
    sentence = "这句话说得太长了所以它永远都不会被当成一个热词来用"
    prompt = f"ZyntriQix, Digique  Plus；达摩院。{sentence}. a"
    assert words_in(prompt) == ("ZyntriQix", "Digique Plus", "达摩院")
    assert options(("prompt", prompt), ("keywords[]", "张珊")).hotwords == (
        "张珊",
        *words_in(prompt),
    )
    many = ",".join(f"word{number}" for number in range(1_000))
    assert len(options(("prompt", many)).hotwords) == MOST_HOTWORDS


def test_a_list_of_hotwords_has_weights_beside_keywords_and_a_prompt() -> None:
    listed = ("hotwords", "达摩院,40\n张珊\t60\n")
    asked = options(("keywords[]", "张珊"), ("keywords[]", "百度"), listed, ("prompt", "魔搭,百度"))
    assert {*asked.weighed_hotwords.items()} == {
        *(("张珊", 60), ("达摩院", 40), ("百度", 20), ("魔搭", 20))
    }


def test_protected_words_are_a_list_or_else_those_of_the_settings() -> None:
    assert options(("protected_words", "地址，电话")).protected_words == ("地址", "电话")
    kept = replace(DEFAULTS, protected_words=("地址",))
    form = read_fields([("protected_words", "")], TranscriptionForm)
    assert form.options(kept, "sensevoice").protected_words == ("地址",)


def test_a_line_of_a_list_that_does_not_fit_is_named() -> None:
    with pytest.raises(ParameterError, match="Line 2 of the list: The weight 0") as caught:
        options(("hotwords", "达摩院,40\n张珊,0"))
    assert caught.value.param == "hotwords"
    with pytest.raises(ParameterError, match="cannot be a protected word") as caught:
        options(("protected_words", "二" * 21))
    assert caught.value.param == "protected_words"


@pytest.mark.parametrize(
    ("field", "param"),
    [
        (("stream", "yes"), "stream"),
        (("temperature", "hot"), "temperature"),
        (("keywords[]", "一"), "keywords[]"),
        (("chunking_strategy", "{"), "chunking_strategy"),
        (("chunking_strategy", '{"a":' + "[" * 100_000), "chunking_strategy"),
        (("chunking_strategy[mood]", "1"), "chunking_strategy"),
        (("timestamp_granularities", "letter"), "timestamp_granularities[]"),
        (("known_speaker_references[]", "data:"), "known_speaker_references[]"),
        (("Model", "whisper-1"), "Model"),
        (("tracks", "second"), "tracks"),
        (("tracks", "0"), "tracks"),
        (("channels", "left"), "channels"),
        (("denoise", "spleeter"), "denoise"),
    ],
)
def test_the_field_at_fault_is_named(field: tuple[str, str], param: str) -> None:
    with pytest.raises(ParameterError) as refused:
        options(field)
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("fields", "param", "said"),
    [
        ([("rich", "perhaps"), ("temperature", "hot")], "temperature", "as a number."),
        (
            [("chunking_strategy[type]", "server_vad"), ("rich", "x"), ("beam", "5")],
            "rich",
            "boolean.",
        ),
        (
            [("chunking_strategy", '{"type": "server_vad", "threshold": 7}'), ("beam", "5")],
            "chunking_strategy",
            "less than or equal to 1.",
        ),
        ([("beam", "5"), ("depth", "5")], "beam", "one of file"),
        ([("tracks", "foo")], "tracks", "choose default, all, mix or a number from 1 to 99."),
        ([("tracks", "100")], "tracks", "choose default, all, mix or a number from 1 to 99."),
    ],
)
def test_of_several_fields_at_fault_the_first_is_named(
    fields: list[tuple[str, str]], param: str, said: str
) -> None:
    with pytest.raises(ParameterError, match=re.escape(said)) as refused:
        options(*fields)
    assert refused.value.param == param
    assert not str(refused.value).endswith("..")


def test_a_recording_sent_as_text_is_missing_as_is_one_that_is_sent_as_a_parameter() -> None:
    with pytest.raises(ParameterError, match="no recording: send it as the field file"):
        read_fields([("model", "whisper-1"), ("file", "hello")], TranscriptionForm)
    with pytest.raises(ParameterError, match="no recording: send it as the field file"):
        files_of([FormFile("model", Path("a.wav"))], TranscriptionForm)


def test_a_field_that_is_no_list_comes_once() -> None:
    with pytest.raises(ParameterError, match="twice"):
        read_fields([("model", "a"), ("model", "b")], TranscriptionForm)


def test_another_engine_knows_other_languages() -> None:
    assert options(("language", "zh"), engine="paraformer").language == "zh"
    with pytest.raises(ParameterError, match="paraformer"):
        options(("language", "en"), engine="paraformer")


def test_openais_names_are_the_main_engine() -> None:
    settings = load_settings(model={"engine": "paraformer"})
    transcribers = Transcribers(Readiness(), settings)
    for name in (None, *ALIASES):
        assert engine_of(name, transcribers) == "paraformer"
    assert {engine_of(name, transcribers) for name in NAMES} == set(NAMES)
    with pytest.raises(UnknownModelError, match="whisper-9"):
        engine_of("whisper-9", transcribers)


def test_the_schema_has_every_field_by_the_name_that_is_sent() -> None:
    names = {each.alias or name for name, each in TranscriptionForm.model_fields.items()}
    assert set(SCHEMA["properties"]) == {"file", *names}
    assert SCHEMA["additionalProperties"] is False
