"""One measurement in a process of its own, since a process's memory seldom shrinks.

Prints ``ready`` once the model is loaded, and its findings as JSON at the end.
"""

import json
import logging
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from richspeech.bench import sentiment
from richspeech.bench.cache import CACHE
from richspeech.bench.measure import BYTES_PER_MB, MemoryGrowth, peak_mb
from richspeech.bench.setup import Setup
from richspeech.bench.speech import Repeated, clips, make_speech, speech_path
from richspeech.bench.systems import Authors, Ours

CLIPS, CLIPS_TO_WARM_UP = 1_000, 100
CLIP_SECONDS = 10.0
MOST_SECONDS = 300.0
"""For the long recording, and for the clips; what was done until then is measured."""


def start_ours(setup: Setup) -> dict[str, Any]:
    """Load, and do nothing."""
    Ours(setup.settings())
    _say_ready()
    return _peaks()


def start_authors(setup: Setup) -> dict[str, Any]:
    """Load ``AutoModel``, and do nothing."""
    Authors(setup.settings())
    _say_ready()
    return _peaks()


def transcribe_ours(setup: Setup) -> dict[str, Any]:
    """Transcribe the speech."""
    system = Ours(setup.settings())
    _say_ready()
    system.transcribe_file(speech_path(setup.seconds, CACHE))
    return _peaks()


def transcribe_authors(setup: Setup) -> dict[str, Any]:
    """Transcribe the speech as the model's authors do."""
    system = Authors(setup.settings())
    _say_ready()
    system.transcribe_file(speech_path(setup.seconds, CACHE))
    return _peaks()


def transcribe_long(setup: Setup) -> dict[str, Any]:
    """Transcribe the speech again and again, as one recording."""
    system = Ours(setup.settings())
    _say_ready()
    memory = MemoryGrowth()
    recording = Repeated(make_speech(setup.seconds), setup.long_seconds)
    began = time.perf_counter()
    for progress in system.follow(recording):
        memory.look(early=progress.seconds_done <= setup.seconds)
        if time.perf_counter() - began > MOST_SECONDS:
            break
    return {"seconds": progress.seconds_done, **memory.to_dict()}


def transcribe_clips(setup: Setup) -> dict[str, Any]:
    """Transcribe a thousand clips, each by itself."""
    system = Ours(setup.settings())
    _say_ready()
    memory = MemoryGrowth()
    began = time.perf_counter()
    for number, clip in enumerate(clips(make_speech(setup.seconds), CLIP_SECONDS, CLIPS)):
        system.transcribe(clip)
        memory.look(early=number < CLIPS_TO_WARM_UP)
        if number > CLIPS_TO_WARM_UP and time.perf_counter() - began > MOST_SECONDS:
            break
    return {"count": number + 1, **memory.to_dict()}


def sentiment_of(setup: Setup, backend: str) -> dict[str, Any]:
    """Read sentences, beside torch as the recogniser has it loaded anyway."""
    model = setup.settings().model
    folder = sentiment.folder_of(setup.model, CACHE)
    _say_ready()
    return sentiment.growth_mb(folder, backend, model.cache_folder, model.threads)


ROLES: dict[str, Callable[[Setup], dict[str, Any]]] = {
    "start ours": start_ours,
    "start authors": start_authors,
    "transcribe ours": transcribe_ours,
    "transcribe authors": transcribe_authors,
    "long": transcribe_long,
    "clips": transcribe_clips,
    **{f"sentiment {name}": partial(sentiment_of, backend=name) for name in sentiment.BACKENDS},
}


def _say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


def _peaks() -> dict[str, Any]:
    gpu = torch.cuda.max_memory_allocated() / BYTES_PER_MB if torch.cuda.is_available() else None
    return {"peak_mb": peak_mb(), "peak_gpu_mb": gpu}


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    json.dump(ROLES[sys.argv[1]](Setup(**json.loads(sys.argv[2]))), sys.stdout)
