"""Sound in which some spans cannot be heard: a tone or silence stands in their place."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from richspeech.audio.mono import SAMPLE_RATE, Waveforms

Hiding = Literal["beep", "silence"]
TONE_HZ = 1000.0
TONE_PEAK = 0.1
"""Of full scale: -20 dB, about as loud as speech."""

Sound = TypeVar("Sound", bound=NDArray[Any])


@dataclass(frozen=True)
class Cover:
    """Spans of a recording that nobody is to hear."""

    spans: tuple[tuple[float, float], ...] = ()
    """Start and end in seconds, in any order."""
    hiding: Hiding = "beep"

    def over(self, samples: Sound, sample_rate: int, start: float) -> Sound:
        """Return samples [T] or [C, T], float32 in -1 to 1 or int16, of which some are covered.

        ``start`` is where they begin in the recording, in seconds. Where no span lies they are the
        same object.
        """
        length = samples.shape[-1]
        first = round(start * sample_rate)
        covered = None
        for span in self.spans:
            begin, end = (round(moment * sample_rate) - first for moment in span)
            begin, end = max(begin, 0), min(end, length)
            if begin < end:
                covered = samples.copy() if covered is None else covered
                covered[..., begin:end] = self._instead(
                    samples, sample_rate, first + begin, end - begin
                )
        return samples if covered is None else covered

    def _instead(
        self, samples: NDArray[Any], sample_rate: int, first: int, count: int
    ) -> NDArray[Any]:
        """Return what stands in the place of samples, the tone going on from block to block."""
        if self.hiding == "silence":
            return np.zeros(count, samples.dtype)
        peak = TONE_PEAK * (32_767 if samples.dtype == np.int16 else 1)
        seconds = np.arange(first, first + count) / sample_rate
        return (peak * np.sin(2 * np.pi * TONE_HZ * seconds)).astype(samples.dtype)

    def blocks(self, blocks: Iterable[Waveforms]) -> Iterator[Waveforms]:
        """Give the blocks of a recording from its start on, [C, T] at SAMPLE_RATE, covered."""
        count = 0
        for block in blocks:
            yield self.over(block, SAMPLE_RATE, count / SAMPLE_RATE)
            count += block.shape[-1]


NOTHING = Cover()
