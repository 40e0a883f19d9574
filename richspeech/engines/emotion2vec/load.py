"""Settings → weights → the emotion recogniser; loaded when somebody asks for it."""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from richspeech.engines.hub import EMBEDDED_EMOTION_RECOGNISER, Weights, find_weights, weights_here
from richspeech.engines.lazy import Lazy
from richspeech.language.catalog import Notice
from richspeech.settings import Settings

if TYPE_CHECKING:
    from richspeech.engines.emotion2vec.engine import Emotion2vec

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadedEmotionRecogniser:
    """The emotion recogniser, ready, and what people want to know of it."""

    recogniser: "Emotion2vec"
    weights: Weights
    device: str
    device_reason: Notice

    @property
    def is_embedded(self) -> bool:
        """Whether this is the tiny model that ships with the project."""
        return self.weights.is_embedded


def find_emotion_recogniser(settings: Settings) -> Weights:
    """Choose the weights; raises ``ModelError`` when they cannot be had."""
    model = settings.model
    return find_weights(
        settings.emotion.id,
        EMBEDDED_EMOTION_RECOGNISER,
        require=model.require_model,
        timeout_seconds=model.hub_timeout_seconds,
    )


def emotion_recogniser_in_words(settings: Settings) -> str:
    """Say which weights would be used, for people; nothing is downloaded.

    Raises ``ModelError`` when they cannot be had.
    """
    found = weights_here(settings.emotion.id, EMBEDDED_EMOTION_RECOGNISER)
    if found is not None:
        return f"{found.name} ({found.reason})"
    instead = (
        "an error" if settings.model.require_model else f"models/{EMBEDDED_EMOTION_RECOGNISER.name}"
    )
    return (
        f"{settings.emotion.id} (not on this machine; the model hub is asked when it is first "
        f"needed, and without an answer it is {instead})"
    )


def lazy_emotion_recogniser(settings: Settings) -> Lazy[LoadedEmotionRecogniser]:
    """Load it when somebody first listens, beside whatever else is loaded."""
    return Lazy(lambda: load_emotion_recogniser(settings), settings.emotion.idle_seconds)


def load_emotion_recogniser(settings: Settings) -> LoadedEmotionRecogniser:
    """Load the model; raises ``ModelError`` when it cannot be had."""
    # These imports take seconds and torch; a help text or a settings error needs neither.
    from richspeech.engines.common.device import choose_device  # noqa: PLC0415
    from richspeech.engines.emotion2vec.engine import Emotion2vec  # noqa: PLC0415

    weights = find_emotion_recogniser(settings)
    device, reason = choose_device(settings.model.device)
    log.info("emotion recogniser on %s: %s", device, reason)
    recogniser = Emotion2vec.load(
        weights.folder,
        device,
        block_seconds=settings.emotion.block_seconds,
        threads=settings.model.threads,
    )
    log.info("emotion recogniser: %.0f MB of weights", recogniser.memory_bytes / 1e6)
    return LoadedEmotionRecogniser(recogniser, weights, device, reason)
