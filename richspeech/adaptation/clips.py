"""Clips: examples with their sound, of which something can be learned; the others are named.

Nothing is learned of silence, nor of the emotion ``<|EMO_UNKNOWN|>``, which those write who have
not listened for one. Keys tell what belongs together; see ``split``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from postprocess import LANGUAGES, NO_SPEECH, Emotion
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform
from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.errors import OptionError, RichSpeechError
from richspeech.review.examples import (
    LANGUAGE_TAGS,
    Example,
    Examples,
    Fault,
    no_such_tag,
    opened,
)

SHORTEST_SECONDS, LONGEST_SECONDS = 0.3, 30.0
"""SenseVoice was trained on up to 30 s."""
MOST_OFF = 0.1
"""Share by which ``source_len`` may be off the length of the file, and half a second beside: what
differs more is another recording."""


@dataclass(frozen=True)
class Clip:
    """An example with its sound."""

    example: Example
    waveform: Waveform

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.waveform) / SAMPLE_RATE


def read_clips(file: Path, limits: AudioLimits) -> Iterator[Clip | Fault]:
    """Read a file of examples, a line at a time.

    Raises ``OptionError`` when the file itself cannot be read.
    """
    seen: set[str] = set()
    with opened(file) as examples:
        for each in examples:
            if isinstance(each, Fault):
                yield each
                continue
            try:
                yield _clip(each, examples, limits, seen)
            except RichSpeechError as error:
                yield examples.fault(each, error)


def _clip(example: Example, examples: Examples, limits: AudioLimits, seen: set[str]) -> Clip:
    _require_lesson(example, seen)
    sound, name = examples.sound(example, limits), Path(example.source).name
    clip = Clip(
        replace(example, emotion=None) if example.emotion is Emotion.UNKNOWN else example,
        load_waveform(sound, limits, name=name),
    )
    _require_length(clip)
    return clip


def _require_lesson(example: Example, seen: set[str]) -> None:
    """Raise ``OptionError`` for what says nothing to learn; note its key."""
    if not example.key.strip():
        raise OptionError("adapt.no_key")
    if example.key in seen:
        raise OptionError("adapt.key_twice", key=example.key)
    seen.add(example.key)
    if not example.text or example.language == NO_SPEECH:
        raise OptionError("adapt.silence")
    if example.language not in (None, *LANGUAGES):
        raise no_such_tag("text_language", f"<|{example.language}|>", LANGUAGE_TAGS)


def _require_length(clip: Clip) -> None:
    """Raise ``OptionError`` for a clip that is no utterance, or another one than is said."""
    seconds, said = clip.seconds, clip.example.seconds
    if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        raise OptionError(
            "adapt.seconds", seconds=seconds, low=SHORTEST_SECONDS, high=LONGEST_SECONDS
        )
    if said is not None and abs(said - seconds) > MOST_OFF * seconds + 0.5:
        raise OptionError("adapt.other_length", said=said, seconds=seconds)
