"""Strands: what of a recording is heard by itself, such as one channel of a call."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

SPEAKERS = (*"ABCDEFGHIJKLMNOPQRSTUVWXYZ",)
"""Letters for those whom nobody has named."""


@dataclass(frozen=True)
class Strand:
    """One mono signal of a recording of which several are heard; the times of all are the same."""

    track: str | None = None
    """Name of its track; None where one track alone is heard."""
    channel: int | None = None
    """Number of its channel in the track, from 1; None where channels are mixed."""
    speaker: str | None = None
    """A letter for whoever is on that channel, or their name; None where channels are mixed."""

    @cached_property
    def label(self) -> str:
        """What people call it."""
        return label_of(self.track, self.speaker)

    def has_place_of(self, other: "Strand") -> bool:
        """Whether both are the same signal, whatever whoever is to be heard there is called."""
        return (self.track, self.channel) == (other.track, other.channel)


ALONE = Strand()
"""All that is heard of a recording."""


@lru_cache(maxsize=1_000)
def strand_of(track: str | None, channel: int | None, speaker: str | None) -> Strand:
    """Return the strand; the lines of a long transcript, asked again and again, share a few."""
    return Strand(track, channel, speaker)


def label_of(track: str | None, speaker: str | None) -> str:
    """Return what people call what is heard by itself; empty where that is all there is.

    A letter comes with its track; a name says enough.
    """
    return named(speaker) or " ".join(filter(None, (track, speaker)))


def named(speaker: str | None) -> str | None:
    """Return the name that somebody was given; None for a letter, which says that nobody did.

    ``speaker_name`` takes no letter for a name, so that the two cannot be confused.
    """
    return None if speaker in SPEAKERS else speaker


def numbered(tracks: list[tuple[str | None, int]]) -> tuple[Strand, ...]:
    """Return the strands of tracks with a name and a count of waveforms each.

    Channels that are heard apart have letters through all of the recording.
    """
    speakers = iter(SPEAKERS)
    return tuple(
        Strand(name, channel, next(speakers)) if count > 1 else Strand(name)
        for name, count in tracks
        for channel in range(1, count + 1)
    )
