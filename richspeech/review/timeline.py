"""Highlights as an OpenTimelineIO timeline, which editing programs open as it is.

Unlike an edit decision list it has any frame rate, any number of clips, and the rules as metadata.
"""

from collections.abc import Sequence
from fractions import Fraction

import opentimelineio as otio

from richspeech.review.highlights import Highlight

Time, Span = otio.opentime.RationalTime, otio.opentime.TimeRange


def write_otio(
    highlights: Sequence[Highlight], *, name: str, frame_rate: Fraction, video: bool
) -> str:
    """Write one clip a highlight, one after the other; a track of the picture where there is one.

    Args:
        highlights: in order of time.
        name: of the recording's file, which editors look for beside the timeline.
        frame_rate: frames a second; times lie on frames.
        video: whether the recording has a picture beside the sound.
    """
    kinds = [otio.schema.TrackKind.Video] if video else []
    tracks = [
        otio.schema.Track(kind, kind=kind, children=_clips(highlights, name, frame_rate))
        for kind in (*kinds, otio.schema.TrackKind.Audio)
    ]
    timeline = otio.schema.Timeline(name)
    timeline.tracks.extend(tracks)
    return str(timeline.to_json_string()) + "\n"


def _clips(
    highlights: Sequence[Highlight], name: str, frame_rate: Fraction
) -> list[otio.schema.Clip]:
    return [
        otio.schema.Clip(
            name,
            otio.schema.ExternalReference(name),
            _span(each, frame_rate),
            metadata={"richspeech": {"rules": [*each.rules]}},
        )
        for each in highlights
    ]


def _span(highlight: Highlight, frame_rate: Fraction) -> otio.opentime.TimeRange:
    first, end = (round(moment * frame_rate) for moment in (highlight.start, highlight.end))
    rate = float(frame_rate)
    return Span(Time(first, rate), Time(end - first, rate))
