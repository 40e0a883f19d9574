"""Pauses: where in an utterance somebody is heard, by loudness alone.

The detector bridges pauses of up to 0.8 s, so that sentences stay whole. Who speaks is asked of
what lies between them: a pause belongs to nobody, and next to it the speaker often changes.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from richspeech.audio.vad import FRAME_MS

SPOKEN_BELOW = 6.5
"""How far a frame that is spoken may lie below the loud ones of its utterance, in nepers of power:
28 dB. In a noise that is louder than that nothing is a pause."""
LOUD_PERCENT = 90
"""Percentile of the loudness that counts as loud."""
SMOOTH_FRAMES = 5
PAUSE_FRAMES = 30
"""Shorter ones are of words and breath."""
BURST_FRAMES = 10
"""Shorter sounds between pauses are clicks."""
CENTRE_SECONDS = 0.0125
"""From the start of a frame, whose window is 25 ms long."""

Stretches: TypeAlias = tuple[tuple[float, float], ...]
"""Start and end of each in seconds, in order."""


def stretches(log_mel: NDArray[np.float32], start: float = 0.0) -> Stretches:
    """Return what lies between the pauses of an utterance that begins at ``start``.

    ``log_mel`` is [T, M], natural logarithms of power every 10 ms.
    """
    loudness = np.convolve(log_mel.mean(axis=1), np.ones(SMOOTH_FRAMES) / SMOOTH_FRAMES, "same")
    loudness = loudness[: len(log_mel)]
    spoken = loudness > np.percentile(log_mel.mean(axis=1), LOUD_PERCENT) - SPOKEN_BELOW
    for first, last in _runs(~spoken):
        if last - first <= PAUSE_FRAMES and first > 0 and last < len(spoken):
            spoken[first:last] = True
    found = [run for run in _runs(spoken) if run[1] - run[0] >= BURST_FRAMES]
    at = start + CENTRE_SECONDS
    step = FRAME_MS / 1_000
    return tuple((round(at + first * step, 3), round(at + last * step, 3)) for first, last in found)


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return where flags are set: the first frame of each run, and the one behind its last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]
