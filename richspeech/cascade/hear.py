"""Clips → what the model makes of them, and what the rules make of that."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path

from postprocess import Emotion
from richspeech.adaptation.clips import Clip, read_clips
from richspeech.audio.prosody import measure_prosody
from richspeech.audio.vad import SpeechSpan
from richspeech.engines.adapters import Adapter
from richspeech.engines.hub import Weights
from richspeech.engines.loader import audio_limits, default_options, load_engine
from richspeech.engines.registry import engine_named
from richspeech.engines.sentiment.load import irony_limits, lazy_reader
from richspeech.errors import ModelError
from richspeech.model.prosody import Prosody
from richspeech.model.transcript import Hypothesis, Segment
from richspeech.recognition.pipeline import RecognitionJob, segment_of
from richspeech.recognition.utterance import Request, Utterance
from richspeech.review.examples import Example, Fault
from richspeech.settings import Settings
from richspeech.stages.cascade import can_be_judged, heard
from richspeech.stages.chain import Chain, Recipe

AT_ONCE = 64
"""Clips that wait for the model."""


@dataclass(frozen=True)
class Heard:
    """One clip, as one utterance."""

    example: Example
    measured: Segment
    """As the model measured it, its voice included."""
    edited: Segment
    """As rules leave the model's own answer, which no calibration has put in doubt: a cascade must
    not look better for answering more often. With the sentiment of its words where that is read."""


@dataclass(frozen=True)
class _Asked:
    example: Example
    seconds: float
    voice: Prosody
    future: Future[Hypothesis]

    def segment(self) -> Segment:
        """Wait for it; raises what the model raised."""
        span = SpeechSpan(0.0, self.seconds)
        return replace(segment_of(span, self.future.result()), prosody=self.voice)


class Ear:
    """The engine of the settings, with their rules and without a cascade, until it is closed."""

    def __init__(self, settings: Settings) -> None:
        """Load it; raises ``ModelError``, and ``OptionError`` for one that has no probabilities."""
        engine = settings.model.engine
        self._settings, self._options = settings, default_options(settings)
        self.reads = engine in settings.sentiment.engines
        """Whether the sentiment of the words is read."""
        engine_named(engine).require_cascades()
        self._loaded = load_engine(settings, engine)
        if self._loaded.sketcher is None:
            raise ModelError("worker.whole_recordings", engine=engine)
        self._sketcher = self._loaded.sketcher

    @property
    def weights(self) -> Weights:
        """Those that hear."""
        return self._loaded.weights

    @property
    def adapter(self) -> Adapter | None:
        """What they were made to fit somebody's recordings with."""
        return self._loaded.adapter

    def hear(self, file: Path, faults: list[Fault]) -> Iterator[Heard]:
        """Yield what is heard in the clips of a file; lines that are none go to ``faults``.

        Clips without words are left out: what sounds there is never judged. Raises ``OptionError``
        when the file cannot be read.
        """
        waiting, chain = deque[_Asked](), self._chain()
        with self._sketcher.queue.job() as job:
            for each in read_clips(file, audio_limits(self._settings)):
                if isinstance(each, Fault):
                    faults.append(each)
                else:
                    waiting.append(self._asked(each, job))
                if len(waiting) > AT_ONCE:
                    yield from _heard(waiting.popleft(), chain)
            while waiting:
                yield from _heard(waiting.popleft(), chain)

    def _chain(self) -> Chain:
        """Return the stages of a transcription, but for hotwords and the cascade."""
        recipe = Recipe(
            rules=self._settings.rules,
            reader=lazy_reader(self._settings) if self.reads else None,
            limits=irony_limits(self._settings),
        )
        return recipe.chain(self._options)

    def _asked(self, clip: Clip, job: RecognitionJob) -> _Asked:
        """Ask for a clip as one utterance, as which the page exports it."""
        waveform, example = clip.waveform, clip.example
        log_mel = self._sketcher.frontend.stream().feed(waveform).log_mel
        options = replace(self._options, inverse_text_normalization=example.itn)
        request = Request(Utterance(0.0, clip.seconds, waveform, log_mel), options)
        return _Asked(example, clip.seconds, measure_prosody(waveform), job.submit(request))

    def close(self) -> None:
        """Let the engine go."""
        self._loaded.close()


def _heard(asked: _Asked, chain: Chain) -> Iterator[Heard]:
    (measured,) = chain.measured([asked.segment()])
    if can_be_judged(measured):
        named = replace(measured, emotion=Emotion(heard(measured, "emotion")))
        (edited,), _ = chain.edited([named])
        yield Heard(asked.example, measured, edited)
