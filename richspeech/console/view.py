"""Job → the data that timeline.js and transcript.js draw. Pure functions; nothing here is HTML.

Every segment is a string of JSON of its own, in which nothing depends on the page's language. So
gradio, which compares what it sends with what it sent before, sends only what is new.
"""

import json
from collections.abc import Iterator
from typing import Any

from postprocess import NO_SPEECH
from richspeech.engines.registry import could, known_languages
from richspeech.jobs.transcribe import Transcription
from richspeech.language.catalog import locales, say, sentence
from richspeech.language.languages import language_name
from richspeech.model.capability import Capability
from richspeech.model.corrections import Correction
from richspeech.model.document import Document
from richspeech.model.labels import labels_data
from richspeech.model.place import Place
from richspeech.model.relabelling import RULE_PREFIX
from richspeech.model.sentiment import Agreement
from richspeech.model.timed_words import TimedWord, timed_words
from richspeech.model.transcript import Segment, Transcript
from richspeech.stages.hotwords import hotwords_of
from richspeech.stages.second_opinion import disagrees
from richspeech.writers import display_text, styled

VIEWER_WORDS = (
    *("part_text", "timeline", "timeline_keys", "zoom_in", "zoom_out", "zoom_fit", "lane_emotion"),
    *("single_keys", "lane_events", "lane_language", "filter_text", "filter_emotion"),
    *("filter_events", "filter_language", "filter_count", "unsure", "copy", "copied", "undo"),
    *("edit", "edit_segment", "save", "discard", "corrected", "no_words", "play_from", "emotion"),
    *("events", "segment_language", "text", "rule_changed", "cascade_changed"),
    *("speaker", "filter_speaker", "rename_title", "rename_name", "link_here"),
    *("steps", "split_caret", "split_player", "merge_next", "remove_line", "line_start"),
    *("line_end", "start_player", "end_player", "line_times", "load_newer"),
    *("replace", "replace_found", "replace_by", "replace_all", "replace_count"),
    *("second_emotion", "disagree", "only_disagreeing"),
    *("sentiment", "filter_sentiment", "irony", "only_ironic", "irony_title", "agreement_title"),
    *("others", "others_named", "changed_meanwhile"),
    *("hotword_changed", "misheard", "misheard_title"),
    *("overview", "overview_window", "overview_from", "overview_end", "overview_rows"),
)
"""What the scripts write."""


def view(job: Transcription | None, locale: str, style: str) -> dict[str, Any] | None:
    """Return all that the viewer shows of a job; None without anything to show."""
    if job is None or job.document is None:
        return None
    total = job.progress.seconds_total if job.progress else None
    document = job.document
    transcript = document.transcript
    known_seconds = 0.0 if job.is_over else total or 0.0
    return {
        "job": job.id,
        "over": job.is_over,
        "entry": job.entry.id if job.is_over and job.entry is not None else None,
        "duration": max(transcript.duration, known_seconds),
        "lanes": lanes(transcript),
        "speakers": transcript.speakers,
        "unsure_below": transcript.unsure_below,
        "segments": [*_lines(job, document, style)],
        "peaks": job.meter.peaks.to_dict(grows=not job.is_over),
        "corrections": len(job.corrections),
        "answers": {str(number): taken for number, taken in job.answers.items()},
        "changed": "" if job.changed is None else sentence(job.changed, locale),
        "revision": 0 if job.entry is None else job.entry.revision,
        "drafts": None if job.drafts is None else dict(map(_draft, job.drafts)),
        "copy": display_text(transcript, style, locale) if job.is_over else "",
    }


def _draft(draft: Correction) -> tuple[str, dict[str, Any]]:
    """Return a line as the scripts name it, and what was being written there, as they write it."""
    values, index, part = draft.stated, draft.index, draft.part
    if draft.events is not None:
        values["events"] = [[each] for each in draft.events]
    return f"{index}.{part}" if part else f"{index}", values


def lanes(transcript: Transcript) -> list[str]:
    """Return the lanes of the timeline: what its engine cannot hear has none, unless corrected.

    Where speakers are told apart, each has a lane of their own, with their emotions.
    """
    segments, engine = transcript.segments, transcript.engine
    heard = could(engine, Capability.EMOTION) or any(each.has_emotion for each in segments)
    emotion = heard and not transcript.speakers
    events = could(engine, Capability.EVENTS) or any(each.events for each in segments)
    shown = {"emotion": emotion, "events": events, "language": True}
    return [lane for lane, is_shown in shown.items() if is_shown]


def _lines(job: Transcription, document: Document, style: str) -> Iterator[str]:
    """Write the segments; those that were written before and are the same are not written again."""
    segments = document.transcript.segments
    # This is done several times a second for hours of lines, so nothing is made for those known.
    places = document.places if document.corrections else None
    for number, segment in enumerate(segments):
        key = (places[number].index, places[number].part) if places else (number, 0)
        known = job.written.get(key)
        if known is None or known[0] is not segment or known[1] != style:
            known = (segment, style, segment_line(Place(*key), segment, style))
            job.written[key] = known
        if segment.text or segment.events or segment.corrected:
            yield known[2]


