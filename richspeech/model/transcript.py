"""THE type: Transcript ▸ Segment ▸ Token. Frozen; seconds; missing is None, never invented."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from functools import cache, cached_property
from typing import Any, Literal, TypeVar, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError

from postprocess import NO_SPEECH, AudioEvent, Emotion, join_texts
from richspeech.errors import OptionError
from richspeech.model.emotion_scores import NineEmotion
from richspeech.model.personal import Masked
from richspeech.model.prosody import Prosody
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.sentiment import Accord, Agreement, Sentiment, mean_scores, strongest
from richspeech.model.strand import Strand, label_of, strand_of
from richspeech.model.trim import Trim
from richspeech.model.validation import why_refused

PROBABLY = 0.5
"""Probability from which on something is said to be so."""


@dataclass(frozen=True)
class Token:
    """One CTC token of the text."""

    text: str
    """As it stands in the text; a leading space belongs to it."""
    start: float | None
    """Seconds from the start of the recording; None when it was not measured."""
    end: float | None
    probability: float | None
    """0 to 1."""

    def moved(self, seconds: float) -> "Token":
        """Return the token with later times, as far as they were measured."""
        start, end = (None if t is None else t + seconds for t in (self.start, self.end))
        return replace(self, start=start, end=end)


@dataclass(frozen=True)
class Hypothesis:
    """What a recogniser hears in one utterance; token times count from the utterance's start."""

    text: str
    language: str | None
    language_probabilities: Mapping[str, float]
    emotion: Emotion
    emotion_probabilities: Mapping[str, float]
    events: tuple[AudioEvent, ...]
    event_probabilities: Mapping[str, float]
    tokens: tuple[Token, ...]
    raw_text: str
    misheard_probability: float | None = None
    """That most of the words are wrong or missing, 0 to 1; None where nobody can tell."""
    hotwords_left_out: int = 0
    """How many of those that were asked for had no room in the prompt, the last ones."""


@dataclass(frozen=True)
class Revision:
    """What a cascade takes a label for."""

    kind: Literal["emotion", "event"]
    label: str
    """Of an emotion or an event; speech where there is no event."""
    probability: float
    """That it is right, PROBABLY to 1."""
    was: str | None = None
    """What stood there before, which may be the same; None where that is not known yet."""

    @property
    def changes(self) -> bool:
        """Whether it is another label than before."""
        return self.was is not None and self.was != self.label


