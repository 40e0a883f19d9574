"""Segments and their labels in words; headings in both languages."""

import re
from functools import partial
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType

from postprocess import AudioEvent, Emotion, RichPiece, join_texts, render
from richspeech.engines.hub import is_embedded_name
from richspeech.language.catalog import run_on, say
from richspeech.language.figures import clock
from richspeech.language.languages import language_name
from richspeech.model.labels import EMOTIONS, look_of, word_of
from richspeech.model.recording_warning import UNLIKE_KNOWN
from richspeech.model.timed_words import timed_words
from richspeech.model.transcript import Segment, Transcript

COLOURS: MappingProxyType[Emotion, str] = MappingProxyType(
    {
        emotion: EMOTIONS[emotion].hue.dark.upper()
        for emotion in Emotion
        if emotion not in (Emotion.NEUTRAL, Emotion.UNKNOWN)
    }
)
"""RGB of subtitles: what stands out from a dark card stands out from a black outline.

Neutral and unknown have none: they stay white.
"""


def heading(key: str, locale: str, **values: object) -> str:
    """Return a text of a file; its key is ``file_`` and ``key``."""
    return say(f"file_{key}", locale, **values)


def demonstration(transcript: Transcript, locale: str) -> str | None:
    """Say that an embedded model has written this, if one has."""
    if not is_embedded_name(transcript.model):
        return None
    return heading("demonstration", locale, model=transcript.model)


def remark(transcript: Transcript, locale: str) -> str | None:
    """Say what is to be known before one relies on a transcript, if anything is."""
    unlike = (w.sentence(locale) for w in transcript.warnings if w.code == UNLIKE_KNOWN)
    said = [each for each in (demonstration(transcript, locale), *unlike) if each]
    return printable(run_on(said, locale)) if said else None


def misheard_label(segment: Segment, style: str, locale: str) -> str:
    """Say that most words are probably wrong, where they are; nothing in style plain."""
    marked = segment.is_misheard and style != "plain"
    return heading("misheard", locale) if marked else ""


def misheard_suffix(segment: Segment, style: str, locale: str) -> str:
    """Say it in brackets, to stand behind the words."""
    label = misheard_label(segment, style, locale)
    return label and f"({label})"


def words_to_check(segment: Segment, below: float | None) -> list[tuple[str, bool]]:
    """Return the text in parts, each with whether it is less sure than ``below``, 0 to 1.

    A text whose tokens make up another one is one part, and so is an empty one, and any where None
    is the limit.
    """
    words = timed_words(segment.tokens)
    if below is None or not words or "".join(word.text for word in words) != segment.text:
        return [(segment.text, False)]
    marked = ((w.text, w.probability is not None and w.probability < below) for w in words)
    return [
        ("".join(text for text, _ in group), is_unsure)
        for is_unsure, group in groupby(marked, key=itemgetter(1))
    ]


_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def printable(text: str) -> str:
    """Put a text on one line, and � where a character exists in no XML document."""
    return _UNPRINTABLE.sub("\ufffd", " ".join(text.split()))


def on_one_line(part: str) -> str:
    """Put a part of a text on one line, with a blank at either end where it has one."""
    before, after = (" " if end.isspace() else "" for end in (part[:1], part[1:][-1:]))
    return f"{before}{printable(part)}{after}"


def plain_piece(segment: Segment) -> RichPiece:
    """Return ``segment`` as the tag grammar sees it."""
    return RichPiece(
        language=segment.language, emotion=segment.emotion, events=segment.events, text=segment.text
    )


def styled(segment: Segment, style: str, locale: str) -> str:
    """Return the words of ``segment`` with its labels in a style of ``postprocess``."""
    return rendered(plain_piece(segment), style, locale)


def rendered(piece: RichPiece, style: str, locale: str) -> str:
    """Return a piece in a style of ``postprocess``, its labels named in any language."""
    return render([piece], style, word=partial(word_of, locale=locale))


def display_text(transcript: Transcript, style: str, locale: str) -> str:
    """Return the whole text in a style, segments joined as their languages want."""
    return join_texts((s.language, styled(s, style, locale)) for s in transcript.segments)


def has_speakers(transcript: Transcript) -> bool:
    """Tell whether parts of the recording were heard apart, so that it is to be said who speaks."""
    return any(segment.strand.label for segment in transcript.segments)


def speaker_of(segment: Segment) -> str:
    """Name who speaks, or the track, on one line; nothing where all was heard as one."""
    return printable(segment.strand.label)


def has_content(segment: Segment) -> bool:
    """Tell whether there are words or sounds to show."""
    return bool(segment.text or segment.events)


def probability_of(segment: Segment, label: Emotion | AudioEvent) -> float | None:
    """Return how sure the model is of a label; None where a person put it there."""
    if isinstance(label, Emotion):
        return None if "emotion" in segment.corrected else segment.emotion_probability
    return None if "events" in segment.corrected else segment.event_probability(label)


def emotion_label(segment: Segment, style: str, locale: str) -> str:
    """Name the emotion, with its probability where there is one; nothing in style plain."""
    return _label(segment, segment.emotion, style, locale)


def event_labels(segment: Segment, style: str, locale: str) -> str:
    """Name the sounds, each with its probability where there is one; nothing in style plain."""
    labels = (_label(segment, each, style, locale) for each in segment.events)
    return say("list_comma", locale).join(label for label in labels if label)


def has_sentiment(transcript: Transcript) -> bool:
    """Tell whether the words were read for their sentiment, and there were any."""
    return any(segment.sentiment for segment in transcript.segments)


def sentiment_label(segment: Segment, style: str, locale: str) -> str:
    """Name the sentiment with its probability, and possible irony; nothing in style plain."""
    sentiment = segment.sentiment
    if style == "plain" or sentiment is None:
        return ""
    shown = {"emoji": look_of(sentiment).symbol, "tags": sentiment.value}
    words = [shown.get(style) or word_of(sentiment, locale)]
    probability = segment.sentiment_probabilities.get(sentiment)
    if probability is not None:
        words.append(f"{probability:.0%}")
    if segment.irony:
        words.append(heading("irony", locale))
    return " ".join(words)


def _label(segment: Segment, label: Emotion | AudioEvent, style: str, locale: str) -> str:
    if style == "plain":
        return ""
    word = {"emoji": label.emoji, "tags": label.tag}.get(style) or word_of(label, locale)
    probability = probability_of(segment, label)
    return word if probability is None else f"{word} {probability:.0%}"


def facts(transcript: Transcript, locale: str) -> tuple[tuple[str, str], ...]:
    """Return headings and values of the whole recording."""
    language, sentiment = transcript.language, transcript.sentiment
    read = ((heading("sentiment", locale), word_of(sentiment, locale)),) if sentiment else ()
    return (
        (heading("duration", locale), clock(transcript.duration)),
        (heading("main_language", locale), language_name(language, locale) if language else "–"),
        *read,
        (heading("model", locale), printable(transcript.model)),
    )
