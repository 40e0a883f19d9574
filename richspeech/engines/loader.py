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
    EMBEDDED_PARAFORMER,
    EMBEDDED_PUNCTUATION,
    EMBEDDED_RECOGNISER,
    Weights,
    find_weights,
)
from richspeech.engines.on_demand import OnDemand
from richspeech.engines.sentiment.load import (
    LoadedClassifier,
    classifier_on_demand,
    find_classifier,
    irony_limits,
)
from richspeech.memory import give_back, resident_bytes
from richspeech.model.options import Options, language_hint
from richspeech.model.sentiment import Limits
from richspeech.recognition.live import Sketcher
from richspeech.recognition.pipeline import (
    BLOCK_SECONDS,
    Finish,
    Pipeline,
    Recogniser,
    Transcriber,
    WholePipeline,
)
from richspeech.recognition.scheduler import ModelThread, Scheduler, WholeScheduler
from richspeech.settings import Settings
from richspeech.stages.punctuation import Punctuated
from richspeech.stages.reading_transcriber import ReadingTranscriber
from richspeech.stages.relabelling import RelabellingTranscriber
from richspeech.stages.sentences import sentences_of, undivided

log = logging.getLogger(__name__)

PARAFORMER, REFERENCE = "paraformer", "reference"

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


@dataclass(frozen=True)
class Models:
    """The folders that an engine is made of."""

    recogniser: Weights
    detector: Weights
    punctuation: Weights | None = None


def find_models(settings: Settings, engine: str | None = None) -> Models:
    """Choose the weights of an engine, that of the settings if none is named.

    The tiny recognisers were trained with the tiny detector, so they always get that one; and where
    the big one is not to be had, waiting for the big punctuation model would be in vain.
    """
    model, paraformer = settings.model, settings.paraformer
    find = partial(
        find_weights, require=model.require_model, timeout_seconds=model.hub_timeout_seconds
    )
    is_paraformer = (engine or model.engine) == PARAFORMER
    recogniser = (
        find(paraformer.id, EMBEDDED_PARAFORMER)
        if is_paraformer
        else find(model.id, EMBEDDED_RECOGNISER)
    )
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
    if not is_paraformer:
        return Models(recogniser, detector)
    punctuation = EMBEDDED if embedded else paraformer.punctuation_id
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
    load_engine = _load_whole if engine == REFERENCE else _load_streaming
    transcriber, model_thread, sketcher = load_engine(settings, engine, models, device)
    grown = resident_bytes() - before
    seconds = time.perf_counter() - started
    log.info("%s is ready after %.1f s, in %.0f MB", engine, seconds, grown / 1e6)
    loaded = Loaded(
        transcriber,
        engine,
        models.recogniser,
        models.detector,
        device,
        reason,
        model_thread,
        models.punctuation,
        grown,
        sketcher=sketcher,
    )
    if found is None:
        return loaded
    reader = classifier_on_demand(settings, found)
    return loaded.with_reading(reader, found.weights, irony_limits(settings))


def _load_whole(
    settings: Settings, _: str, models: Models, device: str
) -> tuple[Transcriber, ModelThread, None]:
    from richspeech.engines.reference.engine import Reference  # noqa: PLC0415

    conf = {
        "max_end_silence_time": settings.vad.max_end_silence_ms,
        "max_single_segment_time": settings.vad.max_single_segment_ms,
    }
    folders = (models.recogniser.folder, models.detector.folder)
    whole = WholeScheduler(Reference.load(*folders, device, conf, settings.model.threads))
    finish = Finish(settings.rules, settings.hotwords)
    return WholePipeline(whole, model=models.recogniser.name, finish=finish), whole, None


def _load_streaming(
    settings: Settings, engine: str, models: Models, device: str
) -> tuple[Transcriber, ModelThread, Sketcher]:
    from richspeech.engines.common.fbank import Fbank  # noqa: PLC0415
    from richspeech.engines.common.fsmn_vad import FsmnVad  # noqa: PLC0415

    detector = FsmnVad.load(
        models.detector.folder,
        max_end_silence_ms=settings.vad.max_end_silence_ms,
        max_single_segment_ms=settings.vad.max_single_segment_ms,
        cache_folder=settings.model.cache_folder,
    )
    load_recogniser = _load_paraformer if engine == PARAFORMER else _load_sensevoice
    scheduler = Scheduler(
        load_recogniser(settings, models, device),
        batch_seconds=settings.scheduler.batch_seconds(device),
        queue_seconds=settings.scheduler.queue_seconds,
    )
    divide = sentences_of if engine == PARAFORMER else undivided
    frontend, finish = Fbank(), Finish(settings.rules, settings.hotwords, divide)
    pipeline = Pipeline(
        scheduler,
        frontend,
        detector,
        model=models.recogniser.name,
        finish=finish,
        block_seconds=CUDA_BLOCK_SECONDS if device.startswith("cuda") else BLOCK_SECONDS,
    )
    return pipeline, scheduler, Sketcher(scheduler, frontend, finish)


def _load_sensevoice(settings: Settings, models: Models, device: str) -> Recogniser:
    from richspeech.engines.sensevoice.engine import SenseVoice  # noqa: PLC0415

    model = settings.model
    return SenseVoice.load(
        models.recogniser.folder,
        device,
        backend=model.backend,
        precision=model.precision,
        cache_folder=model.cache_folder,
        threads=model.threads,
    )


def _load_paraformer(settings: Settings, models: Models, device: str) -> Recogniser:
    from richspeech.engines.common.ct_punc import CtPunc  # noqa: PLC0415
    from richspeech.engines.paraformer.engine import Paraformer  # noqa: PLC0415

    threads = settings.model.threads
    recogniser = Paraformer.load(models.recogniser.folder, device, threads=threads)
    if models.punctuation is None:
        return recogniser
    return Punctuated(recogniser, CtPunc.load(models.punctuation.folder, device, threads=threads))


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
