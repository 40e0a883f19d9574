"""Sentiment of texts by any transformers model that classifies sequences."""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from richspeech.engines.sentiment.network import Network, TextFacts, open_network, padded
from richspeech.errors import ModelError
from richspeech.model.sentiment import Scores, Sentiment, mean_scores

log = logging.getLogger(__name__)

CUTS = (re.compile(r"(?<=[。！？!?…\n])"), re.compile(r"(?<=[，、；：,;: ])"))
"""Behind a sentence, else behind a clause."""


@dataclass(frozen=True)
class SentimentClassifier:
    """The loaded model; read-only, so any number of threads may use it."""

    network: Network
    tokenizer: Any
    facts: TextFacts
    sentiments: tuple[Sentiment, ...]
    """What each label of the model means; several may mean the same."""
    batch_tokens: int
    """Most tokens that go through the network together, padding included."""

    @classmethod
    def load(
        cls,
        folder: Path,
        device: str,
        sentiments: Sequence[Sentiment],
        *,
        backend: str,
        cache_folder: Path,
        batch_tokens: int,
        threads: int | None = None,
    ) -> Self:
        """Open a model folder; no network is used.

        ``backend`` is ``auto``, ``onnx`` or ``torch``. Raises ``ModelError`` when the folder does
        not hold such a model, when its labels are not as many as ``sentiments``, and when a named
        backend cannot be had.
        """
        network, tokenizer, facts = open_network(folder, device, backend, cache_folder, threads)
        if facts.labels != len(sentiments):
            raise ModelError(
                "sentiment.scores", name=folder.name, scores=facts.labels, count=len(sentiments)
            )
        log.info("sentiment: %s", network.description)
        return cls(network, tokenizer, facts, tuple(sentiments), batch_tokens)

    def classify(self, texts: Sequence[str]) -> list[Scores]:
        """Return scores for each text; none (an empty mapping) for a text without words.

        A text that is too long for the model is cut near its middle, behind a sentence if there is
        one, until its parts fit; its scores are their mean, weighted by their characters.
        """
        pieces = [(at, part) for at, text in enumerate(texts) for part in self._parts(text.strip())]
        read = self._read([part for _, part in pieces])
        found: list[list[tuple[Scores, float]]] = [[] for _ in texts]
        for (at, part), scores in zip(pieces, read, strict=True):
            found[at].append((scores, len(part)))
        return [mean_scores(parts) for parts in found]

    def _parts(self, text: str) -> list[str]:
        if not any(character.isalnum() for character in text):
            return []
        if len(text) < 2 or len(self._ids(text)) <= self.facts.most_tokens:
            return [text]
        middle = _cut(text)
        return [*self._parts(text[:middle].strip()), *self._parts(text[middle:].strip())]

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer.encode(text).ids
        return ids

    def _read(self, texts: Sequence[str]) -> list[Scores]:
        rows = [self._ids(text)[: self.facts.most_tokens] for text in texts]
        scores: list[Scores] = [{} for _ in rows]
        for batch in batches([len(row) for row in rows], self.batch_tokens):
            ids, mask = padded([rows[at] for at in batch], self.facts.padding)
            for at, found in zip(batch, _softmax(self.network.logits(ids, mask)), strict=True):
                scores[at] = self._named(found.tolist())
        return scores

    def _named(self, probabilities: Sequence[float]) -> Scores:
        named = dict.fromkeys(self.sentiments, 0.0)
        for sentiment, probability in zip(self.sentiments, probabilities, strict=True):
            named[sentiment] += probability
        return named


def batches(lengths: Sequence[int], most_tokens: int) -> Iterator[list[int]]:
    """Group rows of like length, each group within ``most_tokens`` when filled up, one row if not.

    >>> [*batches([3, 9, 4, 4], 12)]
    [[0, 2, 3], [1]]
    """
    group: list[int] = []
    for at in sorted(range(len(lengths)), key=lengths.__getitem__):
        if group and lengths[at] * (len(group) + 1) > most_tokens:
            yield group
            group = []
        group.append(at)
    if group:
        yield group


def _cut(text: str) -> int:
    """Return the place nearest the middle behind a sentence, else a clause, else the middle."""
    middle = len(text) // 2
    for kind in CUTS:
        places = [at for match in kind.finditer(text) if 0 < (at := match.start()) < len(text)]
        if places:
            return min(places, key=lambda at: abs(at - middle))
    return middle


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    odds = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return shares
