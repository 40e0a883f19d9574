"""Masked transcript → what nobody is to hear of its recording."""

from richspeech.audio.cover import Cover
from richspeech.model.transcript import Transcript
from richspeech.settings import PrivacySettings


def cover_of(transcript: Transcript, privacy: PrivacySettings) -> Cover:
    """Return the spans of all that was masked, each with a margin; none where nothing was.

    Words whose times nobody measured take their whole segment with them. What a person has removed
    is still heard, and covered.
    """
    margin = privacy.margin_seconds
    removed = ((each.start, each.end) for each in transcript.masked)
    known = [(start, end) for start, end in removed if start is not None and end is not None]
    shown = (span for segment in transcript.segments for span in segment.masked_spans)
    spans = ((max(start - margin, 0.0), end + margin) for start, end in (*shown, *known))
    return Cover(tuple(spans), privacy.sound)
