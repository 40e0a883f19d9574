"""An engine that is ready, and the parts it is made of."""

from dataclasses import dataclass
from typing import NamedTuple

from richspeech.engines.adapters import Adapter
from richspeech.engines.hub import ADAPTED, Weights
from richspeech.recognition.live import Sketcher
from richspeech.recognition.pipeline import Transcriber
from richspeech.recognition.scheduler import ModelThread


@dataclass(frozen=True)
class Models:
    """The folders that an engine is made of."""

    recogniser: Weights
    detector: Weights
    punctuation: Weights | None = None
    adapter: Adapter | None = None
    """Of the recogniser."""

    @property
    def name(self) -> str:
        """What people call the recogniser, its adapter included."""
        return self.recogniser.name + (f"{ADAPTED}{self.adapter.name}" if self.adapter else "")


class Parts(NamedTuple):
    """What comes of loading them."""

    transcriber: Transcriber
    model_thread: ModelThread | None = None
    sketcher: Sketcher | None = None
    """For live transcription; None where recordings are taken whole."""
