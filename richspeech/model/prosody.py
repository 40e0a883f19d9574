"""How a voice sounds in one utterance, whatever it says."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Prosody:
    """Pitch and loudness of one utterance."""

    pitch_hz: float | None
    """Median over the voiced frames; None where there are too few."""
    pitch_range_semitones: float | None
    """Between the 10th and the 90th percentile of these; None as above."""
    voiced_share: float
    """Of the frames, 0 to 1."""
    level_db: float
    """Median level of the frames, in decibels of full scale, below 0."""
    level_range_db: float
    """Between the 10th and the 90th percentile."""
