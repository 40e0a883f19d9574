"""Settings → weights → engine → transcriber: the only place that knows the concrete classes."""

import logging
import sys
import time
from dataclasses import dataclass, replace
from functools import partial

from postprocess import Rule
from richspeech.audio.decode import AudioLimits
from richspeech.engines.hub import (
    EMBEDDED,
    EMBEDDED_DETECTOR,
    EMBEDDED_PUNCTUATION,
    Weights,
    find_weights,
)
from richspeech.engines.loaded import Models
from richspeech.engines.on_demand import OnDemand
from richspeech.engines.registry import engine_named
from richspeech.engines.sentiment.load import (
    LoadedClassifier,
    classifier_on_demand,
    find_classifier,
    irony_limits,
)
from richspeech.memory import give_back, resident_bytes
from richspeech.model.capability import Capability
from richspeech.model.options import Options, language_hint
from richspeech.model.sentiment import Limits
from richspeech.recognition.live import Sketcher
from richspeech.recognition.pipeline import Transcriber
from richspeech.recognition.scheduler import ModelThread
from richspeech.settings import Settings
from richspeech.stages.reading_transcriber import ReadingTranscriber
from richspeech.stages.relabelling import RelabellingTranscriber

log = logging.getLogger(__name__)

CUDA_SWITCH_SECONDS = 0.0005
"""How long a thread may keep Python's lock beside a GPU; the model's thread needs the lock for each
of a thousand kernels in a batch, and Python's own 5 ms are as long as ten of them take."""


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
    punctuation_weights: Weights | None = None
    """Of the engine that does not punctuate by itself."""
    memory_bytes: int | None = None
    """By how much the process grew while it was loaded; weights that are mapped come in later."""
    sentiment_weights: Weights | None = None
    """Of what reads the words, where the settings want that of this engine."""
    sketcher: Sketcher | None = None
    """For reading along while somebody talks; None where recordings are taken whole."""
    rules: tuple[Rule, ...] | None = None
    """Those that took the place of the settings' own after it was loaded."""
    unread: Transcriber | None = None
    """The transcriber without what reads the words; None where nothing does."""

    @property
    def is_embedded(self) -> bool:
        """Whether this is the tiny model that ships with the project."""
        return self.weights.is_embedded

    @property
    def all_weights(self) -> tuple[Weights | None, ...]:
        """Of everything that has a part in a transcript."""
        others = (self.vad_weights, self.punctuation_weights, self.sentiment_weights)
        return (self.weights, *others)

    def with_rules(self, rules: tuple[Rule, ...], limits: Limits) -> "Loaded":
        """Return it with these rules alone; ``limits`` weigh voice against words anew."""
        ruled = partial(RelabellingTranscriber, rules=rules, limits=limits)
        unread = None if self.unread is None else ruled(self.unread)
        return replace(self, transcriber=ruled(self.transcriber), unread=unread, rules=rules)

    def with_reading(
        self, reader: OnDemand[LoadedClassifier], weights: Weights, limits: Limits
    ) -> "Loaded":
        """Return it with its words read for their sentiment by a model of these ``weights``."""
        reading = ReadingTranscriber(self.transcriber, reader, limits)
        return replace(
            self, transcriber=reading, unread=self.transcriber, sentiment_weights=weights
        )

    def without_reading(self) -> "Loaded":
        """Return it with nothing that reads its words."""
        plain = self.unread or self.transcriber
        return replace(self, transcriber=plain, unread=None, sentiment_weights=None)

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
    recogniser = find(chosen.weights_id(settings), chosen.embedded)
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
    detector = find(EMBEDDED if embedded else model.vad_id, EMBEDDED_DETECTOR)
    if chosen.can(Capability.PUNCTUATION):
        return Models(recogniser, detector)
    punctuation = EMBEDDED if embedded else settings.paraformer.punctuation_id
    return Models(recogniser, detector, find(punctuation, EMBEDDED_PUNCTUATION))


def load(settings: Settings, engine: str | None = None) -> Loaded:
    """Load an engine, that of the settings if none is named.

    Raises ``ModelError`` when its weights cannot be had.
    """
    # These imports take seconds and torch; a help text or a settings error needs neither.
    from richspeech.engines.common.device import choose_device  # noqa: PLC0415

    started = time.perf_counter()
    give_back()  # what others have freed must not count as this engine's
    before = resident_bytes()
    engine = engine or settings.model.engine
    models = find_models(settings, engine)
    found = find_classifier(settings) if engine in settings.sentiment.engines else None
    device, reason = choose_device(settings.model.device)
    log.info("device %s: %s", device, reason)
    if device.startswith("cuda"):
        sys.setswitchinterval(CUDA_SWITCH_SECONDS)
    parts = engine_named(engine).load(settings, models, device)
    grown = resident_bytes() - before
    seconds = time.perf_counter() - started
    log.info("%s is ready after %.1f s, in %.0f MB", engine, seconds, grown / 1e6)
    loaded = Loaded(
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
    )
    if found is None:
        return loaded
    reader = classifier_on_demand(settings, found)
    return loaded.with_reading(reader, found.weights, irony_limits(settings))


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
