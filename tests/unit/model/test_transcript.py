"""The Transcript keeps everything through JSON, and refuses what is no transcript."""

import json
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import LANGUAGES, AudioEvent, Emotion
from richspeech.errors import OptionError
from richspeech.model.emotion_scores import NineEmotion
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.sentiment import Accord, Agreement, Sentiment
from richspeech.model.strand import ALONE, Strand
from richspeech.model.transcript import Segment, Token, Transcript

TOKEN = Token("你", start=0.12, end=0.3, probability=0.98)
SEGMENT = Segment(
    start=0.07,
    end=2.34,
    text="你好",
    language="zh",
    language_probability=0.99,
    emotion=Emotion.ANGRY,
    emotion_probabilities={"happy": 0.01, "angry": 0.93},
    events=(AudioEvent.LAUGHTER,),
    event_probabilities={"speech": 0.2, "laughter": 0.7},
    tokens=(TOKEN,),
    raw_text="<|zh|><|ANGRY|><|Laughter|><|withitn|>你好",
    rules=("hesitant-sad",),
)


SURELY_POSITIVE = {Sentiment.POSITIVE: 0.8, Sentiment.NEUTRAL: 0.2}


def segment(text: str, language: str | None, seconds: float = 1.0) -> Segment:
    return Segment(
        0.0, seconds, text, language, None, Emotion.UNKNOWN, {}, (), {}, tokens=(), raw_text=text
    )


def transcript(*segments: Segment) -> Transcript:
    return Transcript(70.47, 1.21, "sensevoice", "models/sensevoice-tiny", segments)


def document() -> Any:
    return json.loads(json.dumps(transcript(SEGMENT).to_dict()))


# JSON ---------------------------------------------------------------------------------------------


def test_a_document_has_the_keys_of_the_design_and_rules() -> None:
    keys = (
        "text language sentiment sentiment_probabilities duration processing_seconds engine model "
        "segments warnings unsure_below masked trims"
    )
    assert [*document()] == keys.split()
    keys = (
        "start end text language language_probability emotion emotion_probabilities events "
        "event_probabilities tokens raw_text rules second_emotion second_emotion_probabilities "
        "sentiment sentiment_probabilities sentiment_refused agreement corrected "
        "no_speech_probability "
        "track channel speaker misheard_probability prosody revisions masked"
    )
    assert [*document()["segments"][0]] == keys.split()
    assert [*document()["segments"][0]["tokens"][0]] == ["text", "start", "end", "probability"]


def test_a_document_holds_what_was_heard() -> None:
    (written,) = document()["segments"]
    assert document()["text"] == "你好"
    assert document()["language"] == "zh"
    assert written["emotion"] == "angry"
    assert written["events"] == ["laughter"]
    assert written["event_probabilities"] == {"speech": 0.2, "laughter": 0.7}


def test_a_document_is_made_of_plain_values() -> None:
    labels = MappingProxyType({Emotion.HAPPY: 0.5})
    heard = Segment(**{**vars(SEGMENT), "emotion_probabilities": labels})
    (written,) = transcript(heard).to_dict()["segments"]
    assert type(written["emotion"]) is str
    assert [type(key) for key in written["emotion_probabilities"]] == [str]
    assert written["emotion_probabilities"] == {"happy": 0.5}


def test_times_are_written_to_a_tenth_of_a_millisecond() -> None:
    written = transcript(segment("", None, 1 / 3)).to_dict()
    assert written["segments"][0]["end"] == 0.3333


def test_a_transcript_comes_back_as_it_was() -> None:
    assert Transcript.from_dict(document()) == transcript(SEGMENT)


def test_an_empty_transcript_comes_back_as_it_was() -> None:
    empty = transcript()
    assert Transcript.from_dict(empty.to_dict()) == empty
    assert (empty.text, empty.language) == ("", None)


