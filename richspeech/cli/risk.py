"""``python -m richspeech risk CALL``: how risky a call is, as JSON or explained.

CALL is a JSON transcript, the number of a transcript in the history, or a recording, which is
transcribed.
"""

import json
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from richspeech.cli.highlights import called, read_transcript, transcribe
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
from richspeech.engines import loader
from richspeech.errors import OptionError, UsageError
from richspeech.model.options import Tracks as HeardTracks
from richspeech.model.transcript import Transcript
from richspeech.operations.audit import audit_written
from richspeech.privacy.mask import masked_for
from richspeech.review.explained import explain
from richspeech.review.risk import assess_risk
from richspeech.settings import Settings
from richspeech.storage.database import HIGHEST_NUMBER
from richspeech.storage.transcripts import open_store

EXAMPLES = (
    "risk call.json --explain",
    "risk 17 --explain --preset sales --locale en",
    "risk call.wav",
)

LONGEST_NAME = 255
"""Of a file, in most file systems."""


def risk(
    call: Annotated[str, Parameter(metavar="FILE|HISTORY-ID")],
    /,
    *,
    explained: Annotated[bool, Parameter(name="--explain", negative="")] = False,
    preset: RiskPreset = None,
    mask: Mask = None,
    locale: Locale = "zh",
    tracks: Tracks = None,
    speakers: Speakers = None,
    weights: Weights = WEIGHTS,
) -> int:
    """Print the risk of a call: its score, its level, and every reason with its seconds.

    Args:
        call: JSON transcript, number in the history, or a recording
        explained: in words instead of JSON, with why the level follows
        locale: language of the words

    """
    settings = weights.settings().with_mask(mask)
    rules = settings.risk.with_preset(preset)
    found = assess_risk(_heard(call, settings, tracks, named_in(speakers)), rules)
    if explained:
        sys.stdout.writelines(f"{line}\n" for line in explain(found, rules, locale))
    else:
        sys.stdout.write(json.dumps(found.to_dict(), ensure_ascii=False) + "\n")
    return 0


def _heard(
    call: str,
    settings: Settings,
    tracks: HeardTracks | int | None,
    named: Sequence[str | None],
) -> Transcript:
    path = Path(call)
    if call.isdecimal() and not (len(call) < LONGEST_NAME and path.exists()):
        kept = _kept(_number(call), settings)
    elif path.suffix.lower() == ".json":
        kept = masked_for(read_transcript(path), settings.privacy)
    else:
        return transcribe(path, settings, loader.audio_limits(settings), tracks, named)[0]
    if tracks is not None:
        raise UsageError("cli.heard_already", name=path.name, option="--tracks")
    return called(kept, named, path.name)


def _number(text: str) -> int:
    """Read the number of a transcript, which may have more digits than any has."""
    if len(text) > len(str(HIGHEST_NUMBER)):
        raise OptionError("history.number", value=text[:20], most=HIGHEST_NUMBER)
    return int(text)


def _kept(number: int, settings: Settings) -> Transcript:
    store = open_store(settings.history, settings.privacy, settings.risk)
    if store is None:
        raise OptionError("cli.history_off")
    with audit_written(settings.operations), closing(store):
        return store.open(number).document.transcript
