"""SenseVoiceSmall: features, encoder, decoding; ``engine.SenseVoice`` puts them together."""

from richspeech.engines.hub import EMBEDDED_RECOGNISER
from richspeech.engines.loaded import Models, Parts
from richspeech.engines.registry import Engine
from richspeech.language.localized import LocalizedText
from richspeech.model.capability import Capability
from richspeech.settings import Settings


def _load(settings: Settings, models: Models, device: str) -> Parts:
    # These imports take seconds and torch; a help text or a settings error needs neither.
    from richspeech.engines.common.streaming import assemble  # noqa: PLC0415
    from richspeech.engines.sensevoice.engine import SenseVoice  # noqa: PLC0415

    model = settings.model
    recogniser = SenseVoice.load(
        models.recogniser.folder,
        device,
        backend=model.backend,
        precision=model.precision,
        cache_folder=model.cache_folder,
        threads=model.threads,
        adapter=models.adapter,
    )
    return assemble(recogniser, settings, models, device, hears_events=True, times_all=True)


ENGINE = Engine(
    name="sensevoice",
    label="SenseVoice",
    title=LocalizedText(
        "SenseVoice：五种语言，情绪和声音",
        "SenseVoice: five languages, emotions and sounds",
        zh_Hant="SenseVoice：五種語言，情緒和聲音",
        ja="SenseVoice：5 言語、感情と音",
        ko="SenseVoice: 5개 언어, 감정과 소리",
    ),
    real_weights="iic/SenseVoiceSmall",
    languages=("zh", "en", "yue", "ja", "ko"),
    capabilities=frozenset(Capability),
    settings="model",
    embedded=EMBEDDED_RECOGNISER,
    load=_load,
)
