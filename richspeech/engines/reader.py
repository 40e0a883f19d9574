"""What reading processes need of the engines: to have it ready before the first recording."""

import pickle
import wave
from io import BytesIO

import numpy as np
import torch

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import open_recording
from richspeech.audio.mono import SAMPLE_RATE
from richspeech.audio.vad import VadOptions
from richspeech.engines.common.fbank import MEL_BINS, Fbank
from richspeech.engines.common.fsmn import Affine, Block, Fsmn
from richspeech.engines.common.fsmn_vad import SPLICED, FsmnVad
from richspeech.engines.denoising.load import load_denoisers
from richspeech.language.catalog import locales, say
from richspeech.language.figures import FORMS, Figure
from richspeech.model.options import Options
from richspeech.recognition.reading import Reader

SILENCE_SECONDS = 1.0


def warm_up() -> None:
    """Read a second of silence with a detector of nothing: all that this loads and compiles stays.

    That is 2 s of work, of which every process that is forked from here is spared.
    """
    _speak()
    load_denoisers()
    made = Reader(Fbank(), FsmnVad(_blank(), VadOptions()))
    reader: Reader = pickle.loads(made.pickled)  # noqa: S301 - our own; torch loads more for it
    with open_recording(BytesIO(_silence()), AudioLimits(10**6, 10.0)) as recording:
        for _ in reader.read(recording, Options()):
            pass


def _speak() -> None:
    """Spell a number in every way: sentences, and how languages spell, are read when first used."""
    for locale in locales():
        say("audio.empty", locale, name="")
        for form in FORMS:
            format(Figure(12_345.6, locale), form)  # one below 1,000 has nothing to be spelled


def _blank() -> Fsmn:
    """Return the smallest network of the kind."""
    first = Affine(torch.zeros(SPLICED * MEL_BINS, 1), torch.zeros(1))
    block = Block(
        torch.zeros(1, 1), torch.zeros(1, 1, 1, 2), 1, Affine(torch.zeros(1, 1), first[1])
    )
    return Fsmn((first,), (block,), (Affine(torch.zeros(1, 2), torch.zeros(2)),), [0])


def _silence() -> bytes:
    file = BytesIO()
    with wave.open(file, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(SAMPLE_RATE)
        recording.writeframes(np.zeros(round(SILENCE_SECONDS * SAMPLE_RATE), "<i2").tobytes())
    return file.getvalue()
