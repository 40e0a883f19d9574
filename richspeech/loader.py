"""Settings → weights → engine → transcriber: the only place that knows the concrete classes."""

import logging
import sys
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
from richspeech.pipeline import BLOCK_SECONDS, Pipeline, Transcriber, WholePipeline
from richspeech.scheduler import ModelThread, Scheduler, WholeScheduler
from richspeech.settings import Settings

log = logging.getLogger(__name__)

CUDA_SWITCH_SECONDS = 0.0005
"""How long a thread may keep Python's lock beside a GPU; the model's thread needs the lock for each
of a thousand kernels in a batch, and Python's own 5 ms are as long as ten of them take."""

CUDA_BLOCK_SECONDS = 20.0
"""A GPU does blocks five times as long in almost the same time."""


@dataclass(frozen=True)
class Loaded:
    """A transcriber that is ready, and what people want to know of it."""

    transcriber: Transcriber
    engine: str
    weights: Weights
    vad_weights: Weights
    device: str
    device_reason: str
    model_thread: ModelThread | None = None

    @property
    def is_embedded(self) -> bool:
        """Whether this is the tiny model that ships with the project."""
        return self.weights.source is Source.EMBEDDED

    def close(self) -> None:
        """End every transcription, and the model's thread once it has done what it is at."""
        if self.model_thread is not None:
            self.model_thread.close()


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

    started = time.perf_counter()
    weights, vad_weights = find_models(settings)
    device, reason = choose_device(settings.model.device)
    log.info("device %s: %s", device, reason)
    if device.startswith("cuda"):
        sys.setswitchinterval(CUDA_SWITCH_SECONDS)
    transcriber, model_thread = _transcriber(settings, weights, vad_weights, device)
    log.info("ready after %.1f s", time.perf_counter() - started)
    return Loaded(
        transcriber,
        settings.model.engine,
        weights,
        vad_weights,
        device,
        reason,
        model_thread,
    )


def _transcriber(
    settings: Settings, weights: Weights, vad_weights: Weights, device: str
) -> tuple[Transcriber, ModelThread]:
    from richspeech.engines.fbank import Fbank  # noqa: PLC0415
    from richspeech.engines.fsmn_vad import FsmnVad  # noqa: PLC0415
    from richspeech.engines.reference import Reference  # noqa: PLC0415
    from richspeech.engines.sensevoice.engine import SenseVoice  # noqa: PLC0415

    model, vad = settings.model, settings.vad
    if model.engine == "reference":
        conf = {
            "max_end_silence_time": vad.max_end_silence_ms,
            "max_single_segment_time": vad.max_single_segment_ms,
        }
        whole = WholeScheduler(
            Reference.load(weights.folder, vad_weights.folder, device, conf, model.threads)
        )
        return WholePipeline(whole, model=weights.name, rules=settings.rules), whole
    detector = FsmnVad.load(
        vad_weights.folder,
        max_end_silence_ms=vad.max_end_silence_ms,
        max_single_segment_ms=vad.max_single_segment_ms,
        cache_folder=model.cache_folder,
    )
    recogniser = SenseVoice.load(
        weights.folder,
        device,
        backend=model.backend,
        precision=model.precision,
        cache_folder=model.cache_folder,
        threads=model.threads,
    )
    scheduler = Scheduler(
        recogniser,
        batch_seconds=settings.scheduler.batch_seconds(device),
        queue_seconds=settings.scheduler.queue_seconds,
    )
    pipeline = Pipeline(
        scheduler,
        Fbank(),
        detector,
        model=weights.name,
        rules=settings.rules,
        block_seconds=CUDA_BLOCK_SECONDS if device.startswith("cuda") else BLOCK_SECONDS,
    )
    return pipeline, scheduler


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