seconds = st.integers(0, 10**9).map(lambda n: n / 10_000)
probabilities = st.integers(0, 10_000).map(lambda n: n / 10_000)
texts = st.text(max_size=20)
tokens = st.builds(
    Token, texts, st.none() | seconds, st.none() | seconds, st.none() | probabilities
)
segments = st.builds(
    Segment,
    start=seconds,
    end=seconds,
    text=texts,
    language=st.none() | st.sampled_from([*LANGUAGES, "nospeech"]),
    language_probability=st.none() | probabilities,
    emotion=st.sampled_from(Emotion),
    emotion_probabilities=st.dictionaries(st.sampled_from([e.value for e in Emotion]), seconds),
    events=st.lists(st.sampled_from(AudioEvent), unique=True).map(tuple),
    event_probabilities=st.dictionaries(
        st.sampled_from([e.value for e in AudioEvent]), probabilities
    ),
    tokens=st.lists(tokens, max_size=3).map(tuple),
    raw_text=texts,
    rules=st.lists(texts, max_size=2).map(tuple),
    second_emotion=st.none() | st.sampled_from(NineEmotion),
    second_emotion_probabilities=st.dictionaries(st.sampled_from(NineEmotion), probabilities),
    sentiment=st.none() | st.sampled_from(Sentiment),
    sentiment_probabilities=st.dictionaries(st.sampled_from(Sentiment), probabilities),
    agreement=st.none()
    | st.builds(Agreement, st.sampled_from(Accord), probabilities, probabilities, probabilities),
)


@given(st.lists(segments, max_size=4), seconds, seconds)
def test_any_transcript_comes_back_as_it_was(
    heard: list[Segment], duration: float, processing_seconds: float
) -> None:
    before = Transcript(duration, processing_seconds, "e", "m", tuple(heard))
    wire = json.dumps(before.to_dict(), ensure_ascii=False)
    assert Transcript.from_dict(json.loads(wire)) == before


def test_unknown_keys_are_ignored_since_keys_are_only_ever_added() -> None:
    newer = document()
    newer["speakers"] = 2
    newer["segments"][0]["mood"] = "a"
    newer["segments"][0]["tokens"][0]["pinyin"] = "nǐ"
    assert Transcript.from_dict(newer) == transcript(SEGMENT)


def test_a_document_from_before_rules_is_read() -> None:
    older = document()
    del older["segments"][0]["rules"]
    assert Transcript.from_dict(older).segments[0].rules == ()


def test_a_document_from_before_second_opinions_is_read() -> None:
    older = document()
    del older["segments"][0]["second_emotion"]
    del older["segments"][0]["second_emotion_probabilities"]
    (read,) = Transcript.from_dict(older).segments
    assert (read.second_emotion, read.second_emotion_probabilities) == (None, {})


def test_a_document_from_before_strands_is_read() -> None:
    older = document()
    for key in ("track", "channel", "speaker"):
        del older["segments"][0][key]
    assert Transcript.from_dict(older).segments[0].strand == ALONE


def test_who_speaks_where_is_kept() -> None:
    segment = replace(SEGMENT, track="Mic 2", channel=1, speaker="B")
    (read,) = Transcript.from_dict(transcript(segment).to_dict()).segments
    assert read.strand == Strand("Mic 2", 1, "B")
    assert read.strand.label == "Mic 2 B"
    assert replace(read, speaker="Ann").strand.label == "Ann"  # and AB is a name as well
    assert replace(read, speaker="AB").strand.label == "AB"


def test_speakers_come_by_channel_and_then_by_who_is_first() -> None:
    right, left = replace(SEGMENT, channel=2, speaker="B"), replace(SEGMENT, channel=1, speaker="A")
    voices = [replace(SEGMENT, speaker=each) for each in "BAB"]
    assert transcript(right, left, SEGMENT).speakers == ("A", "B")
    assert transcript(*voices).speakers == ("B", "A")


def test_a_document_from_before_warnings_is_read() -> None:
    older = document()
    del older["warnings"]
    assert Transcript.from_dict(older).warnings == ()


def test_warnings_are_written_with_their_sentence_and_come_back() -> None:
    lost = RecordingWarning.of("damaged_packets", packets=3)
    written = replace(transcript(SEGMENT), warnings=(lost,)).to_dict()
    assert written["warnings"] == [
        {"code": "damaged_packets", "message": lost.sentence("en"), "fields": {"packets": 3}}
    ]
    assert Transcript.from_dict(json.loads(json.dumps(written))).warnings == (lost,)


