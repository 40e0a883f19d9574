"""Whisper: words in a hundred languages, each with its time and probability."""

from richspeech.engines.hub import Weights
from richspeech.engines.loaded import Models, Parts
from richspeech.engines.registry import Engine
from richspeech.engines.whisper.languages import TAGS
from richspeech.language.localized import LocalizedText
from richspeech.model.capability import Capability
from richspeech.settings import Settings


def _find(settings: Settings) -> Weights:
    from richspeech.engines.whisper.weights import find  # noqa: PLC0415 - an extra, and torch

    return find(settings)


def _load(settings: Settings, models: Models, device: str) -> Parts:
    # These imports take seconds and torch; a help text or a settings error needs neither.
    from richspeech.engines.common.streaming import assemble  # noqa: PLC0415
    from richspeech.engines.whisper.engine import Whisper  # noqa: PLC0415

    recogniser = Whisper.load(
        models.recogniser.folder,
        device,
        precision=settings.model.precision,
        threads=settings.model.threads,
    )
    return assemble(recogniser, settings, models, device)


ENGINE = Engine(
    name="whisper",
    label="Whisper",
    title=LocalizedText(
        "Whisper：99 种语言，逐词时间",
        "Whisper: 99 languages, times of words",
        zh_Hant="Whisper：99 種語言，逐詞時間",
        ja="Whisper：99 言語、単語ごとの時刻",
        ko="Whisper: 99개 언어, 단어별 시간",
    ),
    real_weights="Systran/faster-whisper-large-v3",
    languages=TAGS,
    capabilities=frozenset(
        {
            Capability.LANGUAGE_HINT,
            Capability.ALLOWED_LANGUAGES,
            Capability.PUNCTUATION,
            Capability.HOTWORDS,
            Capability.LIVE,
        }
    ),
    settings="whisper",
    embedded=None,
    load=_load,
    find=_find,
    hears_waveforms=True,
    package="faster_whisper",
)
