"""Highlights as a CMX3600 edit decision list, from which editing programs rebuild the reel.

Timecodes count frames from the start of the recording, non-drop: at 29.97 frames a second they fall
behind the clock by 3.6 s an hour. The format has no field for the rate, so each event states it in
a comment. A list holds 999 events at most.
"""

from collections.abc import Sequence
from fractions import Fraction

from richspeech.errors import OptionError
from richspeech.review.highlights import Highlight

USUAL_FRAME_RATE = Fraction(25)
"""Of a recording without a picture."""

HIGHEST_FRAME_RATE = 99
"""A timecode has two digits for frames."""

MOST_EVENTS = 999
"""Numbers have three digits."""

LONGEST_SECONDS = 24 * 3_600
"""A timecode starts anew after a day."""


def write_edl(
    highlights: Sequence[Highlight],
    *,
    name: str,
    frame_rate: Fraction = USUAL_FRAME_RATE,
    video: bool = False,
) -> str:
    """Write one event a highlight, one after the other on the record side.

    Args:
        highlights: in order of time.
        name: of the recording's file.
        frame_rate: frames a second; what an editor sets the project to.
        video: whether the recording has video.

    Raises:
        OptionError: the rate is no frame rate, or there are more highlights than the format holds.
    """
    _require_fitting(highlights, frame_rate)
    name = " ".join(name.split())
    lines = [f"TITLE: {name}", "FCM: NON-DROP FRAME", ""]
    record = 0
    for number, each in enumerate(highlights, start=1):
        first, end = (round(moment * frame_rate) for moment in (each.start, each.end))
        frames = (first, end, record, record + end - first)
        record += end - first
        track = "B" if video else "A"
        codes = " ".join(timecode(frame, frame_rate) for frame in frames)
        lines += [
            f"{number:03}  AX       {track:<5} C        {codes}",
            f"* FROM CLIP NAME: {name}",
            f"* COMMENT: {', '.join(each.rules)} AT {float(frame_rate):.6g} FPS",
        ]
    return "\n".join(lines) + "\n"


def timecode(frame: int, frame_rate: Fraction) -> str:
    """Spell a frame's number as HH:MM:SS:FF, without drop frame."""
    seconds, frames = divmod(frame, round(frame_rate))
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02}:{minute:02}:{second:02}:{frames:02}"


def _require_fitting(highlights: Sequence[Highlight], frame_rate: Fraction) -> None:
    if not 1 <= frame_rate <= HIGHEST_FRAME_RATE:
        raise OptionError("edl.rate", rate=float(frame_rate), most=HIGHEST_FRAME_RATE)
    if len(highlights) > MOST_EVENTS:
        raise OptionError("edl.events", most=MOST_EVENTS, count=len(highlights))
    if highlights and highlights[-1].end >= LONGEST_SECONDS:
        raise OptionError("edl.too_long")
