"""The sections of the bench, one function each; each returns its part of the JSON."""

import logging
import statistics
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.bench import sentiment
from richspeech.bench.cache import CACHE
from richspeech.bench.child import CLIP_SECONDS
from richspeech.bench.machine import describe, has_bfloat16, matrix_gflops
from richspeech.bench.measure import alternate, run_child, timed
from richspeech.bench.reading import Reading, processor_seconds, write_mp3
from richspeech.bench.recall import recall_seconds
from richspeech.bench.setup import Setup
from richspeech.bench.sherpa import SherpaInt8
from richspeech.bench.speech import (
    Repeated,
    clips,
    find_utterances,
    make_speech,
    speech_path,
    write_wav,
)
from richspeech.bench.systems import Authors, Ours, thread_count
from richspeech.bench.voice_activity import Detection
from richspeech.bench.weights import size_of
from richspeech.engines import loader
from richspeech.engines.common.device import choose_device
from richspeech.engines.common.fsmn_vad import FsmnVad
from richspeech.engines.sensevoice.engine import SenseVoice
from richspeech.engines.sensevoice.parity import equal_share
from richspeech.errors import Cancelled, ModelError
from richspeech.model.options import Options
from richspeech.model.transcript import Hypothesis
from richspeech.recognition.utterance import Request, Utterance

log = logging.getLogger(__name__)

WARM_UP_SECONDS = 30.0
HOURS = 3_600.0
TEN_HOURS, THREE_HOURS = 10 * HOURS, 3 * HOURS
CLIENTS = 16
CPU_ENCODERS = (
    ("torch", "float32"),
    ("torch", "bfloat16"),
    ("openvino", "float32"),
    ("openvino", "bfloat16"),
    ("openvino", "int8"),
    ("auto", "int8"),
)
CUDA_ENCODERS = (("torch", "float32"), ("torch", "bfloat16"))

Findings = dict[str, Any]


class Bench:
    """The systems and the speech of one run; each is made when it is first needed."""

    def __init__(self, setup: Setup) -> None:
        self.setup, self.settings = setup, setup.settings()
        self.device, self.device_reason = choose_device(self.settings.model.device)
        models = loader.find_models(self.settings)
        self.weights, self.vad_weights = models.recogniser, models.detector

    @cached_property
    def speech(self) -> Waveform:
        """The speech, which is also written where other processes find it."""
        waveform = make_speech(self.setup.seconds)
        CACHE.mkdir(parents=True, exist_ok=True)
        write_wav(waveform, self.file)
        return waveform

    @property
    def recall_seconds(self) -> float:
        """Length of the recording that is recalled: two hours, less in a quick look."""
        return min(2 * HOURS, 12 * self.setup.seconds)

    @property
    def file(self) -> Path:
        """The speech on disk."""
        return speech_path(self.setup.seconds, CACHE)

    @cached_property
    def detector(self) -> FsmnVad:
        """The detector that the settings ask for."""
        vad = self.settings.vad
        return FsmnVad.load(
            self.vad_weights.folder,
            max_end_silence_ms=vad.max_end_silence_ms,
            max_single_segment_ms=vad.max_single_segment_ms,
        )

    @cached_property
    def utterances(self) -> list[Utterance]:
        """The speech, cut as the pipeline cuts it."""
        return find_utterances(self.speech, self.detector)

    @cached_property
    def ours(self) -> Ours:
        """The whole program."""
        return Ours(self.settings)

    @cached_property
    def authors(self) -> Authors:
        """``AutoModel.generate``."""
        return Authors(self.settings)

    @cached_property
    def sherpa(self) -> SherpaInt8:
        """sherpa-onnx; raises ``ImportError`` where it is not installed."""
        folder = self.weights.folder
        # Beside weights that were built here, so that it goes when they go.
        cache = folder if folder.parent == CACHE else CACHE
        return SherpaInt8(folder, cache, thread_count(self.settings))

    @cached_property
    def engine(self) -> SenseVoice:
        """The recogniser alone, as the settings ask for it."""
        return self.load_engine()

    def load_engine(self, backend: str | None = None, precision: str | None = None) -> SenseVoice:
        """Load another recogniser; raises ``ModelError`` where it cannot be had."""
        model = self.settings.model
        return SenseVoice.load(
            self.weights.folder,
            self.device,
            backend=backend or model.backend,
            precision=precision or model.precision,
            cache_folder=model.cache_folder,
            threads=model.threads,
        )

    def batches(self, utterances: Sequence[Utterance]) -> list[list[Request]]:
        """Return utterances in batches of similar length, as the scheduler would make them."""
        most = self.settings.scheduler.batch_seconds(self.device)
        batches: list[list[Request]] = [[]]
        for utterance in sorted(utterances, key=lambda each: each.duration):
            if batches[-1] and utterance.duration * (len(batches[-1]) + 1) > most:
                batches.append([])
            batches[-1].append(Request(utterance, Options()))
        return batches


