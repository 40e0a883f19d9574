"""``python -m richspeech doctor``: versions, the device and which weights would be used."""

import importlib.metadata
import platform
import subprocess
import sys

from richspeech.cli.options import MODEL, Model
from richspeech.engines import loader
from richspeech.engines.emotion2vec.load import emotion_recogniser_in_words
from richspeech.engines.loaded import Models
from richspeech.engines.sentiment.load import find_classifier
from richspeech.errors import RichSpeechError
from richspeech.readers.limits import usual_processes
from richspeech.settings import ReadingSettings, Settings

PACKAGES = (
    *("funasr", "modelscope", "torch", "torchaudio", "transformers", "onnxruntime", "gradio"),
    *("av", "kaldi-native-fbank"),
)


CONFINED = (
    "from richspeech.readers.limits import ReaderLimits, confine\n"
    "raise SystemExit(not confine(ReaderLimits()))"
)
"""A program that gives up what reading does not need, and fails where calls cannot be filtered."""

IN_8_BITS = "sensevoice"
"""The engine that computes in 8 bits where a trial has found that exact."""

EXAMPLES = ("doctor", "doctor --engine paraformer --device cpu")


def doctor(*, model: Model = MODEL) -> int:
    """Print versions, the device and which weights would be used."""
    from richspeech.engines.common.device import choose_device  # noqa: PLC0415 - torch takes a second
    from richspeech.engines.common.funasr_import import fbank_backend  # noqa: PLC0415

    settings = model.settings()
    print(f"python              {platform.python_version()} on {platform.platform()}")
    for name in PACKAGES:
        print(f"{name:<20}{_version(name)}")
    device, reason = choose_device(settings.model.device)
    print(f"{'device':<20}{device} ({reason})")
    print(f"{'funasr fbank':<20}{fbank_backend()}")
    models = loader.find_models(settings)
    found = {
        "model": models.recogniser,
        "vad model": models.detector,
        "punctuation model": models.punctuation,
        "sentiment model": find_classifier(settings).weights,
    }
    for label, weights in found.items():
        if weights is not None:
            print(f"{label:<20}{weights.name} ({weights.reason})")
    if models.adapter is not None:
        print(f"{'adapter':<20}{models.adapter.name}")
    if settings.cascade.use is not None:
        print(f"{'cascade':<20}{settings.cascade.use}")
    if settings.model.engine == IN_8_BITS:
        print(f"{'8 bits':<20}{_eight_bits(settings, models)}")
    print(f"{'emotion model':<20}{emotion_recogniser_in_words(settings)}")
    print(f"{'reading':<20}{_readers(settings.reading)}")
    return 0


def _readers(asked: ReadingSettings) -> str:
    """Say how many processes read recordings, what each may take, and whether calls are refused."""
    count = usual_processes() if asked.processes is None else asked.processes
    if not count:
        return "in the server itself (reading.processes: 0)"
    tried = subprocess.run([sys.executable, "-c", CONFINED], check=False)  # noqa: S603 - our own
    calls = (
        "calls of the system filtered"
        if tried.returncode == 0
        else "no filter of system calls here"
    )
    memory, start, more = asked.memory_bytes, asked.cpu_seconds, asked.cpu_seconds_per_second
    return (
        f"{count} {'process' if count == 1 else 'processes'} kept, each with "
        f"{memory / 2**20:.0f} MiB and {start:g} s of processor time, {more:g} s more for each "
        f"second of sound; {calls}"
    )


def _eight_bits(settings: Settings, models: Models) -> str:
    """Say what a start with these weights has found out about computing in 8 bits."""
    from richspeech.engines.sensevoice.int8 import known_parity  # noqa: PLC0415 - torch, too
    from richspeech.engines.sensevoice.lora import Base  # noqa: PLC0415

    base = Base(models.recogniser.folder, models.adapter)
    try:
        parity = known_parity(base, settings.model.cache_folder)
    except (ImportError, RichSpeechError):
        parity = None
    if parity is None:
        return "not tried with these weights on this machine"
    return f"{parity} ({'exact' if parity.is_exact else 'not exact'} enough for precision: auto)"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
