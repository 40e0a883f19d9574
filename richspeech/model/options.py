"""What a request asks of the recogniser."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast, get_args

from richspeech.errors import OptionError
from richspeech.model.languages import AUTO, require_language
from richspeech.model.raw_format import RawFormat
from richspeech.model.speaker import LONGEST_NAME, speaker_name
from richspeech.model.turn_detection import TurnDetection

LONGEST_MERGE_S = 30.0
"""SenseVoice was trained on up to 30 s, and the pipeline keeps no more for joining."""
MOST_HOTWORDS = 200
"""Each is compared with every word that is heard; with more, one is found in almost anything."""
WEIGHTED = re.compile(r"(.+) [+-]?\d+")
"""A hotword and its weight."""
Tracks: TypeAlias = Literal["default", "all", "mix"]
TRACKS: tuple[str, ...] = get_args(Tracks)
MOST_TRACKS = 99
"""No container of a recording has as many."""
NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
"""Of a track; what has more digits is none."""
Channels: TypeAlias = Literal["auto", "mix", "split"]
CHANNELS: tuple[str, ...] = get_args(Channels)
Denoise: TypeAlias = Literal["off", "rnnoise", "gtcrn"]
DENOISE: tuple[str, ...] = get_args(Denoise)
HOTWORD_LETTERS = range(2, 21)
"""Single characters sound like too many others, and nobody says longer ones in one breath."""


@dataclass(frozen=True)
class Options:
    """Settings of one transcription; every one of them changes the outcome.

    Raises ``OptionError`` naming the value that does not exist and the known ones.
    """

    language: str | None = None
    """A BCP-47 tag; None detects it."""
    allowed_languages: tuple[str, ...] | None = None
    """Among these detection chooses; None: among all that the engine knows."""
    inverse_text_normalization: bool = True
    """Punctuation and digits."""
    merge: bool = False
    """Join neighbouring utterances."""
    merge_length_s: float = 15.0
    """Longest joined utterance in seconds, above 0 and up to LONGEST_MERGE_S."""
    ban_unknown_emotion: bool = False
    """Name an emotion even where the model would say that it does not know."""
    hotwords: tuple[str, ...] = ()
    """Words that are likely to be said; at most MOST_HOTWORDS, each of HOTWORD_LETTERS."""
    turn_detection: TurnDetection | None = None
    """Where utterances begin and end; None: as the settings of voice activity detection have it."""
    tracks: Tracks | int = "default"
    """Which audio tracks of a container are heard: the one that ffmpeg calls best; ``all``, each
    by itself; the ``mix`` of all; or the one of this number, from 1."""
    channels: Channels = "auto"
    """Whether the channels of a track are heard as one ``mix`` or ``split``, each by itself;
    ``auto`` listens to what is on them."""
    speakers: tuple[str | None, ...] = ()
    """Names of who is on the channels of a track that are heard apart, from the first; None, and
    what is left out, stays a letter."""
    denoise: Denoise = "off"
    """What takes noise out of the recording before anything is looked for in it."""
    raw: RawFormat | None = None
    """What the recording is, where it has no header to say so."""

    def __post_init__(self) -> None:
        for language in (self.language, *(self.allowed_languages or ())):
            if language is not None:
                require_language(language)
        if self.allowed_languages == ():
            raise OptionError("language.none_allowed")
        if not self.merge_length_s > 0:
            raise OptionError("option.merge_too_short", seconds=self.merge_length_s)
        if self.merge_length_s > LONGEST_MERGE_S:
            raise OptionError(
                "option.merge_too_long", seconds=self.merge_length_s, most=LONGEST_MERGE_S
            )
        # A page sends 15 for what a file calls 15.0, and a digest tells these apart.
        object.__setattr__(self, "merge_length_s", float(self.merge_length_s))
        _require_hotwords(self.hotwords)
        _require_strands(self.tracks, self.channels)
        _require_speakers(self.speakers)
        if self.denoise not in DENOISE:
            raise OptionError("option.denoise", value=str(self.denoise)[:40])


def language_hint(value: str | None) -> str | None:
    """Turn what a person chose into a hint: ``auto``, nothing and None mean detection."""
    return None if value in (None, "", AUTO) else value


def hotwords_in(text: str) -> tuple[str, ...]:
    """Read words that are parted by spaces, commas or lines, each once.

    Lines that all end in a number are those of FunASR's runtime: a hotword and its weight.
    """
    lines = text.splitlines()
    words = " ".join(without_weights(lines)) if len(lines) > 1 else text
    return tuple(dict.fromkeys(filter(None, re.split(r"[\s,，、;；]+", words))))


def without_weights(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the hotwords of a file that has one a line, without what is empty.

    FunASR's runtime wants a weight behind each, a whole number, which nothing here has; where all
    lines end in one, it is left out.
    """
    hotwords = [" ".join(line.split()) for line in lines if line.strip()]
    weighted = [WEIGHTED.fullmatch(hotword) for hotword in hotwords]
    return tuple(match[1] for match in weighted if match) if all(weighted) else tuple(hotwords)


def tracks_in(text: str) -> Tracks | int:
    """Read ``default``, which nothing stands for too, ``all``, ``mix`` or a number.

    Raises ``OptionError``.
    """
    wanted = int(text) if NUMBER.fullmatch(text) else text or "default"
    _require_strands(wanted, "auto")
    return cast("Tracks | int", wanted)


def _require_strands(tracks: str | int, channels: str) -> None:
    is_number = isinstance(tracks, int) and 1 <= tracks <= MOST_TRACKS
    if not is_number and tracks not in TRACKS:
        raise OptionError("option.tracks", value=str(tracks)[:40], most=MOST_TRACKS)
    if channels not in CHANNELS:
        raise OptionError("option.channels", value=channels[:40])


def _require_speakers(names: Sequence[str | None]) -> None:
    for name in filter(None, names):
        if name != speaker_name(name):
            raise OptionError("speaker.name", value=name[:LONGEST_NAME], most=LONGEST_NAME)


def _require_hotwords(hotwords: Sequence[str]) -> None:
    if len(hotwords) > MOST_HOTWORDS:
        raise OptionError("option.hotwords", count=len(hotwords), most=MOST_HOTWORDS)
    for hotword in hotwords:
        if len(hotword) not in HOTWORD_LETTERS or hotword != " ".join(hotword.split()):
            raise OptionError(
                "option.hotword",
                word=hotword[:40],
                low=HOTWORD_LETTERS[0],
                high=HOTWORD_LETTERS[-1],
            )