def rtfx(seconds: float, timing: float) -> float:
    """Return audio seconds a second."""
    return seconds / timing


# ------------------------------------------------------------------------------------ sections


def basics(bench: Bench) -> Findings:
    """Say what was measured, where, and what the machine allows."""
    size = size_of(bench.weights.folder)
    precision = bench.engine.encoder.precision
    gflops = matrix_gflops(bench.device, precision)
    spoken = sum(each.duration for each in bench.utterances)
    gflop = size.gflop_per_second * spoken  # silence costs the recogniser nothing
    return {
        "machine": describe(bench.device),
        "device": bench.device,
        "device_reason": str(bench.device_reason),
        "encoder": bench.engine.encoder.description,
        "weights": bench.weights.name,
        "vad_weights": bench.vad_weights.name,
        "parameters": size.parameters,
        "gflop_per_second": size.gflop_per_second,
        "speech_seconds": bench.setup.seconds,
        "utterances": len(bench.utterances),
        "utterance_seconds": spoken,
        "repeat": bench.setup.repeat,
        "limit": {
            "precision": precision,
            "gflops": gflops,
            "rtfx": bench.setup.seconds * gflops / gflop if gflop else None,
        },
    }


def speed(bench: Bench) -> Findings:
    """Measure from a file on disk to the transcript, beside the two others."""
    systems: dict[str, Callable[[], object]] = {
        "ours": lambda: bench.ours.transcribe_file(bench.file),
        "reference": lambda: bench.authors.transcribe_file(bench.file),
    }
    notes = {}
    try:
        bench.sherpa.recognise(bench.utterances[:3])
        systems["sherpa_int8"] = lambda: bench.sherpa.recognise(bench.utterances)
    except ImportError as error:
        notes["sherpa_int8"] = f"Not measured: {error.name} is not installed."
    warm_up = speech_path(WARM_UP_SECONDS, CACHE)
    write_wav(bench.speech[: round(WARM_UP_SECONDS * SAMPLE_RATE)], warm_up)
    bench.ours.transcribe_file(warm_up)
    bench.authors.transcribe_file(warm_up)
    batches = bench.batches(bench.utterances)
    systems["recogniser"] = partial(_recognise_all, bench.engine, batches)
    timings = alternate(systems, bench.setup.repeat)
    seconds = bench.setup.seconds
    found = {name: rtfx(seconds, timing.median) for name, timing in timings.items()}
    spread = {
        name: [rtfx(seconds, max(timing.runs)), rtfx(seconds, min(timing.runs))]
        for name, timing in timings.items()
    }
    return {"rtfx": {"sherpa_int8": None, **found}, "rtfx_spread": spread, "notes": notes}


def tokens(bench: Bench) -> Findings:
    """Compare the tokens with the reference's, on the same utterances."""
    expected = [bench.authors.tokens(each) for each in bench.utterances]
    exact = _heard(bench, bench.load_engine(precision="float32"))
    found = {"as_used": _heard(bench, bench.engine), "float32": exact}
    for precision in _other_precisions(bench):
        found[precision] = _heard(bench, bench.load_engine(precision=precision))
    return {
        "tokens_equal_percent": {
            name: 100 * equal_share(expected, [_texts(each) for each in heard])
            for name, heard in found.items()
        },
        "tag_difference": {name: _tag_difference(exact, heard) for name, heard in found.items()},
        "tokens": sum(map(len, expected)),
    }


def _other_precisions(bench: Bench) -> list[str]:
    coarse = ["bfloat16"] if has_bfloat16(bench.device) else []
    return coarse if bench.device.startswith("cuda") else [*coarse, "int8"]


def _heard(bench: Bench, engine: SenseVoice) -> list[Hypothesis]:
    heard: dict[float, Hypothesis] = {}
    for batch in bench.batches(bench.utterances):
        for request, hypothesis in zip(batch, engine.recognise(batch), strict=True):
            heard[request.utterance.start] = hypothesis
    return [heard[each.start] for each in bench.utterances]


def _texts(hypothesis: Hypothesis) -> list[str]:
    return [token.text for token in hypothesis.tokens]


def _tag_difference(exact: list[Hypothesis], heard: list[Hypothesis]) -> float:
    """Return the largest difference between two probabilities of a tag."""
    return max(
        abs(share - found[name])
        for one, other in zip(exact, heard, strict=True)
        for expected, found in (
            (one.language_probabilities, other.language_probabilities),
            (one.emotion_probabilities, other.emotion_probabilities),
            (one.event_probabilities, other.event_probabilities),
        )
        for name, share in expected.items()
    )


