"""Transcript → the JSON of OpenAI's formats, with what else is known of every utterance.

All keys that OpenAI's typed clients declare are there; the others are ours, and clients keep them.
What was not measured is null, also where OpenAI knows no null.
Source: openai-python 3.57, types/audio/transcription*.py
"""

import math
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from pydantic import BaseModel

from postprocess import NO_SPEECH
from richspeech.model.timed_words import timed_words
from richspeech.model.transcript import Segment, Token, Transcript, plain
from richspeech.writers.labels import has_speakers
from richspeech.writers.options import WriterOptions
from richspeech.writers.text import write_txt

SPEAKER = "unknown"
"""Where all was heard as one: nothing tells voices apart, and A would claim that there is one."""
SEEKS_A_SECOND = 100
"""Whisper counts in frames of 10 ms; so do features here."""


class Usage(BaseModel):
    """What was asked of the engine."""

    type: Literal["duration"] = "duration"
    seconds: float
    """Of audio, as decoded."""


class Language(BaseModel):
    """A language that was heard."""

    code: str
    """BCP-47 tag."""


class Logprob(BaseModel):
    """One token."""

    token: str
    bytes: list[int]
    """The token in UTF-8."""
    logprob: float | None
    """Natural logarithm; null where another word was put in the place of what was heard."""


class Labels(BaseModel):
    """What is known of an utterance beside its words; ours, see docs/transcript.md."""

    language: str | None
    language_probability: float | None
    emotion: str
    emotion_probability: float | None
    """Of ``emotion``; null when the engine gives none."""
    emotion_probabilities: dict[str, float]
    events: list[str]
    event_probabilities: dict[str, float]
    sentiment: str | None
    sentiment_probabilities: dict[str, float]
    agreement: dict[str, Any] | None
    """Whether voice and words say the same."""
    rules: list[str]
    """Names of rules and hotwords that changed something."""
    revisions: list[dict[str, Any]]
    """What a cascade takes the labels for."""
    track: str | None
    """Name of the track; null where only one was heard."""
    channel: int | None
    """Number of the channel, from 1; null where channels were heard as one."""
    misheard_probability: float | None
    """That most of its words are wrong; null where the model is not calibrated for that."""


class Word(BaseModel):
    """One word."""

    word: str
    start: float | None
    """Seconds."""
    end: float | None
    probability: float | None
    """Of its least probable token; ours."""


class VerboseSegment(Labels):
    """One utterance, as whisper describes it."""

    id: int
    seek: int
    """Where it begins, in frames of 10 ms."""
    start: float
    """Seconds."""
    end: float
    text: str
    tokens: list[int]
    """Always empty: ids of tokens are no part of a transcript."""
    temperature: float
    """Always 0: the best path is taken."""
    avg_logprob: float | None
    """Mean logarithm of the probabilities of the tokens; null when none was measured."""
    compression_ratio: float
    """Bytes of the text for one of its compressed form (zlib), as whisper computes it."""
    no_speech_prob: float | None
    """Among the languages, that of no words; null when the engine gives none."""
    speaker: str | None
    """A letter for whoever is on the channel; null where channels were heard as one."""


class DiarizedSegment(Labels):
    """One utterance and its speaker; also the event that tells of it."""

    type: Literal["transcript.text.segment"] = "transcript.text.segment"
    id: str
    start: float
    """Seconds."""
    end: float
    text: str
    speaker: str
    """A, B and so on by channels that were heard apart, or the name of the track; else unknown."""


class Kept(BaseModel):
    """What the history has of it; ours."""

    id: int | None
    """Number of the transcript, as in /v1/transcripts/{transcript}."""
    problem: str | None
    """Why it is not kept, though it should be."""


class Warned(BaseModel):
    """One thing that is amiss with the recording; ours."""

    code: str
    """Machine-readable, such as damaged_packets."""
    message: str
    """The same for people."""
    fields: dict[str, Any]
    """What the message names."""


class Heard(BaseModel):
    """What all answers end with."""

    warnings: list[Warned] = []
    """What is amiss with the recording; ours."""
    history: Kept | None = None
    """Null where no history is kept; ours."""


class Transcription(Heard):
    """The answer with response_format json."""

    text: str
    languages: list[Language]
    """Those heard, the one with most speech first."""
    logprobs: list[Logprob] | None
    """Null unless asked for with include[]."""
    usage: Usage
    duration: float
    """Seconds; ours."""


class VerboseTranscription(Heard):
    """The answer with response_format verbose_json."""

    task: Literal["transcribe"] = "transcribe"
    language: str | None
    """BCP-47 tag of the one with most speech; null when nobody speaks."""
    duration: float
    """Seconds."""
    text: str
    segments: list[VerboseSegment] | None
    """Null when words alone were asked for with timestamp_granularities[]."""
    words: list[Word] | None
    """Null unless asked for with timestamp_granularities[]."""
    usage: Usage
    languages: list[Language]
    logprobs: list[Logprob] | None
    engine: str
    """What heard it; ours."""
    weights: str
    """Name of its weights; ours."""


