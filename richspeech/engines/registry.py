"""Every engine: what it is called, what it knows and can do, and how it is loaded.

An engine is a folder here with an ``ENGINE`` in its ``__init__``, and its name in ``names.py``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from richspeech.engines.hub import Weights
from richspeech.engines.loaded import Models, Parts
from richspeech.engines.names import NAMES
from richspeech.errors import OptionError
from richspeech.language.catalog import Notice
from richspeech.language.localized import LocalizedText
from richspeech.model.capability import Capability
from richspeech.model.languages import AUTO
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.settings import Settings


@dataclass(frozen=True)
class Engine:
    """What everybody may know of an engine without loading it."""

    name: str
    label: str
    """What people call it, in any language."""
    title: LocalizedText
    """What it is good for, to choose from a list."""
    real_weights: str
    """What recordings of people need, where the embedded twin stands in."""
    languages: tuple[str, ...]
    """BCP-47 tags of what it can write, in the order in which they are offered."""
    capabilities: frozenset[Capability]
    settings: str
    """The group of the settings whose ``id`` names its weights."""
    embedded: Path | None
    """The tiny twin that ships with the project; None where there is none."""
    load: Callable[[Settings, Models, str], Parts]
    """Loads it on a device; the import of heavy packages is its first step."""
    find: Callable[[Settings], Weights] | None = None
    """Finds its weights; None where they are funasr's, of ModelScope."""
    hears_waveforms: bool = False
    """Whether it makes features of its own, and so needs the sound itself."""
    package: str | None = None
    """The package that it needs, where that is an extra."""

    @property
    def is_installed(self) -> bool:
        """Whether the package is there that not everybody has."""
        return self.package is None or find_spec(self.package) is not None

    def can(self, *wanted: Capability) -> bool:
        """Say whether it can do all of these."""
        return self.capabilities.issuperset(wanted)

    def weights_id(self, settings: Settings) -> str:
        """Return which weights the settings name for it."""
        named: str = getattr(settings, self.settings).id
        return named

    def with_weights(self, settings: Settings, weights: str) -> Settings:
        """Return the settings with other weights for it."""
        group = getattr(settings, self.settings).model_copy(update={"id": weights})
        return settings.model_copy(update={self.settings: group})

    def require_languages(self, options: Options) -> None:
        """Refuse a language that it does not know, with an ``OptionError`` that names those."""
        allowed = options.allowed_languages if self.can(Capability.ALLOWED_LANGUAGES) else None
        for language in (options.language, *(allowed or ())):
            if language is not None:
                self.require_language(language)

    def require_language(self, language: str) -> None:
        """Refuse what is none of its languages, with an ``OptionError`` that names those."""
        if language not in self.languages:
            raise OptionError(
                "language.not_of_engine",
                engine=self.name,
                language=language,
                known=(AUTO, *self.languages),
            )

    def require_adapters(self) -> None:
        """Raise ``OptionError``, naming the engines that take adapters, unless it is one."""
        if not self.can(Capability.ADAPTERS):
            able = engines_for(Capability.ADAPTERS)
            raise OptionError("adapter.engine", engine=self.name, known=able)

    def require_cascades(self) -> None:
        """Raise ``OptionError``, naming the engines that a cascade can judge, unless it is one."""
        if not self.can(Capability.CASCADE):
            able = engines_for(Capability.CASCADE)
            raise OptionError("cascade.engine", engine=self.name, known=able)

    def heeded(self, asked: TranscriptionRequest) -> TranscriptionRequest:
        """Return what is asked for without what it cannot do, or does anyway."""
        return replace(
            asked,
            options=self._heeded(asked.options),
            adapter=asked.adapter if self.can(Capability.ADAPTERS) else None,
            cascade=asked.cascade if self.can(Capability.CASCADE) else None,
        )

    def _heeded(self, options: Options) -> Options:
        return replace(
            options,
            language=options.language if self.can(Capability.LANGUAGE_HINT) else None,
            allowed_languages=self._confined(options.allowed_languages),
            inverse_text_normalization=options.inverse_text_normalization
            or not self.can(Capability.ITN),
            ban_unknown_emotion=options.ban_unknown_emotion
            and self.can(Capability.BAN_UNKNOWN_EMOTION),
            hotwords=options.hotwords if self.can(Capability.HOTWORDS) else (),
            hotword_weights=options.hotword_weights if self.can(Capability.HOTWORDS) else (),
            turn_detection=options.turn_detection if self.can(Capability.LIVE) else None,
            denoise=options.denoise if self.can(Capability.LIVE) else Options.denoise,
            voices=options.voices if self.can(Capability.LIVE) else Options.voices,
        )

    def _confined(self, allowed: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """Return the languages among which it is to detect; None where these are all it knows."""
        if not self.can(Capability.ALLOWED_LANGUAGES) or set(self.languages) <= {*(allowed or ())}:
            return None
        return allowed


@cache
def engines() -> Mapping[str, Engine]:
    """Return the engines by their names, the usual one first; needs no heavy package."""
    folders = {name: import_module(f"richspeech.engines.{name}") for name in NAMES}
    return MappingProxyType({name: folder.ENGINE for name, folder in folders.items()})


def known_languages() -> tuple[str, ...]:
    """Return what any engine knows, as BCP-47 tags."""
    return tuple(dict.fromkeys(each for engine in engines().values() for each in engine.languages))


def usual_languages() -> tuple[str, ...]:
    """Return what the usual engine knows: texts name these, since a hundred are too many."""
    return next(iter(engines().values())).languages


def engines_for(wanted: Capability) -> tuple[str, ...]:
    """Return the names of the engines that can do this."""
    return tuple(name for name, engine in engines().items() if engine.can(wanted))


def could(engine: str, wanted: Capability) -> bool:
    """Say whether what made a transcript can do this; a name that is not known here may."""
    return engine not in engines() or engines()[engine].can(wanted)


def engine_named(name: str) -> Engine:
    """Return an engine; raises ``OptionError`` naming those that there are."""
    try:
        return engines()[name]
    except KeyError:
        raise OptionError(
            "option.unknown", what=Notice("what.engine"), value=name, known=tuple(engines())
        ) from None
