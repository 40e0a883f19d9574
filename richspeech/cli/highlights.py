"""``python -m richspeech highlights RECORDING``: insight, highlights and risk as one JSON document.

With --clips, --reel or the name of a list the highlights become files in --output as well; the
document names them.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, Token

from richspeech.audio.clips import cut
from richspeech.audio.container import AudioLimits
from richspeech.audio.cover import NOTHING, Cover
from richspeech.audio.decode import seconds_since_midnight
from richspeech.audio.strands import as_heard, open_strands
from richspeech.audio.video import open_video
from richspeech.cli.options import (
    WEIGHTS,
    Locale,
    Mask,
    RiskPreset,
    Speakers,
    Tracks,
    Weights,
    named_in,
)
from richspeech.cli.terminal import tell_of_warnings
from richspeech.engines import loader
from richspeech.engines.hub import tell_of_embedded
from richspeech.errors import OptionError, UsageError
from richspeech.language.catalog import locales
from richspeech.model.document import Document
from richspeech.model.options import Options
from richspeech.model.options import Tracks as HeardTracks
from richspeech.model.speaker import names_over
from richspeech.model.transcript import Transcript
from richspeech.privacy.mask import masked_for
from richspeech.privacy.sound import cover_of
from richspeech.review.conversation import Conversation
from richspeech.review.conversation_table import write_conversation
from richspeech.review.edl import HIGHEST_FRAME_RATE
from richspeech.review.highlights import Highlight
from richspeech.review.insight import WINDOW_SECONDS, require_window
from richspeech.review.lists import LISTS, Reel
from richspeech.review.review import review_transcript
from richspeech.settings import Settings

EXAMPLES = (
    "highlights call.wav",
    "highlights show.mp4 --output best --clips --reel --edl",
    "highlights a.wav --transcript a.json --window 5",
    "highlights call.wav --conversation --output insight",
)


def read_rate(_: object, tokens: Sequence[Token]) -> Fraction:
    """Read frames a second; raises ``OptionError``."""
    text = tokens[0].value
    try:
        rate = Fraction(text).limit_denominator(1_001)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 1 <= rate <= HIGHEST_FRAME_RATE:
        raise OptionError("cli.frame_rate", value=text, most=HIGHEST_FRAME_RATE)
    return rate


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Files:
    """Which files are made of the highlights."""

    clips: bool = False
    """cut each highlight into a wav or mp4 file"""
    reel: bool = False
    """join all highlights into one file"""
    chapters: bool = False
    """write chapters as WebVTT"""
    edl: bool = False
    """write a CMX3600 edit decision list"""
    otio: bool = False
    """write an OpenTimelineIO timeline"""
    conversation: bool = False
    """write turns, shares of talk, talk-over and silences as csv"""
    output: Annotated[Path | None, Parameter(metavar="DIR")] = None
    """folder for the files"""
    frame_rate: Annotated[Fraction | None, Parameter(metavar="FPS", converter=read_rate)] = None
    """frames per second of edl and otio; by default those of the video, or 25"""
    locale: Locale = "zh"
    """language of the chapters"""

    def require_folder(self) -> None:
        """Raise ``UsageError`` where a file has no place to go to."""
        asked = [name for name in ("clips", "reel", "conversation", *LISTS) if getattr(self, name)]
        if asked and self.output is None:
            raise UsageError("cli.needs_output", option=f"--{asked[0]}")


NO_FILES = Files()


def highlights(
    recording: Annotated[Path, Parameter(metavar="RECORDING")],
    /,
    *,
    transcript: Annotated[Path | None, Parameter(metavar="FILE.json")] = None,
    window: Annotated[
        float, Parameter(metavar="SECONDS", validator=lambda _, seconds: require_window(seconds))
    ] = WINDOW_SECONDS,
    tracks: Tracks = None,
    speakers: Speakers = None,
    preset: RiskPreset = None,
    mask: Mask = None,
    files: Files = NO_FILES,
    weights: Weights = WEIGHTS,
) -> int:
    """Print insight, highlights and risk of a recording as one JSON document.

    Args:
        recording: audio or video file
        transcript: JSON transcript of the recording; by default it is transcribed
        window: seconds per point of the curves

    """
    settings = weights.settings().with_risk_preset(preset).with_mask(mask)
    files.require_folder()
    limits = loader.audio_limits(settings)
    named = named_in(speakers)
    if transcript:
        named_heard = called(read_transcript(transcript), named, transcript.name)
        heard = masked_for(named_heard, settings.privacy)
        options = as_heard(heard.segments, tracks)
    else:
        heard, options = transcribe(recording, settings, limits, tracks, named)
    review = review_transcript(heard, settings, window)
    document = {
        "file": str(recording),
        "model": heard.model,
        **review.to_dict(),
        "files": {
            **write_files(
                recording,
                files,
                review.highlights,
                limits,
                options,
                cover_of(heard, settings.privacy),
            ),
            **_write_table(recording, files, review.insight.conversation),
        },
    }
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    return 0


def called(heard: Transcript, named: Sequence[str | None], name: str) -> Transcript:
    """Return a transcript with these names by channel; say which of them fit nobody."""
    tell_of_warnings(name, replace(heard, warnings=()), named)
    return Document(heard).called(named).transcript


def read_transcript(path: Path) -> Transcript:
    """Read what ``transcribe --format json`` wrote; raises ``OptionError`` if it is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OptionError(
            "cli.transcript_unreadable", name=path.name, why=str(error.strerror)
        ) from error
    except (ValueError, RecursionError) as error:
        raise OptionError("cli.no_json", name=path.name) from error
    return Transcript.from_dict(document)


