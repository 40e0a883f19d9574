"""Recognisers of utterances: detector, features, recogniser and queue put together."""

from richspeech.engines.common.calibrated import Calibrated
from richspeech.engines.common.ct_punc import CtPunc
from richspeech.engines.common.fbank import Fbank
from richspeech.engines.common.fsmn_vad import FsmnVad
from richspeech.engines.common.punctuated import Punctuated
from richspeech.engines.denoising.load import Denoisers
from richspeech.engines.loaded import Models, Parts
from richspeech.recognition.live import Sketcher
from richspeech.recognition.pipeline import Pipeline, Recogniser, RecognitionQueue
from richspeech.recognition.reading import BLOCK_SECONDS, Reader
from richspeech.recognition.scheduler import Scheduler
from richspeech.settings import Settings

CUDA_BLOCK_SECONDS = 20.0
"""A GPU does blocks five times as long in almost the same time."""


def assemble(
    recogniser: Recogniser,
    settings: Settings,
    models: Models,
    device: str,
    *,
    hears_events: bool = False,
    times_all: bool = False,
) -> Parts:
    """Give a recogniser what it needs to hear recordings, and people who still talk."""
    if models.recogniser.calibration is not None:
        recogniser = Calibrated(recogniser, models.recogniser.calibration)
    if models.punctuation is not None:
        folder, threads = models.punctuation.folder, settings.model.threads
        recogniser = Punctuated(recogniser, CtPunc.load(folder, device, threads=threads))
    scheduler = Scheduler(
        recogniser,
        batch_seconds=settings.scheduler.batch_seconds(device),
        queue_seconds=settings.scheduler.queue_seconds,
    )
    pipeline = reading(
        scheduler, settings, models, device, hears_events=hears_events, times_all=times_all
    )
    return Parts(pipeline, scheduler, Sketcher(scheduler, Fbank()))


def reading(
    queue: RecognitionQueue,
    settings: Settings,
    models: Models,
    device: str,
    *,
    hears_events: bool = False,
    times_all: bool = False,
) -> Pipeline:
    """Return what hears recordings with a recogniser that may be anywhere, behind ``queue``.

    One that ``hears_events`` is asked what sounds between utterances, where the settings want it;
    one that ``times_all`` its tokens gets what lies before a cut through speech on either side.
    """
    detector = FsmnVad.load(
        models.detector.folder,
        max_end_silence_ms=settings.vad.max_end_silence_ms,
        max_single_segment_ms=settings.vad.max_single_segment_ms,
        cut_search_ms=settings.vad.cut_search_ms,
        cache_folder=settings.model.cache_folder,
    )
    block_seconds = CUDA_BLOCK_SECONDS if device.startswith("cuda") else BLOCK_SECONDS
    hears_sounds = hears_events and settings.vad.sounds
    reader = Reader(
        Fbank(),
        detector,
        block_seconds,
        hears_sounds=hears_sounds,
        raises_quiet=settings.vad.raise_quiet,
        denoisers=Denoisers(),
        overlaps=times_all,
    )
    calibration = models.recogniser.calibration
    return Pipeline(
        queue,
        reader,
        model=models.name,
        sure_sound=settings.vad.sure_sound,
        unsure_below=None if calibration is None else calibration.unsure_below,
    )
