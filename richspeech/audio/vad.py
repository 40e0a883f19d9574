"""Where people speak: score track → speech spans → merged utterances.

A score track has two numbers for each frame of 10 ms: the probability of silence, from a model,
and the loudness in decibels. ``SpanDetector`` turns it into spans of speech, block by block;
``SpanMerger`` joins neighbouring spans into utterances of a useful length.

The decisions are those of ``fsmn-vad`` in funasr 1.4.16, for many utterances in a recording and
with a fixed end silence, and give the same times. Four of them may surprise:

- A span that reaches ``max_single_segment_ms`` is cut one frame later, so it is 10 ms longer.
- With the defaults, 560 ms of silent frames between clear speech already end a span: the window
  turns to silence after 50 ms, and back only after 150 ms of speech, which count as pause.
- A recording that ends within a pause ends its last span at its very last frame.
- A span starts up to ``window_ms + lookback_start_ms`` before the decision, yet never before the
  end of the span before it.

Only where ``cut_search_ms`` is set do they differ: speech without a pause is then cut at its
quietest moment before ``max_single_segment_ms``, which is rarely within a word, and goes on there.
Spans that no limit cuts, and the speech in all of them together, stay the same.

Results do not depend on the blocks, for here every frame is decided alone. That is also funasr's
answer, with its chunks of 60 s or without, as long as its silence schedule is off. Where funasr
stops with a ``math domain error``, at probabilities of exactly 0 and 1, this goes on.

Not covered: one utterance only (``detect_mode: 0``), frames of another length than 10 ms, and
silence thresholds that change while the recording plays.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import IntEnum
from functools import cache
from typing import Any, NamedTuple, Self, TypeAlias

import numpy as np
from numba import njit
from numba.extending import register_jitable
from numpy.typing import NDArray

from richspeech.errors import ModelError
from richspeech.model.turn_detection import TurnDetection

FRAME_MS = 10
"""The grid on which every span starts and ends."""

ROUNDING_S = 1e-6
"""Far below a frame, far above what subtracting two times in seconds can be off."""


@dataclass(frozen=True)
class SpeechSpan:
    """A stretch of speech, without its text."""

    start: float
    end: float
    is_cut: bool = field(default=False, compare=False)
    """Whether a limit ended it while somebody spoke, so that the next one begins there."""

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.end - self.start


# ---------------------------------------------------------------------------------- options


NAMES_IN_MODEL_CONF = {
    "max_end_silence_time": "max_end_silence_ms",
    "max_single_segment_time": "max_single_segment_ms",
    "speech_noise_thres": "speech_noise_threshold",
    "speech_2_noise_ratio": "speech_to_noise_ratio",
    "window_size_ms": "window_ms",
    "sil_to_speech_time_thres": "silence_to_speech_ms",
    "speech_to_sil_time_thres": "speech_to_silence_ms",
    "do_extend": "extend",
    "lookback_time_start_point": "lookback_start_ms",
    "lookahead_time_end_point": "lookahead_end_ms",
    "decibel_thres": "decibel_threshold",
    "snr_thres": "snr_threshold_db",
    "noise_frame_num_used_for_snr": "noise_frames",
    "sil_pdf_ids": "silence_ids",
}
"""What ``model_conf`` in a model's config.yaml calls our options."""

ONLY_VALUE_IN_MODEL_CONF = {
    "detect_mode": 1,
    "sample_rate": 16_000,
    "frame_in_ms": FRAME_MS,
    "frame_length_ms": 25,
}
"""What this module takes for granted."""


