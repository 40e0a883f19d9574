"""What stands around the encoder of one model: frontend, prompts and tokenizer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sentencepiece import SentencePieceProcessor

from richspeech.engines.common.features import FeatureConfig
from richspeech.engines.sensevoice.prompts import Prompts
from richspeech.errors import ModelError

MODEL_CLASS = "SenseVoiceSmall"
"""Of funasr."""


@dataclass(frozen=True)
class Parts:
    """Taken from a loaded ``AutoModel``, or read from where those of one were kept."""

    features: FeatureConfig
    prompts: Prompts
    tokenizer: Any
    """A SentencePiece processor."""

    @classmethod
    def of(cls, auto_model: Any) -> "Parts":
        """Take those of a funasr ``AutoModel``; raises ``ModelError`` when one is missing."""
        frontend, tokenizer = auto_model.kwargs["frontend"], auto_model.kwargs["tokenizer"]
        if frontend.cmvn is None:
            raise ModelError("model.no_cmvn", name="SenseVoice")
        shift, scale = np.asarray(frontend.cmvn, dtype=np.float32)
        features = FeatureConfig(frontend.lfr_m, frontend.lfr_n, shift, scale)
        return cls(features, Prompts.of(auto_model.model), tokenizer.sp)

    def save(self, file: Path) -> None:
        """Write a ``.npz``, without pickles."""
        prompts, features = self.prompts, self.features
        np.savez(
            file,
            stacking=[features.window, features.hop],
            shift=features.shift,
            scale=features.scale,
            prompt_table=prompts.table,
            prompt_scale=prompts.scale,
            languages=list(prompts.languages.items()),
            text_norms=list(prompts.text_norms.items()),
            tokenizer=np.frombuffer(self.tokenizer.serialized_model_proto(), np.uint8),
        )

    @classmethod
    def read(cls, file: Path) -> "Parts":
        """Read what ``save`` wrote."""
        with np.load(file) as kept:
            window, hop = kept["stacking"].tolist()
            languages, text_norms = (
                {str(name): int(row) for name, row in kept[key]}
                for key in ("languages", "text_norms")
            )
            scale = float(kept["prompt_scale"])
            return cls(
                FeatureConfig(window, hop, kept["shift"], kept["scale"]),
                Prompts(kept["prompt_table"], languages, text_norms, scale),
                SentencePieceProcessor(model_proto=kept["tokenizer"].tobytes()),
            )
