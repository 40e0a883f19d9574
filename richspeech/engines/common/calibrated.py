"""A recogniser whose probabilities hold."""

from collections.abc import Sequence

from richspeech.model.calibration import Calibration
from richspeech.model.transcript import Hypothesis
from richspeech.recognition.pipeline import Recogniser
from richspeech.recognition.utterance import Request


class Calibrated:
    """Recognises, then calibrates what it says; each utterance by itself."""

    def __init__(self, recogniser: Recogniser, calibration: Calibration) -> None:
        self._recogniser, self._calibration = recogniser, calibration
        self.name = recogniser.name

    def recognise(self, requests: Sequence[Request]) -> list[Hypothesis]:
        """Return one hypothesis a request, in order."""
        heard = self._recogniser.recognise(requests)
        return [
            self._calibration.apply(
                each,
                request.utterance.duration,
                names_any=request.options.ban_unknown_emotion,
            )
            for each, request in zip(heard, requests, strict=True)
        ]
