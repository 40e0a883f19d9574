"""How loud a recording is, as it comes; one that is very quiet is raised, before anything else.

Features are logarithms, so a gain is added to them: what is heard is what a louder recording gives.
Frames are held until it is known whether the recording is quiet: for LOUD_CELLS, where it is not,
and until QUIET_CELLS stand out of the noise, where it is. Of what stays silent WINDOW_CELLS are
held, and let go as they are. A gain that was chosen only falls, when something louder comes.

Cells of 100 ms are judged one after the other, whatever the blocks.
"""

import numpy as np
from numpy.typing import NDArray

from richspeech.audio.vad import FRAME_MS

Array = NDArray[np.float32]

CELL_FRAMES = 10
QUIET_DB = -15.0
"""41 dB below full scale. Speech lies about 25 dB higher, and is found as well 20 dB lower."""
LOUD_CELLS = 3
"""A click is shorter than so many cells above QUIET_DB."""
QUIET_CELLS = 30
"""Three seconds that stand out are enough to tell how loud people speak."""
WINDOW_CELLS = 200
STANDS_OUT_DB = 10.0
"""Over the quietest cell of the window: noise stays below."""
SILENT_DB = -58.0
"""Digital silence is -60."""
AIM_DB, HIGHEST_DB = 5.0, 10.0
"""Where the 90th percentile of what stands out comes to lie, and the most that a gain may make."""
NEPERS = np.log(10) / 10
"""Natural logarithm of power, a decibel."""


class Raiser:
    """Holds the frames of one recording until its loudness is known, and raises quiet ones."""

    def __init__(self) -> None:
        self.gain_db: float | None = None
        """What was decided: decibels that are added; None while nothing is."""
        self.level_db: float | None = None
        """How loud what stands out was, of a recording that is raised."""
        self._decibel: Array = np.empty(0, np.float32)
        self._log_mel: Array = np.empty((0, 0), np.float32)
        self._given = 0
        """Frames that were given out."""
        self._loud = 0
        """Cells above QUIET_DB so far."""
        self._levels: list[float] = []
        """Of the whole cells among the frames that are held."""

    @property
    def held_start(self) -> float | None:
        """Start of what stands out among what is held, in seconds; None without any."""
        outstanding = np.flatnonzero(self._outstanding())
        if not len(outstanding):
            return None
        return (self._given + int(outstanding[0]) * CELL_FRAMES) * FRAME_MS / 1_000

    def feed(self, decibel: Array, log_mel: Array) -> tuple[Array, Array]:
        """Take the next frames, [T] and [T, mel bins]; return those that are certain by now."""
        if self.gain_db == 0:
            return decibel, log_mel
        self._decibel = np.concatenate((self._decibel, decibel))
        self._log_mel = np.concatenate((self._log_mel.reshape(-1, log_mel.shape[1]), log_mel))
        out: list[tuple[Array, Array]] = [(decibel[:0], log_mel[:0])]
        while len(self._decibel) >= (len(self._levels) + 1) * CELL_FRAMES:
            first = len(self._levels) * CELL_FRAMES
            self._levels.append(_level(self._decibel[first : first + CELL_FRAMES]))
            out += self._judge()
        decibels, log_mels = zip(*out, strict=True)
        return np.concatenate(decibels), np.concatenate(log_mels)

    def finish(self) -> tuple[Array, Array] | None:
        """End the recording: return the frames that were held, if there are any."""
        if not len(self._decibel):
            return None
        gain_db = self._decide() if self.gain_db is None else self.gain_db
        return self._give(len(self._decibel), gain_db)

    def _judge(self) -> list[tuple[Array, Array]]:
        """Look at the newest cell; return what it lets go."""
        level = self._levels[-1]
        if self.gain_db is not None:
            self.gain_db = max(min(self.gain_db, HIGHEST_DB - level), 0.0)
            return [self._give(CELL_FRAMES, self.gain_db)]
        self._loud += level >= QUIET_DB
        if self._loud >= LOUD_CELLS:
            self.gain_db = 0.0
            return [self._give(len(self._decibel), 0.0)]
        if self._outstanding().sum() >= QUIET_CELLS:
            return [self._give(len(self._levels) * CELL_FRAMES, self._decide())]
        if len(self._levels) > WINDOW_CELLS:
            return [self._give(CELL_FRAMES, 0.0)]
        return []

    def _decide(self) -> float:
        """Choose the gain by what stands out; return it."""
        levels = np.array(self._levels)[self._outstanding()]
        gain_db = 0.0
        if len(levels) and (level := float(np.percentile(levels, 90))) < QUIET_DB:
            self.level_db = level
            gain_db = max(min(AIM_DB - level, HIGHEST_DB - float(levels.max())), 0.0)
        self.gain_db = gain_db
        return gain_db

    def _outstanding(self) -> NDArray[np.bool_]:
        levels = np.array(self._levels)
        quietest = levels.min(initial=np.inf)
        outstanding: NDArray[np.bool_] = levels > max(quietest + STANDS_OUT_DB, SILENT_DB)
        return outstanding

    def _give(self, count: int, gain_db: float) -> tuple[Array, Array]:
        """Let frames go, raised."""
        decibel, log_mel = self._decibel[:count], self._log_mel[:count]
        self._decibel, self._log_mel = self._decibel[count:], self._log_mel[count:]
        self._levels = self._levels[count // CELL_FRAMES :]
        self._given += count
        if gain_db:
            return decibel + np.float32(gain_db), log_mel + np.float32(gain_db * NEPERS)
        return decibel, log_mel


def _level(decibel: Array) -> float:
    return float(10 * np.log10(np.power(10.0, decibel.astype(np.float64) / 10).mean()))