def segment_line(place: Place, segment: Segment, style: str) -> str:
    """Return one segment as JSON: times, labels with what was measured of them, and words."""
    before, after = decoration(segment, style)
    document = {
        "index": place.index,
        "part": place.part,
        "start": round(segment.start, 3),
        "end": round(segment.end, 3),
        "text": segment.text,
        "speaker": segment.strand.label,
        "words": [_word(word) for word in timed_words(segment.tokens)] or [[segment.text]],
        "before": before,
        "after": after,
        "chips": style == "label",
        "language": segment.language,
        "language_probability": _measured(segment, "language", segment.language_probability),
        "emotion": segment.emotion.value,
        "has_emotion": segment.has_emotion,
        "emotion_probability": _measured(segment, "emotion", segment.emotion_probability),
        "emotions": _rounded(segment.emotion_probabilities),
        "events": [
            [event.value, _measured(segment, "events", segment.event_probability(event))]
            for event in segment.events
        ],
        "second": _second(segment),
        "disagrees": disagrees(segment),
        "sentiment": _sentiment(segment),
        "agreement": _agreement(segment.agreement),
        "hotwords": hotwords_of(segment),
        "rules": rules_of(segment),
        "revised": _revised(segment),
        "misheard": segment.is_misheard,
        "corrected": list(segment.corrected),
    }
    return json.dumps(document, ensure_ascii=False)


def _second(segment: Segment) -> dict[str, Any] | None:
    """Return what an emotion recogniser heard; None when it was not asked, or heard nothing."""
    emotion, probabilities = segment.second_emotion, segment.second_emotion_probabilities
    if emotion is None:
        return None
    return {
        "emotion": emotion.value,
        "probability": _round(probabilities.get(emotion)),
        "emotions": _rounded(probabilities),
    }


def rules_of(segment: Segment) -> tuple[str, ...]:
    """Return the rules that have changed a label, without the hotwords."""
    return tuple(name for name in segment.rules if not name.startswith(RULE_PREFIX))


def _revised(segment: Segment) -> list[str]:
    """Return the labels in whose place a cascade has put others."""
    found = (segment.revision(kind) for kind in ("emotion", "event"))
    return [each.was for each in found if each is not None and each.was]


def _sentiment(segment: Segment) -> dict[str, Any] | None:
    """Return how the words are meant; None when nobody asked, and without words."""
    sentiment, scores = segment.sentiment, segment.sentiment_probabilities
    if sentiment is None:
        return None
    return {
        "sentiment": sentiment.value,
        "probability": _round(scores.get(sentiment)),
        "sentiments": _rounded(scores),
    }


def _agreement(agreement: Agreement | None) -> dict[str, Any] | None:
    """Return what voice and words have to do with each other; None without a direction."""
    if agreement is None:
        return None
    values = {name: _round(getattr(agreement, name)) for name in ("voice", "words", "confidence")}
    return {"accord": agreement.accord.value, **values}


def decoration(segment: Segment, style: str) -> tuple[str, str]:
    """Return what a style writes before and after the words; ``label`` has chips instead."""
    if style == "label" or not segment.text:
        return ("", "") if style == "label" else (styled(segment, style, "zh"), "")
    before, found, after = styled(segment, style, "zh").partition(segment.text)
    return (before, after) if found else ("", "")


def _word(word: TimedWord) -> list[Any]:
    return [word.text, *(_round(value) for value in (word.start, word.end, word.probability))]


def _measured(segment: Segment, name: str, probability: float | None) -> float | None:
    """Return what the model measured of a label, unless a person put another in its place."""
    return None if name in segment.corrected else _round(probability)


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _rounded(probabilities: Any) -> dict[str, float]:
    ordered = sorted(probabilities.items(), key=lambda pair: -pair[1])
    return {str(name): round(value, 3) for name, value in ordered if value >= 0.005}


def labels() -> dict[str, Any]:
    """Return the words and signs of all labels and languages, in every language of the page."""
    languages = (*known_languages(), NO_SPEECH, "")
    named = {each: {o: language_name(each or None, o) for o in locales()} for each in languages}
    return {**labels_data(), "languages": named}


VALUES = ("time", "shown", "total", "count", "voice", "words", "confidence", "speaker", "names")
"""What the scripts fill into texts."""


def viewer_words(keys: tuple[str, ...], locale: str) -> dict[str, str]:
    """Return texts whose values the scripts fill in: ``{time}`` stays as it is."""
    values = {name: f"{{{name}}}" for name in VALUES}
    return {key: say(key, locale, **values) for key in keys}