class DiarizedTranscription(Heard):
    """The answer with response_format diarized_json."""

    task: Literal["transcribe"] = "transcribe"
    duration: float
    """Seconds."""
    text: str
    segments: list[DiarizedSegment]
    usage: Usage
    languages: list[Language]
    logprobs: list[Logprob] | None


def transcription(transcript: Transcript, *, logprobs: bool) -> Transcription:
    """Write json; it has no segments, so its text says who speaks where that is known."""
    return Transcription(**{**_whole(transcript, logprobs=logprobs), "text": text_of(transcript)})


def text_of(transcript: Transcript) -> str:
    """Return all words; a line for each utterance, with its speaker, where some are told apart."""
    if not has_speakers(transcript):
        return transcript.text
    return write_txt(transcript, WriterOptions(style="plain")).rstrip("\n")


def verbose(
    transcript: Transcript, granularities: Sequence[str], *, logprobs: bool
) -> VerboseTranscription:
    """Write verbose_json; segments unless words alone are wanted."""
    wanted = granularities or ("segment",)
    segments = [verbose_segment(*each) for each in enumerate(transcript.segments)]
    return VerboseTranscription(
        **_whole(transcript, logprobs=logprobs),
        language=transcript.language,
        segments=segments if "segment" in wanted else None,
        words=words_of(transcript) if "word" in wanted else None,
        engine=transcript.engine,
        weights=transcript.model,
    )


def diarized(transcript: Transcript, *, logprobs: bool) -> DiarizedTranscription:
    """Write diarized_json."""
    segments = [diarized_segment(*each) for each in enumerate(transcript.segments)]
    return DiarizedTranscription(**_whole(transcript, logprobs=logprobs), segments=segments)


def _whole(transcript: Transcript, *, logprobs: bool) -> dict[str, Any]:
    return {
        "text": transcript.text,
        "duration": rounded(transcript.duration),
        "languages": languages_of(transcript),
        "logprobs": logprobs_of(transcript.segments) if logprobs else None,
        "usage": usage_of(transcript),
    }


def usage_of(transcript: Transcript) -> Usage:
    """Return what was asked of the engine."""
    return Usage(seconds=rounded(transcript.duration))


def languages_of(transcript: Transcript) -> list[Language]:
    """Return the languages with words, by their seconds."""
    seconds: Counter[str] = Counter()
    for segment in transcript.segments:
        if segment.text and segment.language and segment.language != NO_SPEECH:
            seconds[segment.language] += segment.duration  # type: ignore[assignment]
    return [Language(code=code) for code, _ in seconds.most_common()]


def logprobs_of(segments: Iterable[Segment]) -> list[Logprob]:
    """Return every token."""
    return [_logprob(token) for segment in segments for token in segment.tokens]


def _logprob(token: Token) -> Logprob:
    bytes_ = [*token.text.encode(errors="replace")]
    return Logprob(token=token.text, bytes=bytes_, logprob=_log(token.probability))


def _log(probability: float | None) -> float | None:
    return rounded(math.log(probability)) if probability else None


def words_of(transcript: Transcript) -> list[Word]:
    """Return every word with its time."""
    return [
        Word(word=word.text.strip(), start=word.start, end=word.end, probability=word.probability)
        for segment in transcript.segments
        for word in timed_words(segment.tokens)
    ]


def verbose_segment(number: int, segment: Segment) -> VerboseSegment:
    """Describe an utterance as whisper does."""
    logs = [log for token in segment.tokens if (log := _log(token.probability)) is not None]
    return VerboseSegment(
        id=number,
        seek=round(segment.start * SEEKS_A_SECOND),
        start=segment.start,
        end=segment.end,
        text=segment.text,
        tokens=[],
        temperature=0.0,
        avg_logprob=rounded(sum(logs) / len(logs)) if logs else None,
        compression_ratio=compression_ratio(segment.text),
        no_speech_prob=segment.no_speech_probability,
        speaker=segment.speaker,
        **labels_of(segment),
    )


def diarized_segment(number: int, segment: Segment) -> DiarizedSegment:
    """Describe an utterance and its speaker."""
    return DiarizedSegment(
        id=str(number),
        start=segment.start,
        end=segment.end,
        text=segment.text,
        speaker=segment.strand.label or SPEAKER,
        **labels_of(segment),
    )


def labels_of(segment: Segment) -> dict[str, Any]:
    """Return the fields of ``Labels``."""
    return {name: plain(getattr(segment, name)) for name in Labels.model_fields}


def compression_ratio(text: str) -> float:
    """Return whisper's measure of repetition: bytes for one byte of zlib's."""
    spelled = text.encode(errors="replace")
    return rounded(len(spelled) / len(zlib.compress(spelled)))


def warnings_of(transcript: Transcript, locale: str) -> list[Warned]:
    """Say what is amiss with the recording."""
    return [Warned(**each.to_dict(locale)) for each in transcript.warnings]


def rounded(value: float) -> float:
    """Return a float as it is written everywhere."""
    number: float = plain(float(value))
    return number
