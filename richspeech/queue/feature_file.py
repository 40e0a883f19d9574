"""Utterances in a file, for a recogniser on another machine: their features, without the sound.

A ``.npz`` without pickles: ``log_mel`` [T, 80] float32, the rows of all utterances one after the
other; ``rows`` [N], how many each has; ``spans`` [N, 2] float64, seconds; ``is_sound`` [N], whether
nobody speaks in it; ``request``, the options of all as JSON. 32 kB a second.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.lib.npyio import NpzFile
from pydantic import TypeAdapter

from richspeech.errors import ModelError
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Hypothesis
from richspeech.recognition.utterance import Request, Utterance
from richspeech.storage.identity import digest_of

HYPOTHESES = TypeAdapter(tuple[Hypothesis, ...])
"""What comes back, as JSON; no number is rounded, so that it is as if it had been heard here."""

NO_SOUND = np.zeros(0, np.float32)
"""Recognisers of utterances take features."""


def asked_of(requests: Sequence[Request]) -> str:
    """Digest which utterances of a recording are to be recognised, and how."""
    spans = [(each.utterance.start, each.utterance.end) for each in requests]
    return digest_of(spans, _request(requests[0].options))


def write_features(file: Path, requests: Sequence[Request]) -> None:
    """Write utterances that have the same options."""
    utterances = [each.utterance for each in requests]
    with file.open("wb") as opened:  # np.savez would give a path another ending
        np.savez(
            opened,
            log_mel=np.concatenate([each.log_mel for each in utterances]),
            rows=[len(each.log_mel) for each in utterances],
            spans=[(each.start, each.end) for each in utterances],
            is_sound=[each.is_sound for each in utterances],
            request=json.dumps(_request(requests[0].options)),
        )


def read_features(file: Path) -> list[Request]:
    """Read what ``write_features`` wrote; raises ``ModelError`` for a file that is none."""
    try:
        with NpzFile(file.open("rb"), own_fid=True) as kept:  # no pickles unless asked for
            log_mel, rows, spans = kept["log_mel"], kept["rows"], kept["spans"]
            is_sound = kept["is_sound"]
            request = json.loads(str(kept["request"]))
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise ModelError("worker.no_features", why=str(error)) from error
    options = TranscriptionRequest.from_dict(request).options
    pieces = np.split(log_mel, np.cumsum(rows)[:-1])
    return [
        Request(Utterance(float(start), float(end), NO_SOUND, piece, bool(sound)), options)
        for (start, end), piece, sound in zip(spans, pieces, is_sound, strict=True)
    ]


def _request(options: Options) -> dict[str, object]:
    return TranscriptionRequest(options).to_dict()
