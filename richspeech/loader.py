"""Settings → weights → engine → transcriber: the only place that knows the concrete classes."""

import logging
import time
from dataclasses import dataclass
from functools import partial

from richspeech.audio import AudioLimits
from richspeech.hub import (
    EMBEDDED,
    EMBEDDED_DETECTOR,
    EMBEDDED_RECOGNISER,
    Source,
    Weights,
    find_weights,
)
from richspeech.options import Options, language_hint
from richspeech.pipeline import Pipeline, Transcriber, WholePipeline
from richspeech.scheduler import Scheduler, WholeScheduler
from richspeech.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Loaded:
    """A transcriber that is ready, and what people want to know of it."""

    transcriber: Transcriber
    engine: str
    weights: Weights
    vad_weights: Weights
    device: str
    device_reason: str
    fbank_backend: str
    """torchaudio or kaldi-native-fbank."""

    @property
    def is_embedded(self) -> bool:
        """Whether this is the tiny model that ships with the project."""
        return self.weights.source is Source.EMBEDDED


def find_models(settings: Settings) -> tuple[Weights, Weights]:
    """Choose the weights of the recogniser and of the detector.

    The tiny recogniser was trained with the tiny detector, so it always gets that one.
    """
    model = settings.model
    find = partial(
        find_weights, require=model.require_model, timeout_seconds=model.hub_timeout_seconds
    )
    weights = find(model.id, EMBEDDED_RECOGNISER)
    vad_id = EMBEDDED if weights.source is Source.EMBEDDED else model.vad_id
    return weights, find(vad_id, EMBEDDED_DETECTOR)


def load(settings: Settings) -> Loaded:
    """Load the models; raises ``ModelError`` when they cannot be had."""
    # These imports take seconds and torch; a help text or a settings error needs neither.
    from richspeech.engines.device import choose_device  # noqa: PLC0415
    from richspeech.engines.funasr_door import fbank_backend  # noqa: PLC0415

    started = time.perf_counter()
    weights, vad_weights = find_models(settings)
    device, reason = choose_device(settings.model.device)
    log.info("device %s: %s", device, reason)
    transcriber = _transcriber(settings, weights, vad_weights, device)
    log.info("ready after %.1f s", time.perf_counter() - started)
    return Loaded(
        transcriber, settings.model.engine, weights, vad_weights, device, reason, fbank_backend()
    )


def _transcriber(
    settings: Settings, weights: Weights, vad_weights: Weights, device: str
) -> Transcriber:
    from richspeech.engines.fsmn_vad import FsmnVad  # noqa: PLC0415
    from richspeech.engines.reference import Reference  # noqa: PLC0415
    from richspeech.engines.sensevoice.engine import SenseVoice  # noqa: PLC0415

    threads, vad = settings.model.threads, settings.vad
    if settings.model.engine == "reference":
        conf = {
            "max_end_silence_time": vad.max_end_silence_ms,
            "max_single_segment_time": vad.max_single_segment_ms,
        }
        whole = Reference.load(weights.folder, vad_weights.folder, device, conf, threads)
        return WholePipeline(WholeScheduler(whole), model=weights.name, rules=settings.rules)
    detector = FsmnVad.load(
        vad_weights.folder,
        max_end_silence_ms=vad.max_end_silence_ms,
        max_single_segment_ms=vad.max_single_segment_ms,
    )
    recogniser = Scheduler(SenseVoice.load(weights.folder, device, threads))
    return Pipeline(recogniser, detector, model=weights.name, rules=settings.rules)


def default_options(settings: Settings) -> Options:
    """Return what config.yaml asks for when a request says nothing else."""
    asked = settings.recognition
    return Options(
        language=language_hint(asked.language),
        allowed_languages=asked.allowed_languages,
        inverse_text_normalization=asked.inverse_text_normalization,
        merge=asked.merge,
        merge_length_s=asked.merge_length_s,
        ban_unknown_emotion=asked.ban_unknown_emotion,
    )


def audio_limits(settings: Settings) -> AudioLimits:
    """Return the limits on recordings."""
    return AudioLimits(settings.limits.max_bytes, settings.limits.max_seconds)