@dataclass(frozen=True)
class VadOptions:
    """How a score track becomes spans; the defaults are those of ``fsmn-vad``."""

    max_end_silence_ms: int = 800
    """A pause this long ends a span, ``speech_to_silence_ms`` of it for the window to turn."""
    max_single_segment_ms: int = 60_000
    """Speech without such a pause is cut here."""
    cut_search_ms: int = 0
    """How far before that a quieter moment is looked for, at most half of it; 0 looks for none."""
    speech_noise_threshold: float = 0.6
    """A frame is speech when its speech probability exceeds its noise probability by this much."""
    speech_to_noise_ratio: float = 1.0
    """Exponent of the noise probability; above 1, more frames are speech."""
    window_ms: int = 200
    """The frames that vote on whether speech begins or pauses."""
    silence_to_speech_ms: int = 150
    """Speech begins when at least this much of the window is speech."""
    speech_to_silence_ms: int = 150
    """A pause begins when at most this much of the window is speech."""
    extend: bool = True
    """Whether spans are widened by the two margins below."""
    lookback_start_ms: int = 200
    """Margin before a span, beyond the window itself."""
    lookahead_end_ms: int = 100
    """Margin after a span."""
    decibel_threshold: float = -100.0
    """Quieter frames are silence whatever their probability; full scale is about 26."""
    snr_threshold_db: float = -100.0
    """Frames less loud than this, compared with the noise so far, are silence."""
    noise_frames: int = 100
    """How slowly the loudness of the noise is learnt."""
    silence_ids: tuple[int, ...] = (0,)
    """The classes of the model whose probabilities add up to that of silence."""

    def __post_init__(self) -> None:
        for option in fields(self):
            value = getattr(self, option.name)
            if not _same_kind(value, option.default):
                raise ModelError("vad.option", name=option.name, value=repr(value))
        for name, (lowest, highest) in self._ranges().items():
            if not lowest <= (value := getattr(self, name)) <= highest:
                raise ModelError("vad.range", name=name, low=lowest, high=highest, value=value)

    def with_turns(self, turns: TurnDetection | None) -> "VadOptions":
        """Return the options with what somebody has asked for."""
        asked: dict[str, Any] = {}
        if turns is None:
            return self
        if turns.threshold is not None:  # speech and noise add up to one
            asked["speech_noise_threshold"] = 2 * turns.threshold - 1
        if turns.prefix_padding_ms is not None:
            asked["lookback_start_ms"] = turns.prefix_padding_ms
        if turns.silence_duration_ms is not None:
            asked["max_end_silence_ms"] = turns.silence_duration_ms
        return replace(self, **asked)

    def _ranges(self) -> dict[str, tuple[float, float]]:
        hour_ms = 3_600_000
        return {
            "max_end_silence_ms": (0, hour_ms),
            "max_single_segment_ms": (FRAME_MS, 24 * hour_ms),
            "cut_search_ms": (0, hour_ms),
            "speech_noise_threshold": (-1.0, 1.0),
            "speech_to_noise_ratio": (0.01, 100.0),
            "window_ms": (FRAME_MS, 10_000),
            "silence_to_speech_ms": (FRAME_MS, self.window_ms),
            "speech_to_silence_ms": (0, self.window_ms),
            "lookback_start_ms": (0, 10_000),
            "lookahead_end_ms": (0, 10_000),
            "decibel_threshold": (-1000.0, 1000.0),
            "snr_threshold_db": (-1000.0, 1000.0),
            "noise_frames": (1, 1_000_000),
        }

    @classmethod
    def from_model_conf(cls, model_conf: Mapping[str, object]) -> Self:
        """Read the options out of ``model_conf``; names that mean nothing here are passed over."""
        for name, only in ONLY_VALUE_IN_MODEL_CONF.items():
            if (value := model_conf.get(name, only)) != only:
                raise ModelError("vad.model", name=name, value=repr(value), only=repr(only))
        options: dict[str, Any] = {
            ours: model_conf[theirs]
            for theirs, ours in NAMES_IN_MODEL_CONF.items()
            if theirs in model_conf
        }
        if options.get("extend") in (0, 1):
            options["extend"] = bool(options["extend"])
        if isinstance(ids := options.get("silence_ids"), list):
            options["silence_ids"] = tuple(ids)
        return cls(**options)


