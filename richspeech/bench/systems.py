"""The systems measured: this program, and ``AutoModel.generate`` as its authors call it."""

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from richspeech.audio.decode import open_recording
from richspeech.bench.speech import LIMITS
from richspeech.engines import loader
from richspeech.engines.common.automodel import load_automodel
from richspeech.engines.common.device import choose_device
from richspeech.engines.reference.engine import BATCH_SECONDS
from richspeech.engines.transcribers import load
from richspeech.model.options import Options
from richspeech.model.transcript import Transcript
from richspeech.recognition.pipeline import Cancel, Progress
from richspeech.recognition.reading import WaveformSource
from richspeech.recognition.utterance import Utterance
from richspeech.settings import Settings


class Ours:
    """The whole program, as the command line and the page load it."""

    def __init__(self, settings: Settings) -> None:
        self.loaded = load(settings)

    def follow(
        self, recording: WaveformSource, cancelled: Cancel = lambda: False
    ) -> Iterator[Progress]:
        """Transcribe step by step."""
        return self.loaded.transcriber.transcribe(recording, Options(), cancelled)

    def transcribe(self, recording: WaveformSource) -> Transcript:
        """Transcribe what is in memory."""
        for progress in self.follow(recording):
            transcript = progress.transcript
        return transcript

    def transcribe_file(self, path: Path) -> Transcript:
        """Transcribe a file, decoding included."""
        with open_recording(path, LIMITS) as recording:
            return self.transcribe(recording)

    def transcribe_together(self, recordings: Sequence[WaveformSource]) -> list[Transcript]:
        """Let as many clients as there are recordings ask at once."""
        with ThreadPoolExecutor(len(recordings)) as clients:
            return list(clients.map(self.transcribe, recordings))

    def seconds_to_first_text(self, recording: WaveformSource) -> float:
        """Return how long somebody waits for the first words."""
        started = time.perf_counter()
        steps = self.follow(recording)
        for progress in steps:
            if any(segment.text for segment in progress.new):
                break
        waited = time.perf_counter() - started
        steps.close()  # type: ignore[attr-defined]
        return waited


class Authors:
    """SenseVoiceSmall and fsmn-vad in one ``AutoModel``, called as its authors' page calls it.

    Without ``merge_vad``, so that it hears the utterances that the others hear.
    """

    def __init__(self, settings: Settings) -> None:
        models = loader.find_models(settings)
        weights, vad_weights = models.recogniser, models.detector
        vad = settings.vad
        self._auto_model = load_automodel(
            weights.folder,
            "SenseVoiceSmall",
            choose_device(settings.model.device)[0],
            thread_count(settings),
            frontend_conf={"dither": 0.0},
            vad_model=str(vad_weights.folder.resolve()),
            vad_kwargs={
                "max_end_silence_time": vad.max_end_silence_ms,
                "max_single_segment_time": vad.max_single_segment_ms,
                "device": "cpu",
                "disable_update": True,
            },
        )

    def transcribe_file(self, path: Path) -> str:
        """Return the words of a recording, with tags; one call, one search for speech."""
        result = self._auto_model.generate(
            input=str(path),
            cache={},
            language="auto",
            use_itn=True,
            batch_size_s=BATCH_SECONDS,
            max_end_silence_time=self._auto_model.vad_kwargs["max_end_silence_time"],
        )
        return str(result[0]["text"])

    def tokens(self, utterance: Utterance) -> list[str]:
        """Return the tokens of one utterance, tags left out, spelled as ours are."""
        numbers = _Numbers()
        kwargs = {**self._auto_model.kwargs, "tokenizer": numbers}
        self._auto_model.inference(
            [utterance.waveform], kwargs=kwargs, language="auto", use_itn=True
        )
        processor = self._auto_model.kwargs["tokenizer"].sp
        pieces = [processor.id_to_piece(number) for number in numbers.read]
        texts = [p.replace("▁", " ") for p in pieces if not (p[:2] == "<|" and p[-2:] == "|>")]
        return [text for text in (*(t.lstrip() for t in texts[:1]), *texts[1:]) if text]


class _Numbers:
    """Stands in for funasr's tokenizer and keeps what it is asked to spell."""

    def __init__(self) -> None:
        self.read: list[int] = []

    def decode(self, numbers: list[int]) -> str:
        """Keep the ids of one utterance."""
        self.read = numbers
        return ""


def thread_count(settings: Settings) -> int:
    """Return the threads that every system gets."""
    return settings.model.threads or os.cpu_count() or 1
