"""Sound hop by hop through a process that answers late, with the times that it had before.

Whatever the blocks, the process gets the same hops, so what comes out depends on no block. It gives
back as many samples as came in, each where it was: what a process is late by is left out at the
beginning and pushed out by silence at the end.
"""

from collections.abc import Callable

import numpy as np

from richspeech.audio.mono import Waveform

Process = Callable[[Waveform], Waveform]
"""Takes the next hop; returns what is certain by then, of any length."""


class Hops:
    """One recording through a process; holds a hop and what the process is late by."""

    def __init__(self, process: Process, *, hop: int, late: int, held: int = 0) -> None:
        """Give the process ``hop`` samples at a time.

        ``late`` is by how many samples its output is late in time, ``held`` how many it may hold
        back beside those.
        """
        self._process, self._hop, self._held = process, hop, late + held
        self._late = late
        """Samples of the output that lie before the recording and are still to come."""
        self._rest = np.zeros(0, np.float32)
        self._owed = 0
        """Samples that were taken and not given back."""

    def feed(self, waveform: Waveform) -> Waveform:
        """Take the next samples; return those that are certain by now."""
        self._owed += len(waveform)
        return self._given(waveform)

    def finish(self) -> Waveform:
        """Return what is left at the end of the recording."""
        whole = -(-(len(self._rest) + self._held) // self._hop) * self._hop
        return self._given(np.zeros(whole - len(self._rest), np.float32))

    def _given(self, waveform: Waveform) -> Waveform:
        rest = np.concatenate((self._rest, waveform))
        end = len(rest) - len(rest) % self._hop
        self._rest = rest[end:]
        hops = (rest[at : at + self._hop] for at in range(0, end, self._hop))
        out: Waveform = np.concatenate([np.zeros(0, np.float32), *map(self._process, hops)])
        early = min(self._late, len(out))
        self._late -= early
        out = out[early : early + self._owed]
        self._owed -= len(out)
        return np.clip(out, -1.0, 1.0, out=out)
