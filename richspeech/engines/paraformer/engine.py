"""Paraformer: Mandarin words in one pass, each character with its time and probability.

The network is the one that ``funasr.AutoModel`` loads; features, batches and times are ours. Of its
classes, ``Paraformer`` takes times from the weights that also count its characters,
``BiCifParaformer`` from a second predictor with three times as many frames, and ``SeacoParaformer``
listens for hotwords besides.

funasr 1.4.16 hands the plain class's weights and sums to its timestamp function in the wrong order,
so that its own ``generate`` gives other times there; the right order is used here.

Utterances are heard alike alone and in a batch: what stands behind the end of a shorter one is
set to zero, and the second predictor, which reads backwards too, sees each one by itself.
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from postprocess import Emotion
from richspeech.engines.common.automodel import load_automodel
from richspeech.engines.common.fbank import HOP_MS, MEL_BINS, SAMPLE_RATE, WINDOW_MS
from richspeech.engines.common.features import FeatureConfig, extract_batch
from richspeech.engines.paraformer.cif import (
    NEARLY_ONE,
    PREDICTOR_CLASSES,
    Span,
    character_spans,
    integrate,
    weigh,
)
from richspeech.errors import ModelError, OptionError
from richspeech.model.options import without_marks
from richspeech.model.transcript import Hypothesis, Token
from richspeech.recognition.utterance import Request

HOTWORD_CLASS = "SeacoParaformer"
MODEL_CLASSES = ("Paraformer", "BiCifParaformer", HOTWORD_CLASS)
"""Of funasr."""
LANGUAGE = "zh"
FRONTEND_CONF = {
    "fs": SAMPLE_RATE,
    "window": "hamming",
    "n_mels": MEL_BINS,
    "frame_length": WINDOW_MS,
    "frame_shift": HOP_MS,
}
"""The features that are made here; a model trained on others cannot be used."""

CONTINUES = "@@"
"""Ends a piece of a word that goes on in the next one."""
HOTWORDS_AT_ONCE = 50
"""With more, funasr chooses as many by how they fit the first utterance of a batch, so that each
utterance then goes alone."""
_Spans = Sequence[tuple[float | None, float | None]]
_LETTERS = re.compile(r"[A-Za-z']+")


@dataclass(frozen=True)
class _Recognised:
    """What the network makes of a batch of B utterances, with up to T frames and N positions."""

    encoded: Tensor
    """[B, T, D], zero behind the end of an utterance."""
    lengths: Tensor
    """[B], frames."""
    weights: Tensor
    """[B, T or T + 1]."""
    counts: Tensor
    """[B], positions."""
    ids: NDArray[np.int64]
    """[B, N], the best entry of the vocabulary at each position."""
    probabilities: NDArray[np.float32]
    """[B, N]."""


class Paraformer:
    """One loaded model. Not thread-safe: one thread owns it."""

    name = "paraformer"

    def __init__(self, auto_model: Any) -> None:
        """Take a funasr ``AutoModel`` of one of MODEL_CLASSES; raises ``ModelError``."""
        self._model, conf = auto_model.model.eval(), auto_model.kwargs
        self._tokenizer, self._device = conf["tokenizer"], conf["device"]
        self._features = _features_of(conf["frontend"], conf.get("frontend_conf") or {})
        kind = type(self._model.predictor).__name__
        if kind not in PREDICTOR_CLASSES:
            raise ModelError("model.predictor", kind=kind, known=tuple(PREDICTOR_CLASSES))
        self._silent = {self._model.sos, self._model.eos, self._model.blank_id}

    @classmethod
    def load(cls, folder: Path, device: str, *, threads: int | None = None) -> "Paraformer":
        """Load the weights in ``folder``; raises ``ModelError`` when they are not Paraformer's."""
        threads = threads or os.cpu_count() or 1
        return cls(load_automodel(folder, MODEL_CLASSES, device, threads))

    @property
    def takes_hotwords(self) -> bool:
        """Whether hotwords reach the network."""
        return type(self._model).__name__ == HOTWORD_CLASS

    def recognise(self, requests: Sequence[Request]) -> list[Hypothesis]:
        """Recognise utterances of at most about 30 s, one result each, without punctuation.

        Raises ``OptionError`` for a language that the model does not know.
        """
        for request in requests:
            _require_language(request.options.language)
        found: dict[int, Hypothesis] = {}
        for numbers, hotwords in self._batches(requests):
            heard = self._recognise([requests[i] for i in numbers], hotwords)
            for row, i in enumerate(numbers):
                found[i] = self._hypothesis(heard, row, requests[i].utterance.duration)
        return [found[i] for i in range(len(requests))]

    def _batches(self, requests: Sequence[Request]) -> Iterator[tuple[list[int], tuple[str, ...]]]:
        """Yield what can be heard together: the places of requests, and their hotwords."""
        alike: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for i, request in enumerate(requests):
            alike[request.options.hotwords if self.takes_hotwords else ()].append(i)
        for hotwords, numbers in alike.items():
            if len(hotwords) < HOTWORDS_AT_ONCE:
                yield numbers, hotwords
            else:
                yield from (([i], hotwords) for i in numbers)

    @torch.inference_mode()
    def _recognise(self, requests: Sequence[Request], hotwords: Sequence[str]) -> _Recognised:
        log_mels = [request.utterance.log_mel for request in requests]
        features, frames = extract_batch(log_mels, self._features)
        lengths = torch.tensor(frames, device=self._device)
        encoded, _ = self._model.encode(features.to(self._device), lengths)
        real = torch.arange(encoded.shape[1], device=self._device) < lengths[:, None]
        encoded = encoded * real[:, :, None]
        weights, counts = weigh(self._model.predictor, encoded, real)
        if int(counts.max()) < 1:
            nothing = np.zeros((len(requests), 0))
            ids, probabilities = nothing.astype(np.int64), nothing.astype(np.float32)
        else:
            embedded = integrate(encoded, weights, int(counts.max()))
            scores = self._decode(encoded, lengths, embedded, counts, hotwords)
            best = scores.max(dim=-1)
            ids, probabilities = best.indices.cpu().numpy(), best.values.exp().cpu().numpy()
        return _Recognised(encoded, lengths, weights, counts, ids, probabilities)

    def _decode(
        self,
        encoded: Tensor,
        lengths: Tensor,
        embedded: Tensor,
        counts: Tensor,
        hotwords: Sequence[str],
    ) -> Tensor:
        """Return logarithms of probabilities, [B, N, V]."""
        model, given = self._model, (encoded, lengths, embedded, counts)
        scores: Tensor
        if self.takes_hotwords:
            words = self._hotword_ids(hotwords)
            scores = model._seaco_decode_with_ASF(*given, hw_list=words)  # noqa: SLF001
        else:
            scores, _ = model.cal_decoder_with_predictor(*given)
        return scores

    def _hotword_ids(self, hotwords: Sequence[str]) -> list[list[int]] | None:
        """Spell hotwords as the network was taught, with a last one that means none of them."""
        spelt = [self._spell(without_marks(hotword)) for hotword in hotwords]
        known = [ids for ids in spelt if any(i != self._tokenizer.unk_id for i in ids)]
        return [*known, [self._model.sos]] if known else None

    def _spell(self, hotword: str) -> list[int]:
        dictionary: Mapping[str, str] = getattr(self._tokenizer, "seg_dict", None) or {}
        pieces: list[str] = []
        for word in hotword.lower().split():
            whole = [] if word in dictionary or _LETTERS.fullmatch(word) else list(word)
            for part in whole or [word]:
                pieces += dictionary.get(part, part).split()
        return [*self._tokenizer.tokens2ids(pieces)]

    def _hypothesis(self, heard: _Recognised, row: int, duration: float) -> Hypothesis:
        places = [
            place
            for place in range(int(heard.counts[row]))
            if int(heard.ids[row, place]) not in self._silent
        ]
        names = self._tokenizer.ids2tokens(heard.ids[row, places].tolist())
        spans: _Spans = self._spans(heard, row, len(names)) or [(None, None)] * len(names)
        sure = heard.probabilities[row, places].tolist()
        tokens = tuple(
            Token(text, _within(start, duration), _within(end, duration), probability)
            for text, (start, end), probability in zip(self._texts(names), spans, sure, strict=True)
            if text
        )
        text = "".join(token.text for token in tokens)
        return Hypothesis(
            text=text,
            language=LANGUAGE if tokens else None,
            language_probabilities={},
            emotion=Emotion.UNKNOWN,
            emotion_probabilities={},
            events=(),
            event_probabilities={},
            tokens=tokens,
            raw_text=text,
        )

    @torch.inference_mode()
    def _spans(self, heard: _Recognised, row: int, characters: int) -> list[Span] | None:
        length, predictor = int(heard.lengths[row]), self._model.predictor
        weights, seconds = heard.weights[row, : length + 1], self._features.seconds_per_frame
        full = 1.0
        if characters and hasattr(predictor, "get_upsample_timestamp"):
            one = slice(row, row + 1)
            given = (heard.encoded[one, :length], heard.lengths[one], heard.counts[one])
            weights = self._model.calc_predictor_timestamp(*given)[2][0]
            seconds, full = seconds / predictor.upsample_times, NEARLY_ONE
        return character_spans(weights.cpu().numpy(), characters, seconds, full)

    def _texts(self, names: Sequence[str]) -> list[str]:
        """Write entries of the vocabulary as they stand in the text; empty for what is unknown."""
        return texts_of(["" if name == self._tokenizer.unk_symbol else name for name in names])


