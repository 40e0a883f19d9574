"""Utterances in a file, for a recogniser on another machine: their features.

A ``.npz`` without pickles: ``log_mel`` [T, 80] float32, the rows of all utterances one after the
other; ``rows`` [N], how many each has; ``spans`` [N, 2] float64, seconds; ``is_sound`` [N], whether
nobody speaks in it; ``request``, the options of all as JSON. 32 kB a second. For an engine that
makes features of its own the sound as well, 64 kB a second: ``waveform`` [S] float32, the samples
of all, and ``samples`` [N], how many each has.
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


def asked_of(requests: Sequence[Request]) -> str:
    """Digest which utterances of a recording are to be recognised, and how."""
    spans = [(each.utterance.start, each.utterance.end) for each in requests]
    return digest_of(spans, _request(requests[0].options))


def write_features(file: Path, requests: Sequence[Request], *, has_sound: bool = False) -> None:
    """Write utterances that have the same options, with their sound or without."""
    utterances = [each.utterance for each in requests]
    waveforms = [each.waveform if has_sound else each.waveform[:0] for each in utterances]
    with file.open("wb") as opened:  # np.savez would give a path another ending
        np.savez(
            opened,
            log_mel=np.concatenate([each.log_mel for each in utterances]),
            rows=[len(each.log_mel) for each in utterances],
            spans=[(each.start, each.end) for each in utterances],
            is_sound=[each.is_sound for each in utterances],
            waveform=np.concatenate(waveforms),
            samples=[len(each) for each in waveforms],
            request=json.dumps(_request(requests[0].options)),
        )


def read_features(file: Path) -> list[Request]:
    """Read what ``write_features`` wrote; raises ``ModelError`` for a file that is none."""
    try:
        with NpzFile(file.open("rb"), own_fid=True) as kept:  # no pickles unless asked for
            log_mel, rows, spans = kept["log_mel"], kept["rows"], kept["spans"]
            is_sound, waveform, samples = kept["is_sound"], kept["waveform"], kept["samples"]
            request = json.loads(str(kept["request"]))
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise ModelError("worker.no_features", why=str(error)) from error
    options = TranscriptionRequest.from_dict(request).options
    pieces = np.split(log_mel, np.cumsum(rows)[:-1])
    waveforms = np.split(waveform, np.cumsum(samples)[:-1])
    return [
        Request(Utterance(float(start), float(end), heard, piece, bool(sound)), options)
        for (start, end), heard, piece, sound in zip(
            spans, waveforms, pieces, is_sound, strict=True
        )
    ]


def _request(options: Options) -> dict[str, object]:
    return TranscriptionRequest(options).to_dict()
