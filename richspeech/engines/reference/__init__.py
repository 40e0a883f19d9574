"""``AutoModel.generate`` as the model's authors call it, for comparison."""

from richspeech.engines.hub import EMBEDDED_RECOGNISER
from richspeech.engines.loaded import Models, Parts
from richspeech.engines.registry import Engine
from richspeech.language.localized import LocalizedText
from richspeech.model.capability import Capability
from richspeech.settings import Settings


def _load(settings: Settings, models: Models, device: str) -> Parts:
    # These imports take seconds and torch; a help text or a settings error needs neither.
    from richspeech.engines.reference.engine import Reference  # noqa: PLC0415
    from richspeech.recognition.pipeline import WholePipeline  # noqa: PLC0415
    from richspeech.recognition.scheduler import WholeScheduler  # noqa: PLC0415

    conf = {
        "max_end_silence_time": settings.vad.max_end_silence_ms,
        "max_single_segment_time": settings.vad.max_single_segment_ms,
    }
    folders = (models.recogniser.folder, models.detector.folder)
    whole = WholeScheduler(Reference.load(*folders, device, conf, settings.model.threads))
    return Parts(WholePipeline(whole, model=models.recogniser.name), whole)


ENGINE = Engine(
    name="reference",
    label="FunASR",
    title=LocalizedText(
        "FunASR 原版流程：较慢，供对照",
        "FunASR's own path: slower, for comparison",
        zh_Hant="FunASR 原版流程：較慢，供對照",
        ja="FunASR 本来の手順：遅い、比較用",
        ko="FunASR 원래 방식: 느림, 비교용",
    ),
    real_weights="iic/SenseVoiceSmall",
    languages=("zh", "en", "yue", "ja", "ko"),
    capabilities=frozenset(Capability)
    - {Capability.ADAPTERS, Capability.ALLOWED_LANGUAGES, Capability.CASCADE, Capability.LIVE},
    settings="model",
    embedded=EMBEDDED_RECOGNISER,
    load=_load,
)
