"""Reading alone, from an MP3 to utterances with their features: ours beside ffmpeg and funasr.

By processor time in one thread, since what is read beside the model has no core of its own.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch

from richspeech.audio.decode import open_recording
from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.bench.speech import FULL_SCALE, LIMITS
from richspeech.engines.common.automodel import load_automodel
from richspeech.engines.common.fbank import Fbank
from richspeech.engines.common.fsmn_vad import MODEL_CLASS, FsmnVad
from richspeech.model.options import Options
from richspeech.recognition.reading import Reader
from richspeech.settings import VadSettings

MP3_HZ, MP3_BITS = 44_100, 96_000
FRONTEND: dict[str, Any] = {
    "fs": SAMPLE_RATE,
    "window": "hamming",
    "n_mels": 80,
    "dither": 0.0,
    "frame_length": 25,
    "frame_shift": 10,
    "lfr_m": 7,
    "lfr_n": 6,
}
"""SenseVoiceSmall's."""


def write_mp3(speech: Waveform, path: Path) -> None:
    """Write a recording as people send it."""
    samples = np.round(speech * FULL_SCALE).astype(np.int16)[None]
    with av.open(path, "w") as container:
        stream = container.add_stream("libmp3lame", rate=MP3_HZ, layout="mono")
        stream.bit_rate = MP3_BITS
        resampler = av.AudioResampler("s16p", "mono", MP3_HZ)
        frame = av.AudioFrame.from_ndarray(samples, format="s16p", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        for resampled in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(resampled))
        container.mux(stream.encode(None))


@dataclass(frozen=True)
class Reading:
    """Both ways, with the same detector's weights."""

    path: Path
    detector: FsmnVad
    auto_model: Any
    frontend: Any
    settings: VadSettings

    @classmethod
    def of(cls, path: Path, folder: Path, detector: FsmnVad, settings: VadSettings) -> "Reading":
        """Load funasr's detector and frontend."""
        from funasr.frontends.wav_frontend import WavFrontend  # noqa: PLC0415 - heavy

        auto_model = load_automodel(
            folder,
            MODEL_CLASS,
            "cpu",
            1,
            max_single_segment_time=settings.max_single_segment_ms,
            max_end_silence_time=settings.max_end_silence_ms,
        )
        return cls(path, detector, auto_model, WavFrontend(**FRONTEND), settings)

    def ours(self) -> int:
        """Return how many utterances are found."""
        with open_recording(self.path, LIMITS) as recording:
            stretches = Reader(Fbank(), self.detector).read(recording, Options())
            return sum(len(stretch.utterances) for stretch in stretches)

    def reference(self) -> int:
        """Return how many spans are found, and make the features of each."""
        waveform = _decoded(self.path)
        silence_ms = self.settings.max_end_silence_ms
        result = self.auto_model.generate(waveform, cache={}, max_end_silence_time=silence_ms)
        spans = result[0]["value"]
        per_ms = SAMPLE_RATE // 1_000
        for start, end in spans:
            piece = torch.from_numpy(waveform[start * per_ms : end * per_ms])[None]
            self.frontend(piece, [piece.shape[1]])
        return len(spans)


def _decoded(path: Path) -> Waveform:
    """Decode with ffmpeg's libraries and nothing else, as ``ffmpeg -ac 1 -ar 16000`` does."""
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
    with av.open(path) as container:
        frames = [
            each.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for each in resampler.resample(frame)
        ]
    frames += [each.to_ndarray()[0] for each in resampler.resample(None)]
    return (np.concatenate(frames) / (FULL_SCALE + 1)).astype(np.float32)


def processor_seconds(work: Callable[[], object]) -> float:
    """Return the processor time that ``work`` takes in this process, all threads together."""
    began = time.process_time()
    work()
    return time.process_time() - began
