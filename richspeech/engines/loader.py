"""Settings → weights → engine → transcriber: the only place that knows the concrete classes."""

import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from postprocess import Rule
from richspeech.audio.container import AudioLimits
from richspeech.engines.adapters import Adapter, find_adapter
from richspeech.engines.calibration import find_calibration
from richspeech.engines.cascades import Cascade
from richspeech.engines.hub import (
    EMBEDDED,
    EMBEDDED_DETECTOR,
    EMBEDDED_PUNCTUATION,
    Weights,
    embedded_weights,
    find_weights,
)
from richspeech.engines.loaded import Models
from richspeech.engines.registry import Engine, engine_named, engines, engines_for
from richspeech.engines.sentiment.load import LazyReader, irony_limits
from richspeech.errors import ModelError
from richspeech.language.catalog import Notice
from richspeech.memory import give_back, release_libraries, resident_bytes
from richspeech.model.capability import Capability
from richspeech.model.options import Options, language_hint
from richspeech.model.speaker import by_channel
from richspeech.recognition.live import Sketcher
from richspeech.recognition.pipeline import RecognitionQueue, Transcriber
from richspeech.recognition.scheduler import ModelThread
from richspeech.recognition.staged import StagedTranscriber
from richspeech.recognition.voiced import VoicedTranscriber, VoiceEncoders
from richspeech.settings import Settings
from richspeech.stages.chain import Recipe

log = logging.getLogger(__name__)

READER = "whisper"
"""The engine whose weights come as packages, so that it hears people without a hub."""
CUDA_SWITCH_SECONDS = 0.0005
"""How long a thread may keep Python's lock beside a GPU; the model's thread needs the lock for each
of a thousand kernels in a batch, and Python's own 5 ms are as long as ten of them take."""


class ClosingQueue(RecognitionQueue, Protocol):
    """A recogniser that many share, wherever it is, until somebody closes it."""

    def close(self) -> None:
        """Answer nothing more."""


@dataclass(frozen=True)
class Loaded:
    """A transcriber that is ready, and what people want to know of it."""

    transcriber: Transcriber
    engine: str
    weights: Weights
    vad_weights: Weights
    device: str
    device_reason: Notice
    model_thread: ModelThread | ClosingQueue | None = None
    punctuation_weights: Weights | None = None
    """Of the engine that does not punctuate by itself."""
    memory_bytes: int | None = None
    """By how much the process grew while it was loaded; weights that are mapped come in later."""
    sentiment_weights: Weights | None = None
    """Of what reads the words, where somebody wants that."""
    sketcher: Sketcher | None = None
    """For live transcription; None where recordings are taken whole."""
    adapter: Adapter | None = None
    """What its weights were made to fit somebody's recordings with."""
    rules: tuple[Rule, ...] | None = None
    """Those that mend labels here, in the place of the settings' own; None: nothing mends them."""
    cascade: Cascade | None = None
    """What revises labels here."""

    @property
    def is_embedded(self) -> bool:
        """Whether this is the tiny model that ships with the project."""
        return self.weights.is_embedded

    @property
    def remedy(self) -> Notice | None:
        """What hears people where no hub is in reach; None with weights that do."""
        if not self.is_embedded:
            return None
        return Notice("remedy.choose" if engines()[READER].is_installed else "remedy.install")

    @property
    def all_weights(self) -> tuple[Weights | None, ...]:
        """Of everything that has a part in a transcript."""
        others = (self.vad_weights, self.punctuation_weights, self.sentiment_weights)
        return (self.weights, *others)

    def close(self) -> None:
        """End every transcription, and the model's thread once it has done what it is at."""
        if self.model_thread is not None:
            self.model_thread.close()


def find_models(settings: Settings, engine: str | None = None) -> Models:
    """Choose the weights of an engine, that of the settings if none is named.

    The tiny recognisers were trained with the tiny detector, so they always get that one; and where
    the big one is not to be had, waiting for the big punctuation model would be in vain.
    """
    model, chosen = settings.model, engine_named(engine or settings.model.engine)
    find = partial(
        find_weights, require=model.require_model, timeout_seconds=model.hub_timeout_seconds
    )
    recogniser = (
        chosen.find(settings) if chosen.find else find(chosen.weights_id(settings), chosen.embedded)
    )
    adapter = _adapter(settings, chosen, recogniser)
    if chosen.can(Capability.LIVE):
        known = find_calibration(settings, recogniser.folder, adapter)
        recogniser = replace(recogniser, calibration=known)
    embedded = recogniser.is_embedded
    if embedded and model.vad_id != EMBEDDED:
        is_usual = model.vad_id == type(model).model_fields["vad_id"].default
        log.log(
            logging.INFO if is_usual else logging.WARNING,
            "model.vad_id %s is ignored, since %s was trained with models/%s",
            model.vad_id,
            recogniser.name,
            EMBEDDED_DETECTOR.name,
        )

    def beside(asked: str, tiny: Path) -> Weights:
        if embedded and asked != EMBEDDED:
            return embedded_weights(tiny, Notice("why.beside", {"name": recogniser.name}))
        return find(asked, tiny)

    detector = beside(model.vad_id, EMBEDDED_DETECTOR)
    if chosen.can(Capability.PUNCTUATION):
        return Models(recogniser, detector, adapter=adapter)
    punctuation = beside(settings.paraformer.punctuation_id, EMBEDDED_PUNCTUATION)
    return Models(recogniser, detector, punctuation)


