"""Options of the writers."""

from dataclasses import dataclass

from postprocess import STYLES
from richspeech.errors import OptionError
from richspeech.language.catalog import Notice, locales
from richspeech.model.transcript import Transcript
from richspeech.writers.line_room import USUAL_ROOM, LineRoom


def require_known(kind: str, value: str, known: tuple[str, ...]) -> None:
    """Raise ``OptionError`` unless ``value`` is one of the known ones."""
    if value not in known:
        raise OptionError("option.unknown", what=Notice(f"what.{kind}"), value=value, known=known)


@dataclass(frozen=True)
class WriterOptions:
    """How a transcript is written; every format takes what it can show and passes over the rest.

    Raises ``OptionError`` for a style or locale that does not exist.
    """

    style: str = "label"
    """One of ``postprocess.STYLES``; subtitles show ``tags`` as ``label``."""
    locale: str = "zh"
    """Language of labels and headings."""
    emotions: bool = True
    """Emotions in subtitles: colour in ass, class in vtt, words or emoji in srt and lrc."""
    sounds: bool = True
    """Sounds in subtitles: ``[笑声]``."""
    room: LineRoom = USUAL_ROOM
    """Characters a line of subtitles; lrc, which has one line a cue, is cut by them, too."""
    title: str | None = None
    """Heading of md, docx, html, ass and lrc: mostly the recording's name."""
    audio: bytes | None = None
    """MP3 that the html report plays; ``audio.playback`` makes it from any recording."""
    unsure_below: float | None = None
    """Probability below which html and docx underline a word; None: as the transcript has it."""

    def __post_init__(self) -> None:
        require_known("style", self.style, STYLES)
        require_known("locale", self.locale, locales())

    def limit_of(self, transcript: Transcript) -> float | None:
        """Return below which probability words are underlined; None underlines none."""
        return transcript.unsure_below if self.unsure_below is None else self.unsure_below


DEFAULT_OPTIONS = WriterOptions()
