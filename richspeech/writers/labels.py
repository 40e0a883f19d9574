"""Segments and their labels as words for people; headings in both languages."""

import re
from types import MappingProxyType

from postprocess import AudioEvent, Emotion, RichPiece, join_texts, render
from richspeech.engines.hub import EMBEDDED_NAMES
from richspeech.language.wording import Wording, clock, language_name
from richspeech.model.transcript import Segment, Transcript

WORDS: MappingProxyType[str, Wording] = MappingProxyType(
    {
        "transcript": Wording("转写稿", "Transcript"),
        "report": Wording("转写报告", "Transcript report"),
        "start": Wording("开始", "Start"),
        "text": Wording("文字", "Text"),
        "emotion": Wording("情绪", "Emotion"),
        "events": Wording("声音", "Sounds"),
        "sentiment": Wording("语义", "Sentiment"),
        "irony": Wording("反讽？", "irony?"),
        "duration": Wording("录音时长", "Audio"),
        "main_language": Wording("主要语言", "Main language"),
        "model": Wording("模型", "Model"),
        "demonstration": Wording(
            "由演示用的小模型 {model} 写出：只认识几百个词，听不懂真人说话。",
            "Written by {model}, tiny weights for demonstration, which know a few hundred words "
            "and do not understand people.",
        ),
        "nothing": Wording("没有听到说话和声音。", "No speech and no sounds were heard."),
        "corrected": Wording("已人工修改", "corrected by hand"),
        "no_words": Wording("没有说话", "no words"),
        "timeline": Wording("时间线", "Timeline"),
        "timeline_hint": Wording(
            "每行一种情绪、声音或语言；颜色越深，模型越有把握。",
            "A row for each emotion, sound and language; stronger colours are surer.",
        ),
        "timeline_play": Wording("点一下从那里播放。", "Click to play from there."),
        "zoom": Wording("放大", "Zoom"),
        "search": Wording("搜索文字", "Search the text"),
        "all_emotions": Wording("全部情绪", "All emotions"),
        "all_events": Wording("全部声音", "All sounds"),
        "all_languages": Wording("全部语言", "All languages"),
        "segments": Wording("分段", "Segments"),
        "shown": Wording("段", "segments"),
        "none_match": Wording("没有符合条件的段落。", "No segment matches."),
        "play_from": Wording("从这里播放", "Play from here"),
        "player": Wording("播放录音", "Play the recording"),
    }
)

COLOURS: MappingProxyType[Emotion, str] = MappingProxyType(
    {
        Emotion.HAPPY: "#F0E442",
        Emotion.SAD: "#56B4E9",
        Emotion.ANGRY: "#FF7A3D",
        Emotion.FEARFUL: "#D79BE0",
        Emotion.DISGUSTED: "#4FD3A8",
        Emotion.SURPRISED: "#FFB7C5",
    }
)
"""RGB of subtitles: after Okabe and Ito, lightened until each stands out from a black outline.

Neutral and unknown have none: they stay white.
"""


def say(key: str, locale: str) -> str:
    """Return a heading."""
    return WORDS[key].in_locale(locale)


def demonstration(transcript: Transcript, locale: str) -> str | None:
    """Say that an embedded model has written this, if one has."""
    if transcript.model not in EMBEDDED_NAMES:
        return None
    return say("demonstration", locale).format(model=transcript.model)


_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def printable(text: str) -> str:
    """Put a text on one line, and � where a character exists in no XML document."""
    return _UNPRINTABLE.sub("\ufffd", " ".join(text.split()))


def plain_piece(segment: Segment) -> RichPiece:
    """Return ``segment`` as the tag grammar sees it."""
    return RichPiece(
        language=segment.language, emotion=segment.emotion, events=segment.events, text=segment.text
    )


def styled(segment: Segment, style: str, locale: str) -> str:
    """Return the words of ``segment`` with its labels in a style of ``postprocess``."""
    return render([plain_piece(segment)], style=style, locale=locale)


def display_text(transcript: Transcript, style: str, locale: str) -> str:
    """Return the whole text in a style, segments joined as their languages want."""
    return join_texts((s.language, styled(s, style, locale)) for s in transcript.segments)


def has_content(segment: Segment) -> bool:
    """Tell whether there are words or sounds to show."""
    return bool(segment.text or segment.events)


def probability_of(segment: Segment, label: Emotion | AudioEvent) -> float | None:
    """Return how sure the model is of a label; None where a person put it there."""
    if isinstance(label, Emotion):
        return None if "emotion" in segment.corrected else segment.emotion_probabilities.get(label)
    return None if "events" in segment.corrected else segment.event_probabilities.get(label)


def emotion_label(segment: Segment, style: str, locale: str) -> str:
    """Name the emotion, with its probability where there is one; nothing in style plain."""
    return _label(segment, segment.emotion, style, locale)


def event_labels(segment: Segment, style: str, locale: str) -> str:
    """Name the sounds, each with its probability where there is one; nothing in style plain."""
    labels = (_label(segment, each, style, locale) for each in segment.events)
    return ("、" if locale == "zh" else ", ").join(label for label in labels if label)


def has_sentiment(transcript: Transcript) -> bool:
    """Tell whether the words were read for their sentiment, and there were any."""
    return any(segment.sentiment for segment in transcript.segments)


def sentiment_label(segment: Segment, style: str, locale: str) -> str:
    """Name the sentiment with its probability, and possible irony; nothing in style plain."""
    sentiment = segment.sentiment
    if style == "plain" or sentiment is None:
        return ""
    shown = {"emoji": sentiment.symbol, "tags": sentiment.value}
    words = [shown.get(style) or sentiment.word(locale)]
    probability = segment.sentiment_probabilities.get(sentiment)
    if probability is not None:
        words.append(f"{probability:.0%}")
    if segment.irony:
        words.append(say("irony", locale))
    return " ".join(words)


def _label(segment: Segment, label: Emotion | AudioEvent, style: str, locale: str) -> str:
    if style == "plain":
        return ""
    word = {"emoji": label.emoji, "tags": label.tag}.get(style) or label.word(locale)
    probability = probability_of(segment, label)
    return word if probability is None else f"{word} {probability:.0%}"


def facts(transcript: Transcript, locale: str) -> tuple[tuple[str, str], ...]:
    """Return headings and values of the whole recording."""
    language, sentiment = transcript.language, transcript.sentiment
    read = ((say("sentiment", locale), sentiment.word(locale)),) if sentiment else ()
    return (
        (say("duration", locale), clock(transcript.duration)),
        (say("main_language", locale), language_name(language, locale) if language else "–"),
        *read,
        (say("model", locale), printable(transcript.model)),
    )