def texts_of(names: Sequence[str]) -> list[str]:
    """Join pieces of words, put spaces between words in letters, and make letters abbreviations.

    ``["打", "a", "p", "p", "hel@@", "lo"]`` is written ``["打", "A", "P", "P", " hel", "lo"]``.
    """
    texts: list[str] = []
    words = [name.replace(CONTINUES, "") for name in names]
    begins = [i == 0 or not names[i - 1].endswith(CONTINUES) for i in range(len(names))]
    letter = [
        begun and len(name) == 1 and name.isascii() and name.isalpha()
        for begun, name in zip(begins, names, strict=True)
    ]
    for i, word in enumerate(words):
        joins = i > 0 and letter[i] and letter[i - 1]
        is_abbreviated = joins or (letter[i] and any(letter[i + 1 : i + 2]))
        text = word.upper() if is_abbreviated else word
        apart = i > 0 and begins[i] and not joins
        spaced = apart and _LETTERS.fullmatch(word) and _LETTERS.fullmatch(words[i - 1])
        texts.append(f" {text}" if spaced else text)
    return texts


def _within(seconds: float | None, duration: float) -> float | None:
    return None if seconds is None else min(max(seconds, 0.0), duration)


def _require_language(language: str | None) -> None:
    if language not in (None, LANGUAGE):
        raise OptionError("engine.mandarin", language=language)


def _features_of(frontend: Any, conf: Mapping[str, object]) -> FeatureConfig:
    for name, value in FRONTEND_CONF.items():
        if conf.get(name) != value:
            raise ModelError(
                "model.frontend",
                name="Paraformer",
                key=name,
                value=repr(conf.get(name)),
                only=repr(value),
            )
    if frontend.cmvn is None:
        raise ModelError("model.no_cmvn", name="Paraformer")
    shift, scale = np.asarray(frontend.cmvn, dtype=np.float32)
    return FeatureConfig(frontend.lfr_m, frontend.lfr_n, shift, scale)
