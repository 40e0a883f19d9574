"""``python -m richspeech emotion FILE…``: nine emotions, one JSON document a line.

Results go to stdout, one sentence for each file that cannot be heard to stderr.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from richspeech.audio.decode import AudioLimits, open_recording
from richspeech.cli.options import add_weights_arguments
from richspeech.emotion.document import GRANULARITIES, RESULT_KEYS, Circumstances, document
from richspeech.emotion.runs import EMBEDDING, Run, keep_run
from richspeech.engines.emotion2vec.load import LoadedListener, load_listener
from richspeech.engines.hub import tell_of_embedded
from richspeech.errors import OptionError, RichSpeechError
from richspeech.settings import EmotionSettings, load_settings

OUTPUTS = Path("outputs")


@dataclass(frozen=True)
class Wanted:
    """What is asked of every file."""

    frames: bool
    embedding: bool
    outputs: Path | None
    """Where runs are kept; None keeps none."""
    fields: Mapping[str, str]
    limits: AudioLimits
    settings: EmotionSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command understands."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--granularity", choices=GRANULARITIES, default="utterance", help="frame adds a curve"
    )
    parser.add_argument(
        "--embedding", action="store_true", help="say where the kept run has its embedding.npy"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help=f"keep each run in a folder there; with --embedding {OUTPUTS} unless named",
    )
    add_weights_arguments(parser)
    parser.add_argument(
        "--field", action="append", default=[], metavar="NAME=VALUE", help="goes into the result"
    )


def emotion(arguments: argparse.Namespace) -> int:
    """Hear the files one after the other; return the exit status."""
    settings = load_settings(
        arguments.config,
        model={"device": arguments.device} if arguments.device else {},
        emotion={"id": arguments.model} if arguments.model else {},
    )
    wanted = Wanted(
        frames=arguments.granularity == "frame",
        embedding=arguments.embedding,
        outputs=arguments.output or (OUTPUTS if arguments.embedding else None),
        fields=parse_fields(arguments.field),
        limits=AudioLimits(settings.limits.max_bytes, settings.limits.max_seconds),
        settings=settings.emotion,
    )
    loaded = load_listener(settings)
    tell_of_embedded(loaded.weights)
    failures = sum(not _written(path, loaded, wanted) for path in arguments.files)
    return 1 if failures else 0


def parse_fields(texts: list[str]) -> dict[str, str]:
    """Read NAME=VALUE; raises ``OptionError`` for what is none, or would hide a result."""
    fields: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise OptionError(f"The field {text!r} is not NAME=VALUE, such as customer_id=42.")
        if name in RESULT_KEYS or name in fields:
            raise OptionError(f"The field {name!r} is taken; give it another name.")
        fields[name] = value
    return fields


def hear(path: Path, loaded: LoadedListener, wanted: Wanted) -> dict[str, Any]:
    """Return the document of one file, and keep its run where that is asked for."""
    started, began = datetime.now().astimezone(), time.perf_counter()
    keeping = keep_run(wanted.outputs, started) if wanted.outputs else nullcontext()
    matrix = wanted.frames and wanted.embedding
    with keeping as run, open_recording(path, wanted.limits) as recording:
        blocks = recording.blocks()
        heard = loaded.listener.listen(run.tee(blocks) if run else blocks, keep_features=matrix)
        seconds = time.perf_counter() - began
        how = Circumstances(str(path), loaded.weights.name, started, seconds, wanted.fields)
        result = document(heard, how, wanted.settings, frames=wanted.frames)
        if run:
            run.save_result(result)
            run.save_embedding(heard.embedding if heard.features is None else heard.features)
    return {**result, **_places(run, wanted)}


def _places(run: Run | None, wanted: Wanted) -> dict[str, str]:
    if run is None:
        return {}
    embedding = {"embedding": str(run.folder / EMBEDDING)} if wanted.embedding else {}
    return {"output": str(run.folder), **embedding}


def _written(path: Path, loaded: LoadedListener, wanted: Wanted) -> bool:
    """Write the document of a file to stdout, or a sentence to stderr."""
    try:
        result = hear(path, loaded, wanted)
    except RichSpeechError as error:
        sentence = str(error)
        named = sentence if path.name in sentence else f"{path.name}: {sentence}"
        sys.stderr.write(f"{named}\n")
        return False
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    return True