@dataclass(frozen=True)
class Segment:
    """One utterance: a span of the recording, its words and how they sound."""

    start: float
    """Seconds."""
    end: float
    """Seconds."""
    text: str
    language: str | None
    """A BCP-47 tag, nospeech (sounds but no words) or None when unknown."""
    language_probability: float | None
    """0 to 1."""
    emotion: Emotion
    emotion_probabilities: Mapping[str, float]
    """Sums to one, but for rounding, over the emotions that the model knows; empty when the engine
    gives none."""
    events: tuple[AudioEvent, ...]
    """What sounds beside speech; speech itself is no event here."""
    event_probabilities: Mapping[str, float]
    tokens: tuple[Token, ...]
    raw_text: str
    """As the model wrote it, with its tags."""
    rules: tuple[str, ...] = ()
    """Names of the post-processing rules that changed a label."""
    second_emotion: NineEmotion | None = None
    """Of the emotion recogniser; None when it was not asked, or there was too little sound."""
    second_emotion_probabilities: Mapping[NineEmotion, float] = field(default_factory=dict)
    """Sums to one over the emotions that it knows."""
    sentiment: Sentiment | None = None
    """How the words are meant; None when that was not asked, and without words."""
    sentiment_probabilities: Mapping[Sentiment, float] = field(default_factory=dict)
    """Sums to one over the sentiments that the classifier knows."""
    sentiment_refused: bool = False
    """Whether the words are in a language that the classifier does not know, and were not read."""
    agreement: Agreement | None = None
    """Whether voice and words say the same; None where one of them has no direction."""
    corrected: tuple[str, ...] = ()
    """What a person changed: text, language, emotion, events, speaker."""
    no_speech_probability: float | None = None
    """That there are no words, among all languages, 0 to 1; None when the engine gives none."""
    track: str | None = None
    """Name of the track that was heard; None where only one was."""
    channel: int | None = None
    """Number of the channel in it, from 1; None where channels were mixed, or there is one."""
    speaker: str | None = None
    """Name of whoever speaks, or a letter for whom nobody has named; None where nothing tells
    speakers apart."""
    misheard_probability: float | None = None
    """That most of the words are wrong or missing, 0 to 1, since the sound is unlike what the model
    knows; None where it is not calibrated for that."""
    prosody: Prosody | None = None
    """How the voice sounds; None where nobody has asked."""
    revisions: tuple[Revision, ...] = ()
    """What a cascade takes the labels for."""
    masked: tuple[Masked, ...] = ()
    """What personal data was taken out of the words, in order; nothing where nobody has asked."""

    def moved(self, seconds: float) -> "Segment":
        """Return the segment where it lies in a recording that began ``seconds`` earlier."""
        tokens = tuple(token.moved(seconds) for token in self.tokens)
        start, end = self.start + seconds, self.end + seconds
        masked = tuple(each.moved(seconds) for each in self.masked)
        return replace(self, start=start, end=end, tokens=tokens, masked=masked)

    @property
    def masked_spans(self) -> list[tuple[float, float]]:
        """When what was masked is said, in seconds; all of it where nobody measured that."""
        timed = (each.within(self.start, self.end) for each in self.masked)
        return [(each.start or 0.0, each.end or 0.0) for each in timed]

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.end - self.start

    @property
    def strand(self) -> Strand:
        """What of the recording it was heard in."""
        return strand_of(self.track, self.channel, self.speaker)

    def called(self, name: str | None) -> "Segment":
        """Return it with another name for whoever speaks; itself where that is none."""
        return self if name in (None, self.speaker) else replace(self, speaker=name)

    @property
    def irony(self) -> Agreement | None:
        """What voice and words say, where they contradict each other; a mark, not a finding."""
        agreement = self.agreement
        return agreement if agreement and agreement.accord is Accord.IRONY else None

    @property
    def has_emotion(self) -> bool:
        """Whether anybody has listened for an emotion; Paraformer hears words only."""
        heard = self.emotion is not Emotion.UNKNOWN or self.emotion_probabilities
        return bool(heard) or "emotion" in self.corrected

    @property
    def emotion_probability(self) -> float | None:
        """Probability of the emotion that is shown, 0 to 1; None if it is one of doubt."""
        if (revision := self.revision("emotion")) is not None:
            return revision.probability
        return None if self.doubts_emotion else self.emotion_probabilities.get(self.emotion)

    def event_probability(self, event: AudioEvent) -> float | None:
        """Return the probability of an event that is shown, 0 to 1; None where nobody knows it."""
        revision = self.revision("event")
        if revision is not None and revision.label == event.value:
            return revision.probability
        return self.event_probabilities.get(event)

    def revision(self, kind: str) -> Revision | None:
        """Return what put the label of a kind in another's place; None where that stands alone."""
        name = "events" if kind == "event" else kind
        changed = (each for each in self.revisions if each.kind == kind and each.changes)
        return None if name in self.corrected else next(changed, None)

    @property
    def doubts_emotion(self) -> bool:
        """Whether the emotion is unknown since the likeliest was not certain enough."""
        heard = self.emotion_probabilities
        is_unknown = self.emotion is Emotion.UNKNOWN and bool(heard)
        return is_unknown and max(heard, key=heard.__getitem__) != Emotion.UNKNOWN

    @property
    def is_misheard(self) -> bool:
        """Whether most of the words are probably wrong, and nobody has corrected them."""
        return (self.misheard_probability or 0.0) >= PROBABLY and "text" not in self.corrected


