"""SenseVoiceSmall: recognises batches of utterances that may each want something else."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

import torch

from richspeech.engines.adapters import Adapter
from richspeech.engines.common.automodel import in_one_line
from richspeech.engines.common.features import extract_batch
from richspeech.engines.sensevoice import int8, openvino
from richspeech.engines.sensevoice.decode import NO_SPEECH, Vocabulary, decode
from richspeech.engines.sensevoice.encoder import Encoder, SanmEncoder
from richspeech.engines.sensevoice.lora import Base
from richspeech.engines.sensevoice.parts import Parts
from richspeech.errors import ModelError
from richspeech.model.transcript import Hypothesis
from richspeech.recognition.utterance import Request
from richspeech.settings import CACHE_FOLDER

log = logging.getLogger(__name__)

LARGE_BYTES = 100_000_000
"""Of weights."""


class SenseVoice:
    """One loaded model. Not thread-safe: one thread owns it."""

    name = "sensevoice"

    def __init__(self, parts: Parts, encoder: Encoder) -> None:
        self.encoder = encoder
        self.features, self.prompts = parts.features, parts.prompts
        self._vocabulary = Vocabulary(parts.tokenizer)

    @classmethod
    def load(
        cls,
        folder: Path,
        device: str,
        *,
        backend: str = "auto",
        precision: str = "auto",
        cache_folder: Path = CACHE_FOLDER,
        threads: int | None = None,
        adapter: Adapter | None = None,
    ) -> "SenseVoice":
        """Load the weights in ``folder``, with an adapter; see config.yaml for the choices.

        Raises ``ModelError`` when they are not SenseVoice's, or when ``device``, ``backend`` and
        ``precision`` do not go together.
        """
        threads = threads or os.cpu_count() or 1
        base = Base(folder, adapter)
        loaded = cls(*_load(base, device, backend, precision, cache_folder, threads))
        log.info("encoder: %s", loaded.encoder.description)
        return loaded

    def recognise(self, requests: Sequence[Request]) -> list[Hypothesis]:
        """Recognise utterances of at most about 30 s in one batch, one result each."""
        if not requests:
            return []
        hints = [None if r.utterance.is_sound else r.options.language for r in requests]
        found = self._pass(requests, hints)
        strays = {i: _stray(found[i], request) for i, request in enumerate(requests)}
        again = {i: language for i, language in strays.items() if language}
        if again:
            better = self._pass([requests[i] for i in again], list(again.values()))
            for i, hypothesis in zip(again, better, strict=True):
                found[i] = hypothesis
        return found

    def _pass(
        self, requests: Sequence[Request], languages: Sequence[str | None]
    ) -> list[Hypothesis]:
        features, lengths = extract_batch([r.utterance.log_mel for r in requests], self.features)
        rows = [
            self.prompts.rows(language, itn=request.options.inverse_text_normalization)
            for request, language in zip(requests, languages, strict=True)
        ]
        scores = self.encoder.score(self.prompts.before(features.numpy(), rows), lengths)
        return [
            decode(
                each,
                self._vocabulary,
                seconds_per_frame=self.features.seconds_per_frame,
                duration=request.utterance.duration,
                ban_unknown_emotion=request.options.ban_unknown_emotion,
                hint=language,
            )
            for each, request, language in zip(scores, requests, languages, strict=True)
        ]


def _stray(hypothesis: Hypothesis, request: Request) -> str | None:
    """Return the likeliest allowed language when another one was heard, else None."""
    options = request.options
    allowed = None if request.utterance.is_sound else options.allowed_languages
    if options.language or allowed is None or hypothesis.language in (*allowed, NO_SPEECH):
        return None
    return max(allowed, key=lambda name: hypothesis.language_probabilities.get(name, 0.0))


def _load(
    base: Base, device: str, backend: str, precision: str, cache_folder: Path, threads: int
) -> tuple[Parts, Encoder]:
    if backend == "openvino" and device != "cpu":
        raise ModelError("openvino.device", device=str(device))
    if backend == "torch" or device != "cpu":
        return _load_in_torch(base, device, precision, threads)
    if backend == "auto" and precision in {"auto", "int8"}:
        loaded = _load_int8(base, cache_folder, threads, must=precision == "int8")
        if loaded is not None:
            return loaded
    try:
        return openvino.load(base, precision, cache_folder, threads)
    except ModelError:
        raise
    except (ImportError, OSError, RuntimeError) as error:
        reason = in_one_line(error)
        if backend == "openvino":
            raise ModelError("openvino.unusable", why=reason) from error
        log.warning("OpenVINO cannot be used (%s); torch takes its place, slower", reason)
    return _load_in_torch(base, device, precision, threads)


def _load_int8(
    base: Base, cache_folder: Path, threads: int, *, must: bool
) -> tuple[Parts, Encoder] | None:
    """Load the 8 bits; unless they ``must`` be, None where they are not exact or no faster."""
    if not (must or is_large(base.folder)):
        return None
    try:
        known = int8.known_parity(base, cache_folder)
        if known and not (must or known.is_worth_it):
            return None
        parts, encoder, parity = int8.load(base, cache_folder, threads)
    except ModelError:
        raise
    except (ImportError, OSError, RuntimeError) as error:
        reason = in_one_line(error)
        if must:
            raise ModelError("int8.unusable", why=reason) from error
        log.warning("8 bits cannot be had (%s)", reason)
        return None
    log.info("8 bits on speech: %s", parity)
    if must or parity.is_worth_it:
        return parts, encoder
    log.info("8 bits are not taken: 99.5 %%, within 0.02, and faster is wanted")
    return None


def is_large(folder: Path) -> bool:
    """Say whether eight bits are worth looking at: the small model takes milliseconds anyway."""
    weights = folder / "model.pt"
    return weights.is_file() and weights.stat().st_size >= LARGE_BYTES


def _load_in_torch(
    base: Base, device: str, precision: str, threads: int
) -> tuple[Parts, SanmEncoder]:
    if precision == "int8":
        raise ModelError("int8.torch")
    if precision == "auto":
        fast = device.startswith("cuda") and torch.cuda.is_bf16_supported()
        precision = "bfloat16" if fast else "float32"
    auto_model = base.load(device, threads)
    encoder = SanmEncoder(auto_model.model).eval().to(getattr(torch, precision))
    return Parts.of(auto_model), encoder