def write_files(
    recording: Path,
    wanted: Files,
    found: tuple[Highlight, ...],
    limits: AudioLimits,
    options: Options,
    cover: Cover = NOTHING,
) -> dict[str, Any]:
    """Write what is asked for and name it; nothing is written where nothing was found."""
    folder = wanted.output
    files: dict[str, Any] = {}
    if folder is None or not found:
        return {}
    folder.mkdir(parents=True, exist_ok=True)
    if wanted.clips or wanted.reel:
        spans = [(each.start, each.end) for each in found]
        done = cut(
            recording,
            spans,
            folder,
            limits,
            stem=recording.stem,
            options=options,
            clips=wanted.clips,
            reel=wanted.reel,
            cover=cover,
        )
        files["clips"] = [str(path) for path in done.clips]
        files["reel"] = None if done.reel is None else str(done.reel)
        files["note"] = done.note and {each: done.note.sentence(each) for each in locales()}
    for name in [name for name in LISTS if getattr(wanted, name)]:
        form, path = LISTS[name], folder / f"{recording.stem}{LISTS[name].ending}"
        reel = Reel(recording.name, wanted.frame_rate, locale=wanted.locale)
        text = form.write(found, _in_frames(reel, recording, limits) if form.in_frames else reel)
        path.write_text(text, encoding="utf-8")
        files[name] = str(path)
    return files


def _write_table(recording: Path, wanted: Files, conversation: Conversation) -> dict[str, str]:
    if wanted.output is None or not wanted.conversation:
        return {}
    wanted.output.mkdir(parents=True, exist_ok=True)
    path = wanted.output / f"{recording.stem}.conversation.csv"
    path.write_text(write_conversation(conversation), encoding="utf-8", newline="")
    return {"conversation": str(path)}


def _in_frames(reel: Reel, recording: Path, limits: AudioLimits) -> Reel:
    with open_video(recording, limits) as video:
        if video is None:
            return replace(reel, offset=seconds_since_midnight(recording, limits))
        return replace(
            reel,
            frame_rate=reel.frame_rate or video.frame_rate,
            video=True,
            timecode=video.timecode,
            offset=video.offset,
        )


def transcribe(
    recording: Path,
    settings: Settings,
    limits: AudioLimits,
    tracks: HeardTracks | int | None,
    named: Sequence[str | None] = (),
) -> tuple[Transcript, Options]:
    """Transcribe a recording by the settings, say what is amiss with it, and how it was heard."""
    from richspeech.service import open_service  # noqa: PLC0415 - a help text needs no engine

    with open_service(settings, keeps=False) as service:
        options = replace(
            service.defaults,
            tracks=tracks or service.defaults.tracks,
            speakers=names_over(named, service.defaults.speakers),
        )
        with (
            open_strands(recording, limits, options) as opened,
            service.main_engine() as loaded,
        ):
            tell_of_embedded(*loaded.all_weights)
            *_, last = loaded.transcriber.transcribe(opened, options, lambda: False)
    tell_of_warnings(recording.name, last.transcript, named)
    return masked_for(last.transcript, settings.privacy), options
