"""``python -m richspeech highlights RECORDING``: insight, highlights and risk as one JSON document.

With --clips, --reel, --chapters and --edl the highlights become files in --output as well; the
document names them.
"""

import argparse
import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

from richspeech.audio.clips import cut
from richspeech.audio.decode import AudioLimits, open_recording
from richspeech.audio.video import open_video
from richspeech.cli.options import add_weights_arguments
from richspeech.engines import loader
from richspeech.engines.hub import tell_of_embedded
from richspeech.errors import OptionError
from richspeech.language.catalog import locales
from richspeech.model.transcript import Transcript
from richspeech.review.chapters import write_chapters
from richspeech.review.edl import HIGHEST_FRAME_RATE, USUAL_FRAME_RATE, write_edl
from richspeech.review.highlights import Highlight
from richspeech.review.insight import WINDOW_SECONDS
from richspeech.review.review import review_transcript
from richspeech.settings import Settings, load_settings

FILES = ("clips", "reel", "chapters", "edl")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command understands."""
    parser.add_argument("recording", type=Path, metavar="RECORDING")
    parser.add_argument(
        "--transcript", type=Path, metavar="FILE.json", help="of the recording; else it is made"
    )
    parser.add_argument("--output", type=Path, metavar="DIR", help="where the files go")
    parser.add_argument("--clips", action="store_true", help="cut each highlight as wav or mp4")
    parser.add_argument("--reel", action="store_true", help="cut all highlights as one file")
    parser.add_argument("--chapters", action="store_true", help="write chapters as WebVTT")
    parser.add_argument("--edl", action="store_true", help="write an edit decision list, CMX3600")
    parser.add_argument(
        "--frame-rate",
        type=_frame_rate,
        metavar="FPS",
        help="of the edit decision list; else that of the video, or 25",
    )
    parser.add_argument(
        "--window", type=float, default=WINDOW_SECONDS, metavar="SECONDS", help="of the curves"
    )
    parser.add_argument(
        "--locale", choices=locales(), default="zh", help="language of the chapters"
    )
    add_weights_arguments(parser)


def highlights(arguments: argparse.Namespace) -> int:
    """Print the document and write the files; return the exit status."""
    names = {"id": arguments.model, "device": arguments.device}
    settings = load_settings(
        arguments.config, model={key: value for key, value in names.items() if value}
    )
    _require_folder(arguments)
    limits = loader.audio_limits(settings)
    transcript = (
        read_transcript(arguments.transcript)
        if arguments.transcript
        else _transcribe(arguments.recording, settings, limits)
    )
    review = review_transcript(transcript, settings, arguments.window)
    document = {
        "file": str(arguments.recording),
        "model": transcript.model,
        **review.to_dict(),
        "files": write_files(arguments, review.highlights, limits),
    }
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    return 0


def read_transcript(path: Path) -> Transcript:
    """Read what ``transcribe --format json`` wrote; raises ``OptionError`` if it is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"The transcript {path.name} cannot be read ({error.strerror})."
        raise OptionError(message) from error
    except ValueError as error:
        message = f"The transcript {path.name} is not one JSON document; transcribe once more."
        raise OptionError(message) from error
    return Transcript.from_dict(document)


def write_files(
    arguments: argparse.Namespace, found: tuple[Highlight, ...], limits: AudioLimits
) -> dict[str, Any]:
    """Write what is asked for and name it; nothing is written where nothing was found."""
    recording, folder = arguments.recording, arguments.output
    files: dict[str, Any] = {}
    if folder is None or not found:
        return {}
    folder.mkdir(parents=True, exist_ok=True)
    if arguments.clips or arguments.reel:
        spans = [(each.start, each.end) for each in found]
        done = cut(
            recording,
            spans,
            folder,
            limits,
            stem=recording.stem,
            clips=arguments.clips,
            reel=arguments.reel,
        )
        files["clips"] = [str(path) for path in done.clips]
        files["reel"] = None if done.reel is None else str(done.reel)
        files["note"] = done.note and {each: done.note.sentence(each) for each in locales()}
    if arguments.chapters:
        path = folder / f"{recording.stem}.chapters.vtt"
        path.write_text(write_chapters(found, arguments.locale), encoding="utf-8")
        files["chapters"] = str(path)
    if arguments.edl:
        path = folder / f"{recording.stem}.edl"
        path.write_text(_edl(arguments, found, limits), encoding="utf-8")
        files["edl"] = str(path)
    return files


def _edl(arguments: argparse.Namespace, found: tuple[Highlight, ...], limits: AudioLimits) -> str:
    with open_video(arguments.recording, limits) as video:
        own_rate = video.frame_rate if video else USUAL_FRAME_RATE
        return write_edl(
            found,
            name=arguments.recording.name,
            frame_rate=arguments.frame_rate or own_rate,
            video=video is not None,
        )


def _transcribe(recording: Path, settings: Settings, limits: AudioLimits) -> Transcript:
    options = loader.default_options(settings)
    loaded = loader.load(settings)
    tell_of_embedded(*loaded.all_weights)
    with open_recording(recording, limits) as opened:
        *_, last = loaded.transcriber.transcribe(opened, options, lambda: False)
    return last.transcript


def _require_folder(arguments: argparse.Namespace) -> None:
    asked = [f"--{name}" for name in FILES if getattr(arguments, name)]
    if asked and arguments.output is None:
        message = f"{asked[0]} needs a folder: name it with --output."
        raise OptionError(message)


def _frame_rate(text: str) -> Fraction:
    """Read frames a second."""
    try:
        rate = Fraction(text).limit_denominator(1_001)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 1 <= rate <= HIGHEST_FRAME_RATE:
        message = f"invalid frame rate value: {text!r} is not 1 to {HIGHEST_FRAME_RATE}"
        raise argparse.ArgumentTypeError(message)
    return rate
