"""An engine that is ready, and the parts it is made of."""

from dataclasses import dataclass
from typing import NamedTuple

from richspeech.engines.hub import Weights
from richspeech.recognition.live import Sketcher
from richspeech.recognition.pipeline import Transcriber
from richspeech.recognition.scheduler import ModelThread


@dataclass(frozen=True)
class Models:
    """The folders that an engine is made of."""

    recogniser: Weights
    detector: Weights
    punctuation: Weights | None = None


class Parts(NamedTuple):
    """What comes of loading them."""

    transcriber: Transcriber
    model_thread: ModelThread | None = None
    sketcher: Sketcher | None = None
    """For live transcription; None where recordings are taken whole."""
