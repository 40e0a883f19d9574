"""ct-punc: punctuation for words without any, as ``CTTransformer`` of funasr sets it.

The network is the one that ``funasr.AutoModel`` loads. A text goes through it twenty words at a
time; what comes after the last end of a sentence is looked at again with the next twenty, as in
funasr, whose marks are the same.
"""

import importlib
import itertools
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from richspeech.engines.common import funasr_import
from richspeech.engines.common.automodel import load_automodel
from richspeech.errors import ModelError
from richspeech.stages.sentences import COMMA, FULL_STOP, LIST_COMMA, QUESTION, Mark

MODEL_CLASS = "CTTransformer"
"""Of funasr."""
NONE = "_"
"""The model's name for no mark."""
MARKS = (COMMA, LIST_COMMA, FULL_STOP, QUESTION)
ENDS = (FULL_STOP, QUESTION)
WORDS_AT_ONCE = 20
LONGEST_SENTENCE = 200
"""Words; a longer one ends at its last comma."""
FEWEST_BEFORE_END = 2
"""Words of a window that are not looked at for an end, as in funasr; nor is its last one."""


@dataclass(frozen=True)
class _Choice:
    """What stands behind a word."""

    name: str
    probability: float
    end_probability: float
    """Of a full stop."""

    def as_end(self) -> "_Choice":
        """Put a full stop there all the same."""
        return _Choice(FULL_STOP, self.end_probability, self.end_probability)


class CtPunc:
    """One loaded model. Not thread-safe: one thread owns it."""

    def __init__(self, auto_model: Any) -> None:
        """Take a funasr ``AutoModel`` of MODEL_CLASS; raises ``ModelError``."""
        self._model, conf = auto_model.model.eval(), auto_model.kwargs
        self._tokenizer, self._device = conf["tokenizer"], conf["device"]
        self._names = [str(name) for name in self._model.punc_list]
        lacking = [name for name in (NONE, COMMA, FULL_STOP, QUESTION) if name not in self._names]
        if lacking:
            raise ModelError("model.punctuation", mark=lacking[0], known=tuple(self._names))

    @classmethod
    def load(cls, folder: Path, device: str, *, threads: int | None = None) -> "CtPunc":
        """Load the weights in ``folder``; raises ``ModelError`` when they are not ct-punc's."""
        funasr_import.funasr()
        logging.getLogger("jieba").setLevel(logging.WARNING)  # it tells stderr how it starts
        threads = threads or os.cpu_count() or 1
        return cls(load_automodel(folder, MODEL_CLASS, device, threads))

    def marks(self, text: str) -> list[Mark]:
        """Say where marks belong in ``text``, which has none; its end always gets one."""
        words = self._words(text)
        if not words:
            return []
        letters = itertools.accumulate(map(len, words))
        chosen = self._chosen(self._tokenizer.encode(words))
        return [
            Mark(choice.name, count, choice.probability)
            for choice, count in zip(chosen, letters, strict=True)
            if choice.name in MARKS
        ]

    def _words(self, text: str) -> list[str]:
        """Split as the model was taught: characters, or words of jieba, and words in letters."""
        utils = importlib.import_module("funasr.models.ct_transformer.utils")
        jieba = self._model.jieba_usr_dict
        spaced = "".join(each if each.isascii() else f" {each} " for each in text)
        words: list[str] = utils.split_words(spaced, jieba_usr_dict=jieba)
        return words

    def _chosen(self, ids: Sequence[int]) -> list[_Choice]:
        """Choose what stands behind each word."""
        ends = [*range(WORDS_AT_ONCE, len(ids), WORDS_AT_ONCE), len(ids)]
        chosen: list[_Choice] = []
        for end in ends:
            window = self._look(ids[len(chosen) : end])
            if end == len(ids) and window[-1].name not in ENDS:
                window[-1] = window[-1].as_end()
            chosen += window if end == len(ids) else _settled(window)
        return chosen

    @torch.inference_mode()
    def _look(self, ids: Sequence[int]) -> list[_Choice]:
        text = torch.tensor([[*ids]], device=self._device)
        logits, _ = self._model.punc_forward(text, torch.tensor([len(ids)], device=self._device))
        rows = logits[0].float().softmax(dim=-1).cpu()
        best, end = rows.max(dim=-1), rows[:, self._names.index(FULL_STOP)]
        numbers = zip(best.indices.tolist(), best.values.tolist(), end.tolist(), strict=True)
        return [_Choice(self._names[i], probability, last) for i, probability, last in numbers]


def _settled(window: list[_Choice]) -> list[_Choice]:
    """Return what stands before or at the last end of a sentence in a window.

    A very long sentence ends at its last comma.
    """
    looked_at = range(len(window) - 2, FEWEST_BEFORE_END - 1, -1)
    end = next((i for i in looked_at if window[i].name in ENDS), None)
    comma = next((i for i in looked_at if window[i].name == COMMA), None)
    if end is not None:
        return window[: end + 1]
    if comma is not None and len(window) > LONGEST_SENTENCE:
        return [*window[:comma], window[comma].as_end()]
    return []
