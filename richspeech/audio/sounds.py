"""Where something sounds though nobody speaks: music, applause, laughter, crying.

    loudness, spectrum → cells of 100 ms → loud or quiet → spans of sound, 0.5 to 15 s each

A cell is loud when it lies ABOVE_FLOOR_DB over the floor, the quietest cell of the last
FLOOR_CELLS. Applause may go on for longer and is no floor, so the floor is at most
HIGHEST_FLOOR_DB, unless somebody spoke in that time: what goes on beneath speech is the noise of
the place, and not worth asking about. Spans lie between utterances, and never in one.

Long sounds are cut where they change most: the mean spectrum of the second before is compared with
that of the second after, as broadcasts are cut by a distance between neighbouring windows (Siegler,
Jain, Raj and Stern, 1997), here the mean difference of log-mels.

Spans do not depend on the blocks. Kept are the cells of the last FLOOR_CELLS and of what is not
decided yet, which is at most an utterance and a sound.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from richspeech.audio.vad import FRAME_MS, SpeechSpan

Array = NDArray[np.float32]

CELL_FRAMES = 10
"""Frames in a cell: long enough for a steady sound to have one loudness, short for a note."""
FLOOR_CELLS = 300
"""How far back the floor is looked for: nearly anything pauses for 100 ms within 30 s."""
ABOVE_FLOOR_DB = 10.0
"""The noise of a line or a room stays within this of its quietest cell."""
LOWEST_FLOOR_DB = -40.0
"""Of a recording with digital silence; full scale is about 26."""
HIGHEST_FLOOR_DB = -18.0
"""44 dB below full scale: what is always louder than that is no noise of a line."""
SPEECH_CELLS = 30
"""With so many among FLOOR_CELLS somebody speaks, and the floor is what goes on beneath."""
BRIDGE_FRAMES = 50
"""Shorter pauses belong to a sound: those between notes, claps, sobs."""
SHORTEST_FRAMES = 50
"""Crying is half speech to the detector: its sobs are what is left between (0.5 to 0.9 s)."""
LONGEST_FRAMES = 1_500
"""SenseVoice was trained on up to 30 s; a shorter span says better where a sound is."""
WIDTH_CELLS = 10
"""Cells on either side that are compared where a sound may have changed."""
CHANGE = 3.0
"""Difference of log-mels (natural logarithm, mean of the bands): two sounds differ by 2 to 17, one
within itself by 0.4 to 3, unless it comes and goes."""
BANDS = 20
"""Of a cell's spectrum: neighbouring mel bins are averaged."""

SEEN_FRAMES = LONGEST_FRAMES + (WIDTH_CELLS + 1) * CELL_FRAMES
"""What has to be seen of a sound before it is cut: all places, and what is behind the last."""

QUIET, LOUD, SPEECH = range(3)


@dataclass(frozen=True)
class SoundSpan:
    """A stretch in which something sounds and nobody speaks."""

    start: float
    end: float


