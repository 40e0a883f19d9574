"""Highlights as an OpenTimelineIO timeline, which editing programs open as it is.

Unlike an edit decision list it has any frame rate, any number of clips, and the rules as metadata.
"""

from collections.abc import Sequence
from fractions import Fraction

import opentimelineio as otio

from richspeech.review.highlights import Highlight
from richspeech.review.timecode import Grid

Time, Span = otio.opentime.RationalTime, otio.opentime.TimeRange


def write_otio(
    highlights: Sequence[Highlight],
    *,
    name: str,
    frame_rate: Fraction,
    video: bool,
    timecode: str | None = None,
    offset: float = 0.0,
) -> str:
    """Write one clip a highlight, one after the other; a track of the picture where there is one.

    Args:
        highlights: in order of time.
        name: of the recording's file, which editors look for beside the timeline.
        frame_rate: frames a second; times lie on frames.
        video: whether the recording has a picture beside the sound.
        timecode: of the first picture, as the file has it; clips begin at theirs.
        offset: seconds of the picture at which the recording begins.
    """
    grid = Grid.of(frame_rate, offset, timecode)
    kinds = [otio.schema.TrackKind.Video] if video else []
    tracks = [
        otio.schema.Track(kind, kind=kind, children=_clips(highlights, name, grid))
        for kind in (*kinds, otio.schema.TrackKind.Audio)
    ]
    timeline = otio.schema.Timeline(name)
    timeline.tracks.extend(tracks)
    return str(timeline.to_json_string()) + "\n"


def _clips(highlights: Sequence[Highlight], name: str, grid: Grid) -> list[otio.schema.Clip]:
    return [
        otio.schema.Clip(
            name,
            otio.schema.ExternalReference(name),
            _span(each, grid),
            metadata={"richspeech": {"rules": [*each.rules]}},
        )
        for each in highlights
    ]


def _span(highlight: Highlight, grid: Grid) -> otio.opentime.TimeRange:
    first, end = grid.frame(highlight.start), grid.frame(highlight.end)
    rate = float(grid.rate)
    return Span(Time(first, rate), Time(end - first, rate))
