"""Highlights as a CMX3600 edit decision list, from which editing programs rebuild the reel.

Source timecodes begin with the one that is embedded in the file, and are drop-frame where that is;
else they count frames from the start of the picture, non-drop: at 29.97 frames a second they fall
behind the clock by 3.6 s an hour. The format has no field for the rate, so each event states it in
a comment. A list holds 999 events at most.
"""

from collections.abc import Sequence
from fractions import Fraction

from richspeech.errors import OptionError
from richspeech.review.highlights import Highlight
from richspeech.review.timecode import DAY_SECONDS, Grid

USUAL_FRAME_RATE = Fraction(25)
"""Of a recording without a picture."""

HIGHEST_FRAME_RATE = 99
"""A timecode has two digits for frames."""

MOST_EVENTS = 999
"""Numbers have three digits."""


def write_edl(
    highlights: Sequence[Highlight],
    *,
    name: str,
    frame_rate: Fraction = USUAL_FRAME_RATE,
    video: bool = False,
    timecode: str | None = None,
    offset: float = 0.0,
) -> str:
    """Write one event a highlight, one after the other on the record side.

    Args:
        highlights: in order of time.
        name: of the recording's file.
        frame_rate: frames a second; what an editor sets the project to.
        video: whether the recording has video.
        timecode: of the first picture, as the file has it.
        offset: seconds of the picture at which the recording begins.

    Raises:
        OptionError: the rate is no frame rate, or there are more highlights than the format holds.
    """
    _require_fitting(highlights, frame_rate)
    name, grid = " ".join(name.split()), Grid.of(frame_rate, offset, timecode)
    lines = [f"TITLE: {name}", f"FCM: {'DROP' if grid.drops else 'NON-DROP'} FRAME", ""]
    record = 0
    for number, each in enumerate(highlights, start=1):
        first, end = grid.frame(each.start), grid.frame(each.end)
        frames = (first, end, record, record + end - first)
        record += end - first
        track = "B" if video else "A"
        codes = " ".join(map(grid.spell, frames))
        lines += [
            f"{number:03}  AX       {track:<5} C        {codes}",
            f"* FROM CLIP NAME: {name}",
            f"* COMMENT: {', '.join(each.rules)} AT {float(frame_rate):.6g} FPS",
        ]
    return "\n".join(lines) + "\n"


def _require_fitting(highlights: Sequence[Highlight], frame_rate: Fraction) -> None:
    if not 1 <= frame_rate <= HIGHEST_FRAME_RATE:
        raise OptionError("edl.rate", rate=float(frame_rate), most=HIGHEST_FRAME_RATE)
    if len(highlights) > MOST_EVENTS:
        raise OptionError("edl.events", most=MOST_EVENTS, count=len(highlights))
    if highlights and highlights[-1].end >= DAY_SECONDS:
        raise OptionError("edl.too_long")
