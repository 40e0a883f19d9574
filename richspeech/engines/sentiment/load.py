"""Settings → weights → the sentiment classifier; loaded when somebody asks for it."""

import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from richspeech.engines.hub import EMBEDDED_CLASSIFIER, Weights, find_weights
from richspeech.engines.lazy import Lazy
from richspeech.errors import ModelError
from richspeech.model.labels import sentiment_named
from richspeech.model.sentiment import Limits, Scores, Sentiment
from richspeech.settings import Settings

if TYPE_CHECKING:
    from richspeech.engines.sentiment.classifier import SentimentClassifier

log = logging.getLogger(__name__)

CONFIG = "config.json"
EMBEDDED_LANGUAGES = ("zh",)
"""What the tiny model was trained on."""


@dataclass(frozen=True)
class FoundClassifier:
    """The weights, and what their labels mean."""

    weights: Weights
    sentiments: tuple[Sentiment, ...]
    """Of each label of the model, in its order."""
    languages: tuple[str, ...] | None = None
    """BCP-47 tags of those that it knows; None: whatever comes."""


@dataclass(frozen=True)
class LoadedClassifier:
    """The classifier, ready, and what people want to know of it."""

    classifier: "SentimentClassifier"
    weights: Weights
    device: str

    @property
    def is_embedded(self) -> bool:
        """Whether this is the tiny model that ships with the project."""
        return self.weights.is_embedded


def find_classifier(settings: Settings) -> FoundClassifier:
    """Choose the weights and read their labels; needs no heavy package and loads nothing.

    Raises ``ModelError`` when they cannot be had, and for labels that have no meaning here.
    """
    model, sentiment = settings.model, settings.sentiment
    weights = find_weights(
        sentiment.id,
        EMBEDDED_CLASSIFIER,
        require=model.require_model,
        timeout_seconds=model.hub_timeout_seconds,
        needed=(CONFIG,),
        by_name=True,
    )
    # the map is for the model that was named, not for the one that stands in for it
    stands_in = weights.is_embedded
    meanings = {} if stands_in else sentiment.labels
    sentiments = sentiments_of(read_labels(weights.folder), meanings, weights.name)
    languages = EMBEDDED_LANGUAGES if stands_in else sentiment.languages
    return FoundClassifier(weights, sentiments, languages)


def lazy_classifier(
    settings: Settings, found: FoundClassifier | None = None
) -> Lazy[LoadedClassifier]:
    """Load it when somebody first asks, beside whatever else is loaded.

    Wrong labels are refused at once, with a ``ModelError``.
    """
    chosen = found or find_classifier(settings)
    return Lazy(lambda: _load(chosen, settings), settings.sentiment.idle_seconds)


class LazyReader:
    """Reads texts with a classifier that is loaded with the first of them, and let go when idle."""

    def __init__(self, classifiers: Lazy[LoadedClassifier], found: FoundClassifier) -> None:
        self._classifiers, self.weights = classifiers, found.weights
        self.languages = found.languages

    @property
    def name(self) -> str:
        """Of the classifier."""
        return self.weights.name

    @property
    def is_loaded(self) -> bool:
        """Whether texts can be read at once."""
        return self._classifiers.is_loaded

    def use(self) -> AbstractContextManager[object]:
        """Keep the classifier loaded in the block; raises ``ModelError`` when it cannot be."""
        return self._classifiers.use()

    def classify(self, texts: Sequence[str]) -> Sequence[Scores]:
        """Return scores for each text; raises ``ModelError`` when it cannot be loaded."""
        with self._classifiers.use() as loaded:
            return loaded.classifier.classify(texts)


def lazy_reader(settings: Settings) -> LazyReader:
    """Choose the weights and load nothing yet; raises ``ModelError`` as ``find_classifier``."""
    found = find_classifier(settings)
    return LazyReader(lazy_classifier(settings, found), found)


def irony_limits(settings: Settings) -> Limits:
    """Return from where on voice and words are taken to have a direction."""
    return Limits(settings.sentiment.sure_voice, settings.sentiment.sure_words)


def load_classifier(settings: Settings) -> LoadedClassifier:
    """Load the model; raises ``ModelError`` when it cannot be had."""
    return _load(find_classifier(settings), settings)


def _load(found: FoundClassifier, settings: Settings) -> LoadedClassifier:
    # These imports take seconds and torch; a help text or a settings error needs neither.
    from richspeech.engines.common.device import choose_device  # noqa: PLC0415
    from richspeech.engines.sentiment.classifier import SentimentClassifier  # noqa: PLC0415

    device, reason = choose_device(settings.model.device)
    log.info("sentiment on %s: %s", device, reason)
    classifier = SentimentClassifier.load(
        found.weights.folder,
        device,
        found.sentiments,
        backend=settings.sentiment.backend,
        cache_folder=settings.model.cache_folder,
        batch_tokens=settings.sentiment.batch_tokens,
        threads=settings.model.threads,
    )
    return LoadedClassifier(classifier, found.weights, device)


def read_labels(folder: Path) -> tuple[str, ...]:
    """Return the labels of a transformers model in their order; raises ``ModelError``.

    The ``id2label`` of its config.json; where that says nothing, transformers' own LABEL_0, …
    """
    try:
        content = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        count = int(content.get("num_labels", 2))
        named = content.get("id2label") or {number: f"LABEL_{number}" for number in range(count)}
        labels = {int(number): str(label) for number, label in named.items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ModelError("sentiment.config", name=folder.name, why=type(error).__name__) from error
    if len(labels) < 2 or sorted(labels) != list(range(len(labels))):
        raise ModelError("sentiment.classes", name=folder.name, labels=str(labels))
    return tuple(labels[number] for number in range(len(labels)))


def sentiments_of(
    labels: Sequence[str], meanings: Mapping[str, Sentiment], name: str
) -> tuple[Sentiment, ...]:
    """Say what each label means: as ``meanings`` has it, else as the label itself says.

    Several labels may mean the same. Raises ``ModelError`` for a label without meaning, and for a
    meaning of a label that the model does not have.
    """
    known = tuple(labels)
    for label in meanings:
        if label not in labels:
            raise ModelError("sentiment.no_label", label=label, name=name, known=known)
    found = [meanings.get(label) or sentiment_named(label) for label in labels]
    for label, sentiment in zip(labels, found, strict=True):
        if sentiment is None:
            raise ModelError(
                "sentiment.meaning",
                label=label,
                name=name,
                sentiments=tuple(Sentiment),
                known=known,
            )
    return tuple(sentiment for sentiment in found if sentiment)
