"""SenseVoiceSmall, loaded through ``funasr.AutoModel``; recognises batches of utterances."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from richspeech.audio import SAMPLE_RATE, Waveform
from richspeech.engines.automodel import load_automodel
from richspeech.engines.sensevoice.decode import Vocabulary, decode
from richspeech.engines.sensevoice.encoder import SanmEncoder, Scores
from richspeech.engines.sensevoice.features import FeatureConfig, extract_batch
from richspeech.errors import ModelError
from richspeech.options import Options
from richspeech.transcript import Hypothesis

MODEL_CLASS = "SenseVoiceSmall"


class SenseVoice:
    """One loaded model. Not thread-safe: one thread owns it."""

    name = "sensevoice"

    def __init__(self, auto_model: Any) -> None:
        self.encoder = SanmEncoder(auto_model.model).eval()
        frontend, tokenizer = auto_model.kwargs["frontend"], auto_model.kwargs["tokenizer"]
        if frontend.cmvn is None:
            message = "The SenseVoice model has no am.mvn; copy the whole model folder."
            raise ModelError(message)
        shift, scale = np.asarray(frontend.cmvn, dtype=np.float32)
        self.features = FeatureConfig(frontend.lfr_m, frontend.lfr_n, shift, scale)
        self._vocabulary = Vocabulary(tokenizer.sp)

    @classmethod
    def load(cls, folder: Path, device: str, threads: int | None = None) -> "SenseVoice":
        """Load the weights in ``folder``; raises ``ModelError`` when they are not SenseVoice's."""
        auto_model = load_automodel(
            folder,
            MODEL_CLASS,
            device,
            threads or os.cpu_count() or 1,
            frontend_conf={"dither": 0.0},
        )
        return cls(auto_model)

    def recognise(self, waveforms: Sequence[Waveform], options: Options) -> list[Hypothesis]:
        """Recognise utterances (float32 mono 16 kHz, at most about 30 s each), one result each."""
        if not waveforms:
            return []
        found = self._pass(waveforms, options.language, options)
        if options.language is None:
            self._settle_languages(waveforms, found, options)
        return found

    def _settle_languages(
        self, waveforms: Sequence[Waveform], found: list[Hypothesis], options: Options
    ) -> None:
        """Recognise again, in the likeliest allowed language, what was heard in another."""
        for language in options.allowed_languages:
            strays = [i for i, h in enumerate(found) if self._stray(h, options) == language]
            again = self._pass([waveforms[i] for i in strays], language, options) if strays else []
            for i, hypothesis in zip(strays, again, strict=True):
                found[i] = hypothesis

    def _stray(self, hypothesis: Hypothesis, options: Options) -> str | None:
        allowed = options.allowed_languages
        if hypothesis.language in allowed or hypothesis.language == "nospeech":
            return None
        return max(allowed, key=lambda name: hypothesis.language_probabilities.get(name, 0.0))

    def _pass(
        self, waveforms: Sequence[Waveform], language: str | None, options: Options
    ) -> list[Hypothesis]:
        return [
            decode(
                scores,
                self._vocabulary,
                seconds_per_frame=self.features.seconds_per_frame,
                duration=len(waveform) / SAMPLE_RATE,
                ban_unknown_emotion=options.ban_unknown_emotion,
                hint=language,
            )
            for waveform, scores in zip(
                waveforms, self._scores(waveforms, language, options), strict=True
            )
        ]

    def _scores(
        self, waveforms: Sequence[Waveform], language: str | None, options: Options
    ) -> list[Scores]:
        features, lengths = extract_batch(waveforms, self.features)
        itn = options.inverse_text_normalization
        return self.encoder.score(features, lengths, language, itn=itn)
