"""The one thread that owns a model; everybody's calls queue for it, first come first served."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from richspeech.audio import Waveform
from richspeech.options import Options
from richspeech.pipeline import Recogniser, WholeRecogniser
from richspeech.transcript import Hypothesis, Segment


class Scheduler:
    """A recogniser that many threads may call: a batch waits for its turn on the model's thread."""

    def __init__(self, recogniser: Recogniser) -> None:
        self.name = recogniser.name
        self._recogniser, self._executor = recogniser, _model_thread()

    def recognise(self, waveforms: Sequence[Waveform], options: Options) -> list[Hypothesis]:
        """Recognise on the model's thread; errors reach the caller."""
        return self._executor.submit(self._recogniser.recognise, waveforms, options).result()


class WholeScheduler:
    """The same for an engine that takes whole recordings."""

    def __init__(self, recogniser: WholeRecogniser) -> None:
        self.name = recogniser.name
        self._recogniser, self._executor = recogniser, _model_thread()

    def segments(self, waveform: Waveform, options: Options) -> tuple[Segment, ...]:
        """Recognise on the model's thread; errors reach the caller."""
        return self._executor.submit(self._recogniser.segments, waveform, options).result()


def _model_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="model")