def _adapter(settings: Settings, engine: Engine, recogniser: Weights) -> Adapter | None:
    """Return the adapter that the settings name; raises ``ModelError`` where it does not fit."""
    name = settings.model.adapter
    if name is None:
        return None
    if not engine.can(Capability.ADAPTERS):
        able = engines_for(Capability.ADAPTERS)
        raise ModelError("adapter.engine", engine=engine.name, known=able)
    adapter = find_adapter(settings.adapters.folder, name)
    adapter.require_base(recogniser.folder)
    return adapter


def with_stages(
    loaded: Loaded,
    settings: Settings,
    rules: tuple[Rule, ...],
    reader: LazyReader | None,
    cascade: Cascade | None = None,
    voices: VoiceEncoders | None = None,
) -> Loaded:
    """Return an engine, as ``load_engine`` gave it, whose segments go through all stages."""
    recipe = Recipe(
        rules=rules,
        hotword_limits=settings.hotwords,
        divides=loaded.punctuation_weights is not None,
        reader=reader,
        limits=irony_limits(settings),
        cascade=cascade,
    )
    transcriber = loaded.transcriber
    if voices is not None:
        transcriber = VoicedTranscriber(transcriber, voices)
    return replace(
        loaded,
        transcriber=StagedTranscriber(
            transcriber, recipe, engine_named(loaded.engine).require_languages
        ),
        sketcher=loaded.sketcher and loaded.sketcher.with_recipe(recipe),
        rules=rules,
        cascade=cascade,
        sentiment_weights=reader.weights if reader else None,
    )


def load_engine(settings: Settings, engine: str) -> Loaded:
    """Load an engine alone: its segments are as recognised, one an utterance.

    Raises ``ModelError`` when its weights cannot be had.
    """
    # These imports take seconds and torch; a help text or a settings error needs neither.
    from richspeech.engines.common.device import choose_device  # noqa: PLC0415

    started = time.perf_counter()
    give_back()  # what others have freed must not count as this engine's
    release_libraries()  # nor may what is released below be taken off what it needs
    before = resident_bytes()
    models = find_models(settings, engine)
    device, reason = choose_device(settings.model.device)
    log.info("device %s: %s", device, reason)
    if device.startswith("cuda"):
        sys.setswitchinterval(CUDA_SWITCH_SECONDS)
    parts = engine_named(engine).load(settings, models, device)
    give_back()
    release_libraries()
    grown = max(resident_bytes() - before, 0)  # what others free meanwhile counts, too
    seconds = time.perf_counter() - started
    log.info("%s is ready after %.1f s, in %.0f MB", engine, seconds, grown / 1e6)
    return Loaded(
        parts.transcriber,
        engine,
        models.recogniser,
        models.detector,
        device,
        reason,
        parts.model_thread,
        models.punctuation,
        grown,
        sketcher=parts.sketcher,
        adapter=models.adapter,
    )


def load_reading(
    queue_of: Callable[[str, Models], ClosingQueue], settings: Settings, engine: str
) -> Loaded:
    """Load what an engine needs beside its recogniser, which works elsewhere, behind a queue.

    Raises ``ModelError`` when weights cannot be had, even those of the recogniser, since they tell
    what it hears, and for an engine that takes recordings whole.
    """
    from richspeech.engines.common.streaming import reading  # noqa: PLC0415 - imports torch

    able = engine_named(engine)
    if not able.can(Capability.LIVE):
        raise ModelError("worker.whole_recordings", engine=engine)
    models = find_models(settings, engine)
    queue = queue_of(engine, models)
    return Loaded(
        reading(
            queue,
            settings,
            models,
            "cpu",
            hears_events=able.can(Capability.EVENTS),
            # as where it hears by itself: Whisper's window of 30 s has no room for more
            times_all=able.can(Capability.PUNCTUATION) and not able.hears_waveforms,
        ),
        engine,
        models.recogniser,
        models.detector,
        "cpu",
        Notice("device.elsewhere"),
        queue,
        models.punctuation,
        adapter=models.adapter,
    )


def default_options(settings: Settings) -> Options:
    """Return what config.yaml asks for when a request says nothing else."""
    asked = settings.recognition
    return Options(
        language=language_hint(asked.language),
        allowed_languages=asked.allowed_languages,
        inverse_text_normalization=asked.inverse_text_normalization,
        merge=asked.merge,
        merge_length_s=asked.merge_length_s,
        tracks=asked.tracks,
        channels=asked.channels,
        speakers=by_channel(asked.speakers.items()),
        denoise=asked.denoise,
        protected_words=asked.protected_words,
        voices=asked.voices,
        ban_unknown_emotion=asked.ban_unknown_emotion,
    )


def audio_limits(settings: Settings) -> AudioLimits:
    """Return the limits on recordings."""
    return AudioLimits(settings.limits.max_bytes, settings.limits.max_seconds)
