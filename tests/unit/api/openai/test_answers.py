"""Transcripts as OpenAI's formats: nothing is invented, and deltas make up the text."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import Emotion
from richspeech.api.openai.answers import (
    compression_ratio,
    diarized,
    languages_of,
    transcription,
    verbose,
    verbose_segment,
)
from richspeech.api.openai.events import Delta, Deltas
from richspeech.model.transcript import Segment, Token, Transcript

TOKENS = (Token("Hi", 0.1, 0.2, 0.5), Token(" you", 0.3, 0.4, 0.25))
SAID = Segment(
    start=0.1,
    end=0.6,
    text="Hi you",
    language="en",
    language_probability=0.9,
    emotion=Emotion.HAPPY,
    emotion_probabilities={"happy": 0.8, "sad": 0.2},
    events=(),
    event_probabilities={},
    tokens=TOKENS,
    raw_text="",
)
UNMEASURED = replace(SAID, emotion=Emotion.UNKNOWN, emotion_probabilities={}, tokens=())


def transcript(*segments: Segment) -> Transcript:
    return Transcript(2.0, 0.1, "sensevoice", "tiny", segments)


def test_the_mean_log_probability_is_that_of_the_tokens() -> None:
    assert verbose_segment(0, SAID).avg_logprob == pytest.approx(-1.0397, abs=1e-4)


def test_what_was_not_measured_is_null() -> None:
    told = verbose_segment(0, UNMEASURED)
    assert (told.avg_logprob, told.no_speech_prob, told.emotion_probability) == (None, None, None)
    replaced = replace(SAID, tokens=(replace(TOKENS[0], probability=None),))
    [logprob] = transcription(transcript(replaced), logprobs=True).logprobs or []
    assert logprob.logprob is None


def test_repetition_compresses_better() -> None:
    assert compression_ratio("ha " * 100) > 2.4
    assert compression_ratio("What a lovely day.") < 1.5
    assert compression_ratio("") == 0


def test_words_and_segments_are_there_as_they_are_wanted() -> None:
    both = verbose(transcript(SAID), ("word", "segment"), logprobs=False)
    assert [word.word for word in both.words or []] == ["Hi", "you"]
    assert len(both.segments or []) == 1
    assert verbose(transcript(SAID), ("word",), logprobs=False).segments is None
    assert verbose(transcript(SAID), (), logprobs=False).words is None


def test_languages_stand_by_their_seconds_and_silence_is_none() -> None:
    quiet = replace(SAID, language="nospeech", text="", end=9.0)
    mixed = transcript(quiet, SAID, replace(SAID, language="zh", end=5.0))
    assert [each.code for each in languages_of(mixed)] == ["zh", "en"]
    assert diarized(transcript(), logprobs=False).languages == []


def test_speakers_are_those_of_channels_and_else_unknown() -> None:
    agent = replace(SAID, channel=1, speaker="A")
    boom = replace(SAID, track="Boom")
    told = diarized(transcript(agent, boom, SAID), logprobs=False)
    assert [each.speaker for each in told.segments] == ["A", "Boom", "unknown"]
    assert [each.channel for each in told.segments] == [1, None, None]
    assert [verbose_segment(0, each).speaker for each in (agent, boom)] == ["A", None]


SEGMENTS = st.lists(
    st.builds(
        lambda language, text: replace(SAID, language=language, text=text),
        st.sampled_from(["zh", "en", "ko", None]),
        st.sampled_from(["", "哥哥", "a b", "5", "。"]),
    ),
    max_size=6,
)


@given(SEGMENTS, st.lists(st.integers(0, 6)))
def test_deltas_make_up_the_text_however_the_transcript_grows(
    segments: list[Segment], lengths: list[int]
) -> None:
    deltas, told = Deltas(logprobs=False, diarizes=False), []
    for length in [*sorted(lengths), len(segments)]:
        told += [*deltas.new(transcript(*segments[:length]))]
    texts = [each.delta for each in told if isinstance(each, Delta)]
    assert len(texts) == len(segments)
    assert "".join(texts) == deltas.done(transcript(*segments)).text


def test_a_text_without_segments_says_who_speaks_where_that_is_known() -> None:
    one, other = replace(SAID, channel=1, speaker="A"), replace(SAID, channel=2, speaker="B")
    assert transcription(transcript(one, other), logprobs=False).text == "A: Hi you\nB: Hi you"
    assert transcription(transcript(SAID), logprobs=False).text == "Hi you"
