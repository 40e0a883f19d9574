"""Where utterances begin and end, for a request that wants it otherwise than the settings."""

from dataclasses import dataclass

from richspeech.errors import OptionError

MOST_PADDING_MS = 5_000
SILENCE_MS = range(200, 6_001)
"""Less than 200 is over before the detector's window has turned to silence."""


@dataclass(frozen=True)
class TurnDetection:
    """What OpenAI's ``server_vad`` asks for; None is as the settings have it.

    Raises ``OptionError`` for what is out of range.
    """

    threshold: float | None = None
    """Probability of speech, 0 to 1, from which a frame counts as speech."""
    prefix_padding_ms: int | None = None
    """Milliseconds before speech that belong to it, up to MOST_PADDING_MS."""
    silence_duration_ms: int | None = None
    """Milliseconds of silence that end an utterance, one of SILENCE_MS."""

    def __post_init__(self) -> None:
        limits = {
            "threshold": (0, 1),
            "prefix_padding_ms": (0, MOST_PADDING_MS),
            "silence_duration_ms": (SILENCE_MS[0], SILENCE_MS[-1]),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise OptionError("option.turns", name=name, value=value, low=low, high=high)
        if self.threshold is not None:  # a digest tells 1 from 1.0
            object.__setattr__(self, "threshold", float(self.threshold))