@dataclass(frozen=True)
class Transcript:
    """Everything heard in one recording."""

    duration: float
    """Seconds of audio."""
    processing_seconds: float
    engine: str
    model: str
    segments: tuple[Segment, ...] = field(default=())
    warnings: tuple[RecordingWarning, ...] = ()
    """What is amiss with the recording."""
    unsure_below: float | None = None
    """Probability below which a word is to be checked, 0 to 1; None where nobody has measured it
    for the model."""
    masked: tuple[Masked, ...] = ()
    """What personal data was taken out of words that a person has removed: it is still heard."""
    trims: tuple[Trim, ...] = ()
    """Other points that people have given to highlights, one each at most."""

    __pydantic_config__ = ConfigDict(allow_inf_nan=False)

    @property
    def text(self) -> str:
        """The words of all segments."""
        return join_texts((segment.language, segment.text) for segment in self.segments)

    @property
    def is_masked(self) -> bool:
        """Whether something personal was taken out of its words."""
        return bool(self.masked) or any(each.masked for each in self.segments)

    @property
    def language(self) -> str | None:
        """The language with most speech seconds; None when nobody speaks."""
        seconds: Counter[str] = Counter()
        for segment in self.segments:
            if segment.text and segment.language and segment.language != NO_SPEECH:
                seconds[segment.language] += segment.duration  # type: ignore[assignment]
        return seconds.most_common(1)[0][0] if seconds else None

    @cached_property
    def speakers(self) -> tuple[str, ...]:
        """What those are called who are told apart: by track and channel, then by who is first."""
        places: dict[str, tuple[str, int]] = {}
        heard = dict.fromkeys((each.track, each.channel, each.speaker) for each in self.segments)
        for track, channel, speaker in heard:
            places.setdefault(label_of(track, speaker), (track or "", channel or 0))
        return tuple(sorted(filter(None, places), key=places.__getitem__))

    @property
    def sentiment(self) -> Sentiment | None:
        """The likeliest of ``sentiment_probabilities``; None when there are none."""
        return strongest(self.sentiment_probabilities)

    @property
    def sentiment_probabilities(self) -> dict[Sentiment, float]:
        """Mean over the segments that have a sentiment, each weighted by its characters."""
        return mean_scores((s.sentiment_probabilities, len(s.text)) for s in self.segments)

    @property
    def rtfx(self) -> float | None:
        """Audio seconds per processing second; None when nothing was measured."""
        return self.duration / self.processing_seconds if self.processing_seconds > 0 else None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form of docs/transcript.md."""
        return {
            "text": self.text,
            "language": self.language,
            "sentiment": plain(self.sentiment),
            "sentiment_probabilities": plain(self.sentiment_probabilities),
            **plain(self),
            "warnings": [warning.to_dict() for warning in self.warnings],
        }

    @classmethod
    def from_dict(cls, document: object) -> "Transcript":
        """Read what ``to_dict`` wrote; unknown keys are ignored, since keys are only ever added.

        Raises ``OptionError`` naming the first field that does not fit.
        """
        if not isinstance(document, Mapping):
            raise OptionError("transcript.kind", kind=type(document).__name__)
        try:
            return _adapter().validate_python(dict(document))
        except ValidationError as error:
            raise OptionError("transcript.refused", why=why_refused(error)) from error


@cache
def _adapter() -> TypeAdapter[Transcript]:
    return TypeAdapter(Transcript)


DECIMALS = 4
"""Of every float that is written: tenths of a millisecond are finer than anything here is known."""

Record = TypeVar("Record")


def rounded(value: Record) -> Record:
    """Return a record as it will be once it was written and read again."""
    return cast("Record", _rounded(value))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DECIMALS)
    if isinstance(value, tuple):
        return tuple(map(_rounded, value))
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        values = {each.name: _rounded(getattr(value, each.name)) for each in fields(value)}
        return replace(value, **values)
    return value


def plain(value: Any) -> Any:
    """Turn records, mappings and enums into what JSON knows; floats are rounded."""
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, StrEnum):
        return value.value
    return round(value, DECIMALS) if isinstance(value, float) else value
