"""``python -m richspeech calibrate DATA.jsonl``: make the probabilities of a model hold.

DATA tells of recordings and what is said in them, a line each, as SenseVoice's training data does.
What comes of it is one small file of JSON, which is found by the digest of the weights. Tables of
what it changes go to stdout.
"""

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from richspeech.calibration.clips import Clip, read_clips
from richspeech.cli.options import MODEL, Model
from richspeech.cli.terminal import tell_failure
from richspeech.errors import OptionError, RichSpeechError
from richspeech.model.calibration import Calibration
from richspeech.storage.atomic import write_atomically

EXAMPLES = (
    "calibrate calls.jsonl --test other-calls.jsonl",
    "calibrate calls.jsonl --model embedded --output mine.json",
)


def calibrate(
    data: Annotated[Path, Parameter(metavar="DATA.jsonl")],
    /,
    *,
    test: Annotated[Path | None, Parameter(metavar="TEST.jsonl")] = None,
    output: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    model: Model = MODEL,
) -> int:
    """Fit the probabilities of a model to recordings whose truth is known.

    Args:
        data: lines with source, target and, if known, text_language, emo_target, event_target
        test: further recordings, of other voices and words, for the tables
        output: the file to write; by default where calibration.folder has it found

    """
    # These imports take seconds and torch; a help text or a settings error needs neither.
    from richspeech.calibration.fit import fit  # noqa: PLC0415
    from richspeech.calibration.listen import Listening  # noqa: PLC0415
    from richspeech.calibration.report import report  # noqa: PLC0415

    clips, others = read_clips(data), read_clips(test) if test else []
    with closing(Listening(model.settings())) as listening:
        observed = listening.observe(clips, _told)
        found = fit(observed, listening.digest)
        if found == Calibration(found.weights, fitted_on=found.fitted_on):
            words = found.fitted_on.get("words", 0)
            raise OptionError("calibrate.too_little", count=len(observed), words=words)
        tested = listening.observe(others, _told)
        _write(output or listening.file, found)
    print(report(tested or observed, found))
    if not test:
        print("These are figures of the data of the fit: give --test others.", file=sys.stderr)
    return 0


def _told(clip: Clip, error: RichSpeechError) -> None:
    tell_failure(clip.path.name, error)


def _write(file: Path, found: Calibration) -> None:
    text = json.dumps(found.to_dict(), indent=1) + "\n"
    try:
        write_atomically(file, text.encode())
    except OSError as error:
        raise OptionError(
            "calibrate.unwritable", name=file.name, why=str(error.strerror)
        ) from error
    print(f"calibration: {file}", file=sys.stderr)
