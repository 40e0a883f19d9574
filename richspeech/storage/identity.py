"""What decides a transcript, apart from the sound: weights, settings and options, as one digest.

Equal digests stand for equal results. How fast they come (device, threads, batches) is not in it,
although a GPU may round the last digit of a probability otherwise.
"""

import json
from dataclasses import asdict
from functools import partial
from hashlib import blake2b
from typing import Any

from postprocess import LANGUAGES
from richspeech.engines.adapters import Adapter
from richspeech.engines.cascades import KeptCascade
from richspeech.engines.hub import Weights
from richspeech.engines.registry import could
from richspeech.engines.weight_files import weight_files
from richspeech.model.capability import Capability
from richspeech.model.options import Options
from richspeech.recognition.utterance import OVERLAP_SECONDS
from richspeech.settings import HotwordSettings, Settings

YOUNGER = (
    *("hotwords", "hotword_weights", "protected_words", "turn_detection"),
    *("tracks", "channels", "denoise", "voices", "raw"),
)
"""Options that came later than many a history: they count where somebody asks for them."""


def identity_of(
    settings: Settings,
    weights: Weights,
    vad_weights: Weights,
    version: str = "",
    *,
    engine: str | None = None,
    punctuation_weights: Weights | None = None,
    sentiment_weights: Weights | None = None,
    adapter: Adapter | None = None,
    cascade: KeptCascade | None = None,
) -> str:
    """Digest what every request to one engine has in common, that of the settings if none is named.

    ``version`` is that of the program, for those who want nothing that an older one has heard.
    What came with later versions counts only where it is used, so that older digests hold.
    """
    model = settings.model
    later: list[object] = (
        [] if punctuation_weights is None else [*weight_files(punctuation_weights.folder)]
    )
    vad = settings.vad
    able = partial(could, engine or model.engine)
    if vad.sounds and able(Capability.EVENTS) and able(Capability.LIVE):
        later.append(vad.model_dump(include={"sounds", "sure_sound"}))
    if vad.raise_quiet and able(Capability.LIVE):
        later.append(vad.model_dump(include={"raise_quiet"}))
    if vad.cut_search_ms and able(Capability.LIVE):
        later.append(vad.model_dump(include={"cut_search_ms"}))
        if able(Capability.PUNCTUATION):
            later.append({"overlap": OVERLAP_SECONDS})
    later += _learned(weights, adapter)
    if cascade is not None:
        later.append(["cascade", cascade.digest])
    if settings.hotwords != HotwordSettings():
        later.append(settings.hotwords.model_dump())
    if sentiment_weights is not None:
        sentiment = settings.sentiment
        limits = (sentiment.sure_voice, sentiment.sure_words)
        files = [*weight_files(sentiment_weights.folder)]
        later.append([files, sentiment.labels, sentiment.backend, limits, sentiment.languages])
    return digest_of(
        version,
        engine or model.engine,
        model.backend,
        model.precision,
        vad.model_dump(include={"max_end_silence_ms", "max_single_segment_ms"}),
        [asdict(rule) for rule in settings.rules],
        [*weight_files(weights.folder)],
        [*weight_files(vad_weights.folder)],
        *later,
    )


def _learned(weights: Weights, adapter: Adapter | None) -> list[object]:
    """Return what a model was given beside its weights."""
    calibration = weights.calibration
    adapted = [] if adapter is None else [["adapter", adapter.digest]]
    return [*adapted, *([] if calibration is None else [calibration.to_dict()])]


def request_identity(identity: str, options: Options) -> str:
    """Digest what one request adds to that."""
    usual = asdict(Options())
    given = asdict(options).items()
    asked = {name: value for name, value in given if name not in YOUNGER or value != usual[name]}
    del asked["speakers"]  # names change nothing that is heard
    if not options.hotwords:
        asked.pop("protected_words", None)  # nothing would be put over them
    if options.allowed_languages is None:
        asked["allowed_languages"] = LANGUAGES  # as it was written when there were no others
    return digest_of(identity, asked)


def digest_of(*parts: Any) -> str:
    """Digest anything that JSON can write."""
    return blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=32).hexdigest()