def _same_kind(value: object, example: object) -> bool:
    if isinstance(example, tuple):
        return isinstance(value, tuple) and bool(value) and all(_is_index(item) for item in value)
    if isinstance(example, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(example)


def _is_index(value: object) -> bool:
    return type(value) is int and value >= 0


# --------------------------------------------------------------- decisions, frame after frame


class Phase(IntEnum):
    """Where the detector stands between two frames."""

    SILENCE = 0
    """Outside a span."""
    SPEECH = 1
    """In a span; the window has voted for speech."""
    PAUSE = 2
    """In a span; the window has voted for silence, but not for long enough to end it."""


class Rules(NamedTuple):
    """The options as the loop over the frames needs them; counts are frames."""

    window: int
    votes_to_speak: int
    votes_to_pause: int
    start_lookback: int
    end_pause: int
    end_lookback: int
    longest: int
    cut_search: int
    speech_noise_threshold: float
    speech_to_noise_ratio: float
    decibel_threshold: float
    snr_threshold_db: float
    noise_frames: int

    @classmethod
    def of(cls, options: VadOptions) -> Self:
        """Turn milliseconds into frames."""
        window = options.window_ms // FRAME_MS
        end_pause_ms = max(0, options.max_end_silence_ms - options.speech_to_silence_ms)
        start_lookback, end_lookback = window, end_pause_ms // FRAME_MS
        if options.extend:
            start_lookback += options.lookback_start_ms // FRAME_MS
            end_lookback = max(0, end_lookback - options.lookahead_end_ms // FRAME_MS - 1)
        return cls(
            window=window,
            votes_to_speak=options.silence_to_speech_ms // FRAME_MS,
            votes_to_pause=options.speech_to_silence_ms // FRAME_MS,
            start_lookback=start_lookback,
            end_pause=-(-end_pause_ms // FRAME_MS),
            end_lookback=end_lookback,
            longest=options.max_single_segment_ms // FRAME_MS,
            cut_search=min(options.cut_search_ms, options.max_single_segment_ms // 2) // FRAME_MS,
            speech_noise_threshold=float(options.speech_noise_threshold),
            speech_to_noise_ratio=float(options.speech_to_noise_ratio),
            decibel_threshold=float(options.decibel_threshold),
            snr_threshold_db=float(options.snr_threshold_db),
            noise_frames=options.noise_frames,
        )


MEMORY = np.dtype(
    [
        ("phase", np.int64),
        ("frame", np.int64),  # index of the frame that is decided now
        ("start", np.int64),  # first frame of the open span
        ("free", np.int64),  # first frame that belongs to no span yet
        ("paused", np.int64),  # frames since the window voted for silence
        ("votes", np.int64),  # frames of speech in the window
        ("noise_db", np.float64),  # running loudness of the frames that were noise
    ]
)
"""All that is remembered from frame to frame, beside the votes in the window."""

NO_NOISE_YET_DB = -100.0
STILL_OPEN, TOO_LONG = -1, -2

CUT_FRAMES = 5
"""Loudness is averaged over 50 ms where a quiet moment is looked for: over more, words that fade
out or begin softly drag the cut into themselves. What the model thinks of a frame did not help."""

Memory: TypeAlias = Any
"""One record of dtype MEMORY; numpy has no type for its fields."""


@register_jitable
def _is_speech(silence: float, decibel: float, memory: Memory, rules: Rules) -> bool:
    """Judge one frame by itself; frames of noise teach how loud the noise is."""
    if decibel < rules.decibel_threshold:
        return False
    noise = silence**rules.speech_to_noise_ratio
    if 1.0 - silence >= noise + rules.speech_noise_threshold:
        return bool(decibel - memory.noise_db >= rules.snr_threshold_db)
    if memory.noise_db < NO_NOISE_YET_DB + 0.1:
        memory.noise_db = decibel
    else:
        past = memory.noise_db * (rules.noise_frames - 1)
        memory.noise_db = (decibel + past) / rules.noise_frames
    return False


@register_jitable
def _vote(speech: bool, window: NDArray[np.int8], memory: Memory) -> None:  # noqa: FBT001
    """Let a frame into the window and the oldest one out."""
    slot = memory.frame % window.size
    memory.votes += np.int64(speech) - window[slot]
    window[slot] = speech


@register_jitable
def _advance(memory: Memory, rules: Rules) -> int:
    """Decide with the votes of this frame; return where the open span ends, if it does here."""
    if memory.phase == Phase.SILENCE:
        if memory.votes >= rules.votes_to_speak:
            memory.phase = np.int64(Phase.SPEECH)
            memory.start = max(memory.free, memory.frame - rules.start_lookback)
        return STILL_OPEN
    if memory.phase == Phase.SPEECH:
        if memory.votes <= rules.votes_to_pause:
            memory.phase = np.int64(Phase.PAUSE)
            memory.paused = 0
    elif memory.votes >= rules.votes_to_speak:
        memory.phase = np.int64(Phase.SPEECH)
    else:
        memory.paused += 1
        if memory.paused >= rules.end_pause:
            return int(memory.frame - rules.end_lookback + 1)
    if memory.frame - memory.start + 1 > rules.longest:
        return TOO_LONG
    return STILL_OPEN


@register_jitable
def _quietest(recent: NDArray[np.float32], memory: Memory, rules: Rules) -> int:
    """Return the frame of the last ``cut_search`` around which it is quietest, the latest such."""
    best, quietest = memory.frame, np.inf
    for back in range(CUT_FRAMES // 2, rules.cut_search):
        loudness = 0.0
        for near in range(CUT_FRAMES):
            loudness += recent[(memory.frame - back + near - CUT_FRAMES // 2) % recent.size]
        if loudness < quietest:
            best, quietest = memory.frame - back, loudness
    return int(best)


@register_jitable
def _close(end: int, window: NDArray[np.int8], memory: Memory) -> None:
    """Forget the span and its votes; what follows may not reach back into it."""
    memory.phase = np.int64(Phase.SILENCE)
    memory.free = end
    memory.votes = 0
    window[:] = 0


def _scan(
    silence_probability: NDArray[np.float32],  # [T]
    decibel: NDArray[np.float32],  # [T]
    window: NDArray[np.int8],
    recent: NDArray[np.float32],  # [cut_search + CUT_FRAMES]
    memories: NDArray[np.void],  # [1]
    rules: Rules,
    bounds: NDArray[np.int64],  # [at least T, 3]
) -> int:
    """Write the first and the past-the-end frame of each closed span, and whether it was cut.

    Returns how many there are.
    """
    memory = memories[0]
    found = 0
    for i in range(silence_probability.size):
        silence, loudness = np.float64(silence_probability[i]), np.float64(decibel[i])
        _vote(_is_speech(silence, loudness, memory, rules), window, memory)
        recent[memory.frame % recent.size] = loudness
        end = _advance(memory, rules)
        if end == TOO_LONG and memory.phase == Phase.SPEECH and rules.cut_search > CUT_FRAMES:
            cut = _quietest(recent, memory, rules)
            bounds[found, 0], bounds[found, 1], bounds[found, 2] = memory.start, cut, 1
            found += 1
            memory.start = memory.free = np.int64(cut)
        elif end != STILL_OPEN:
            end = memory.frame + 1 if end == TOO_LONG else end
            bounds[found, 0], bounds[found, 1], bounds[found, 2] = memory.start, end, 0
            found += 1
            _close(end, window, memory)
        memory.frame += 1
    return found


@cache
def _compiled_scan() -> Callable[..., int]:
    """Compile at the first use and keep the machine code on disk, where there is a place."""
    try:
        return njit(cache=True, nogil=True)(_scan)
    except RuntimeError:  # no folder of this user can be written to
        return njit(nogil=True)(_scan)


class SpanDetector:
    """Turns a score track into speech spans while the track grows.

    One detector serves one recording at a time. It remembers a window of 200 ms, the loudness of
    the frames where a quiet moment is looked for, and seven numbers, however long the recording is.
    """

    def __init__(self, options: VadOptions) -> None:
        self._rules = Rules.of(options)
        self._restart()

    def _restart(self) -> None:
        self._window = np.zeros(self._rules.window, np.int8)
        self._recent = np.zeros(self._rules.cut_search + CUT_FRAMES, np.float32)
        self._memories = np.zeros(1, MEMORY)
        self._memories["noise_db"] = NO_NOISE_YET_DB

    @property
    def open_start(self) -> float | None:
        """Start of the span that has begun and not ended, in seconds."""
        memory = self._memories[0]
        return None if memory["phase"] == Phase.SILENCE else _seconds(memory["start"])

    @property
    def settled(self) -> float:
        """Seconds before which no span begins that was not given out yet."""
        memory = self._memories[0]
        if memory["phase"] != Phase.SILENCE:
            return _seconds(memory["start"])
        return _seconds(max(memory["free"], memory["frame"] - self._rules.start_lookback))

    def feed(
        self, silence_probability: NDArray[np.float32], decibel: NDArray[np.float32]
    ) -> list[SpeechSpan]:
        """Take the next frames, both of shape [T]; return the spans that end within them."""
        if silence_probability.shape != decibel.shape or decibel.ndim != 1:
            raise ValueError(
                "A score track needs one probability and one loudness per frame; these have "
                f"shapes {silence_probability.shape} and {decibel.shape}."
            )
        bounds = np.empty((decibel.size, 3), np.int64)
        found = _compiled_scan()(
            np.ascontiguousarray(silence_probability, np.float32),
            np.ascontiguousarray(decibel, np.float32),
            self._window,
            self._recent,
            self._memories,
            self._rules,
            bounds,
        )
        return [
            SpeechSpan(_seconds(start), _seconds(end), is_cut=bool(cut))
            for start, end, cut in bounds[:found]
        ]

    def finish(self) -> list[SpeechSpan]:
        """End the recording: return the span that is still open; be ready for the next one."""
        start, end = self.open_start, _seconds(self._memories[0]["frame"])
        self._restart()
        return [] if start is None else [SpeechSpan(start, end)]


def _seconds(frame: int) -> float:
    return int(frame) * FRAME_MS / 1000


# ----------------------------------------------------------------------------------- merging


class SpanMerger:
    """Joins spans, in order, into utterances of at most ``max_length_s``, as they come in.

    An utterance starts where its first span starts and ends where its last one ends, so silence
    is only ever inside it, in gaps of at most ``max_gap_s``. A span that is too long by itself
    stays as it is. A ``max_length_s`` of 0 joins nothing.
    """

    def __init__(self, max_length_s: float, max_gap_s: float | None = None) -> None:
        self._max_length_s, self._max_gap_s = max_length_s, max_gap_s
        self._open: SpeechSpan | None = None

    @property
    def open_start(self) -> float | None:
        """Start of the utterance that may still grow, in seconds."""
        return None if self._open is None else self._open.start

    def feed(self, spans: Iterable[SpeechSpan]) -> list[SpeechSpan]:
        """Take the next spans; return the utterances that can grow no more."""
        if self._max_length_s <= 0:
            return list(spans)
        closed: list[SpeechSpan] = []
        for span in spans:
            if self._open is None:
                self._open = span
            elif _may_join(self._open, span, self._max_length_s, self._max_gap_s):
                self._open = SpeechSpan(self._open.start, span.end, span.is_cut)
            else:
                closed.append(self._open)
                self._open = span
        return closed

    def settle(self, seconds: float) -> list[SpeechSpan]:
        """Return the utterance that can grow no more, since no span begins before ``seconds``."""
        if self._open is None or seconds - self._open.start <= self._max_length_s + ROUNDING_S:
            return []
        return self.finish()

    def finish(self) -> list[SpeechSpan]:
        """Return the last utterance, if there is one."""
        last, self._open = self._open, None
        return [] if last is None else [last]


def _may_join(
    utterance: SpeechSpan, span: SpeechSpan, max_length_s: float, max_gap_s: float | None
) -> bool:
    length, gap = span.end - utterance.start, span.start - utterance.end
    return length <= max_length_s + ROUNDING_S and (
        max_gap_s is None or gap <= max_gap_s + ROUNDING_S
    )
