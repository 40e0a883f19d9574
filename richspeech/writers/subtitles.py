"""Transcript → srt, vtt, ass, lrc. The cues are those of ``cues``; here they are spelled.

pysubs2 spells srt and ass. It knows no lrc, and neither the classes nor the colours of vtt.

Texts come from strangers, and none of these formats but vtt can escape what it takes for markup.
There an invisible word joiner (U+2060) keeps the characters apart that together would mean
something; ass takes braces for markup wherever they stand, and gets their wide twins.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from html import escape
from io import StringIO

from pysubs2 import Color, SSAEvent, SSAFile, SSAStyle
from pysubs2.formats.subrip import SubripFormat
from pysubs2.formats.substation import SubstationFormat

from postprocess import Emotion
from richspeech.language.figures import clock
from richspeech.model.transcript import Transcript
from richspeech.writers.cues import Cue, Line, build_cues
from richspeech.writers.labels import COLOURS, printable, remark
from richspeech.writers.options import DEFAULT_OPTIONS, WriterOptions

_JOINER = "\u2060"


def _parts_of(seconds: float, per_second: int) -> tuple[int, int, int, int]:
    """Return hours, minutes, seconds and fractions of a time; before the beginning is nought."""
    total_s, fractions = divmod(max(round(seconds * per_second), 0), per_second)
    minutes, s = divmod(total_s, 60)
    hours, minutes = divmod(minutes, 60)
    return hours, minutes, s, fractions


def _events(cues: Iterable[Cue], text: Callable[[Cue], str]) -> SSAFile:
    """Return the cues as pysubs2 keeps them, in whole milliseconds."""
    file = SSAFile()
    file.events = [
        SSAEvent(round(cue.start * 1_000), round(cue.end * 1_000), text(cue)) for cue in cues
    ]
    return file


def _spoken(cue: Cue) -> Iterator[str]:
    """Give the lines of a cue, who speaks before the first."""
    speaker = f"{cue.speaker}: " if cue.speaker else ""
    for number, line in enumerate(cue.lines):
        yield line.text if number else speaker + line.text


# SubRip -------------------------------------------------------------------------------------------

_SRT_MARKUP = re.compile(r"[<{\\]|--(?=>)")


class _Srt(SubripFormat):
    """With times beyond a hundred hours, at which pysubs2 stops the clock; players read them."""

    @staticmethod
    def ms_to_timestamp(ms: int) -> str:
        hours, minutes, s, thousandths = _parts_of(ms / 1_000, 1_000)
        return f"{hours:02}:{minutes:02}:{s:02},{thousandths:03}"


def write_srt(transcript: Transcript, options: WriterOptions = DEFAULT_OPTIONS) -> str:
    """SubRip: number, times, lines; the emotion as a word, since there are no colours."""
    file = _events(build_cues(transcript, options), _srt_text)
    written = StringIO()
    _Srt.to_file(file, written, "srt", keep_ssa_tags=True)
    return written.getvalue().removesuffix("\n")


def _srt_text(cue: Cue) -> str:
    lines = (_SRT_MARKUP.sub(lambda found: found[0] + _JOINER, line) for line in _spoken(cue))
    return "\\N".join(lines)


# WebVTT -------------------------------------------------------------------------------------------


def write_vtt(transcript: Transcript, options: WriterOptions = DEFAULT_OPTIONS) -> str:
    """WebVTT: the emotion as a class, which the style block colours and a page may colour anew."""
    cues = build_cues(transcript, options, name_emotions=False)
    styles = "".join(f"::cue(.{each}) {{ color: {COLOURS[each]}; }}\n" for each in _emotions(cues))
    said = remark(transcript, options.locale)
    blocks = [f"NOTE\n{said}\n"] if said else []
    blocks += [f"STYLE\n{styles}"] if styles else []
    blocks += [
        f"{number}\n{vtt_time(cue.start)} --> {vtt_time(cue.end)}\n"
        + _vtt_voice(cue.speaker)
        + "\n".join(map(_vtt_line, cue.lines))
        + "\n"
        for number, cue in enumerate(cues, start=1)
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def vtt_time(seconds: float) -> str:
    """Spell a time as WebVTT does: HH:MM:SS.mmm."""
    hours, minutes, s, milliseconds = _parts_of(seconds, 1_000)
    return f"{hours:02}:{minutes:02}:{s:02}.{milliseconds:03}"


def _vtt_voice(speaker: str) -> str:
    """Begin the voice span of a whole cue, which needs no end."""
    return f"<v {escape(speaker, quote=False)}>" if speaker else ""


def _vtt_line(line: Line) -> str:
    text = escape(line.text, quote=False)
    return f"<c.{line.emotion}>{text}</c>" if line.emotion else text


def _emotions(cues: Iterable[Cue]) -> list[Emotion]:
    """List the emotions that are to be coloured, in the order of ``COLOURS``."""
    found = {line.emotion for cue in cues for line in cue.lines}
    return [emotion for emotion in COLOURS if emotion in found]


# Advanced SubStation Alpha ------------------------------------------------------------------------

_ASS_MARKUP = str.maketrans({"{": "｛", "}": "｝", "\\": f"\\{_JOINER}"})
_ASS_FIELD = str.maketrans({",": "，"})
"""A comma ends every field but the text."""
_ASS_WHITE = "#FFFFFF"
_ASS_SCREEN = {
    "ScriptType": "v4.00+",
    "PlayResX": "1920",
    "PlayResY": "1080",
    "WrapStyle": "2",
    "ScaledBorderAndShadow": "yes",
}


class _Ass(SubstationFormat):
    """With times beyond ten hours, at which pysubs2 stops the clock; players read them."""

    @staticmethod
    def ms_to_timestamp(requested_ms: int) -> str:
        hours, minutes, s, hundredths = _parts_of(requested_ms / 1_000, 100)
        return f"{hours}:{minutes:02}:{s:02}.{hundredths:02}"


def write_ass(transcript: Transcript, options: WriterOptions = DEFAULT_OPTIONS) -> str:
    """Advanced SubStation Alpha: a style for each emotion, so that one line changes its colour."""
    cues = build_cues(transcript, options, name_emotions=False)
    file = _events(cues, _ass_text)
    for event, cue in zip(file.events, cues, strict=True):
        event.style = cue.lines[0].emotion or "Default"
        event.name = cue.speaker.translate(_ASS_FIELD)
    colours = {"Default": _ASS_WHITE} | {each: COLOURS[each] for each in _emotions(cues)}
    file.styles = {name: _ass_style(colour) for name, colour in colours.items()}
    title = {"Title": printable(options.title)} if options.title else {}
    file.info = title | _ASS_SCREEN
    written = StringIO()
    said = remark(transcript, options.locale) or ""
    _Ass.to_file(file, written, "ass", header_notice=said)
    return written.getvalue()


def _ass_style(colour: str) -> SSAStyle:
    """White or coloured letters, a black outline, at the bottom in the middle of 1920 x 1080."""
    red, green, blue = bytes.fromhex(colour[1:])
    return SSAStyle(
        fontname="Arial",
        fontsize=64,
        primarycolor=Color(red, green, blue),
        backcolor=Color(0, 0, 0, 128),
        outline=3,
        shadow=1,
        marginl=60,
        marginr=60,
        marginv=60,
    )


def _ass_text(cue: Cue) -> str:
    first = cue.lines[0].emotion
    lines = zip(_spoken(cue), cue.lines, strict=True)
    return "\\N".join(_ass_line(text, line.emotion, first) for text, line in lines)


def _ass_line(text: str, emotion: Emotion | None, style: Emotion | None) -> str:
    change = "" if emotion is style else f"{{\\r{emotion or 'Default'}}}"
    return change + text.translate(_ASS_MARKUP)


# LRC ----------------------------------------------------------------------------------------------

_LRC_STAMP = re.compile(r"[\[<](?=\d+:\d)")


def write_lrc(transcript: Transcript, options: WriterOptions = DEFAULT_OPTIONS) -> str:
    """Lyrics: a time and one line a cue; an empty line clears the screen before a silence."""
    cues = build_cues(transcript, options, most_lines=1)
    title = [f"[ti:{printable(options.title)}]"] if options.title else []
    said = remark(transcript, options.locale)
    writer = [f"[re:{said}]"] if said else []
    lines = [*title, *writer, f"[length:{clock(transcript.duration)}]"] if cues else []
    for number, cue in enumerate(cues, start=1):
        text = "".join(_spoken(cue))
        lines.append(f"[{lrc_time(cue.start)}]{_LRC_STAMP.sub(_wide_twin, text)}")
        if number == len(cues) or cues[number].start > cue.end:
            lines.append(f"[{lrc_time(cue.end)}]")
    return "".join(f"{line}\n" for line in lines)


def lrc_time(seconds: float) -> str:
    """Spell a time as LRC does: MM:SS.cc, with as many minutes as it takes."""
    hours, minutes, s, hundredths = _parts_of(seconds, 100)
    return f"{hours * 60 + minutes:02}:{s:02}.{hundredths:02}"


def _wide_twin(found: re.Match[str]) -> str:
    """Spell a bracket that would begin a time of its own as the wide one."""
    return "［" if found[0] == "[" else "＜"
