"""``python -m richspeech calibrate DATA``: make the probabilities of a model hold.

DATA tells of recordings and what is said in them, a line each, as SenseVoice's training data does;
lines that cannot be read are named and left out. What comes of it is one small file of JSON, which
is found by the digest of the weights. Tables of what it changes go to stdout.
"""

import json
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from richspeech.cli.options import HEARING, Hearing
from richspeech.cli.terminal import Faults
from richspeech.errors import OptionError
from richspeech.model.calibration import Calibration
from richspeech.review.examples import opened, require_examples
from richspeech.storage.atomic import write_atomically

EXAMPLES = (
    "calibrate calls.jsonl --test other-calls.jsonl",
    "calibrate calls.jsonl --model embedded --output mine.json",
)


def calibrate(
    data: Annotated[Path, Parameter(metavar="DATA")],
    /,
    *,
    test: Annotated[Path | None, Parameter(metavar="TEST")] = None,
    output: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    hearing: Hearing = HEARING,
) -> int:
    """Fit the probabilities of a model to recordings whose truth is known.

    Args:
        data: a .jsonl, or the .zip of corrections that the page exports: lines with source, target
            and, if known, text_language, emo_target, event_target
        test: further recordings, of other voices and words, for the tables
        output: the file to write; by default where calibration.folder has it found

    """
    # These imports take seconds and torch; a help text or a settings error needs neither.
    from richspeech.calibration.fit import fit  # noqa: PLC0415
    from richspeech.calibration.listen import Listening  # noqa: PLC0415
    from richspeech.calibration.report import report  # noqa: PLC0415

    for file in (data, *([test] if test else [])):
        require_examples(file)
    faults = Faults()
    with ExitStack() as stack:
        examples = stack.enter_context(opened(data))
        others = stack.enter_context(opened(test)) if test else None
        listening = stack.enter_context(closing(Listening(hearing.settings())))
        observed = listening.observe(examples, faults.tell)
        found = fit(observed, listening.digest)
        if found == Calibration(found.weights, fitted_on=found.fitted_on):
            words = found.fitted_on.get("words", 0)
            raise OptionError("calibrate.too_little", count=len(observed), words=words)
        tested = [] if others is None else listening.observe(others, faults.tell)
        faults.tell_how_many()
        _write(output or listening.file, found)
    print(report(tested or observed, found))
    if not test:
        print("These are figures of the data of the fit: give --test others.", file=sys.stderr)
    return 0


def _write(file: Path, found: Calibration) -> None:
    text = json.dumps(found.to_dict(), indent=1) + "\n"
    try:
        write_atomically(file, text.encode())
    except OSError as error:
        raise OptionError(
            "calibrate.unwritable", name=file.name, why=str(error.strerror)
        ) from error
    print(f"calibration: {file}", file=sys.stderr)