def test_a_document_from_before_sentiments_is_read() -> None:
    older = document()
    for place in (older, older["segments"][0]):
        for key in ("sentiment", "sentiment_probabilities", "agreement"):
            place.pop(key, None)
    read = Transcript.from_dict(older)
    assert read == transcript(SEGMENT)
    assert (read.sentiment, read.sentiment_probabilities) == (None, {})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda it: it.pop("duration"), "duration"),
        (lambda it: it.update(duration="long"), "duration"),
        (lambda it: it.update(segments=None), "segments"),
        (lambda it: it["segments"][0].pop("end"), "segments.0.end"),
        (lambda it: it["segments"][0].update(emotion="furious"), "segments.0.emotion"),
        (lambda it: it["segments"][0].update(events=["rain"]), "segments.0.events.0"),
        (lambda it: it["segments"][0]["tokens"][0].pop("text"), "segments.0.tokens.0.text"),
    ],
)
def test_a_wrong_document_is_refused_by_the_name_of_the_field(change: Any, field: str) -> None:
    wrong = document()
    change(wrong)
    with pytest.raises(OptionError, match=f"not a transcript: {field}: "):
        Transcript.from_dict(wrong)


@pytest.mark.parametrize("wrong", [None, [], ["text"], "text", 3])
def test_what_is_no_document_is_refused(wrong: object) -> None:
    with pytest.raises(OptionError, match=f"it is a {type(wrong).__name__}"):
        Transcript.from_dict(wrong)


# What follows from the segments -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ([("zh", "你好。"), ("zh", "再见。")], "你好。再见。"),
        ([("ja", "はい。"), ("yue", "係。")], "はい。係。"),
        ([("en", "One."), ("en", "Two.")], "One. Two."),
        ([("ko", "네."), ("ko", "예.")], "네. 예."),
        ([("zh", "你好。"), ("en", "Hello."), ("zh", "再见。")], "你好。 Hello. 再见。"),
        ([("en", "One."), ("nospeech", ""), ("en", "Two.")], "One. Two."),
        ([("zh", "型号A3"), ("zh", "5个")], "型号A3 5个"),
        ([(None, "a"), (None, "b")], "a b"),
        ([("zh", ""), ("zh", "好")], "好"),
    ],
)
def test_texts_are_joined_as_their_languages_write(
    pieces: list[tuple[str | None, str]], text: str
) -> None:
    assert transcript(*(segment(words, language) for language, words in pieces)).text == text


def test_the_language_is_the_one_with_most_speech_seconds() -> None:
    short = [segment("a", "en", 1.0)] * 3
    assert transcript(*short, segment("长", "zh", 3.5)).language == "zh"
    assert transcript(*short, segment("长", "zh", 2.5)).language == "en"


@pytest.mark.parametrize(
    "silent", [segment("", "zh"), segment("嗯", "nospeech"), segment("嗯", None)]
)
def test_what_is_not_speech_has_no_part_in_the_language(silent: Segment) -> None:
    assert transcript(silent).language is None
    assert transcript(silent, segment("a", "en", 0.1)).language == "en"


def test_the_probability_of_the_emotion_is_the_models_own() -> None:
    assert SEGMENT.emotion_probability == 0.93


def test_an_engine_without_probabilities_has_none() -> None:
    assert segment("a", "en").emotion_probability is None
    assert segment("a", "en").language_probability is None


def test_the_sentiment_of_the_whole_is_the_mean_by_characters() -> None:
    glad = Segment(**{**vars(segment("好", "zh")), "sentiment_probabilities": SURELY_POSITIVE})
    sad = Segment(
        **{**vars(segment("不好吧", "zh")), "sentiment_probabilities": {Sentiment.NEGATIVE: 1.0}}
    )
    both = transcript(glad, sad, segment("没有问过的一段话", "zh"))
    assert both.sentiment is Sentiment.NEGATIVE
    assert both.sentiment_probabilities == pytest.approx(
        {Sentiment.POSITIVE: 0.2, Sentiment.NEUTRAL: 0.05, Sentiment.NEGATIVE: 0.75}
    )
    assert json.loads(json.dumps(both.to_dict()))["sentiment_probabilities"]["negative"] == 0.75


def test_rtfx_is_audio_seconds_per_processing_second() -> None:
    assert Transcript(10.0, 2.0, "e", "m").rtfx == 5.0
    assert Transcript(10.0, 0.0, "e", "m").rtfx is None
