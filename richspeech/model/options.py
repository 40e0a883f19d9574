"""What a request asks of the recogniser."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast, get_args

from richspeech.errors import OptionError
from richspeech.model.languages import AUTO, require_language
from richspeech.model.raw_format import RawFormat
from richspeech.model.speaker import LONGEST_NAME, speaker_name
from richspeech.model.strand import SPEAKERS
from richspeech.model.turn_detection import TurnDetection

LONGEST_MERGE_S = 30.0
"""SenseVoice was trained on up to 30 s, and the pipeline keeps no more for joining."""
MOST_HOTWORDS = 200
"""Each is compared with every word that is heard; with more, one is found in almost anything."""
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
Voices: TypeAlias = Literal["off", "auto"]
VOICES: tuple[str, ...] = get_args(Voices)
MOST_VOICES = len(SPEAKERS)
"""Each is a letter."""
HOTWORD_LETTERS = range(2, 21)
"""Single characters sound like too many others, and nobody says longer ones in one breath."""
USUAL_WEIGHT, HOTWORD_WEIGHTS = 20, range(1, 101)
"""As FunASR's runtime has them."""
SENTENCE_MARKS = ".。．｡,，、;；:：!！?？…"
"""Marks that end sentences and part them."""
MOST_PROTECTED = 1_000
PROTECTED_LETTERS = range(1, 21)


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
    hotword_weights: tuple[int, ...] = ()
    """How little each must sound like what is heard, HOTWORD_WEIGHTS; nothing: USUAL_WEIGHT."""
    protected_words: tuple[str, ...] = ()
    """Words whose place no hotword takes; at most MOST_PROTECTED, each of PROTECTED_LETTERS."""
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
    voices: Voices | int = "off"
    """How many speakers are told apart by their voices in what is heard as one signal; ``auto``
    counts them, ``off`` tells nobody apart."""
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
        require_hotwords(self.hotwords)
        _require_weights(self.hotwords, self.hotword_weights)
        if all(weight == USUAL_WEIGHT for weight in self.hotword_weights):
            object.__setattr__(self, "hotword_weights", ())
        require_protected(self.protected_words)
        _require_strands(self.tracks, self.channels)
        _require_speakers(self.speakers)
        if self.denoise not in DENOISE:
            raise OptionError("option.denoise", value=str(self.denoise)[:40])
        _require_voices(self.voices)

    @property
    def weighed_hotwords(self) -> Mapping[str, int]:
        """Hotwords → their weights, the heaviest first, and else in their order."""
        weights = self.hotword_weights or (USUAL_WEIGHT,) * len(self.hotwords)
        pairs = zip(self.hotwords, weights, strict=True)
        return dict(sorted(pairs, key=lambda pair: -pair[1]))


def language_hint(value: str | None) -> str | None:
    """Turn what a person chose into a hint: ``auto``, nothing and None mean detection."""
    return None if value in (None, "", AUTO) else value


def tracks_in(text: str) -> Tracks | int:
    """Read ``default``, which nothing stands for too, ``all``, ``mix`` or a number.

    Raises ``OptionError``.
    """
    wanted = int(text) if NUMBER.fullmatch(text) else text or "default"
    _require_strands(wanted, "auto")
    return cast("Tracks | int", wanted)


def voices_in(text: str) -> Voices | int:
    """Read ``off``, ``auto`` or the number of speakers; raises ``OptionError``."""
    wanted = int(text) if NUMBER.fullmatch(text) else text
    _require_voices(wanted)
    return cast("Voices | int", wanted)


def _require_voices(voices: str | int) -> None:
    is_number = isinstance(voices, int) and 1 <= voices <= MOST_VOICES
    if not is_number and voices not in VOICES:
        raise OptionError("option.voices", value=str(voices)[:40], most=MOST_VOICES)


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


def without_marks(hotword: str) -> str:
    """Return a hotword without the marks at its end, which a sentence has as well."""
    return hotword.rstrip(SENTENCE_MARKS) or hotword


def require_hotwords(hotwords: Sequence[str]) -> None:
    """Raise ``OptionError`` for too many, and for one that is too short or too long."""
    if len(hotwords) > MOST_HOTWORDS:
        raise OptionError("option.hotwords", count=len(hotwords), most=MOST_HOTWORDS)
    for word in hotwords:
        if not _fits(word, HOTWORD_LETTERS):
            low, high = HOTWORD_LETTERS[0], HOTWORD_LETTERS[-1]
            raise OptionError("option.hotword", word=word[:40], low=low, high=high)


def require_protected(words: Sequence[str]) -> None:
    """Raise ``OptionError`` for too many, and for one that is empty or too long."""
    if len(words) > MOST_PROTECTED:
        raise OptionError("option.protected_words", count=len(words), most=MOST_PROTECTED)
    for word in words:
        if not _fits(word, PROTECTED_LETTERS):
            most = PROTECTED_LETTERS[-1]
            raise OptionError("option.protected_word", word=word[:40], most=most)


def _fits(word: str, letters: range) -> bool:
    return len(word) in letters and word == " ".join(word.split())


def _require_weights(hotwords: Sequence[str], weights: Sequence[int]) -> None:
    if weights and len(weights) != len(hotwords):
        raise OptionError("option.hotword_weights", count=len(weights), hotwords=len(hotwords))
    for word, weight in zip(hotwords, weights, strict=False):
        if weight not in HOTWORD_WEIGHTS:
            low, high = HOTWORD_WEIGHTS[0], HOTWORD_WEIGHTS[-1]
            raise OptionError("option.hotword_weight", word=word, weight=weight, low=low, high=high)
