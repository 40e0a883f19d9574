"""Audio tracks: those that a film or a recorder has beside one another."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AudioTrack:
    """One of them, as the container has it."""

    number: int
    """From 1, as ``Options.tracks`` has it."""
    title: str
    """Printable and short; empty where it has none."""
    language: str
    """As the container writes it, such as ``eng``; empty where it does not."""
    codec: str
    """Ffmpeg's name."""
    channels: int
    """As the container claims."""
