"""``python -m richspeech emotion FILE…``: nine emotions, one JSON document a line.

Results go to stdout, one sentence for each file that cannot be heard to stderr.
"""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import open_recording
from richspeech.cli.options import WEIGHTS, Weights
from richspeech.cli.terminal import tell_failure
from richspeech.emotion.document import GRANULARITIES, RESULT_KEYS, Circumstances, document
from richspeech.emotion.runs import EMBEDDING, Run, keep_run
from richspeech.engines.emotion2vec.load import LoadedEmotionRecogniser, load_emotion_recogniser
from richspeech.engines.hub import tell_of_embedded
from richspeech.errors import RichSpeechError, UsageError
from richspeech.settings import EmotionSettings

EXAMPLES = (
    "emotion call.wav",
    "emotion call.wav --granularity frame --embedding",
    "emotion call.wav --field customer_id=42",
)

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


def emotion(
    *files: Annotated[Path, Parameter(name="FILE", required=True)],
    granularity: Annotated[str, Parameter(choices=GRANULARITIES)] = "utterance",
    embedding: bool = False,
    output: Annotated[Path | None, Parameter(metavar="DIR")] = None,
    fields: Annotated[tuple[str, ...], Parameter(name="--field", metavar="NAME=VALUE")] = (),
    weights: Weights = WEIGHTS,
) -> int:
    """Recognise nine emotions in recordings; one JSON document per line.

    Args:
        files: recordings
        granularity: frame adds a curve over time
        embedding: save the embedding and add its path to the result
        output: folder for results; with --embedding, by default outputs
        fields: field to add to the result; repeat the option for several

    """
    settings = weights.settings("emotion")
    wanted = Wanted(
        frames=granularity == "frame",
        embedding=embedding,
        outputs=output or (OUTPUTS if embedding else None),
        fields=parse_fields(fields),
        limits=AudioLimits(settings.limits.max_bytes, settings.limits.max_seconds),
        settings=settings.emotion,
    )
    loaded = load_emotion_recogniser(settings)
    tell_of_embedded(loaded.weights)
    failures = sum(not _written(path, loaded, wanted) for path in files)
    return 1 if failures else 0


def parse_fields(texts: Sequence[str]) -> dict[str, str]:
    """Read NAME=VALUE; raises ``UsageError`` for what is none, or would hide a result."""
    fields: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise UsageError("cli.field", text=text)
        if name in RESULT_KEYS or name in fields:
            raise UsageError("cli.field_taken", name=name)
        fields[name] = value
    return fields


def recognise(path: Path, loaded: LoadedEmotionRecogniser, wanted: Wanted) -> dict[str, Any]:
    """Return the document of one file, and keep its run where that is asked for."""
    started, began = datetime.now().astimezone(), time.perf_counter()
    keeping = keep_run(wanted.outputs, started) if wanted.outputs else nullcontext()
    matrix = wanted.frames and wanted.embedding
    with keeping as run, open_recording(path, wanted.limits) as recording:
        blocks = recording.blocks()
        heard = loaded.recogniser.recognise(
            run.tee(blocks) if run else blocks, keep_features=matrix
        )
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


def _written(path: Path, loaded: LoadedEmotionRecogniser, wanted: Wanted) -> bool:
    """Write the document of a file to stdout, or a sentence to stderr."""
    try:
        result = recognise(path, loaded, wanted)
    except RichSpeechError as error:
        tell_failure(path.name, error)
        return False
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    return True