def encoders(bench: Bench) -> Findings:
    """Measure the recogniser alone, with every backend, on utterances that are cut already."""
    kinds = CUDA_ENCODERS if bench.device.startswith("cuda") else CPU_ENCODERS
    batches = bench.batches(bench.utterances)
    systems: dict[str, Callable[[], object]] = {}
    notes = {}
    for backend, precision in kinds:
        name = f"{backend} {precision}"
        if precision == "bfloat16" and not has_bfloat16(bench.device):
            notes[name] = "Not measured: this machine has no bfloat16 and only emulates it."
            continue
        try:
            engine = bench.load_engine(backend, precision)
        except ModelError as error:
            notes[name] = str(error)
            continue
        systems[name] = partial(_recognise_all, engine, batches)
        engine.recognise(batches[0])
    timings = alternate(systems, bench.setup.repeat)
    found = {name: rtfx(bench.setup.seconds, each.median) for name, each in timings.items()}
    return {"encoder_rtfx": found, "notes": notes}


def _recognise_all(engine: SenseVoice, batches: list[list[Request]]) -> None:
    for batch in batches:
        engine.recognise(batch)


def voice_activity(bench: Bench) -> Findings:
    """Measure the detector: its decisions alone, and the whole."""
    detection = Detection(bench.vad_weights.folder, bench.detector, bench.settings.vad)
    decisions = detection.decisions(bench.speech)
    whole = detection.whole(bench.speech)
    for work in (*decisions.values(), *whole.values()):
        work()
    deciding = alternate(decisions, bench.setup.repeat)
    detecting = alternate(whole, bench.setup.repeat)
    return {
        "vad_speedup": deciding["reference"].median / deciding["ours"].median,
        "vad_rtfx": {
            name: rtfx(bench.setup.seconds, each.median) for name, each in detecting.items()
        },
        "vad_spans_equal": whole["ours"]() == whole["reference"](),
    }


def sounds(bench: Bench) -> Findings:
    """Find what sounds outside speech: how much it is, and how much longer it all takes."""
    found = find_utterances(bench.speech, bench.detector, hears_sounds=True)
    heard = {"without": [each for each in found if not each.is_sound], "with": found}
    systems: dict[str, Callable[[], object]] = {
        name: partial(_find_and_recognise, bench, each, hears_sounds=name == "with")
        for name, each in heard.items()
    }
    alternate(systems, 1)
    timings = alternate(systems, bench.setup.repeat)
    more = timings["with"].median / timings["without"].median - 1
    seconds = {name: sum(each.duration for each in row) for name, row in heard.items()}
    return {"sounds": {
        "speech_seconds": seconds["without"],
        "sound_seconds": seconds["with"] - seconds["without"],
        "cost_percent": 100 * more,
    }}  # fmt: skip


def _find_and_recognise(bench: Bench, heard: list[Utterance], *, hears_sounds: bool) -> None:
    find_utterances(bench.speech, bench.detector, hears_sounds=hears_sounds)
    _recognise_all(bench.engine, bench.batches(heard))


def start(bench: Bench) -> Findings:
    """Start fresh processes: how long until they are ready, and the most memory they need."""
    run_child("start ours", bench.setup)  # fills the cache
    ready: dict[str, list[float]] = {"ours": [], "authors": []}
    for _ in range(bench.setup.repeat):
        for name, seconds in ready.items():
            seconds.append(run_child(f"start {name}", bench.setup).ready_seconds)
    _ = bench.speech
    ours, authors = (run_child(f"transcribe {name}", bench.setup).facts for name in ready)
    return {
        "ready_seconds": statistics.median(ready["ours"]),
        "reference_ready_seconds": statistics.median(ready["authors"]),
        "peak_memory_mb": ours["peak_mb"],
        "reference_peak_memory_mb": authors["peak_mb"],
        "peak_gpu_memory_mb": ours["peak_gpu_mb"],
        "reference_peak_gpu_memory_mb": authors["peak_gpu_mb"],
    }


def first_text(bench: Bench) -> Findings:
    """Press the button for ten hours of speech: how long until there are words."""
    recording = Repeated(bench.speech, TEN_HOURS)
    bench.ours.seconds_to_first_text(recording)
    waits = [bench.ours.seconds_to_first_text(recording) for _ in range(bench.setup.repeat)]
    return {"first_text_seconds": statistics.median(waits)}


def long_recording(bench: Bench) -> Findings:
    """Weigh the process in the beginning of a long recording, and later."""
    return {"long_recording": run_child("long", bench.setup).facts}