class SoundFinder:
    """What sounds between the utterances of one recording, while it comes in."""

    def __init__(self) -> None:
        self._rest: tuple[Array, Array] | None = None
        """Frames of the cell that is not complete."""
        self._first = 0
        """Number of the first cell that is kept."""
        self._level: Array = np.empty(0, np.float32)
        self._spectrum: Array = np.empty((0, BANDS), np.float32)
        self._spoken = np.empty(0, np.int64)
        """1 where somebody speaks."""
        self._utterances: list[tuple[int, int]] = []
        """First and past-the-end frame of those that were not looked past."""
        self._done = 0
        """Frames that were looked at."""
        self._start: int | None = None
        """First frame of the sound that goes on."""
        self._end = 0
        """The frame behind its last loud one."""

    @property
    def open_start(self) -> float | None:
        """Start of the sound that has begun and may still grow, in seconds."""
        return None if self._start is None else _seconds(self._start)

    def feed(self, decibel: Array, log_mel: Array) -> None:
        """Take the next frames, [T] and [T, mel bins]."""
        if self._rest is not None:
            decibel = np.concatenate((self._rest[0], decibel))
            log_mel = np.concatenate((self._rest[1], log_mel))
        cells = len(decibel) // CELL_FRAMES
        whole = cells * CELL_FRAMES
        self._rest = decibel[whole:].copy(), log_mel[whole:].copy()
        self._append(decibel[:whole], log_mel[:whole], cells)

    def find(
        self, utterances: Iterable[SpeechSpan], settled: float, *, speaking: bool
    ) -> list[SoundSpan]:
        """Return the sounds that are certain by now, in the order of time.

        ``utterances`` are those that have become certain since the call before. Before ``settled``,
        in seconds, there will be no other; there one begins where somebody is ``speaking``.
        """
        self._utterances += [(_frame(span.start), _frame(span.end)) for span in utterances]
        until = _frame(settled) if speaking else _frame(settled) // CELL_FRAMES * CELL_FRAMES
        known = (self._first + len(self._level)) * CELL_FRAMES
        sounds = self._look(min(until, known))
        if speaking and until <= self._done:
            sounds += self._close()
        self._forget()
        return sounds

    def finish(self, utterances: Iterable[SpeechSpan]) -> list[SoundSpan]:
        """End the recording: return the last sounds; ``utterances`` as for ``find``."""
        end = (self._first + len(self._level)) * CELL_FRAMES
        if self._rest is not None and len(self._rest[0]):
            self._append(*self._rest, cells=1)
            end += len(self._rest[0])
        return self.find(utterances, _seconds(end), speaking=True)

    def _append(self, decibel: Array, log_mel: Array, cells: int) -> None:
        """Keep frames as so many cells of one length."""
        if cells:
            power = np.power(np.float32(10), decibel.reshape(cells, -1) / 10).mean(axis=1)
            means = log_mel.reshape(cells, -1, log_mel.shape[1]).mean(axis=1)
            spectrum = means.reshape(cells, BANDS, -1).mean(axis=2)
            self._level = np.concatenate((self._level, 10 * np.log10(power)))
            self._spectrum = np.concatenate((self._spectrum, spectrum))
            self._spoken = np.concatenate((self._spoken, np.zeros(cells, np.int64)))

    def _look(self, until: int) -> list[SoundSpan]:
        """Look at the frames before ``until``."""
        since = self._done
        if until <= since:
            return []
        first = since // CELL_FRAMES
        for start, end in self._utterances:
            cells = (start // CELL_FRAMES, -(-end // CELL_FRAMES))
            self._spoken[slice(*(max(cell - self._first, 0) for cell in cells))] = 1
        loud = self._loud(first - self._first, -(-until // CELL_FRAMES) - self._first)
        states = np.repeat(loud.astype(np.int64), CELL_FRAMES)[since - first * CELL_FRAMES :]
        states = states[: until - since]
        for start, end in self._utterances:
            states[max(start - since, 0) : max(end - since, 0)] = SPEECH
        self._utterances = [each for each in self._utterances if each[1] > until]
        self._done = until
        edges = (0, *(np.flatnonzero(np.diff(states)) + 1).tolist(), len(states))
        return [
            sound
            for start, end in pairwise(edges)
            for sound in self._take(int(states[start]), since + start, since + end)
        ]

    def _loud(self, first: int, last: int) -> NDArray[np.bool_]:
        """Tell which of the cells from ``first`` on, before ``last``, are loud."""
        padding = np.full(max(FLOOR_CELLS - 1 - first, 0), np.inf, np.float32)
        past = np.concatenate((padding, self._level[max(first - FLOOR_CELLS + 1, 0) : last]))
        quietest = sliding_window_view(past, FLOOR_CELLS).min(axis=1)
        spoken = np.concatenate(([0], np.cumsum(self._spoken)))
        cells = np.arange(first, last)
        is_speech = spoken[cells] - spoken[np.maximum(cells - FLOOR_CELLS, 0)] >= SPEECH_CELLS
        highest = np.where(is_speech, np.inf, HIGHEST_FLOOR_DB)
        floor = np.minimum(np.maximum(quietest, LOWEST_FLOOR_DB), highest)
        loud: NDArray[np.bool_] = self._level[first:last] > floor + ABOVE_FLOOR_DB
        return loud

    def _take(self, state: int, first: int, last: int) -> list[SoundSpan]:
        """Take frames that are alike; return the sounds that are certain then."""
        if state == SPEECH or (state == QUIET and last - self._end > BRIDGE_FRAMES):
            return self._close()
        if state == QUIET:
            return []
        if self._start is None:
            self._start = first
        self._end = last
        return [*self._cut(SEEN_FRAMES)]

    def _close(self) -> list[SoundSpan]:
        """Return the rest of the sound that has ended, if it is long enough."""
        sounds = [*self._cut(0)]
        if self._start is not None and self._end - self._start >= SHORTEST_FRAMES:
            sounds.append(SoundSpan(_seconds(self._start), _seconds(self._end)))
        self._start = None
        return sounds

    def _cut(self, least: int) -> Iterator[SoundSpan]:
        """Cut off the front of the sound where it changes, while there is as much as ``least``."""
        while self._start is not None and self._end - self._start >= least:
            cut = self._change(self._start, self._end)
            if cut is None:
                return
            yield SoundSpan(_seconds(self._start), _seconds(cut))
            self._start = cut

    def _change(self, start: int, end: int) -> int | None:
        """Return the frame where the sound changes first, or most if it is too long; else None."""
        first, last = -(-start // CELL_FRAMES), min(end, start + SEEN_FRAMES) // CELL_FRAMES
        changes = _changes(self._spectrum[first - self._first : last - self._first])
        latest = (start + LONGEST_FRAMES) // CELL_FRAMES - first - WIDTH_CELLS
        places = range(max(0, min(len(changes), latest + 1)))
        at = next((place for place in places if _is_peak(changes, place)), None)
        if at is None and end - start > LONGEST_FRAMES:
            at = max(places[len(places) // 2 :], key=changes.__getitem__)
        return None if at is None else (first + WIDTH_CELLS + at) * CELL_FRAMES

    def _forget(self) -> None:
        """Drop the cells that nothing looks at again."""
        needed = self._done if self._start is None else self._start
        drop = needed // CELL_FRAMES - FLOOR_CELLS - self._first
        if drop > 0:
            self._first += drop
            self._level, self._spectrum = self._level[drop:].copy(), self._spectrum[drop:].copy()
            self._spoken = self._spoken[drop:].copy()


def _changes(spectrum: Array) -> Array:
    """Compare the cells before with those after each place that has WIDTH_CELLS of both."""
    if len(spectrum) < 2 * WIDTH_CELLS:
        return np.empty(0, np.float32)
    windows = len(spectrum) - WIDTH_CELLS + 1
    sums = spectrum[:windows].copy()
    for after in range(1, WIDTH_CELLS):  # in this order whatever the length, for equal roundings
        sums += spectrum[after : after + windows]
    changes: Array = np.abs(sums[WIDTH_CELLS:] - sums[:-WIDTH_CELLS]).mean(axis=1) / WIDTH_CELLS
    return changes


def _is_peak(changes: Array, place: int) -> bool:
    near = changes[max(place - WIDTH_CELLS, 0) : place + WIDTH_CELLS + 1]
    return bool(changes[place] >= CHANGE and changes[place] == near.max())


def _frame(seconds: float) -> int:
    return round(seconds * 1_000 / FRAME_MS)


def _seconds(frame: int) -> float:
    return frame * FRAME_MS / 1_000
