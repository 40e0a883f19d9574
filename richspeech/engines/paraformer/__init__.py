"""Paraformer: Mandarin in one pass, with a time for every character."""

from richspeech.engines.hub import EMBEDDED_PARAFORMER
from richspeech.engines.loaded import Models, Parts
from richspeech.engines.registry import Engine
from richspeech.language.localized import LocalizedText
from richspeech.model.capability import Capability
from richspeech.settings import Settings


def _load(settings: Settings, models: Models, device: str) -> Parts:
    # These imports take seconds and torch; a help text or a settings error needs neither.
    from richspeech.engines.common.streaming import assemble  # noqa: PLC0415
    from richspeech.engines.paraformer.engine import Paraformer  # noqa: PLC0415

    recogniser = Paraformer.load(models.recogniser.folder, device, threads=settings.model.threads)
    return assemble(recogniser, settings, models, device)


ENGINE = Engine(
    name="paraformer",
    label="Paraformer",
    title=LocalizedText(
        "Paraformer：普通话，逐字时间、标点、语义",
        "Paraformer: Mandarin, times, sentiment",
        zh_Hant="Paraformer：普通話，逐字時間、標點、語意",
        ja="Paraformer：標準中国語、時刻、句読点、感情傾向",
        ko="Paraformer: 표준 중국어, 글자별 시간, 구두점, 감성",
    ),
    real_weights="Paraformer-large",
    languages=("zh",),
    capabilities=frozenset({Capability.ITN, Capability.HOTWORDS, Capability.LIVE}),
    settings="paraformer",
    embedded=EMBEDDED_PARAFORMER,
    load=_load,
)