def clients(bench: Bench) -> Findings:
    """Let many clients ask at once, and one beside a long recording."""
    recordings = clips(bench.speech, CLIP_SECONDS, CLIENTS)

    def found() -> list[Utterance]:
        rows = [find_utterances(each.speech, bench.detector) for each in recordings]
        return [each for row in rows for each in row]

    def one_batch() -> None:
        bench.engine.recognise([Request(each, Options()) for each in found()])

    systems: dict[str, Callable[[], object]] = {
        "clients": lambda: bench.ours.transcribe_together(recordings),
        "one batch": one_batch,
        "one caller": lambda: _recognise_all(bench.engine, bench.batches(found())),
    }
    alternate(systems, 1)
    timings = alternate(systems, bench.setup.repeat)
    seconds = CLIENTS * CLIP_SECONDS
    together, batch, caller = (rtfx(seconds, timings[name].median) for name in systems)
    return {
        "clients": {"count": CLIENTS, "rtfx": together, "one_batch_rtfx": batch,
                    "share": together / batch, "one_caller_rtfx": caller},
        "clip_beside_long": _clip_beside_long(bench, recordings[0]),
    }  # fmt: skip


def _clip_beside_long(bench: Bench, clip: Repeated) -> Findings:
    def seconds() -> float:
        turns = [timed(lambda: bench.ours.transcribe(clip)) for _ in range(bench.setup.repeat)]
        return statistics.median(turns)

    idle = seconds()
    with _busy_with(bench.ours, Repeated(bench.speech, THREE_HOURS)):
        busy = seconds()
    return {"idle_seconds": idle, "busy_seconds": busy, "ratio": busy / idle}


@contextmanager
def _busy_with(ours: Ours, recording: Repeated) -> Iterator[None]:
    """Transcribe a recording in another thread; enter when its first words are there."""
    begun, stop = threading.Event(), threading.Event()

    def work() -> None:
        try:
            for progress in ours.follow(recording, stop.is_set):
                if progress.transcript.segments:
                    begun.set()
        except Cancelled:
            log.info("the long recording was stopped")

    thread = threading.Thread(target=work)
    thread.start()
    try:
        begun.wait()
        yield
    finally:
        stop.set()
        thread.join()


def many_clips(bench: Bench) -> Findings:
    """Weigh the process over a thousand clips in a row."""
    return {"clips": run_child("clips", bench.setup).facts}


def text_sentiment(bench: Bench) -> Findings:
    """Read sentences with torch and with ONNX in 8 bits, and weigh both."""
    model = bench.settings.model
    folder = sentiment.folder_of(bench.setup.model, CACHE)
    both = sentiment.Classifiers.load(folder, model.cache_folder, model.threads)
    found = sentiment.measure(both, bench.setup.repeat)
    memory = {
        name: run_child(f"sentiment {name}", bench.setup).facts for name in sentiment.BACKENDS
    }
    return {"sentiment": found | {"memory": memory}}


def reading_alone(bench: Bench) -> Findings:
    """Read an MP3 to utterances, by processor time, beside ffmpeg's libraries and funasr."""
    path = bench.file.with_suffix(".mp3")
    write_mp3(bench.speech, path)
    reading = Reading.of(path, bench.vad_weights.folder, bench.detector, bench.settings.vad)
    systems: dict[str, Callable[[], object]] = {
        "ours": reading.ours,
        "reference": reading.reference,
    }
    alternate(systems, 1)
    timings = alternate(systems, bench.setup.repeat, processor_seconds)
    return {
        "reading_rtfx": {
            name: rtfx(bench.setup.seconds, timing.median) for name, timing in timings.items()
        }
    }


def recall(bench: Bench) -> Findings:
    """Ask for two hours that the history has, beside what recognising them takes."""
    heard = bench.ours.transcribe_file(bench.file)
    path = speech_path(bench.recall_seconds, CACHE)
    recording = Repeated(bench.speech, bench.recall_seconds)
    write_wav(np.concatenate([*recording.blocks(HOURS)]), path)
    taken = recall_seconds(path, heard, bench.setup.repeat)
    path.unlink()
    return {
        "recall": {
            "seconds": bench.recall_seconds,
            "recall_seconds": statistics.median(taken),
            "recognise_seconds": bench.recall_seconds * heard.processing_seconds / heard.duration,
        }
    }


RUN: dict[str, Callable[[Bench], Findings]] = {
    "speed": speed,
    "tokens": tokens,
    "encoders": encoders,
    "vad": voice_activity,
    "sounds": sounds,
    "start": start,
    "first": first_text,
    "long": long_recording,
    "clients": clients,
    "clips": many_clips,
    "sentiment": text_sentiment,
    "reading": reading_alone,
    "recall": recall,
}


def run(setup: Setup, names: Sequence[str]) -> Findings:
    """Measure the sections of these names; return the object that ``--json`` prints."""
    bench = Bench(setup)
    findings = basics(bench)
    notes: dict[str, str] = {}
    for name in names:
        log.info("section %s", name)
        found = RUN[name](bench)
        notes |= found.pop("notes", {})
        findings |= found
    return findings | {"notes": notes}
